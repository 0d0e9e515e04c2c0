/**
 * What delivery does to the outbox: lease, settle, release, bury, and the cap and retention of what waits. Each
 * operation is one transaction. Loads with delivery.
 */
import type { OfferEvent } from '../../protocol/event.js';
import { MAX_RETENTION_MS } from '../../protocol/retention.js';
import type { Runtime } from '../../runtime.js';
import {
  MARK_MS,
  type Mark,
  mark,
  NO_PAUSE,
  type Outbox,
  type OutboxEntry,
  type Pause,
  type RecordKey,
  type Rows,
} from './outbox.js';

/** Why an event was given up. Every one is counted and reported. */
export type DiscardReason = 'expired' | 'outbox-full' | 'refused';

/** What waits, what was given up. */
export interface OutboxStats {
  /** Entries that are not yet answered for. */
  readonly waiting: number;
  /** Events that the proxy refused by name. */
  readonly dead: number;
}

/** What {@link Leasing.lease} gives. */
export interface Leased {
  /** Oldest first; a `dismissed` stands behind its `viewed`. */
  readonly entries: readonly OutboxEntry[];
  /** When something else is due, epoch milliseconds; undefined if nothing waits. */
  readonly nextAt: number | undefined;
}

/** The part of the outbox that only delivery needs. */
export interface Leasing {
  /**
   * Reserves due entries for the holder of `token`; gives up what expired or exceeds the cap.
   * @param isExclusive Whether the caller has the lock of all tabs.
   */
  lease(token: string, limit: number, isExclusive: boolean): Promise<Leased>;
  /** Removes entries that a verdict answered for. */
  settle(ids: readonly string[]): Promise<void>;
  /** Gives leased entries back; those that another token holds by now stay as they are. */
  release(token: string, notBefore: ReadonlyMap<string, number>): Promise<void>;
  /** Makes entries dead letters, and with a `viewed` the `dismissed` of its impression. */
  bury(codes: ReadonlyMap<string, string>): Promise<void>;
  /** Replaces the pause. */
  setPause(next: (current: Pause) => Pause): Promise<void>;
  /** Remembers that the offer was accepted: nothing can dismiss it any more. */
  accept(offerId: string, expiresAt: number | undefined): Promise<unknown>;
  /** The facts remembered about offers; forgets those that are over. */
  marks(): Promise<Mark[]>;
  stats(): Promise<OutboxStats>;
}

/** What bounds the outbox. */
export interface LeasingOptions {
  /** Most events that may wait; beyond it the oldest are given up, and reported. @default 10000 */
  readonly maxEntries?: number;
  /** How long an event may wait, milliseconds, at most 6 days. @default 259200000 (72 hours) */
  readonly retentionMs?: number;
}

/** Told of each event that is given up. */
export type OnDiscard = (event: OfferEvent, reason: DiscardReason, code: string | undefined) => void;

type Discard = (entry: OutboxEntry, reason: DiscardReason, code?: string) => void;

/** How long an entry is reserved for one attempt; strictly longer than the attempt's own deadline of 12 s. */
const LEASE_MS = 30_000;
const RETENTION_MS = 72 * 3_600_000;
const PAGE = 200;
const MAX_MARKS = 2_000;
const MAX_DEAD = 50;
/** Nothing waits longer: an hour, with the jitter of a Retry-After. */
const MAX_WAIT_MS = 1.2 * 3_600_000;
const MAX_CIRCUIT_MS = 6 * 3_600_000;

const isEntry = (value: unknown): value is OutboxEntry =>
  (value as OutboxEntry | undefined)?.v === 1 && typeof (value as OutboxEntry).event?.id === 'string';

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

/** All entries that this version understands, oldest first. Others are left alone. */
async function* entriesOf(rows: Rows): AsyncGenerator<OutboxEntry> {
  let after: RecordKey | undefined;
  do {
    const page = await list(rows, 'entry', PAGE, after);
    for (const [, value] of page) if (isEntry(value)) yield value;
    after = page[PAGE - 1]?.[0];
  } while (after);
}

/** Until when somebody is delivering the entry, epoch milliseconds. */
const reservedUntil = ({ lease }: OutboxEntry, now: number, isExclusive: boolean): number =>
  // A lease further ahead than any that is given out was made under another clock.
  lease && lease.until <= now + LEASE_MS && !(isExclusive && lease.isExclusive) ? lease.until : 0;

/** A time further ahead than any that is written was meant for another clock: it is over. */
const believed = (at: number, now: number, longestMs: number): number => (at > now + longestMs ? 0 : at);

/** Makes the leasing side of an outbox. */
export const createLeasing = (
  outbox: Outbox,
  runtime: Pick<Runtime, 'now'>,
  { maxEntries = 10_000, retentionMs = RETENTION_MS }: LeasingOptions,
  onDiscard: OnDiscard,
): Leasing => {
  const lifeMs = Math.min(retentionMs, MAX_RETENTION_MS);
  const { mirror } = outbox;

  /** Runs `work` and, once it is durable, reports what it gave up. */
  const transact = async <T>(work: (rows: Rows, discard: Discard) => Promise<T>): Promise<T> => {
    let discarded: [OfferEvent, DiscardReason, string | undefined][] = [];
    const result = await outbox.records.transact((rows) => {
      discarded = [];
      return work(rows, ({ event }, reason, code) => {
        rows.delete(['entry', event.id]);
        discarded.push([event, reason, code]);
      });
    });
    for (const given of discarded) {
      mirror.delete(given[0].id);
      onDiscard(...given);
    }
    return result;
  };

  const readPause = async (rows: Rows): Promise<Pause> => {
    const read = ((await rows.get(['state', 'pause'])) ?? NO_PAUSE) as Pause;
    const longestMs = read.kind === 'circuit' ? MAX_CIRCUIT_MS : MAX_WAIT_MS;
    outbox.pause = { ...read, at: believed(read.at, runtime.now(), longestMs) };
    return outbox.pause;
  };

  const hold = (id: string, heldUntil: number): void => {
    const copy = mirror.get(id);
    if (copy) copy.heldUntil = heldUntil;
  };

  /** When an event is no longer worth sending. A clock that was set back does not lengthen its life. */
  const isExpired = ({ occurredAt, expiresAt = Infinity }: OfferEvent, now: number): boolean =>
    now >= Math.min(occurredAt + lifeMs, expiresAt);

  return {
    lease: (token, limit, isExclusive) =>
      transact(async (rows, discard) => {
        const now = runtime.now();
        const { at: pausedUntil } = await readPause(rows);
        const entries: OutboxEntry[] = [];
        const heldOffers = new Set<string>();
        const discarded = new Map<string, DiscardReason>();
        let excess = (await rows.query('count', 'entry')) - maxEntries;
        let nextAt: number | undefined;
        for await (const entry of entriesOf(rows)) {
          const { event, notBeforeAt } = entry;
          const { id, offerId, impressionId } = event;
          const reserved = reservedUntil(entry, now, isExclusive);
          const dueAt = Math.max(reserved, believed(notBeforeAt, now, MAX_WAIT_MS), pausedUntil);
          // The `dismissed` of a discarded `viewed` could never be sent, so it goes with it.
          const reason =
            discarded.get(impressionId) ??
            (isExpired(event, now) ? 'expired' : excess > 0 ? 'outbox-full' : undefined);
          if (reason && reserved <= now) {
            discard(entry, reason);
            discarded.set(impressionId, reason);
            excess--;
          } else if (entries.length === limit) {
            nextAt = now;
            break;
          } else if (dueAt > now || heldOffers.has(offerId)) {
            // What waits for an older event of its offer is due whenever that one is.
            if (dueAt > now) nextAt = Math.min(nextAt ?? dueAt, dueAt);
            heldOffers.add(offerId);
          } else {
            const until = now + LEASE_MS;
            const leased = { ...entry, lease: { token, until, isExclusive } };
            rows.put(['entry', id], leased);
            entries.push(leased);
            hold(id, until);
          }
        }
        return { entries, nextAt };
      }),

    settle: (ids) => {
      for (const id of ids) mirror.delete(id);
      return transact(async (rows) => {
        for (const id of ids) rows.delete(['entry', id]);
      });
    },

    release: (token, notBefore) =>
      transact(async (rows) => {
        for (const [id, notBeforeAt] of notBefore) {
          const entry = await rows.get(['entry', id]);
          if (!isEntry(entry) || entry.lease?.token !== token) continue;
          const { lease: _, ...rest } = entry;
          rows.put(['entry', id], { ...rest, attempts: entry.attempts + 1, notBeforeAt });
          hold(id, notBeforeAt);
        }
      }),

    bury: (codes) =>
      transact(async (rows, discard) => {
        const codeOf = new Map<string, string>();
        for await (const entry of entriesOf(rows)) {
          const { id, impressionId } = entry.event;
          const code = codes.get(id) ?? codeOf.get(impressionId);
          if (code === undefined) continue;
          codeOf.set(impressionId, code);
          discard(entry, 'refused', code);
          rows.put(['dead', id], { ...entry, code });
        }
        const dead = await rows.query('getAllKeys', 'dead');
        for (const key of dead.slice(0, -MAX_DEAD)) rows.delete(key);
      }),

    setPause: (next) =>
      transact(async (rows) => {
        const current = await readPause(rows);
        outbox.pause = next(current);
        if (outbox.pause !== current) rows.put(['state', 'pause'], outbox.pause);
      }),

    accept: (offerId, expiresAt = runtime.now() + MARK_MS) =>
      transact(async (rows) => mark(rows, { offerId, type: 'accepted', until: expiresAt })),

    marks: () =>
      transact(async (rows) => {
        const listed = (await list(rows, 'seen')) as [RecordKey, Mark][];
        return listed.flatMap(([key, mark], index) => {
          if (index < MAX_MARKS && mark?.until > runtime.now()) return [mark];
          rows.delete(key);
          return [];
        });
      }),

    stats: () =>
      transact(async (rows) => ({
        waiting: await rows.query('count', 'entry'),
        dead: await rows.query('count', 'dead'),
      })),
  };
};
