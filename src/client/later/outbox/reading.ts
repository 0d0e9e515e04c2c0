/** Reads the records, and decides which of them this version can use. */
import type { DismissedEvent } from '../../../protocol/event.js';
import { MAX_RETENTION_MS } from '../../../protocol/retention.js';
import type { Loss, OutboxEntry, RecordKey, Rows } from '../../outbox/records.js';
import { MAX_WAIT_MS } from './waits.js';

/** An attempt is given up after this long, repeat and body included. */
export const ATTEMPT_MS = 12_000;
/** An open circuit is asked again after this long, at most. */
export const MAX_CIRCUIT_MS = 6 * 3_600_000;
/** How long an entry is reserved for one attempt; strictly longer than an attempt. */
export const LEASE_MS = 15_000;
/** Two tabs may differ a little. */
const LONGEST_LEASE_MS = LEASE_MS + 1_000;
/** So many records are read in one step. */
export const PAGE = 200;

/**
 * Whether this version can deliver it. What JSON cannot say would stop everything behind it; what a later version added
 * is not sent, and left alone.
 */
export const isEntry = (value: unknown, [, id]: RecordKey): value is OutboxEntry => {
  const { v, event, endpoint } = Object(value) as Partial<OutboxEntry>;
  const { occurredAt, type, offerId, impressionId, expiresAt, subject, token, group, reason } = Object(
    event,
  ) as DismissedEvent;
  return (
    v === 1 &&
    event?.id === id &&
    Number.isFinite(occurredAt) &&
    typeof endpoint === 'string' &&
    [type, offerId, impressionId, expiresAt, subject, token, group, reason].every(
      (field: unknown) => field == null || ['string', 'number'].includes(typeof field),
    )
  );
};

/** When the id of an entry was made (RFC 9562: UUIDv7 begins with it), epoch milliseconds. */
const madeAt = ([, id]: RecordKey): number => Number(`0x${String(id).slice(0, 13).replace('-', '')}`);

/**
 * Why a record that is not an entry is given up. A record of a later version is not, while that version may know what to do.
 */
export const strangeness = (
  key: RecordKey,
  value: unknown,
  now: number,
): 'expired' | 'unreadable' | undefined => {
  if (!(Number((value as Partial<OutboxEntry> | undefined)?.v) > 1)) return 'unreadable';
  return now < madeAt(key) + MAX_RETENTION_MS ? undefined : 'expired';
};

/** Keys and values of one kind in key order: at most `limit` of those behind the key `after`. */
export const list = async (
  rows: Rows,
  kind: RecordKey[0],
  limit?: number,
  after?: RecordKey,
): Promise<(readonly [RecordKey, unknown])[]> => {
  const [keys, values] = await Promise.all([
    rows.query('getAllKeys', kind, limit, after),
    rows.query('getAll', kind, limit, after),
  ]);
  return keys.map((key, index) => [key, values[index]]);
};

/** Until when somebody is delivering the entry, epoch milliseconds. */
export const reservedUntil = ({ lease }: OutboxEntry, now: number): number =>
  lease ? believed(lease.until, now, LONGEST_LEASE_MS) : 0;

/** A time further ahead than any that is written was meant for another clock: it is over. What has no end holds. */
export const believed = (at: number, now: number, longestMs = MAX_WAIT_MS): number =>
  at > now + longestMs && at < Infinity ? 0 : at;

/** Why the view of an impression was given up, if the database knows that it was. */
export const lossOf = async (rows: Rows, impressionId: string): Promise<Loss | undefined> => {
  const mark = (await rows.get(['seen', impressionId, 'lost'])) as
    | { reason: string; code?: string }
    | undefined;
  return mark && [mark.reason, mark.code];
};
