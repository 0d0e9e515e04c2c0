/**
 * Requests that come while a transaction is written go into the next one together, so that they share the cost of a
 * commit.
 */
import type { Verdict } from '../../../protocol/batch.js';
import type { Runtime } from '../../../runtime.js';
import { inTime } from '../../patience.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Intake } from '../intake.js';

/** Most events of one transaction. */
const MOST_EVENTS = 2_000;
/**
 * A request waits for so long, and a page for the request. If events are committed later, their repetition is a
 * duplicate.
 */
export const DEADLINE_MS = 5_000;
type Verdicts = ReadonlyMap<string, Verdict>;

/** A request that waits for its turn. */
interface Waiting {
  readonly events: readonly AdmittedEvent[];
  readonly resolve: (verdicts: Verdicts) => void;
  readonly reject: (cause: unknown) => void;
  /** Whether its deadline has answered it. */
  isOver: boolean;
}

/** Taking in groups. */
export interface Grouping {
  /** Takes the events of one request. Rejects if that takes too long. They may be taken all the same. */
  readonly take: Intake['take'];
  /** Resolves when no request waits any more. */
  idle(): Promise<void>;
}

/** What grouping needs besides taking. */
export interface GroupingContext {
  readonly runtime: Pick<Runtime, 'after'>;
  /** Whether a failure is a request's own, so that the others of its group may succeed without it. */
  readonly isOwnFault: (cause: unknown) => boolean;
}

/**
 * Takes the next group out. An id has only one content in it, so that each request gets verdicts of its own: one with
 * another content waits for a later group, and makes nobody else wait. A request without events only asks whether anything
 * can be written, so it has a transaction of its own.
 */
const nextOf = (waiting: Set<Waiting>): readonly Waiting[] => {
  const group: Waiting[] = [];
  const contents = new Map<string, string>();
  const isOther = ({ id, content }: AdmittedEvent): boolean => (contents.get(id) ?? content) !== content;
  for (const one of waiting) {
    const { events } = one;
    if (group.length && contents.size + events.length > MOST_EVENTS) break;
    if (group.length && (!events.length || events.some(isOther))) continue;
    waiting.delete(one);
    group.push(one);
    if (!events.length) break;
    for (const { id, content } of events) contents.set(id, content);
  }
  return group;
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
 * Makes a {@link Grouping}. If one of its requests makes a group fail, the requests are taken one at a time.
 * @param takeAll Takes events in one transaction, and gives one verdict for each, by id.
 */
export const createGrouping = (
  takeAll: Intake['take'],
  { runtime, isOwnFault }: GroupingContext,
): Grouping => {
  const waiting = new Set<Waiting>();
  let writing: Promise<void> | undefined;

  const takeGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      answer(group, await takeAll(eventsOf(group)));
    } catch (cause) {
      if (group.length === 1 || !isOwnFault(cause)) for (const { reject } of group) reject(cause);
      else for (const one of group) if (!one.isOver) await takeGroup([one]);
    }
  };

  const write = async (): Promise<void> => {
    for (let group = nextOf(waiting); group.length; group = nextOf(waiting)) await takeGroup(group);
    writing = undefined;
  };

  return {
    take(events) {
      let leave = (): void => undefined;
      const answered = new Promise<Verdicts>((resolve, reject) => {
        const one: Waiting = { events, resolve, reject, isOver: false };
        waiting.add(one);
        leave = () => {
          one.isOver = true;
          waiting.delete(one);
        };
      });
      writing ??= write();
      return inTime(runtime, DEADLINE_MS, answered, leave);
    },
    async idle() {
      await writing;
    },
  };
};
