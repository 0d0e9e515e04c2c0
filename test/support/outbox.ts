/** An outbox with its leasing side over any records, and its reports. */
import { createLeasing, type Leasing } from '../../src/client/later/outbox/leasing.js';
import type { LeasingOptions } from '../../src/client/later/outbox/remembering.js';
import { createOutbox, type Outbox, type Owner } from '../../src/client/outbox/outbox.js';
import type { RecordKey, Records } from '../../src/client/outbox/records.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import type { Runtime } from '../../src/runtime.js';
import { ENDPOINT, entryIds, type Recordable } from './events.js';
import { memoryRecords } from './memory-records.js';
import { type FakeRuntime, fakeRuntime } from './runtime.js';

/** One tab's outbox. */
export interface Tab {
  readonly outbox: Outbox;
  readonly leasing: Leasing;
  /** What was given up, in order: id, reason, code. */
  readonly discarded: (readonly [id: string | undefined, reason: string, code: string | undefined])[];
  /** Other endpoints that it was called for, in order. */
  readonly stranded: readonly string[];
  /** What was reported as recorded, in order: id, and whether it was durable. */
  readonly told: (readonly [id: string, isDurable: boolean])[];
  /** The ids that were sent to other tabs as settled, in order. */
  readonly settled: readonly string[];
  /** Records events and stores them. Resolves to those that count, and rejects if they are only in the mirror. */
  append(recordables: readonly Recordable[]): Promise<OfferEvent[]>;
  /** The ids that a lease gives. */
  leased(token: string, limit?: number): Promise<string[]>;
}

/** The options of a tab. */
export interface TabOptions {
  readonly bounds?: LeasingOptions;
  readonly owner?: Owner;
  readonly endpoint?: string;
  /** Stranded entries beyond so many count as the tab's own; by default none. */
  readonly mostStranded?: number | undefined;
}

/** Opens a tab over records; tabs over the same records share them. */
export const openTab = (
  records: Records,
  runtime: Pick<Runtime, 'now'>,
  {
    bounds = {},
    owner = { consent: 'granted' },
    endpoint = ENDPOINT,
    mostStranded = Infinity,
  }: TabOptions = {},
): Tab => {
  const outbox = createOutbox(records, runtime, endpoint, owner);
  const discarded: Tab['discarded'] = [];
  const stranded: string[] = [];
  const told: Tab['told'] = [];
  const settled: string[] = [];
  const leasing = createLeasing({
    outbox,
    runtime,
    owner,
    options: bounds,
    onDiscard: (event, reason, code) => discarded.push([event?.id, reason, code]),
    onRecorded: ({ id }, isDurable) => told.push([id, isDurable]),
    onStranded: (there) => stranded.push(there) > mostStranded,
    tellTabs: (ids) => settled.push(...ids),
  });
  return {
    stranded,
    outbox,
    leasing,
    discarded,
    told,
    settled,
    async append(recordables) {
      for (const { event, isOnce } of recordables) outbox.add(event, isOnce);
      await outbox.commit();
      return recordables.map(({ event }) => event).filter(({ id }) => outbox.mirror.get(id)?.isStored);
    },
    leased: async (token, limit = 100) => entryIds((await leasing.lease(token, limit)).entries),
  };
};

/** A tab over fresh records, and others over the same ones. */
export const startTab = (
  open: (runtime: FakeRuntime) => Records = memoryRecords,
  bounds: LeasingOptions = {},
): Tab & { readonly runtime: FakeRuntime; readonly records: Records; another(): Tab } => {
  const runtime = fakeRuntime();
  const records = open(runtime);
  const another = (): Tab => openTab(records, runtime, { bounds });
  return { ...another(), runtime, records, another };
};

/** The last part of the keys of one kind, in key order. */
export const storedIds = (records: Records, kind: RecordKey[0]): Promise<unknown[]> =>
  records.transact(async (rows) => (await rows.query('getAllKeys', kind)).map((key) => key[1]));
