/**
 * Composes what delivers: steady records, the leasing side of the outbox, flusher and transport. Free of window
 * and document, so that a service worker runs the same.
 */
import { OffersightError } from '../errors.js';
import type { WithLock } from '../locks.js';
import type { OfferEvent } from '../protocol/event.js';
import { decodeReply } from '../protocol/reply.js';
import type { Runtime } from '../runtime.js';
import { createFlusher, type Flusher, type FlusherOptions } from './delivery/flusher.js';
import { type Attempt, createTransport } from './delivery/transport.js';
import {
  createLeasing,
  isGranted,
  type Leasing,
  type LeasingOptions,
  NO_PAUSE,
  type OnDiscard,
} from './outbox/leasing.js';
import type { Outbox, Owner, Records, Rows } from './outbox/outbox.js';
import { type SteadyRecords, steadyRecords } from './outbox/steady.js';
import { applyVerdicts } from './outbox/verdicts.js';

/** What delivery works with. */
export interface DeliveringContext {
  readonly outbox: Outbox;
  readonly owner: Owner;
  /** The database, as the outbox has it. */
  readonly database: Records;
  /** Opens another connection to it. */
  readonly open: () => Records;
  /** Name of the lock that all who share the outbox share. */
  readonly name: string;
  readonly runtime: Runtime;
  readonly withLock: WithLock;
  readonly options: LeasingOptions & FlusherOptions;
  readonly report: (error: OffersightError) => void;
  readonly onDiscard: OnDiscard;
}

/** Delivers what the outbox holds. */
export interface Delivering {
  readonly records: SteadyRecords;
  readonly leasing: Leasing;
  readonly flusher: Flusher;
  /** What a farewell came to, if the page lives on. */
  settleFarewell(events: readonly OfferEvent[], status: number, body: string): Promise<void>;
}

/** An endpoint that has not been there for so long is given up. */
const ABSENT_MS = 3_600_000;

/** Gives the outbox steady records and starts nothing yet. */
export const createDelivering = (context: DeliveringContext): Delivering => {
  const { owner, database, open, name, runtime, withLock, options, report, onDiscard } = context;
  const makeRoom = (full: Records): Promise<void> => leasing.makeRoom(full);
  const mayStore = (): boolean => isGranted(owner);
  const onBlocked = (cause: unknown): void =>
    report(new OffersightError('storage', 'Allow IndexedDB; events die with the page.', cause));
  const onRetry = (): void => flusher.wake();
  const records = steadyRecords(database, open, runtime, mayStore, makeRoom, onBlocked, onRetry);
  const outbox = Object.assign(context.outbox, { records }) as Outbox as Outbox<Rows>;
  const start = (
    to: Outbox<Rows>,
    leasing: Leasing,
    onReport: DeliveringContext['report'],
    onAttempt: (attempt: Attempt) => unknown,
    clock = runtime,
  ): Flusher => {
    const lockName = `${name} ${to.endpoint}`;
    const transport = createTransport(runtime, to);
    return createFlusher(to, leasing, transport, clock, withLock, lockName, options, onReport, onAttempt);
  };

  /** Whether the page's own endpoint answered in order when it was asked last. */
  let isAnswered = false;
  /** Other endpoints that this page has asked, and whether nobody is there. */
  const others = new Map<string, boolean>();
  /** Asks another endpoint to take what is stranded, once a page. */
  const bring = (endpoint: string): void => {
    const theirs: Outbox<Rows> = { ...outbox, endpoint, mirror: new Map(), pause: NO_PAUSE };
    const stranded = createLeasing(theirs, runtime, owner, options, onDiscard);
    const onAttempt = (attempt: Attempt): unknown => {
      if (!('isAbsent' in attempt) || !attempt.isAbsent) return;
      const { absentSince = runtime.now() } = theirs.pause;
      if (absentSince + ABSENT_MS <= runtime.now()) {
        others.set(endpoint, true);
        report(new OffersightError('configuration', `No proxy at ${endpoint}: its events come here.`));
        flusher.wake();
      }
      return stranded.setPause((current) => ({ ...current, absentSince }));
    };
    // This page does not repeat it, so nothing of it has to be stopped.
    const once: Runtime = { ...runtime, after: () => () => undefined };
    void start(theirs, stranded, () => undefined, onAttempt, once).flush();
  };
  const leasing = createLeasing(outbox, runtime, owner, options, onDiscard, (endpoint) => {
    if (!others.has(endpoint)) {
      others.set(endpoint, false);
      bring(endpoint);
    }
    return isAnswered && !!others.get(endpoint);
  });
  const flusher = start(outbox, leasing, report, ({ kind }) => {
    isAnswered = kind === 'answered';
  });
  return {
    records,
    leasing,
    flusher,
    async settleFarewell(events, status, body) {
      const verdicts = decodeReply(body);
      if (status !== 200 || !verdicts) return;
      await applyVerdicts(leasing, events, verdicts, runtime.now());
      // Of the pauses a farewell tries only an open circuit.
      if (outbox.pause.kind === 'circuit') await leasing.setPause(() => NO_PAUSE);
    },
  };
};
