/**
 * Intake without storage, for functions that live as long as one request: it forwards before it answers, and remembers
 * in its process what it forwarded. Events that cannot be forwarded in time are deferred, and the client keeps them.
 */
import { OffersightError } from '../../../errors.js';
import type { Verdict } from '../../../protocol/batch.js';
import type { Runtime } from '../../../runtime.js';
import type { Alert } from '../../alerts/alert.js';
import type { Destination, OnCall } from '../../forward/destination.js';
import type { ResolvedPace } from '../../forward/gate.js';
import { checkOptionNames } from '../../option-names.js';
import { patiently } from '../../patience.js';
import { createRecent } from '../../recent.js';
import type { AdmittedEvent } from '../admitted.js';
import type { Intake } from '../intake.js';
import { AGAIN_MS, createPlaces } from './call-places.js';
import { createOutcomes } from './outcomes.js';

/** Whether an intake keeps events, rather than forwards them itself. */
export const isDurable = (intake: Intake | DirectIntake): intake is Intake => 'take' in intake;

/** Options of {@link directIntake}. */
export interface DirectIntakeOptions {
  /**
   * How many of the latest events are remembered, so that they are not forwarded twice.
   * @default 10000
   * @range a whole number from 1
   * @example `50_000`
   */
  readonly remember?: number;
}

export interface DirectContext {
  readonly destination: Destination;
  readonly runtime: Runtime;
  readonly pace: ResolvedPace;
  readonly alert: Alert;
  readonly onCall: OnCall;
}

export interface Taking {
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /** Which of these were taken already, with this content. */
  knows(events: readonly Pick<AdmittedEvent, 'id' | 'content'>[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

/** An intake that forwards by itself. */
export interface DirectIntake {
  /** Starts to take events, with what the proxy gives it. */
  start(context: DirectContext): Taking;
}

/** The time for everything in one request. It is below the client's own deadline of 12 s. */
const REQUEST_MS = 8_000;

interface Memory {
  readonly content: string;
  /** The final verdict, if it has one. */
  readonly verdict?: Verdict;
}

/** An earlier process may have forwarded it, and nobody knows: at most one of the two is. */
const UNKNOWN: Verdict = { kind: 'refused', code: 'unknown_outcome' };

const isTaken = ({ kind }: Verdict): boolean => kind === 'accepted' || kind === 'duplicate';

const byOffer = (events: readonly AdmittedEvent[]): ReadonlyMap<string, AdmittedEvent[]> => {
  const offers = new Map<string, AdmittedEvent[]>();
  for (const event of events) {
    const others = offers.get(event.offerId);
    if (others) others.push(event);
    else offers.set(event.offerId, [event]);
  }
  return offers;
};

const createTaking = (
  { destination, runtime, pace, alert, onCall }: DirectContext,
  remember: number,
): Taking => {
  const remembered = createRecent<Memory>(remember);
  /** Offers of which a view was forwarded. A dismissal may belong to that view, no matter what becomes of others. */
  const viewedOffers = createRecent<true>(remember);
  /** Never evicted: an event that was forgotten here would be forwarded twice at once. */
  const inFlight = new Map<string, string>();
  const places = createPlaces(pace, runtime);
  const outcomes = createOutcomes({ places, runtime, alert });
  let isClosed = false;
  const calls = new Set<Promise<Verdict>>();

  /** Forwards an event that has a place. */
  const call = async (event: AdmittedEvent): Promise<Verdict> => {
    const { id, type, offerId, content } = event;
    const startedAt = runtime.elapsed();
    inFlight.set(id, content);
    const [outcome = { kind: 'ambiguous' }] = await destination.forward([event], outcomes.hasDelivered());
    places.free();
    inFlight.delete(id);
    onCall({
      outcome: outcome.kind,
      events: [event],
      outcomes: [outcome],
      durationMs: runtime.elapsed() - startedAt,
    });
    const verdict = outcomes.verdictOf(id, outcome);
    // A copy of it that comes later is a duplicate.
    if (verdict.kind === 'accepted') {
      remembered.set(id, { content, verdict: { kind: 'duplicate' } });
      if (type === 'viewed') viewedOffers.set(offerId, true);
    }
    if (verdict.kind === 'refused') remembered.set(id, { content, verdict });
    places.wake();
    return verdict;
  };

  /** The verdict for an event that is known already. */
  const knownOf = ({ id, content, mayBeKnown }: AdmittedEvent): Verdict | undefined => {
    const known = remembered.get(id);
    const before = known?.content ?? inFlight.get(id);
    if (before !== undefined && before !== content) return { kind: 'refused', code: 'conflict' };
    if (inFlight.has(id)) return outcomes.deferred(AGAIN_MS + runtime.random() * AGAIN_MS, 'in_progress');
    return known || !mayBeKnown ? known?.verdict : UNKNOWN;
  };

  const takeOne = async (event: AdmittedEvent, deadline: number): Promise<Verdict> => {
    const known = knownOf(event);
    if (known) return known;
    // What this process has deferred it may forward later, though its page did not hear of that.
    remembered.set(event.id, { content: event.content });
    const delayMs = await places.take(deadline);
    if (delayMs > 0) return outcomes.deferred(delayMs, 'overloaded');
    // A copy of it may have been forwarded while it waited.
    const since = knownOf(event);
    if (!since) {
      const calling = call(event);
      calls.add(calling);
      return calling.finally(() => calls.delete(calling));
    }
    // No call was made, but the pace counts one all the same.
    places.free();
    places.wake();
    return since;
  };

  /** Events of one offer, its views first. A `dismissed` waits for every view of its offer. */
  const takeInOrder = async (
    offerId: string,
    ofOffer: readonly AdmittedEvent[],
    deadline: number,
    answered: Map<string, Verdict>,
  ): Promise<void> => {
    const said: Verdict[] = [];
    for (const event of ofOffer) {
      if (event.type !== 'viewed') continue;
      const verdict = await takeOne(event, deadline);
      answered.set(event.id, verdict);
      said.push(verdict);
    }
    // A `dismissed` without its `viewed` would lift the funnel over 100 %. A view of unknown outcome most often counted.
    const isSeen =
      viewedOffers.has(offerId) || said.some((verdict) => verdict === UNKNOWN || isTaken(verdict));
    const missing = said.find(({ kind }) => kind === 'deferred') ?? (isSeen ? undefined : said[0]);
    for (const event of ofOffer)
      if (event.type !== 'viewed') answered.set(event.id, missing ?? (await takeOne(event, deadline)));
  };

  return {
    async take(events) {
      if (isClosed) throw new OffersightError('delivery', 'The proxy was closed: nothing is taken any more.');
      const answered = new Map<string, Verdict>();
      const deadline = runtime.elapsed() + REQUEST_MS;
      const taking = [...byOffer(events)].map(([offerId, ofOffer]) =>
        takeInOrder(offerId, ofOffer, deadline, answered),
      );
      let stop = (): void => undefined;
      const late = new Promise<void>((resolve) => {
        stop = patiently(runtime, REQUEST_MS, resolve);
      });
      // Calls that are under way at the deadline continue. The client retries, and then learns what became of them.
      await Promise.race([Promise.all(taking), late]);
      stop();
      return new Map(
        events.map(({ id }) => [id, answered.get(id) ?? outcomes.deferred(AGAIN_MS, 'in_progress')]),
      );
    },
    knows: async (events) =>
      new Set(
        events
          .filter(({ id, content }) => {
            const known = remembered.get(id);
            // What was refused was not taken: its page may not have heard of that.
            return known?.verdict?.kind === 'duplicate' && known.content === content;
          })
          .map(({ id }) => id),
      ),
    async close() {
      isClosed = true;
      places.close();
      await Promise.all(calls);
    },
  };
};

/**
 * Makes an intake that keeps nothing on this machine.
 *
 * Ids are remembered only in this process. If several processes answer, or one restarts, an event that comes twice may
 * be forwarded twice with the same key, and only the upstream can recognize that.
 * @throws {OffersightError} `configuration` if an option is wrong.
 */
export const directIntake = (options: DirectIntakeOptions = {}): DirectIntake => {
  checkOptionNames('directIntake', options, { remember: true });
  const { remember = 10_000 } = options;
  if (!Number.isInteger(remember) || remember < 1)
    throw new OffersightError('configuration', 'Set remember to a whole number of events, at least 1.');
  return { start: (context) => createTaking(context, remember) };
};
