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
import { type Attempt, createTransport, type Transport } from './delivery/transport.js';
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
  const createSending = (
    to: Outbox<Rows>,
    leasing: Leasing,
    onReport: DeliveringContext['report'],
    onAttempt: (attempt: Attempt) => unknown,
  ): Flusher => {
    const transport = createTransport(runtime, to);
    const judged: Transport = async (events) => {
      const attempt = await transport(events);
      await onAttempt(attempt);
      return attempt;
    };
    return createFlusher(to, leasing, judged, runtime, withLock, `${name} ${to.endpoint}`, options, onReport);
  };

  const elsewhere = new Map<string, Flusher>();
  /** Delivers another endpoint's entries there or, once nobody has been there for an hour, here. */
  const onStranded = (endpoint: string): void => {
    let there = elsewhere.get(endpoint);
    if (!there) {
      const theirs: Outbox<Rows> = { ...outbox, endpoint, mirror: new Map(), pause: NO_PAUSE };
      const stranded = createLeasing(theirs, runtime, owner, options, onDiscard);
      there = createSending(
        theirs,
        stranded,
        () => undefined,
        async (attempt) => {
          if (!('isAbsent' in attempt) || !attempt.isAbsent) return;
          const now = runtime.now();
          const { absentSince = now } = theirs.pause;
          await stranded.setPause((current) => ({ ...current, absentSince }));
          if (!isAnswered || now < absentSince + ABSENT_MS) return;
          await leasing.adopt(endpoint);
          report(
            new OffersightError(
              'configuration',
              `No proxy at ${endpoint}: its events go to ${outbox.endpoint}.`,
            ),
          );
          flusher.wake();
        },
      );
      elsewhere.set(endpoint, there);
    }
    there.wake();
  };
  const leasing = createLeasing(outbox, runtime, owner, options, onDiscard, onStranded);
  let isAnswered = false;
  const flusher = createSending(outbox, leasing, report, ({ kind }) => {
    isAnswered = kind === 'answered';
  });
  const all = (act: 'pause' | 'release' | 'stop') => (): void => {
    for (const each of [flusher, ...elsewhere.values()]) each[act]();
  };
  return {
    records,
    leasing,
    flusher: { ...flusher, pause: all('pause'), release: all('release'), stop: all('stop') },
    async settleFarewell(events, status, body) {
      const verdicts = decodeReply(body);
      if (status !== 200 || !verdicts) return;
      await applyVerdicts(leasing, events, verdicts, runtime.now());
      // Of the pauses a farewell tries only an open circuit.
      if (outbox.pause.kind === 'circuit') await leasing.setPause(() => NO_PAUSE);
    },
  };
};
