/** Scripts that a test runs in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * Runs a script as a module of its own.
 * @param script Its text; may say `import` and `await`.
 */
export const inProcess = (script: string): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });

/** What a process writes until it ends. */
export const outputOf = async (child: ChildProcess): Promise<string> => {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, 'close');
  return text;
};

/** The line that a script needs to use a module of src. */
export const importing = (name: string, file: string): string =>
  `import { ${name} } from ${JSON.stringify(join(import.meta.dirname, '../../src', file))};`;

/** The line that a script needs to use an intake in a file. */
export const IMPORTING_INTAKE = importing('sqliteIntake', 'proxy/intake/sqlite/sqlite.ts');
