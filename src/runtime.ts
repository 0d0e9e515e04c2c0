/**
 * The only door to clock, timers, random and network. Everything else takes them from here, so that a
 * test can hold time still and a service worker or a server can bring its own.
 */

/** Cancels what was started; calling it again does nothing. */
export type Stop = () => void;

/** What every room needs from the machine that it runs on. */
export interface Runtime {
  /** Wall clock, epoch milliseconds. It can jump. */
  now(): number;
  /** Monotonic clock, milliseconds from an arbitrary start. It never jumps. */
  elapsed(): number;
  /** Runs `task` once after `delayMs`; longer delays than a timer can hold are cut to 2^31 − 1 ms. */
  after(delayMs: number, task: () => void): Stop;
  /** Evenly distributed in [0, 1), for jitter only. */
  random(): number;
  /** 64 bits from the machine's cryptographic source. */
  randomBits(): bigint;
  /** The platform's fetch. */
  fetch: typeof fetch;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The runtime of the page, worker or server that calls it.
 *
 * The clock is captured here, so that a page that later replaces it does not change what we do; a fetch that somebody
 * wrapped is honoured. A clock that was replaced before may give fractions of milliseconds, which neither an id nor
 * the wire can have.
 */
export const platformRuntime = (now = Date.now): Runtime => ({
  now: () => Math.floor(now()),
  elapsed: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
  random: Math.random,
  // The array has one element.
  randomBits: () => crypto.getRandomValues(new BigUint64Array(1))[0] as bigint,
  fetch: (input, init) => fetch(input, init),
});
