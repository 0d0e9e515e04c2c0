/**
 * Whether events can be taken now, so that a load balancer can leave out a process that cannot take them. It never
 * writes by itself: if the intake's file is locked, each attempt would stop the process for seconds. A full intake
 * is ready, since it answers each event with the time of its retry, and pages still need their script.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { Intake } from '../intake/intake.js';

/** Watches an intake. */
export interface Readiness {
  /** The intake, watched. */
  readonly intake: Intake;
  isReady(): Promise<boolean>;
}

/** A later answer does not count. */
const READY_MS = 2_000;
/** A taking that failed counts for so long, unless one succeeds. Nobody would try one while it counts. */
const FAILED_MS = 10_000;

/** Starts watching. */
export const watchReadiness = (
  watched: Intake,
  runtime: Pick<Runtime, 'now' | 'elapsed' | 'after'>,
): Readiness => {
  let failedAt = -Infinity;

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
      const answers = watched.status(runtime.now()).then(
        () => true,
        () => false,
      );
      const isReady = await Promise.race([answers, late]);
      stopTimer?.();
      return isReady;
    },
  };
};
