/** Whether events can be taken now, for whoever sends requests only to processes that can. */
import type { Runtime, Stop } from '../../runtime.js';
import type { Intake } from '../intake/intake.js';

/** Watches an intake. */
export interface Readiness {
  /** The intake, watched. */
  readonly intake: Intake;
  isReady(): Promise<boolean>;
}

/** An answer later than this is none. */
const READY_MS = 2_000;
/** A taking that failed counts for so long, unless one succeeds. Nobody would try one while it counts. */
const FAILED_MS = 10_000;

/**
 * Starts watching.
 * @param maxWaiting Beyond so many the intake defers what is new.
 */
export const watchReadiness = (
  watched: Intake,
  maxWaiting: number,
  runtime: Pick<Runtime, 'now' | 'elapsed' | 'after'>,
): Readiness => {
  let failedAt = -Infinity;

  const isTaking = async (): Promise<boolean> => {
    // Begins to write, and so meets a lock or a disk that nobody may write to.
    await watched.take([]);
    const { waiting } = await watched.status(runtime.now());
    return waiting < maxWaiting;
  };

  return {
    intake: {
      ...watched,
      async take(events) {
        try {
          const verdicts = await watched.take(events);
          failedAt = -Infinity;
          return verdicts;
        } catch (cause) {
          failedAt = runtime.elapsed();
          throw cause;
        }
      },
    },
    async isReady() {
      if (runtime.elapsed() - failedAt < FAILED_MS) return false;
      let stopTimer: Stop | undefined;
      const late = new Promise<false>((resolve) => {
        stopTimer = runtime.after(READY_MS, () => resolve(false));
      });
      const isReady = await Promise.race([isTaking().catch(() => false), late]);
      stopTimer?.();
      return isReady;
    },
  };
};
