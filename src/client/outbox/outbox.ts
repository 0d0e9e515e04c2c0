/**
 * The outbox: what was recorded and is not yet answered for. Owns what a record is, appending, and the mirror
 * that the farewell reads without waiting for storage; what delivery does to entries is leasing.ts, which loads
 * with delivery. It never knows who fills it or who empties it.
 */
import type { OfferEvent, OfferEventType } from '../../protocol/event.js';
import type { Runtime } from '../../runtime.js';

/** Array keys, so that one object store holds everything and each kind is a range of it. */
export type RecordKey =
  | readonly [kind: 'entry' | 'dead', id: string]
  | readonly [kind: 'seen', offerId: string, type: MarkType]
  | readonly [kind: 'state', name: 'pause' | 'site', endpoint: string];

/** What is remembered of an offer beyond its events. */
export type MarkType = OfferEventType | 'accepted';

/** What a query comes to, by the name that IndexedDB has for it. */
export interface QueryResults {
  readonly getAllKeys: readonly RecordKey[];
  readonly getAll: readonly unknown[];
  readonly count: number;
}

/** The records as one transaction of the first load sees them. */
export interface BareRows {
  get(key: RecordKey): Promise<unknown>;
  /** Takes effect with the transaction. */
  put(key: RecordKey, value: object): unknown;
  delete(key: RecordKey): unknown;
}

/** The records as one transaction sees them. */
export interface Rows extends BareRows {
  /** Keys, values or the number of one kind's records, in key order: at most `limit` of those behind `after`. */
  query<Method extends keyof QueryResults>(
    method: Method,
    kind: RecordKey[0],
    limit?: number,
    after?: RecordKey,
  ): Promise<QueryResults[Method]>;
  /** Calls back once the transaction is complete, also where that is too late for whoever waited for it. */
  onComplete(tell: () => void): void;
}

/** Where an outbox keeps its records. */
export interface Records<Row extends BareRows = Rows> {
  /**
   * Runs `work` in one atomic read-write transaction and resolves once it is complete. `work` may await nothing
   * but the rows, and may run again, on these or on other records, if they fail.
   */
  transact<T>(work: (rows: Row) => Promise<T>): Promise<T>;
}

/** One recorded event and how its delivery stands. Its state derives from these fields alone. */
export interface OutboxEntry {
  readonly v: 1;
  readonly event: OfferEvent;
  /** Where it goes: absolute, of this origin. Version 0.1 wrote none; those entries go with anyone's. */
  readonly endpoint?: string;
  /** How often delivery was tried and answered with `deferred`, or failed. */
  readonly attempts: number;
  /** Not due before, epoch milliseconds. */
  readonly notBeforeAt: number;
  /**
   * Who is delivering it; void once `until` has passed, epoch milliseconds. One that was given under the lock of an
   * endpoint is void as soon as somebody else has that lock: its holder is gone.
   */
  readonly lease?: { readonly token: string; readonly until: number; readonly lock?: string | undefined };
}

/** An entry that is reserved for one attempt. */
export type LeasedEntry = OutboxEntry & Required<Pick<OutboxEntry, 'lease'>>;

/** A remembered fact about an offer. */
export interface Mark {
  readonly offerId: string;
  readonly type: MarkType;
  /** Forgotten after, epoch milliseconds. */
  readonly until: number;
}

/** The whole outbox waits: after failed replies, when throttled, or when the deployment is at fault. */
export interface Pause {
  /** Nothing is due before, epoch milliseconds. */
  readonly at: number;
  /** Failed replies in a row. */
  readonly failures: number;
  /**
   * After failed replies (`back-off`), because the endpoint asked for it (`throttled`), or because the endpoint is absent,
   * forbidden or of another version (`circuit`).
   */
  readonly kind: 'none' | 'back-off' | 'throttled' | 'circuit';
  /** What the endpoint answered, if it answered at all. */
  readonly status?: number | undefined;
  /** When a batch was last sent in spite of an open circuit, epoch milliseconds. */
  readonly triedAt?: number;
  /** Since when the endpoint answers as if it were not there, epoch milliseconds. */
  readonly absentSince?: number;
}

/** What the user said to keeping and reporting events. */
export type Consent = 'granted' | 'pending' | 'denied';

/** Who has the page, and what they said. */
export interface Owner {
  /** The opaque user: what belongs to another one waits. */
  readonly subject?: string | undefined;
  readonly consent: Consent;
}

/** An event to record. */
export interface Recordable {
  readonly event: OfferEvent;
  /** Record it only if no page or tab has recorded this type for this offer. */
  readonly isOnce: boolean;
}

/** An unsettled entry of this page, in memory. */
export interface Mirrored {
  readonly event: OfferEvent;
  /** On its way under a lease, or not due, until then; epoch milliseconds. */
  heldUntil: number;
}

/** The part of the outbox that a page loads first. */
export interface Outbox<Row extends BareRows = BareRows> {
  /** Where the entries are kept; the second load puts steadier ones in their place. */
  records: Records<Row>;
  /** Unsettled entries of this page by id, oldest first. */
  readonly mirror: Map<string, Mirrored>;
  /** Where its events go: absolute, of this origin. */
  readonly endpoint: string;
  /** The pause as last read or written. */
  pause: Pause;
  /** Our bytes in flight with `keepalive`, by all that send so: the browser's quota is the page's. */
  inFlight: number;
  /** Records events in one transaction; resolves to those that were not known before, once they are durable. */
  append(recordables: readonly Recordable[]): Promise<OfferEvent[]>;
}

/** An offer without an end is remembered this long: 30 days. */
export const MARK_MS = 2_592_000_000;

/**
 * Makes an outbox over records.
 * @param records Where it keeps them; outboxes over the same records, also of other tabs, work together.
 * @param endpoint Where its events go: absolute, of this origin.
 */
export const createOutbox = <Row extends BareRows>(
  records: Records<Row>,
  runtime: Pick<Runtime, 'now'>,
  endpoint: string,
): Outbox<Row> => {
  const mirror = new Map<string, Mirrored>();

  const outbox: Outbox<Row> = {
    records,
    mirror,
    endpoint,
    inFlight: 0,
    pause: { at: 0, failures: 0, kind: 'none' },

    async append(recordables) {
      const reflect = (event: OfferEvent): unknown => mirror.set(event.id, { event, heldUntil: 0 });
      // Only the commit tells whether an offer that counts once was known already.
      for (const { event, isOnce } of recordables) if (!isOnce) reflect(event);
      const fresh = await outbox.records.transact(async (rows) => {
        const kept: OfferEvent[] = [];
        for (const { event, isOnce } of recordables) {
          const { id, offerId, type, expiresAt } = event;
          // A read costs time that a closing page may not have, so only what needs one waits for it.
          if (isOnce) {
            const known = (await rows.get(['seen', offerId, type])) as Mark | undefined;
            if (known && known.until > runtime.now()) continue;
            const until = expiresAt ?? runtime.now() + MARK_MS;
            rows.put(['seen', offerId, type], { offerId, type, until } satisfies Mark);
          }
          rows.put(['entry', id], {
            v: 1,
            event,
            endpoint,
            attempts: 0,
            notBeforeAt: 0,
          } satisfies OutboxEntry);
          kept.push(event);
        }
        return kept;
      });
      // A dismissal's view may be another tab's, and not upstream yet, so it cannot say farewell.
      for (const event of fresh) if (event.type === 'viewed') reflect(event);
      return fresh;
    },
  };
  return outbox;
};
