/**
 * The places for calls of an intake without storage. There are as many at once as the pace allows, one while a call
 * tries whether trouble is over, and none while everything waits for the upstream.
 */
import type { Runtime } from '../../../runtime.js';
import { createGate, type ResolvedPace } from '../../forward/gate.js';

/** The shortest time after which a page sends an event again. */
export const AGAIN_MS = 1_000;

export const createPlaces = (
  { perMinute, concurrent }: ResolvedPace,
  runtime: Pick<Runtime, 'elapsed' | 'after'>,
) => {
  const gate = createGate(perMinute, runtime);
  const waiters = new Set<() => void>();
  let running = 0;
  let pausedUntil = 0;
  let isProbing = false;
  /** How many are let in next. */
  let letIn = 1;
  let isClosed = false;

  /** Milliseconds until a call may begin: 0 for now, Infinity until another one ends. */
  const waitMs = (): number => {
    const now = runtime.elapsed();
    if (pausedUntil > now) return pausedUntil - now;
    return running >= (isProbing ? 1 : concurrent) ? Infinity : gate.waitMs();
  };

  /** Wakes so many that wait. One that does not take its place wakes the next. */
  const wakeSome = (most: number): void => {
    for (const go of [...waiters].slice(0, most)) go();
  };

  return {
    /**
     * Waits for a place until the deadline, on the monotonic clock, and takes it.
     * @returns 0 with a place; without one, after how many milliseconds to ask again.
     */
    async take(deadline: number): Promise<number> {
      for (;;) {
        const delayMs = waitMs();
        const leftMs = deadline - runtime.elapsed();
        if (isClosed || leftMs <= 0 || (delayMs !== Infinity && delayMs >= leftMs)) {
          wakeSome(1);
          return Math.max(AGAIN_MS, delayMs === Infinity ? 0 : delayMs);
        }
        if (delayMs === 0) {
          // In the same step as the check, so that nobody else can take the same place.
          running++;
          gate.begin(1);
          return 0;
        }
        await new Promise<void>((resolve) => {
          const go = (): void => {
            stop();
            waiters.delete(go);
            resolve();
          };
          const stop = runtime.after(Math.min(delayMs, leftMs), go);
          waiters.add(go);
        });
      }
    },
    /** Ends a call. Only {@link wake} lets in a call that waits. */
    free(): void {
      running--;
      gate.end(1);
    },
    /** Lets in calls that wait, once the result of the call that ended is known. */
    wake(): void {
      wakeSome(letIn);
      letIn = 1;
    },
    pause(delayMs: number): void {
      pausedUntil = Math.max(pausedUntil, runtime.elapsed() + delayMs);
    },
    /** Sets whether only one call at a time is let in, to try whether trouble is over. */
    probe(isNow: boolean): void {
      // All places can be used again.
      if (isProbing && !isNow) letIn = concurrent;
      isProbing = isNow;
    },
    close(): void {
      isClosed = true;
      wakeSome(Infinity);
    },
  };
};

export type Places = ReturnType<typeof createPlaces>;
