/** Transactions that report what they gave up, once that is durable, and that make changes which are still owed. */
import type { OfferEvent } from '../../../protocol/event.js';
import { MAX_RETENTION_MS } from '../../../protocol/retention.js';
import type { Outbox, Owner } from '../../outbox/outbox.js';
import type { RecordKey, Records, Rows } from '../../outbox/records.js';
import { list, PAGE } from './reading.js';

/** Why an event was given up. Every one is counted and reported. */
export type DiscardReason =
  /** It waited longer than `retentionMs`. */
  | 'expired'
  /** More events or bytes wait than the outbox may hold. */
  | 'outbox-full'
  /** The browser gives this site no more storage. */
  | 'storage-full'
  /** The proxy refused it by name. */
  | 'refused'
  /** Consent was denied. */
  | 'consent'
  /** A record in the outbox is not an event of ours. It has become a dead letter. */
  | 'unreadable';

/** Called for each event that is given up. A record that cannot be read has no event. */
export type OnDiscard = (
  event: OfferEvent | undefined,
  reason: DiscardReason,
  code: string | undefined,
) => void;

/** Gives a record up. If it was refused or cannot be read, it becomes a dead letter. */
export type Discard = (
  key: RecordKey,
  event: OfferEvent | undefined,
  reason: DiscardReason,
  code?: string,
) => void;

/**
 * Runs `work` in one transaction. What it gave up is reported when that is durable. Without consent, or while a purge
 * is owed, it leaves the database alone and rejects, unless `records` are named.
 */
export type Transact = <T>(
  work: (rows: Rows, discard: Discard) => Promise<T>,
  records?: Records,
) => Promise<T>;

/** Puts a record, or deletes the one that is there. */
type Put = (key: RecordKey, value?: object) => unknown;

/** The ways in which an outbox changes. */
export interface Ways {
  /** Whether a purge has not ended yet. Until then, what it would delete may not be delivered. */
  isPurging?: boolean;
  readonly transact: Transact;
  /**
   * Goes over all records that are stored as entries, oldest first. Each portion is a transaction, since a slow device
   * could not read all of them in time. `see` may run again for a portion. If it returns `true`, the visit ends.
   */
  visit(
    see: (
      rows: Rows,
      discard: Discard,
      portion: readonly (readonly [RecordKey, unknown])[],
      isFirst: boolean,
    ) => Promise<unknown>,
    records?: Records,
  ): Promise<void>;
  /** Leaves a change to the next transaction that completes. */
  readonly owe: Put;
  /** Gives an event of the mirror up, at once. */
  readonly giveUp: Discard;
}

/** Whether anything may be stored or sent. */
export const isGranted = ({ consent }: Owner): boolean => consent === 'granted';

const NOTHING: Records = { transact: () => Promise.reject(new Error('no consent')) };

/** Called with what is given up. */
export interface WaysListener {
  readonly onDiscard: OnDiscard;
  /** Lets other tabs know. */
  readonly tellTabs?: ((ids: readonly string[]) => void) | undefined;
}

/** Makes the ways of an outbox. */
export const createWays = (
  outbox: Outbox<Rows>,
  owner: Owner,
  now: () => number,
  { onDiscard, tellTabs }: WaysListener,
): Ways => {
  const { mirror, lost } = outbox;
  /** Changes that the database still has to get, by key. */
  const owed = new Map<string, Parameters<Put>>();
  const owe: Put = (...debt) => owed.set(String(debt[0]), debt);

  /** Returns what is lost with it, if it is a view that has not counted. */
  const bury = (
    put: Put,
    key: RecordKey,
    event: OfferEvent | undefined,
    reason: DiscardReason,
    code: string | undefined,
  ): (() => unknown) | undefined => {
    put(key);
    if (code) put(['dead', key[1]], { v: 1, event, code, deadAt: now() });
    if (event?.type !== 'viewed' || code === 'unknown_outcome') return undefined;
    const { impressionId } = event;
    // For pages that cannot hear of it now. After a denial nothing is remembered.
    if (reason !== 'consent')
      put(['seen', impressionId, 'lost'], { type: 'lost', reason, code, until: now() + MAX_RETENTION_MS });
    return () => lost.set(impressionId, [reason, code]);
  };

  const pay = (rows: Rows): Put => {
    const put: Put = (key, value) => (value ? rows.put(key, value) : rows.delete(key));
    const paid = [...owed];
    for (const [, debt] of paid) put(...debt);
    rows.onComplete(() => {
      for (const [name, debt] of paid) if (owed.get(name) === debt) owed.delete(name);
    });
    return put;
  };
  const { records: own } = outbox;
  // In every transaction, since the page may end after any of them.
  outbox.records = {
    transact: (work) =>
      own.transact((rows) => {
        pay(rows);
        return work(rows);
      }),
  };

  const transact: Transact = (work, records = isGranted(owner) && !ways.isPurging ? own : NOTHING) =>
    records.transact((rows) => {
      const put = pay(rows);
      // The first id belongs to no event: it says that no verdict settled the ones after it, which come with reasons.
      const given = [''];
      rows.onComplete(() => {
        if (given[1]) tellTabs?.(given);
      });
      return work(rows, (key, event, reason, code) => {
        const lose = bury(put, key, event, reason, event ? code : reason);
        // For the others it may have counted.
        if (code === 'unknown_outcome') rows.onComplete(() => tellTabs?.([key[1]]));
        else given.push(key[1], reason);
        rows.onComplete(() => {
          lose?.();
          // It was settled or given up meanwhile, and that was reported.
          if (owed.has(String(key))) return;
          mirror.delete(key[1]);
          onDiscard(event, reason, code);
        });
      });
    });

  const ways: Ways = {
    transact,
    async visit(see, records) {
      let after: RecordKey | undefined;
      do
        after = await transact(async (rows, discard) => {
          const portion = await list(rows, 'entry', PAGE, after);
          return (await see(rows, discard, portion, !after)) ? undefined : portion[PAGE - 1]?.[0];
        }, records);
      while (after);
    },
    owe,
    giveUp(key, event, reason, code) {
      mirror.delete(key[1]);
      bury(owe, key, event, reason, code)?.();
      onDiscard(event, reason, code);
    },
  };
  return ways;
};
