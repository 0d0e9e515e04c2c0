import { defineConfig } from 'vitest/config';
import { LONG_UNITS, SERVER_UNITS } from './scripts/proofs.js';

/** What needs a document. */
const DOM = ['client', 'adapters', 'inspector', 'testing'].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'test-results/unit.json' }]],
    restoreMocks: true,
    // Of a machine that does much else.
    testTimeout: 20_000,
    // Some files wait for a minute of the real clock; others work meanwhile.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [...DOM, ...LONG_UNITS, ...SERVER_UNITS],
        },
      },
      {
        extends: true,
        test: { name: 'servers', environment: 'node', include: SERVER_UNITS },
      },
      {
        extends: true,
        test: { name: 'proof', environment: 'node', include: LONG_UNITS },
      },
      {
        extends: true,
        // Under Node Solid resolves to what renders on servers, where nothing reacts.
        resolve: { alias: { 'solid-js': `${import.meta.dirname}/node_modules/solid-js/dist/solid.js` } },
        test: {
          name: 'dom',
          environment: 'happy-dom',
          include: DOM,
          setupFiles: 'test/support/origin.ts',
        },
      },
    ],
  },
});
