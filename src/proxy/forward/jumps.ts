/** How far the wall clock has jumped ahead of the time that really passed, so that no jump makes an event old. */
import type { Runtime } from '../../runtime.js';

/** Two clocks that do not jump drift apart by less. */
const DRIFT_MS = 60_000;
/** After so long nothing waits any more that was there before a jump. */
const SETTLED_MS = 24 * 3_600_000;

/**
 * Starts watching: the clock is believed to be right now.
 * @returns Says how much older than it is an event may look, milliseconds.
 */
export const watchJumps = (runtime: Pick<Runtime, 'now' | 'elapsed'>): (() => number) => {
  const difference = (): number => runtime.now() - runtime.elapsed();
  let right = difference();
  let ahead = right;
  let jumpedAt = 0;
  return () => {
    const current = difference();
    // What is taken after the clock went back is of that time.
    right = Math.min(right, current);
    if (Math.abs(current - ahead) > DRIFT_MS) jumpedAt = runtime.elapsed();
    ahead = current;
    if (runtime.elapsed() - jumpedAt > SETTLED_MS) right = current;
    return current - right > DRIFT_MS ? current - right : 0;
  };
};
