/**
 * Intake without storage, for functions that live as long as one request: it forwards before it answers, and remembers
 * in process what it forwarded. What is not through in time goes back to the client, which keeps it.
 */
import { LRUCache } from 'lru-cache';
import { OffersightError } from '../../../errors.js';
import type { Verdict } from '../../../protocol/batch.js';
import type { Runtime } from '../../../runtime.js';
import { createBlame } from '../../forward/blame.js';
import type { Destination, OnCall, Outcome } from '../../forward/destination.js';
import type { Pace } from '../../forward/gate.js';
import { createRefusals } from '../../forward/refusals.js';
import { checkOptionNames } from '../../option-names.js';
import { patiently } from '../../patience.js';
import type { OnAlert } from '../../telling/alert.js';
import type { AdmittedEvent } from '../intake.js';
import { createPlaces } from './places.js';

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

/** What forwarding needs. */
export interface DirectContext {
  readonly destination: Destination;
  readonly runtime: Runtime;
  readonly pace: Pace;
  readonly alert: OnAlert;
  readonly onCall: OnCall;
}

/** Takes events by forwarding them. */
export interface Taking {
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /** Which of these were taken already, with this content. */
  knows(events: readonly Pick<AdmittedEvent, 'id' | 'content'>[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

/** An intake that forwards by itself. */
export interface DirectIntake {
  /** Begins to take, with what the proxy gives it. */
  start(context: DirectContext): Taking;
}

/** For everything in one request; below the client's own deadline of 12 s. */
const REQUEST_MS = 8_000;
const CIRCUIT_MS = 60_000;
const AGAIN_MS = 1_000;

interface Memory {
  readonly content: string;
  readonly verdict: Verdict;
}

const createTaking = (
  { destination, runtime, pace, alert, onCall }: DirectContext,
  remember: number,
): Taking => {
  const remembered = new LRUCache<string, Memory>({ max: remember });
  /** Offers of which a view was forwarded. A dismissal may belong to that view, whatever becomes of others. */
  const viewedOffers = new LRUCache<string, true>({ max: remember });
  /** Never evicted: forgetting one would forward it twice at once. */
  const inFlight = new Map<string, string>();
  /** After a fault of the configuration or a 429 one call tries whether it is over. */
  const places = createPlaces(pace, runtime);
  const blame = createBlame();
  const refusals = createRefusals(runtime);
  let isClosed = false;
  const calls = new Set<Promise<Verdict>>();

  const deferred = (delayMs: number, code = 'unavailable'): Verdict => ({
    kind: 'deferred',
    code,
    retryAfterMs: Math.ceil(Math.max(AGAIN_MS, delayMs) * (1 + runtime.random() * 0.2)),
  });

  const succeeded = (outcome: Outcome): void => {
    places.probe(false);
    blame.succeeded();
    refusals.hear(outcome);
    const refused = refusals.alert();
    if (refused !== undefined) alert(refused);
  };

  const pause = (delayMs: number): void => {
    places.probe(true);
    places.pause(delayMs);
  };

  const verdictOf = (id: string, outcome: Outcome): Verdict => {
    if (outcome.kind === 'done' || outcome.kind === 'refused') succeeded(outcome);
    switch (outcome.kind) {
      case 'done':
        return { kind: 'accepted' };
      case 'refused':
        return { kind: 'refused', code: 'invalid_event' };
      case 'misconfigured':
        alert(outcome.alert);
        if (blame.blame(id) !== 'event') pause(CIRCUIT_MS);
        return deferred(CIRCUIT_MS);
      case 'throttled':
        pause(outcome.retryAfterMs);
        return deferred(outcome.retryAfterMs);
      case 'ambiguous':
        if (outcome.alert) alert(outcome.alert);
        return deferred(AGAIN_MS);
      case 'unavailable':
      case 'crowded':
        return deferred(AGAIN_MS);
      default:
        return outcome satisfies never;
    }
  };

  /** Forwards from a place that was taken. */
  const call = async (event: AdmittedEvent): Promise<Verdict> => {
    const { id, type, offerId, content } = event;
    const startedAt = runtime.elapsed();
    inFlight.set(id, content);
    const [outcome = { kind: 'ambiguous' }] = await destination.forward([event]);
    places.free();
    inFlight.delete(id);
    onCall({
      outcome: outcome.kind,
      events: [event],
      outcomes: [outcome],
      durationMs: runtime.elapsed() - startedAt,
    });
    const verdict = verdictOf(id, outcome);
    // The next time it is known, not new.
    if (verdict.kind === 'accepted') {
      remembered.set(id, { content, verdict: { kind: 'duplicate' } });
      if (type === 'viewed') viewedOffers.set(offerId, true);
    }
    if (verdict.kind === 'refused') remembered.set(id, { content, verdict });
    places.wake();
    return verdict;
  };

  /** What is known of an event already; undefined if nothing is. */
  const knownOf = ({ id, content }: AdmittedEvent): Verdict | undefined => {
    const known = remembered.get(id);
    const before = known?.content ?? inFlight.get(id);
    if (before !== undefined && before !== content) return { kind: 'refused', code: 'conflict' };
    if (known) return known.verdict;
    return inFlight.has(id) ? deferred(AGAIN_MS + runtime.random() * AGAIN_MS, 'in_progress') : undefined;
  };

  const takeOne = async (event: AdmittedEvent, deadline: number): Promise<Verdict> => {
    const known = knownOf(event);
    if (known) return known;
    const delayMs = await places.take(deadline);
    if (delayMs > 0) return deferred(delayMs, 'overloaded');
    // While it waited, a copy of it may have gone.
    const since = knownOf(event);
    if (!since) {
      const calling = call(event);
      calls.add(calling);
      return calling.finally(() => calls.delete(calling));
    }
    // Nothing was called; the pace counts it all the same.
    places.free();
    places.wake();
    return since;
  };

  return {
    async take(events) {
      if (isClosed) throw new OffersightError('delivery', 'The proxy was closed: nothing is taken any more.');
      const verdicts = new Map<string, Verdict>();
      const deadline = runtime.elapsed() + REQUEST_MS;
      const offers = new Map<string, AdmittedEvent[]>();
      for (const event of events) {
        const others = offers.get(event.offerId);
        if (others) others.push(event);
        else offers.set(event.offerId, [event]);
      }
      const takeInOrder = async ([offerId, ofOffer]: readonly [
        string,
        readonly AdmittedEvent[],
      ]): Promise<void> => {
        const said: Verdict[] = [];
        for (const event of ofOffer) {
          if (event.type !== 'viewed') continue;
          const verdict = await takeOne(event, deadline);
          verdicts.set(event.id, verdict);
          said.push(verdict);
        }
        // A `dismissed` without its `viewed` would lift the funnel over 100 %. It waits for every view of its offer.
        const isSeen =
          viewedOffers.has(offerId) || said.some(({ kind }) => kind === 'accepted' || kind === 'duplicate');
        const missing = said.find(({ kind }) => kind === 'deferred') ?? (isSeen ? undefined : said[0]);
        for (const event of ofOffer)
          if (event.type !== 'viewed') verdicts.set(event.id, missing ?? (await takeOne(event, deadline)));
      };
      let stop = (): void => undefined;
      const late = new Promise<void>((resolve) => {
        stop = patiently(runtime, REQUEST_MS, resolve);
      });
      // What is under way at the deadline goes on; the client asks again, and hears what became of it.
      await Promise.race([Promise.all([...offers].map(takeInOrder)), late]);
      stop();
      const answered = new Map<string, Verdict>();
      for (const { id } of events) answered.set(id, verdicts.get(id) ?? deferred(AGAIN_MS, 'in_progress'));
      return answered;
    },
    knows: async (events) =>
      new Set(
        events.filter(({ id, content }) => remembered.get(id)?.content === content).map(({ id }) => id),
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
 * Ids are remembered in this process alone: where several processes answer, or one restarts, an event that was
 * answered twice is forwarded twice with the same key, and only the upstream can tell.
 * @throws {OffersightError} `configuration` if an option is wrong.
 */
export const directIntake = (options: DirectIntakeOptions = {}): DirectIntake => {
  checkOptionNames('directIntake', options, { remember: true });
  const { remember = 10_000 } = options;
  if (!Number.isInteger(remember) || remember < 1)
    throw new OffersightError('configuration', 'Set remember to a whole number of events, at least 1.');
  return { start: (context) => createTaking(context, remember) };
};
