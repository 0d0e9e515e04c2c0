/**
 * Requests that come while a transaction is written go into the next one together, so that they share the cost of a
 * commit.
 */
import type { Verdict } from '../../../protocol/batch.js';
import type { Runtime } from '../../../runtime.js';
import { inTime } from '../../patience.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Intake } from '../intake.js';

/** Most events of one transaction, repeated ones included: the host's loop handles each group in one go. */
const MOST_EVENTS = 1_000;
/** Most requests of one transaction: all of them are answered in one turn of the host's loop. */
const MOST_REQUESTS = 100;
/** Most events that are looked at for one transaction. */
const MOST_SEEN = 4_000;
/**
 * A request waits for so long, and a page for the request. If events are committed later, their repetition is a
 * duplicate.
 */
export const DEADLINE_MS = 5_000;
type Verdicts = ReadonlyMap<string, Verdict>;
type Known = Pick<AdmittedEvent, 'id' | 'content'>;

interface Waiting<Event extends Known> {
  readonly events: readonly Event[];
  readonly resolve: (verdicts: Verdicts) => void;
  readonly reject: (cause: unknown) => void;
  /** Its deadline has answered it. */
  isOver: boolean;
}

/** Judges events, and gives one verdict for each, by id. */
type Judge<Event> = (events: readonly Event[]) => Promise<Verdicts>;

export interface Grouping<Event = AdmittedEvent> {
  /** Takes the events of one request. Rejects if that takes too long. They may be taken all the same. */
  readonly take: Judge<Event>;
  idle(): Promise<void>;
}

export interface GroupingContext {
  readonly runtime: Pick<Runtime, 'after'>;
  /** Says whether a failure is a request's own, so that the others of its group may succeed without it. */
  readonly isOwnFault: (cause: unknown) => boolean;
}

/**
 * Takes the next group out. An id has only one content in it, so that each request gets verdicts of its own. A request
 * with another content goes to the end, so that others do not wait for it. A request without events only asks whether
 * anything can be written, so it has a transaction of its own.
 */
const nextOf = <Event extends Known>(waiting: Set<Waiting<Event>>): readonly Waiting<Event>[] => {
  const group: Waiting<Event>[] = [];
  const behind: Waiting<Event>[] = [];
  const contents = new Map<string, string>();
  let [events, seen] = [0, 0];
  const isOther = ({ id, content }: Known): boolean => (contents.get(id) ?? content) !== content;
  for (const one of waiting) {
    const { length } = one.events;
    const isFull =
      !length || group.length >= MOST_REQUESTS || events + length > MOST_EVENTS || seen > MOST_SEEN;
    if (group.length && isFull) break;
    waiting.delete(one);
    // What is looked at in vain costs time as well.
    seen += length;
    if (one.events.some(isOther)) {
      behind.push(one);
      continue;
    }
    group.push(one);
    if (!length) break;
    events += length;
    for (const { id, content } of one.events) contents.set(id, content);
  }
  for (const one of behind) waiting.add(one);
  return group;
};

/** The events of a group. An id that is in several requests occurs once. */
const eventsOf = <Event extends Known>(group: readonly Waiting<Event>[]): readonly Event[] => {
  const earlier = new Set<string>();
  return group.flatMap(({ events }) => {
    const fresh = events.filter(({ id }) => !earlier.has(id));
    for (const { id } of events) earlier.add(id);
    return fresh;
  });
};

/** Answers each request of a group. If several have the same event, it is a duplicate for all except the first. */
const answer = (group: readonly Waiting<Known>[], verdicts: Verdicts): void => {
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
export const createGrouping = <Event extends Known = AdmittedEvent>(
  takeAll: Judge<Event>,
  { runtime, isOwnFault }: GroupingContext,
): Grouping<Event> => {
  const waiting = new Set<Waiting<Event>>();
  let writing: Promise<void> | undefined;

  const takeGroup = async (group: readonly Waiting<Event>[]): Promise<void> => {
    try {
      answer(group, await takeAll(eventsOf(group)));
    } catch (cause) {
      if (group.length === 1 || !isOwnFault(cause)) for (const { reject } of group) reject(cause);
      else for (const one of group) if (!one.isOver) await takeGroup([one]);
    }
  };

  const write = async (): Promise<void> => {
    while (waiting.size) await takeGroup(nextOf(waiting));
    writing = undefined;
  };

  return {
    take(events) {
      let leave = (): void => undefined;
      const answered = new Promise<Verdicts>((resolve, reject) => {
        const one: Waiting<Event> = { events, resolve, reject, isOver: false };
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

const KNOWN: Verdict = { kind: 'duplicate' };
const UNKNOWN: Verdict = { kind: 'refused', code: 'unknown' };

/**
 * Asks in groups which events were taken already, one question at a time: however many requests are refused, they leave
 * the connections of a database to those that are taken.
 */
export const askInGroups = (knows: Intake['knows'], context: GroupingContext): Intake['knows'] => {
  const { take } = createGrouping<Known>(async (events) => {
    const known = await knows(events);
    return new Map(events.map(({ id }) => [id, known.has(id) ? KNOWN : UNKNOWN]));
  }, context);
  return async (events) => {
    const verdicts = await take(events);
    return new Set([...verdicts].flatMap(([id, verdict]) => (verdict === KNOWN ? [id] : [])));
  };
};

/** The methods of an intake whose requests share transactions. */
export const inGroups = (
  { take, knows, close }: Pick<Intake, 'take' | 'knows' | 'close'>,
  context: GroupingContext,
): Pick<Intake, 'take' | 'knows' | 'close'> => {
  const grouping = createGrouping(take, context);
  return {
    take: grouping.take,
    knows: askInGroups(knows, context),
    async close() {
      await grouping.idle();
      await close();
    },
  };
};
