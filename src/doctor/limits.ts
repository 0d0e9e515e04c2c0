/** The doctor's bounds. Times are milliseconds, sizes are bytes. */
import type { Runtime } from '../runtime.js';

/** The whole run. */
export const RUN_MS = 28_000;
/** One request. */
export const REQUEST_MS = 8_000;
/** For a browser to start, and for a page to load in it. */
export const LOAD_MS = 9_000;
/** How long a loaded page may go on by itself before it is looked at. */
export const SETTLE_MS = 1_500;
/** So much of a body is read. */
export const MAX_BYTES = 2_000_000;
/** So much of a body is kept. */
export const MAX_TEXT = 400;
/** So many redirects are followed. */
export const MAX_REDIRECTS = 5;
/** So many elements of a kind are looked at. */
export const MAX_ELEMENTS = 200;

/** What is left of a run. */
export interface Deadline {
  /** The time for one step: its own, or what is left if that is less; never below a millisecond. */
  stepMs(ownMs: number): number;
}

/** Starts a run. */
export const startDeadline = ({ elapsed }: Pick<Runtime, 'elapsed'>, wholeMs = RUN_MS): Deadline => {
  const end = elapsed() + wholeMs;
  return { stepMs: (ownMs) => Math.max(1, Math.min(ownMs, end - elapsed())) };
};
