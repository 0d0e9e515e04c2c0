/** Keeps the rows of a run, and brings those of all processes into one order at its end. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { History, Row } from '../../test/history/row.js';

/** A row without its time, which the recorder adds. */
export type Untimed = Row extends infer One ? (One extends Row ? Omit<One, 'at'> : never) : never;

/** The run's own rows. */
export interface Recorder {
  readonly rows: readonly Row[];
  write(row: Row): void;
  /** Writes a row with the time of now. */
  tell(row: Untimed): void;
}

/** Starts an empty history. */
export const createRecorder = (): Recorder => {
  const rows: Row[] = [];
  return {
    rows,
    write: (row) => void rows.push(row),
    tell: (row) => void rows.push({ at: Date.now(), ...row }),
  };
};

/** Reads the rows of a file. A process that was killed may have written half of the last line, or no file at all. */
export const readRows = (file: string): Row[] =>
  (existsSync(file) ? readFileSync(file, 'utf8') : '')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row);

/** Which of two rows of one millisecond comes first if different processes wrote them: causes before effects. */
const CAUSES: readonly Row['kind'][] = [
  'created',
  'requested',
  'taken',
  'forwarded',
  'effect',
  'forward-ended',
  'settled',
  'answered',
];
const rankOf = ({ kind }: Row): number => CAUSES.indexOf(kind);

/** Joins several histories, each of which is in order. */
export const mergeRows = (sources: readonly (readonly Row[])[]): History => {
  const merged: Row[] = [];
  const next = sources.map(() => 0);
  for (;;) {
    let first: number | undefined;
    let best: Row | undefined;
    for (const [index, source] of sources.entries()) {
      const row = source[next[index] ?? 0];
      if (!row) continue;
      if (!best || row.at < best.at || (row.at === best.at && rankOf(row) < rankOf(best))) {
        best = row;
        first = index;
      }
    }
    if (!best || first === undefined) return merged;
    merged.push(best);
    next[first] = (next[first] ?? 0) + 1;
  }
};

/** Where histories are kept, and what belongs to them. */
export const FOLDER = 'test-results/chaos';

/** Keeps a history under a name, and returns its file. */
export const keepHistory = async (name: string | number, history: History): Promise<string> => {
  await mkdir(FOLDER, { recursive: true });
  const file = `${FOLDER}/${name}.jsonl`;
  await writeFile(file, history.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
};
