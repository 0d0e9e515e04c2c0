/** Pages that record and deliver over one database. The test controls the database and the endpoint. */

import {
  createDelivering,
  type Delivering,
  type DeliveringContext,
} from '../../src/client/later/delivering.js';
import { unsettled } from '../../src/client/later/farewell.js';
import { mendedRecords } from '../../src/client/later/outbox/mended.js';
import { createOutbox, type Outbox, type Owner } from '../../src/client/outbox/outbox.js';
import type { OffersightError } from '../../src/errors.js';
import type { WireRequest } from '../../src/protocol/batch.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { type ScriptedDatabase, scriptDatabase } from './database.js';
import { ENDPOINT, idsOf, type Recordable } from './events.js';
import { storedIds, type Tab } from './outbox.js';
import { requestOf } from './request-of.js';
import { type FakeRuntime, fakeRuntime } from './runtime.js';

/** What the endpoint says to the events of a request. */
export type Answer = (ids: readonly string[], request: Request) => Response | Promise<Response>;

/** The options of a page. */
export type PageOptions = DeliveringContext['options'];

/** A page that is open. */
export interface DeliveringPage extends Delivering, Pick<Tab, 'told' | 'discarded' | 'settled'> {
  readonly outbox: Outbox;
  readonly reports: readonly OffersightError[];
  /** Stores events and reports them, and wakes nobody. */
  store(...events: OfferEvent[]): Promise<void>;
  /** Records events as a page does: commits them, reports them, and wakes the flusher. */
  record(recordables: readonly Recordable[]): Promise<void>;
  /** The ids that a farewell would say now. */
  farewell(): string[];
}

/** A browser, its pages and their endpoint. */
export interface DeliveringBench {
  readonly runtime: FakeRuntime;
  readonly database: ScriptedDatabase;
  /** The ids of each request, in order. */
  readonly asked: string[][];
  /** What the endpoint says; by default it takes everything. */
  answer: Answer;
  open(options?: PageOptions, owner?: Owner, endpoint?: string): DeliveringPage;
  /** The ids of the entries that are really stored. */
  stored(): Promise<unknown[]>;
}

/** Every event gets the same status. */
export const says =
  (status: 'accepted' | 'deferred' | 'refused', fields: object = {}): Answer =>
  (ids) =>
    Response.json({ v: 1, results: ids.map((id) => ({ id, status, ...fields })) });

/** A reply that says nothing about events. */
export const replies =
  (status: number, headers: Record<string, string> = {}): Answer =>
  () =>
    new Response('', { status, headers });

/** Removes from the mirror what a denial removes, as the tracker does in the task of the user's decision. */
export const deny = ({ outbox, leasing }: DeliveringPage): void => {
  const dropped = [...outbox.mirror.values()];
  outbox.mirror.clear();
  leasing.drop(dropped);
};

/** Starts a browser without a page. */
export const startDelivering = (): DeliveringBench => {
  const runtime = fakeRuntime({
    async fetch(input, init) {
      const request = requestOf(input, init);
      const { events } = (await request.clone().json()) as WireRequest;
      const ids = idsOf(events);
      bench.asked.push(ids);
      return bench.answer(ids, request);
    },
  });
  const database = scriptDatabase(runtime);
  const bench: DeliveringBench = {
    runtime,
    database,
    asked: [],
    answer: says('accepted'),
    stored: () => storedIds(database.stored, 'entry'),
    open(options = {}, owner = { consent: 'granted' }, endpoint = ENDPOINT) {
      const connection = database.connect();
      const outbox = createOutbox(connection, runtime, endpoint, owner);
      const reports: OffersightError[] = [];
      const discarded: Tab['discarded'] = [];
      const told: Tab['told'] = [];
      const settled: string[] = [];
      const delivering = createDelivering({
        outbox,
        owner,
        mend: (listener) => mendedRecords(outbox, connection, database.connect, listener),
        runtime,
        tellTabs: (ids) => settled.push(...ids),
        options,
        report: (error) => reports.push(error),
        onDiscard: (event, reason, code) => discarded.push([event?.id, reason, code]),
        onRecorded: ({ id }, isDurable) => told.push([id, isDurable]),
      });
      return {
        ...delivering,
        outbox,
        reports,
        discarded,
        told,
        settled,
        async store(...events) {
          for (const event of events) outbox.add(event, false);
          await outbox.commit();
          delivering.leasing.tell();
        },
        async record(recordables) {
          for (const { event, isOnce } of recordables) outbox.add(event, isOnce);
          await outbox.commit().catch(() => undefined);
          delivering.leasing.tell();
          delivering.flusher.wake();
        },
        farewell: () => idsOf(unsettled(outbox, owner, new Set(), runtime.now())),
      };
    },
  };
  return bench;
};

/** A browser with a page that has stored events, of which none is sent yet. */
export const startStored = async (
  events: readonly OfferEvent[],
  options?: PageOptions,
): Promise<DeliveringBench & { readonly page: DeliveringPage }> => {
  const bench = startDelivering();
  const page = bench.open(options);
  await page.store(...events);
  return Object.assign(bench, { page });
};
