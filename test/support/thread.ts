/**
 * Node starts a thread only from a file that it can read, and `src` has none. So the intake of a file and its thread
 * are built from `src`, as JavaScript, before the tests run. Scripts in processes of their own also use that build.
 */
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'vite';
import type { TestProject } from 'vitest/node';
import { BUILT_INTAKE } from './processes.js';

const ROOT = join(import.meta.dirname, '../..');
const SOURCE = join(ROOT, 'src/proxy/intake/sqlite');

const make = (): Promise<unknown> =>
  build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    build: {
      ssr: true,
      minify: false,
      outDir: dirname(BUILT_INTAKE),
      target: 'node20',
      rolldownOptions: {
        input: { sqlite: join(SOURCE, 'sqlite.ts'), 'sqlite-thread': join(SOURCE, 'sqlite-thread.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  });

/** Builds it before the tests, and again before they are repeated. */
export const setup = async (project: TestProject): Promise<void> => {
  await make();
  project.onTestsRerun(async () => {
    await make();
  });
};

/** Lets the code that starts the thread find the file that was built. */
export const findingThread: Plugin = {
  name: 'finding-thread',
  transform: (code, id) =>
    id === join(SOURCE, 'sqlite-start.ts')
      ? code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(BUILT_INTAKE).href))
      : undefined,
};
