/**
 * Requests that come while a transaction is written go into the next one together, so that they share the cost of a
 * commit.
 */
import type { Verdict } from '../../../protocol/batch.js';
import type { Runtime } from '../../../runtime.js';
import { patiently } from '../../patience.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Intake } from '../intake.js';

/** Most events of one transaction. */
const MOST_EVENTS = 2_000;
/**
 * A request waits for so long, and a page for the request. If events are committed later, their repetition is a
 * duplicate.
 */
const DEADLINE_MS = 5_000;

type Verdicts = ReadonlyMap<string, Verdict>;

/** A request that waits for its turn. */
interface Waiting {
  readonly events: readonly AdmittedEvent[];
  readonly resolve: (verdicts: Verdicts) => void;
  readonly reject: (cause: unknown) => void;
  /** Whether it was answered, if only by its deadline. */
  isOver: boolean;
}

/** What grouping needs besides taking. */
export interface GroupingContext {
  readonly runtime: Pick<Runtime, 'after'>;
  /** Whether a failure is a request's own, so that the others of its group may succeed without it. */
  readonly isOwnFault: (cause: unknown) => boolean;
}

/**
 * Takes the next group from the front. An id has only one content in it, so that each request gets verdicts of its own.
 */
const nextOf = (waiting: Waiting[]): readonly Waiting[] => {
  const group: Waiting[] = [];
  const contents = new Map<string, string>();
  const isOther = ({ id, content }: AdmittedEvent): boolean => (contents.get(id) ?? content) !== content;
  for (;;) {
    const [first] = waiting;
    if (!first) return group;
    const { events } = first;
    if (group.length && (contents.size + events.length > MOST_EVENTS || events.some(isOther))) return group;
    waiting.shift();
    if (first.isOver) continue;
    group.push(first);
    for (const { id, content } of events) contents.set(id, content);
  }
};

/** The events of a group. An id that is in several requests occurs once. */
const eventsOf = (group: readonly Waiting[]): readonly AdmittedEvent[] => {
  const earlier = new Set<string>();
  return group.flatMap(({ events }) => {
    const fresh = events.filter(({ id }) => !earlier.has(id));
    for (const { id } of events) earlier.add(id);
    return fresh;
  });
};

/** Answers each request of a group. If several have the same event, it is a duplicate for all except the first. */
const answer = (group: readonly Waiting[], verdicts: Verdicts): void => {
  const earlier = new Set<string>();
  for (const { events, resolve } of group) {
    const own = new Map<string, Verdict>();
    for (const { id } of events) {
      // Every event has a verdict.
      const verdict = verdicts.get(id) as Verdict;
      own.set(id, verdict.kind === 'accepted' && earlier.has(id) ? { kind: 'duplicate' } : verdict);
    }
    resolve(own);
    for (const { id } of events) earlier.add(id);
  }
};

/**
 * Makes taking in groups. If one of its requests makes a group fail, the requests are taken one at a time.
 * @param takeAll Takes events in one transaction, and gives one verdict for each, by id.
 */
export const createGrouping = (
  takeAll: Intake['take'],
  { runtime, isOwnFault }: GroupingContext,
): Intake['take'] => {
  const waiting: Waiting[] = [];
  let isWriting = false;

  const takeGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      answer(group, await takeAll(eventsOf(group)));
    } catch (cause) {
      if (group.length === 1 || !isOwnFault(cause)) for (const { reject } of group) reject(cause);
      else for (const one of group) await takeGroup([one]);
    }
  };

  const write = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    for (let group = nextOf(waiting); group.length; group = nextOf(waiting)) await takeGroup(group);
    isWriting = false;
  };

  return (events) =>
    new Promise<Verdicts>((resolve, reject) => {
      const one: Waiting = {
        events,
        isOver: false,
        resolve(verdicts) {
          stop();
          resolve(verdicts);
        },
        reject(cause) {
          stop();
          reject(cause);
        },
      };
      const stop = patiently(runtime, DEADLINE_MS, () => {
        one.isOver = true;
        reject(new Error(`The database did not answer within ${DEADLINE_MS / 1_000} s.`));
      });
      waiting.push(one);
      void write();
    });
};
