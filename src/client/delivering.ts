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
import { createTransport } from './delivery/transport.js';
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

/** Gives the outbox steady records and starts nothing yet. */
export const createDelivering = (context: DeliveringContext): Delivering => {
  const { outbox, owner, database, open, name, runtime, withLock, options, report, onDiscard } = context;
  const makeRoom = (full: Records): Promise<void> => leasing.makeRoom(full);
  const mayStore = (): boolean => isGranted(owner);
  const onBlocked = (cause: unknown): void =>
    report(new OffersightError('storage', 'Allow IndexedDB; events die with the page.', cause));
  const onRetry = (): void => flusher.wake();
  const records = steadyRecords(database, open, runtime, mayStore, makeRoom, onBlocked, onRetry);
  const leasing = createLeasing(
    Object.assign(outbox, { records }) as Outbox as Outbox<Rows>,
    runtime,
    owner,
    options,
    onDiscard,
  );
  const transport = createTransport(runtime, outbox);
  const flusher = createFlusher(outbox, leasing, transport, runtime, withLock, name, options, report);
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
