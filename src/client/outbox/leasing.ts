/**
 * What delivery does to the outbox: lease, settle, release, bury, and the cap and retention of what waits. Each
 * operation is one transaction. Loads with delivery.
 */
import type { OfferEvent } from '../../protocol/event.js';
import { MAX_RETENTION_MS } from '../../protocol/retention.js';
import type { Runtime } from '../../runtime.js';
import type {
  LeasedEntry,
  MARK_MS,
  Mark,
  Outbox,
  OutboxEntry,
  Owner,
  Pause,
  RecordKey,
  Records,
  Rows,
} from './outbox.js';

/** Why an event was given up. Every one is counted and reported. */
export type DiscardReason =
  /** It waited longer than `retentionMs`, or the offer ended. */
  | 'expired'
  /** More events or bytes wait than the outbox may hold. */
  | 'outbox-full'
  /** The browser gives this site no more storage. */
  | 'storage-full'
  /** The proxy refused it by name. */
  | 'refused'
  /** Consent was denied. */
  | 'consent'
  /** Something in the outbox is no event of ours; it has become a dead letter. */
  | 'unreadable';

/** What waits, what was given up. */
export interface OutboxStats {
  /** Entries that are not yet answered for. */
  readonly waiting: number;
  /** Dead letters: what the proxy refused by name or what is unreadable; the latest 50, for 7 days. */
  readonly dead: number;
  /** Why nothing is sent now, if that is so. */
  readonly pause?: OutboxPause | undefined;
}

/** Why nothing is sent now, and until when. */
export interface OutboxPause extends Pause {
  /** Where events go. */
  readonly url: string;
}

/** What {@link Leasing.lease} gives. */
export interface Leased {
  /** Oldest first; a `dismissed` stands behind its `viewed`. */
  readonly entries: readonly LeasedEntry[];
  /** When something else is due, epoch milliseconds; undefined if nothing waits. */
  readonly nextAt: number | undefined;
}

/** The part of the outbox that only delivery needs. */
export interface Leasing {
  /**
   * Reserves due entries for the holder of `token`; gives up what expired or exceeds the cap.
   * @param isExclusive Whether the caller has the lock of all tabs.
   * @param isTrial Whether an open circuit may be tried, if nobody has tried it for 5 s.
   */
  lease(token: string, limit: number, isExclusive: boolean, isTrial?: boolean): Promise<Leased>;
  /** These are sent in this task: until their lease ends, a farewell has no need to take them along. */
  sending(leased: readonly LeasedEntry[]): void;
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
  /** The facts remembered about offers; forgets those that are over, and old dead letters. */
  marks(): Promise<Mark[]>;
  /** Tells a service worker where events go. */
  setSite(site: Site): Promise<unknown>;
  /** Gives up what is worth least in records that are full, which are not always those of this outbox. */
  makeRoom(records: Records): Promise<void>;
  /** Gives up and forgets everything that records hold: the user does not want any of it. */
  purge(records: Records): Promise<void>;
  stats(): Promise<OutboxStats>;
}

/** What bounds the outbox. */
export interface LeasingOptions {
  /** Most events that may wait; beyond it the oldest are given up, and reported. @default 10000 */
  readonly maxEntries?: number;
  /** Most bytes that waiting events may take, each counted as 400. @default 4194304 (4 MiB) */
  readonly maxBytes?: number;
  /** How long an event may wait, milliseconds, at most 6 days. @default 259200000 (72 hours) */
  readonly retentionMs?: number;
}

/** Told of each event that is given up; of something that cannot be read there is no event to tell. */
export type OnDiscard = (
  event: OfferEvent | undefined,
  reason: DiscardReason,
  code: string | undefined,
) => void;

type Discard = (key: RecordKey, event: OfferEvent | undefined, reason: DiscardReason, code?: string) => void;

/** Where a service worker delivers what a closed page left, and for whom. */
export interface Site extends LeasingOptions, Pick<Owner, 'subject'> {
  readonly endpoint: string;
  /** Most events in one request. */
  readonly maxBatch?: number;
  /** Largest request body, bytes. */
  readonly maxBatchBytes?: number;
}

/** No pause. */
export const NO_PAUSE: Pause = { at: 0, failures: 0, kind: 'none' };

/** Told again, since a value that the first load exports costs it bytes. */
const REMEMBERED_MS: typeof MARK_MS = 2_592_000_000;
/** How long an entry is reserved for one attempt; strictly longer than the attempt's own deadline of 12 s. */
const LEASE_MS = 30_000;
const SLACK_MS = 1_000;
const RETENTION_MS = 72 * 3_600_000;
const PAGE = 200;
const MAX_MARKS = 2_000;
const MAX_DEAD = 50;
const DEAD_MS = 7 * 86_400_000;
/** What an entry takes: its event, its impression's id, its lease. */
const ENTRY_BYTES = 400;
/** So many entries of a full storage are given up at once. */
const ROOM = 100;
/** Nothing waits longer: an hour, with the jitter of a Retry-After. */
const MAX_WAIT_MS = 1.2 * 3_600_000;
const MAX_CIRCUIT_MS = 6 * 3_600_000;
/** An open circuit is tried at most so often, by all tabs together. */
const TRIAL_MS = 5_000;
/** An entry that has waited so long for another endpoint is stranded: perhaps no page of that endpoint comes again. */
const STRANDED_MS = 24 * 3_600_000;

/** Whether this version wrote it. What JSON cannot say would stop everything behind it. */
const isEntry = (value: unknown, [, id]: RecordKey): value is OutboxEntry => {
  const { v, event } = Object(value) as Partial<OutboxEntry>;
  return (
    v === 1 &&
    event?.id === id &&
    Number.isFinite(event.occurredAt) &&
    Object.values(event).every((field) => field == null || ['string', 'number'].includes(typeof field))
  );
};

/** Whether a later version wrote it, which knows what to do with it. */
const isNewer = (value: unknown): boolean => Number((value as Partial<OutboxEntry> | undefined)?.v) > 1;

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

/** Everything that stands as an entry, oldest first. */
async function* recordsOf(rows: Rows): AsyncGenerator<readonly [RecordKey, unknown]> {
  let after: RecordKey | undefined;
  do {
    const page = await list(rows, 'entry', PAGE, after);
    yield* page;
    after = page[PAGE - 1]?.[0];
  } while (after);
}

/** All entries that this version understands, oldest first. Others are left alone. */
async function* entriesOf(rows: Rows): AsyncGenerator<OutboxEntry> {
  for await (const [key, value] of recordsOf(rows)) if (isEntry(value, key)) yield value;
}

/**
 * Until when somebody is delivering the entry, epoch milliseconds.
 * @param lock The lock that the caller has, if it has one.
 */
const reservedUntil = ({ lease }: OutboxEntry, now: number, lock?: string): number =>
  // A lease further ahead than any that is given out was made under another clock; two tabs may differ a little.
  lease && lease.until <= now + LEASE_MS + SLACK_MS && !(lock && lock === lease.lock) ? lease.until : 0;

/** A time further ahead than any that is written was meant for another clock: it is over. */
const believed = (at: number, now: number, longestMs: number): number => (at > now + longestMs ? 0 : at);

/** When the id of an entry was made (RFC 9562: UUIDv7 begins with it), epoch milliseconds. */
const madeAt = ([, id]: RecordKey): number => Number(`0x${String(id).slice(0, 13).replace('-', '')}`);

/** Whether anything may be stored or sent. */
export const isGranted = ({ consent }: Owner): boolean => consent === 'granted';

/**
 * Makes the leasing side of an outbox.
 * @param onStranded Told of another endpoint that has stranded entries; tells whether they are this one's by now. Without
 * it this endpoint is another page's, and only what is stranded is leased.
 */
export const createLeasing = (
  outbox: Outbox<Rows>,
  runtime: Pick<Runtime, 'now'>,
  owner: Owner,
  { maxEntries = 10_000, maxBytes = 4 * 2 ** 20, retentionMs = RETENTION_MS }: LeasingOptions,
  onDiscard: OnDiscard,
  onStranded?: (endpoint: string) => boolean,
): Leasing => {
  const lifeMs = Math.min(retentionMs, MAX_RETENTION_MS);
  const cap = Math.min(maxEntries, maxBytes / ENTRY_BYTES);
  const { mirror, endpoint } = outbox;

  /** Runs `work` and, once it is durable, reports what it gave up. */
  const transact = <T>(
    work: (rows: Rows, discard: Discard) => Promise<T>,
    records = outbox.records,
  ): Promise<T> =>
    records.transact((rows) =>
      work(rows, (key, event, reason, code) => {
        rows.delete(key);
        rows.onComplete(() => {
          if (event) mirror.delete(event.id);
          onDiscard(event, reason, code);
        });
      }),
    );

  const readPause = async (rows: Rows): Promise<Pause> => {
    // Records that have none may have taken the place of others.
    const read = ((await rows.get(['state', 'pause', endpoint])) ?? outbox.pause) as Pause;
    const longestMs = read.kind === 'circuit' ? MAX_CIRCUIT_MS : MAX_WAIT_MS;
    outbox.pause = { ...read, at: believed(read.at, runtime.now(), longestMs) };
    return outbox.pause;
  };

  const hold = (id: string, heldUntil: number): void => {
    const copy = mirror.get(id);
    if (copy) copy.heldUntil = heldUntil;
  };

  /** When an event is no longer worth sending. A clock that is set back lengthens its life: better than losing it. */
  const isExpired = ({ occurredAt, expiresAt = Infinity }: OfferEvent, now: number): boolean =>
    now >= Math.min(occurredAt + lifeMs, expiresAt);

  /** Gives up the `count` entries that are worth least: what is on its way last, a `dismissed` with its `viewed`. */
  const evict = async (rows: Rows, discard: Discard, count: number, reason: DiscardReason): Promise<void> => {
    const now = runtime.now();
    const worth = (entry: OutboxEntry): number => {
      if (reservedUntil(entry, now) > now) return 3;
      if (isExpired(entry.event, now)) return 0;
      return entry.event.type === 'viewed' ? 1 : 2;
    };
    const kept = new Set<OutboxEntry>();
    for await (const entry of entriesOf(rows)) kept.add(entry);
    const most = kept.size - count;
    for (const { event } of [...kept].sort((a, b) => worth(a) - worth(b))) {
      if (kept.size <= most) return;
      for (const entry of kept) {
        if (entry.event.impressionId !== event.impressionId) continue;
        kept.delete(entry);
        discard(['entry', entry.event.id], entry.event, isExpired(entry.event, now) ? 'expired' : reason);
      }
    }
  };

  /** Forgets what is over, and of the rest all but those that last longest. */
  const prune = async <T>(
    rows: Rows,
    kind: RecordKey[0],
    most: number,
    until: (value: T) => number,
  ): Promise<T[]> => {
    const all = (await list(rows, kind)) as (readonly [RecordKey, T])[];
    const kept = all
      // Of those that last equally long the latest.
      .toReversed()
      .filter(([, value]) => until(value) > runtime.now())
      .sort(([, a], [, b]) => until(b) - until(a))
      .slice(0, most);
    for (const record of all) if (!kept.includes(record)) rows.delete(record[0]);
    return kept.map(([, value]) => value);
  };

  /** Puts dead letters in the place of entries, by their keys. */
  const bury = async (rows: Rows, letters: ReadonlyMap<RecordKey, object>): Promise<void> => {
    for (const [[, id], letter] of letters) rows.put(['dead', id], { ...letter, deadAt: runtime.now() });
    const isKeptUntil = (letter?: { deadAt: number }): number => Number(letter?.deadAt) + DEAD_MS;
    await prune(rows, 'dead', MAX_DEAD, isKeptUntil);
  };

  return {
    lease: async (token, limit, hasLock, isTrial) => {
      if (!isGranted(owner)) return { entries: [], nextAt: undefined };
      return transact(async (rows, discard) => {
        const lock = hasLock ? endpoint : undefined;
        // When this is repeated, another tab may have it.
        hasLock = false;
        const pause = await readPause(rows);
        // Told only now: another tab's transaction may have been served first.
        const now = runtime.now();
        const { kind, at, triedAt = 0 } = pause;
        const isTried = isTrial && kind === 'circuit' && !(Math.abs(now - triedAt) < TRIAL_MS);
        const pausedUntil = isTried ? 0 : at;
        // What other tabs have delivered stays in the mirror: a farewell must not say it when nobody knows it any more.
        for (const [id, { event }] of mirror) if (isExpired(event, now)) mirror.delete(id);
        const entries: LeasedEntry[] = [];
        const heldOffers = new Set<string>();
        const expired = new Set<string>();
        const unreadable = new Map<RecordKey, object>();
        let nextAt: number | undefined;
        const excess = (await rows.query('count', 'entry')) - cap;
        if (excess > 0) await evict(rows, discard, excess, 'outbox-full');
        for await (const [key, value] of recordsOf(rows)) {
          if (!isEntry(value, key)) {
            if (!isNewer(value)) {
              unreadable.set(key, { v: 1, code: 'unreadable' });
              discard(key, undefined, 'unreadable');
            } else if (!(now < madeAt(key) + MAX_RETENTION_MS)) discard(key, undefined, 'expired');
            continue;
          }
          const { event, notBeforeAt, endpoint: there } = value;
          const { offerId, impressionId, subject } = event;
          const reserved = reservedUntil(value, now, lock);
          const isStranded = event.occurredAt + STRANDED_MS <= now;
          const dueAt = Math.max(reserved, believed(notBeforeAt, now, MAX_WAIT_MS), pausedUntil);
          // The `dismissed` of a discarded `viewed` could never be sent, so it goes with it.
          if ((expired.has(impressionId) || isExpired(event, now)) && reserved <= now) {
            discard(key, event, 'expired');
            expired.add(impressionId);
          } else if (subject && subject !== owner.subject) {
            // Another user's: it waits until that one is back, or it expires.
          } else if (
            onStranded
              ? there && there !== endpoint && !(isStranded && onStranded(there))
              : there !== endpoint || !isStranded
          ) {
            // It goes elsewhere.
          } else if (entries.length === limit) {
            nextAt = now;
            break;
          } else if (dueAt > now || heldOffers.has(offerId)) {
            // What waits for an older event of its offer is due whenever that one is.
            if (dueAt > now) nextAt = Math.min(nextAt ?? dueAt, dueAt);
            heldOffers.add(offerId);
          } else {
            const leased: LeasedEntry = { ...value, lease: { token, until: now + LEASE_MS, lock } };
            rows.put(key, leased);
            entries.push(leased);
          }
        }
        if (unreadable.size) await bury(rows, unreadable);
        if (isTried && entries.length) rows.put(['state', 'pause', endpoint], { ...pause, triedAt: now });
        return { entries, nextAt };
      });
    },

    sending(leased) {
      for (const { event, lease } of leased) hold(event.id, lease.until);
    },

    settle: (ids) => {
      for (const id of ids) mirror.delete(id);
      return transact(async (rows) => {
        for (const id of ids) rows.delete(['entry', id]);
      });
    },

    release: (token, notBefore) =>
      transact(async (rows) => {
        for (const [id, notBeforeAt] of notBefore) {
          const key: RecordKey = ['entry', id];
          const entry = await rows.get(key);
          if (!isEntry(entry, key) || entry.lease?.token !== token) continue;
          const { lease: _, ...rest } = entry;
          rows.put(key, { ...rest, attempts: entry.attempts + 1, notBeforeAt });
          hold(id, notBeforeAt);
        }
      }),

    bury: (codes) =>
      transact(async (rows, discard) => {
        const codeOf = new Map<string, string>();
        const letters = new Map<RecordKey, object>();
        for await (const entry of entriesOf(rows)) {
          const { event } = entry;
          const code = codes.get(event.id) ?? codeOf.get(event.impressionId);
          if (code === undefined) continue;
          codeOf.set(event.impressionId, code);
          const key: RecordKey = ['entry', event.id];
          discard(key, event, 'refused', code);
          letters.set(key, { ...entry, code });
        }
        await bury(rows, letters);
      }),

    setPause: (next) =>
      transact(async (rows) => {
        const current = await readPause(rows);
        outbox.pause = next(current);
        if (outbox.pause !== current) rows.put(['state', 'pause', endpoint], outbox.pause);
      }),

    accept: (offerId, until = runtime.now() + REMEMBERED_MS) =>
      transact(async (rows) =>
        rows.put(['seen', offerId, 'accepted'], { offerId, type: 'accepted', until } satisfies Mark),
      ),

    marks: () =>
      transact(async (rows) => {
        await bury(rows, new Map());
        return prune<Mark>(rows, 'seen', MAX_MARKS, (fact) => fact?.until);
      }),

    setSite: (site) => transact(async (rows) => rows.put(['state', 'site', endpoint], site)),

    makeRoom: (records) =>
      transact(async (rows, discard) => {
        const dead = await rows.query('getAllKeys', 'dead');
        for (const key of dead) rows.delete(key);
        if (!dead.length) await evict(rows, discard, ROOM, 'storage-full');
      }, records),

    async purge(records) {
      // In portions, since a slow device would not be through with all of them in time.
      const purgeSome = (): Promise<boolean> =>
        transact(async (rows, discard) => {
          // A pause says nothing of the user, and other tabs need it.
          for (const kind of ['dead', 'seen', 'state'] as const)
            for (const key of await rows.query('getAllKeys', kind)) if (key[1] !== 'pause') rows.delete(key);
          const some = await list(rows, 'entry', PAGE);
          for (const [key, value] of some)
            discard(key, isEntry(value, key) ? value.event : undefined, 'consent');
          return some.length === PAGE;
        }, records);
      while (await purgeSome());
      mirror.clear();
    },

    stats: () =>
      transact(async (rows) => {
        const pause = await readPause(rows);
        return {
          waiting: await rows.query('count', 'entry'),
          dead: await rows.query('count', 'dead'),
          pause: pause.at > runtime.now() ? { ...pause, url: endpoint } : undefined,
        };
      }),
  };
};
