/** An outbox with its leasing side over any records, and what it gave up. */
import { createLeasing, type Leasing, type LeasingOptions } from '../../src/client/outbox/leasing.js';
import { memoryRecords } from '../../src/client/outbox/memory.js';
import {
  createOutbox,
  type Outbox,
  type Owner,
  type RecordKey,
  type Records,
} from '../../src/client/outbox/outbox.js';
import type { Runtime } from '../../src/runtime.js';
import { entryIds } from './events.js';
import { type FakeRuntime, fakeRuntime } from './runtime.js';

/** Where the events of a tab go. */
export const ENDPOINT = 'https://shop.example/offer-events';

/** One tab's outbox. */
export interface Tab {
  readonly outbox: Outbox;
  readonly leasing: Leasing;
  /** What was given up, in order: id, reason, code. */
  readonly discarded: (readonly [id: string | undefined, reason: string, code: string | undefined])[];
  /** Other endpoints that it was told of, in order. */
  readonly stranded: readonly string[];
  /** The ids that a lease gives; without the lock, unless told otherwise. */
  leased(token: string, limit?: number, isExclusive?: boolean): Promise<string[]>;
}

/**
 * Opens a tab over records; tabs over the same records share them.
 * @param mostStranded Stranded entries beyond so many are told to be the tab's own.
 */
export const openTab = (
  records: Records,
  runtime: Pick<Runtime, 'now'>,
  options: LeasingOptions = {},
  owner: Owner = { consent: 'granted' },
  endpoint = ENDPOINT,
  mostStranded = Infinity,
): Tab => {
  const outbox = createOutbox(records, runtime, endpoint);
  const discarded: Tab['discarded'] = [];
  const stranded: string[] = [];
  const leasing = createLeasing(
    outbox,
    runtime,
    owner,
    options,
    (event, reason, code) => discarded.push([event?.id, reason, code]),
    (there) => stranded.push(there) > mostStranded,
  );
  return {
    stranded,
    outbox,
    leasing,
    discarded,
    leased: async (token, limit = 100, isExclusive = false) =>
      entryIds((await leasing.lease(token, limit, isExclusive)).entries),
  };
};

/** A tab over fresh records in memory. */
export const openMemoryTab = (
  options: LeasingOptions = {},
  runtime: FakeRuntime = fakeRuntime(),
): Tab & { readonly runtime: FakeRuntime; readonly records: Records } => {
  const records = memoryRecords();
  return { ...openTab(records, runtime, options), runtime, records };
};

/** The last part of the keys of one kind, in key order. */
export const storedIds = (records: Records, kind: RecordKey[0]): Promise<unknown[]> =>
  records.transact(async (rows) => (await rows.query('getAllKeys', kind)).map((key) => key[1]));
