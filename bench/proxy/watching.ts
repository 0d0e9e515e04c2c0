/** Watches the event loop of the process that it runs in. */
import { openSync, readSync } from 'node:fs';

/** How long the loop was busy without a break. */
export interface Turns {
  /** How many turns took up to so many CPU milliseconds, by the bounds of {@link BOUNDS}; the last one is beyond. */
  readonly counts: readonly number[];
  readonly longestMs: number;
}

/** Upper bounds, CPU milliseconds. */
export const BOUNDS = [0.1, 0.3, 1, 3, 10];

const buffer = Buffer.alloc(64);
let statistics: number | undefined;

/** CPU time of the main thread, as Linux counts it, milliseconds. */
export const loopMs = (): number => {
  statistics ??= openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const length = readSync(statistics, buffer, 0, buffer.length, 0);
  return Number(buffer.toString('latin1', 0, length).split(' ', 1)[0]) / 1e6;
};

/**
 * Measures the CPU time of each turn of the loop, which keeps a core busy meanwhile.
 * @returns Ends it.
 */
export const watchTurns = (): (() => Turns) => {
  const counts = [...BOUNDS, Infinity].map(() => 0);
  let longestMs = 0;
  let isOver = false;
  let before = loopMs();
  const turn = (): void => {
    const now = loopMs();
    const took = now - before;
    const bucket = BOUNDS.findIndex((bound) => took <= bound);
    const at = bucket < 0 ? BOUNDS.length : bucket;
    counts[at] = (counts[at] ?? 0) + 1;
    longestMs = Math.max(longestMs, took);
    before = now;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    isOver = true;
    return { counts, longestMs };
  };
};

/**
 * Measures how late a timer of one millisecond is at most.
 * @returns Ends it, with milliseconds of real time.
 */
export const watchTicks = (): (() => number) => {
  let longest = 0;
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return longest;
  };
};
