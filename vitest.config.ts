import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** What needs a document. */
const DOM = ['client', 'adapters', 'inspector', 'testing'].map((folder) => `test/${folder}/**/*.test.ts`);

/** What takes long, needs other servers or is about the package and its pages: `npm run proof` runs it. */
const PROOF = [
  'test/simulation/{variants,simulation}.test.ts',
  'test/proxy/real-time.test.ts',
  'test/proxy/intake/postgres/*.test.ts',
  'test/proxy/killed/killed.test.ts',
  'test/{types,fuzz,bundling}/*.test.ts',
  'test/{code-types,dockerfile,reference}.test.ts',
];

/** What replaces modules: each has a process of its own, since other files would get these modules. */
const ALONE = [
  'test/ky-newest.test.ts',
  'test/proxy/cli/outgoing-proxy.test.ts',
  'test/proxy/loading.test.ts',
  'test/proxy/intake/sqlite/sqlite-room.test.ts',
];

/** What starts servers or processes, or takes seconds: `npm run quick` leaves it out. */
const SERVERS = [
  'test/upstream/*.test.ts',
  'test/doctor/rooms.test.ts',
  'test/proxy/cli/{dead-letters,kept-site,purge,reading,sources,start-line,status}.test.ts',
  'test/proxy/door/{admission,framing,path,size,slow,visitors}.test.ts',
  'test/proxy/forward/{busy-process,connection,forwarder-faults,forwarding,jumps,usage-lane}.test.ts',
  'test/proxy/intake/{intake-alike.properties,one-site}.test.ts',
  'test/proxy/intake/sqlite/*.test.ts',
  'test/proxy/node.test.ts',
  'test/proxy/operator/admin.test.ts',
  'test/proxy/operator/page/visits.test.ts',
  'test/proxy/alerts/cause.test.ts',
];

/** Other files of the same process would get the module that replaces one. */
const withoutMocks: Plugin = {
  name: 'without-mocks',
  transform(code, id) {
    if (/\.test\.ts$/.test(id) && /\bvi\.(m|doM)ock\(/.test(code))
      throw new Error(`${id} replaces a module: name it in ALONE.`);
  },
};

export default defineConfig({
  test: {
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/unit.json' },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    setupFiles: ['test/support/seed.ts'],
    // Enough on a machine that also does other work.
    testTimeout: 60_000,
    // Some files wait for a minute of the real clock; others work meanwhile.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        plugins: [withoutMocks],
        test: {
          name: 'node',
          environment: 'node',
          // Files share processes, since most of a short test's time is for a process and its modules.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...DOM, ...ALONE, ...PROOF, ...SERVERS],
        },
      },
      {
        extends: true,
        plugins: [withoutMocks],
        test: {
          name: 'servers',
          environment: 'node',
          isolate: false,
          include: SERVERS,
          exclude: [...ALONE, ...PROOF],
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          environment: 'node',
          include: ALONE,
        },
      },
      {
        extends: true,
        test: {
          name: 'proof',
          environment: 'node',
          include: PROOF,
        },
      },
      {
        extends: true,
        // Under Node Solid resolves to what renders on servers, where nothing reacts.
        resolve: { alias: { 'solid-js': `${import.meta.dirname}/node_modules/solid-js/dist/solid.js` } },
        test: {
          name: 'dom',
          environment: 'happy-dom',
          // Each file has a document in a context of its own, which starts sooner than a process.
          pool: 'vmThreads',
          include: DOM,
          setupFiles: ['test/support/origin.ts'],
        },
      },
    ],
  },
});
