import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { ALONE_UNITS, LONG_UNITS, SERVER_UNITS } from './scripts/proofs.mjs';
import { LongestFirst } from './test/support/longest-first.js';

/** What needs a document. */
const DOM = ['client', 'adapters', 'inspector', 'testing'].map((folder) => `test/${folder}/**/*.test.ts`);

/** Other files of the same process would get the module that replaces one. */
const withoutMocks: Plugin = {
  name: 'without-mocks',
  transform(code, id) {
    if (/\.test\.ts$/.test(id) && /\bvi\.(m|doM)ock\(/.test(code))
      throw new Error(`${id} replaces a module: name it in ALONE_UNITS of scripts/proofs.mjs.`);
  },
};

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'test-results/unit.json' }]],
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    setupFiles: ['test/support/seed.ts'],
    // Enough on a machine that also does other work.
    testTimeout: 60_000,
    // Some files wait for a minute of the real clock; others work meanwhile.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
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
          exclude: [...DOM, ...ALONE_UNITS, ...LONG_UNITS, ...SERVER_UNITS],
        },
      },
      {
        extends: true,
        plugins: [withoutMocks],
        test: {
          name: 'servers',
          environment: 'node',
          isolate: false,
          include: SERVER_UNITS,
          exclude: [...ALONE_UNITS, ...LONG_UNITS],
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          environment: 'node',
          include: ALONE_UNITS,
        },
      },
      {
        extends: true,
        test: {
          name: 'proof',
          environment: 'node',
          include: LONG_UNITS,
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
