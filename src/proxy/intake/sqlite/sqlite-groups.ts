/**
 * Group commit: requests that come while a group is written go into the next one together. So many of them share what
 * costs most, waiting for the disk.
 */
import type { Verdict } from '../../../protocol/batch.js';
import type { Runtime } from '../../../runtime.js';
import { patiently } from '../../patience.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Group, Taken } from './sqlite-calls.js';
import { unpackError } from './sqlite-errors.js';

/** Takes events in groups. */
export interface Groups {
  /** Takes the events of one request. Rejects if they wait for too long. They may be taken all the same. */
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly events: readonly AdmittedEvent[];
  resolve(verdicts: ReadonlyMap<string, Verdict>): void;
  reject(cause: unknown): void;
}

const MOST_EVENTS = 2_000;
const PATIENCE_MS = 5_000;

/** Rejects if no answer has come after so long, in which this process was free to receive it. */
export const inTime = <Result>(
  runtime: Pick<Runtime, 'after'>,
  answered: Promise<Result>,
  onLate?: () => void,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const stop = patiently(runtime, PATIENCE_MS, () => {
      onLate?.();
      const late = new Error(`The intake did not answer within ${PATIENCE_MS / 1_000} s.`);
      reject(Object.assign(late, { code: 'ETIMEDOUT' }));
    });
    void answered.then(resolve, reject).finally(stop);
  });

/**
 * Makes a {@link Groups}.
 * @param take Takes a group. Returns what came of each request, in order.
 */
export const createGroups = (
  take: (group: Group) => Promise<readonly Taken[]>,
  runtime: Pick<Runtime, 'after'>,
): Groups => {
  const waiting = new Set<Waiting>();
  let sending: Promise<void> | undefined;

  const next = (): Waiting[] => {
    const group: Waiting[] = [];
    let events = 0;
    for (const one of waiting) {
      events += one.events.length;
      if (group.length && events > MOST_EVENTS) break;
      waiting.delete(one);
      group.push(one);
    }
    return group;
  };

  const send = async (): Promise<void> => {
    while (waiting.size) {
      const group = next();
      try {
        const taken = await take(group.map(({ events }) => events));
        for (const [at, { resolve, reject }] of group.entries()) {
          // There is one for each request.
          const one = taken[at] as Taken;
          if ('failure' in one) reject(unpackError(one.failure));
          else resolve(one.verdicts);
        }
      } catch (cause) {
        for (const { reject } of group) reject(cause);
      }
    }
  };

  return {
    take(events) {
      let mine: Waiting | undefined;
      const answered = new Promise<ReadonlyMap<string, Verdict>>((resolve, reject) => {
        mine = { events, resolve, reject };
        waiting.add(mine);
      });
      sending ??= send().finally(() => {
        sending = undefined;
      });
      return inTime(runtime, answered, () => mine && waiting.delete(mine));
    },
    async idle() {
      await sending;
    },
  };
};
