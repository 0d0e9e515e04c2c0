/**
 * Whether events can be taken now, so that a load balancer can leave out a process that cannot take them. After some could
 * not be taken, it tries by itself, since a process that is left out gets no requests. A full intake is ready, since it
 * answers each event with the time of its retry, and pages still need their script.
 */
import type { Runtime } from '../../runtime.js';
import type { Intake } from '../intake/intake.js';
import { inTime } from '../patience.js';

/** Watches an intake. */
export interface Readiness {
  /** The intake, watched. */
  readonly intake: Intake;
  isReady(): Promise<boolean>;
}

/** A later answer does not count. */
const READY_MS = 2_000;
/** A failure counts for so long, unless events are taken. The process that leads writes more often than that. */
const FAILED_MS = 15_000;

/** Starts watching. */
export const watchReadiness = (
  watched: Intake,
  runtime: Pick<Runtime, 'now' | 'elapsed' | 'after'>,
): Readiness => {
  let failedAt: number | undefined;
  const fail = (cause: unknown): never => {
    failedAt = runtime.elapsed();
    throw cause;
  };

  const intake: Intake = {
    ...watched,
    async take(events) {
      const verdicts = await watched.take(events).catch(fail);
      failedAt = undefined;
      return verdicts;
    },
    lead: (token, now) => watched.lead(token, now).catch(fail),
  };

  return {
    intake,
    async isReady() {
      if (failedAt !== undefined && runtime.elapsed() - failedAt < FAILED_MS) return false;
      const asked: Promise<unknown> =
        failedAt === undefined ? watched.status(runtime.now()) : intake.take([]);
      return inTime(runtime, READY_MS, asked).then(
        () => true,
        () => false,
      );
    },
  };
};
