import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Journal } from './journal.js';
import { isObject, parseJson } from './shape.js';

const MAX_ROWS = 200_000;

/** One offer event that the API took; tests read these rows as the truth about what arrived. */
export interface HistoryRow {
  /** When it was taken, epoch milliseconds. */
  readonly at: number;
  /** What happened to the offer. */
  readonly type: 'viewed' | 'dismissed';
  /** The offer. */
  readonly personalized_offer_id: string;
  /** The idempotency key, null when none was sent. */
  readonly key: string | null;
  /** True if the answer was a stored one and nothing was counted again. */
  readonly replayed: boolean;
}

/** Rows of offer events in the order of taking; with a file they survive the process. */
export class History {
  readonly #rows = new Journal<HistoryRow>(MAX_ROWS);
  readonly #file: number | null;

  constructor(path: string | null) {
    this.#file = path === null ? null : openSync(path, 'a+');
    if (path !== null) this.#load(path);
  }

  get length(): number {
    return this.#rows.length;
  }

  get dropped(): number {
    return this.#rows.dropped;
  }

  /** On disk before it returns, so that an answer is never ahead of its row. */
  append(row: HistoryRow): void {
    if (this.#file !== null) {
      writeSync(this.#file, `${JSON.stringify(row)}\n`);
      fsyncSync(this.#file);
    }
    this.#rows.push(row);
  }

  list(): HistoryRow[] {
    return this.#rows.list();
  }

  clear(): void {
    if (this.#file !== null) {
      ftruncateSync(this.#file, 0);
      fsyncSync(this.#file);
    }
    this.#rows.clear();
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  #load(path: string): void {
    const bytes = readFileSync(path);
    // A process killed while writing leaves a torn last line; its call was never answered, so it goes.
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length && this.#file !== null) ftruncateSync(this.#file, end);
    const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
    for (const [index, line] of lines.entries()) {
      const row = parseJson(line);
      if (!isRow(row)) throw new Error(`${path}: line ${index + 1} is not a row of the history`);
      this.#rows.push(row);
    }
  }
}

function isRow(value: unknown): value is HistoryRow {
  return (
    isObject(value) &&
    typeof value.at === 'number' &&
    (value.type === 'viewed' || value.type === 'dismissed') &&
    typeof value.personalized_offer_id === 'string' &&
    (value.key === null || typeof value.key === 'string') &&
    typeof value.replayed === 'boolean'
  );
}
