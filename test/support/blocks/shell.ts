/** Reads commands of the documents by a shell, which does not run them. */
import { spawnSync } from 'node:child_process';

/** A function around the text makes a command that goes on behind its end a fault. */
const functionOf = (text: string, at = 0): string => `block${at}() {\n:\n${text}\n}`;
const LINES_BEFORE = 2;

const stderrOf = (input: string): string => spawnSync('bash', ['-n'], { input, encoding: 'utf8' }).stderr;

/** The lines that the shell cannot read. */
export const unreadByShell = (text: string): number[] => {
  const last = text.split('\n').length - 1;
  const lines = [...stderrOf(functionOf(text)).matchAll(/line (\d+):/g)].map(([, line]) =>
    Math.min(Number(line) - 1 - LINES_BEFORE, last),
  );
  return [...new Set(lines)];
};

/** Whether the shell can read each of these; one shell for all of them, since starting it costs more than reading. */
export const areReadByShell = (texts: readonly string[]): boolean =>
  stderrOf(texts.map(functionOf).join('\n')) === '';

/** A command that follows a comment on its line is not run. */
export const hiddenFromShell = (text: string): number[] =>
  text
    .split('\n')
    .flatMap((line, at) => (/ # .*(?:&&|\bnp[mx] (?:ci|run|install)\b.* #)/.test(line) ? at : []));
