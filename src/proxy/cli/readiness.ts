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
  /** Whether events were taken when that was last tried. 15 s after they were not, it is tried again. */
  isTaking(): Promise<boolean>;
  /** Whether it takes events, and answers. */
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

  const answers = (asked: Promise<unknown>): Promise<boolean> =>
    inTime(runtime, READY_MS, asked).then(
      () => true,
      () => false,
    );

  const isTaking = async (): Promise<boolean> => {
    if (failedAt === undefined) return true;
    if (runtime.elapsed() - failedAt < FAILED_MS) return false;
    // Before the answer, so that one which never comes is not waited for again at once.
    failedAt = runtime.elapsed();
    return answers(intake.take([]));
  };

  return {
    intake,
    isTaking,
    isReady: async () => (failedAt === undefined ? answers(watched.knows([])) : isTaking()),
  };
};
