/** The doctor's bounds. Times are milliseconds, sizes are bytes. */
import type { Runtime } from '../../runtime.js';

/** What the times below are shares of. */
const RUN_MS = 28_000;
/** How long a run takes longer than its steps: for its own start and end. */
const MARGIN_MS = 2_000;
/** The limit of a run that got no other, seconds. */
const MAX_SECONDS = (RUN_MS + MARGIN_MS) / 1000;
/** One request. */
export const REQUEST_MS = 7_000;
/** For a browser to start, and for a page to load in it. */
export const LOAD_MS = 8_000;
/** For an answer of the browser itself; longer than a request, so that one of the page's ends first. */
export const COMMAND_MS = 9_000;
/** How long a loaded page may go on by itself before it is looked at. */
export const SETTLE_MS = 1_500;
/** How long an offer is kept in view if nothing was reported: its second, and as long again as a busy page takes to report it. */
export const SILENT_MS = 3_000;
/** How long a page may take to open a database. */
export const STORAGE_MS = 2_000;
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
  /** The time for one step: its own share of the run, or what is left if that is less; never below a millisecond. */
  stepMs(ownMs: number): number;
  /** The time for everything but what follows it, which needs `restMs`. */
  allBut(restMs: number): number;
}

/**
 * Starts a run. With more time, or less, each step gets as much more, or less.
 * @param maxSeconds The limit of the whole run.
 */
export const startDeadline = (
  { elapsed }: Pick<Runtime, 'elapsed'>,
  maxSeconds: number = MAX_SECONDS,
): Deadline => {
  const wholeMs = maxSeconds * 1000 - MARGIN_MS;
  const share = wholeMs / RUN_MS;
  const end = elapsed() + wholeMs;
  // Node's timers for signals take only whole milliseconds.
  const cut = (ms: number): number => Math.max(1, Math.floor(ms));
  return {
    stepMs: (ownMs) => cut(Math.min(ownMs * share, end - elapsed())),
    allBut: (restMs) => cut(end - elapsed() - restMs * share),
  };
};
