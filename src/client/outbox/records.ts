/** What the database holds, and how a transaction reads and writes it. Only types: they add nothing to either load. */
import type { OfferEvent, OfferEventType } from '../../protocol/event.js';

/** Array keys, so that one object store holds everything and each kind is a range of it. */
export type RecordKey =
  | readonly [kind: 'entry' | 'dead', id: string]
  | readonly [kind: 'seen', about: string, type: MarkType]
  | readonly [kind: 'state', name: 'pause' | 'site', endpoint: string];

/**
 * What is remembered beyond events: of an offer, what happened to it; of an event, that a farewell has said it and its page
 * has not heard what became of it (`said`); of an impression, that its view was given up (`lost`).
 */
export type MarkType = OfferEventType | 'accepted' | 'said' | 'lost';

/** What a query comes to, by the name that IndexedDB has for it. */
export interface QueryResults {
  readonly getAllKeys: readonly RecordKey[];
  readonly getAll: readonly unknown[];
  readonly count: number;
}

/** The records as one transaction of the seer sees them. */
export interface BareRows {
  get(key: RecordKey): Promise<unknown>;
  /** Takes effect with the transaction. */
  put(key: RecordKey, value: object): unknown;
  delete(key: RecordKey): unknown;
  /** Keys, values or the number of one kind's records, in key order: at most `limit` of those behind `after`. */
  query<Method extends keyof QueryResults>(
    method: Method,
    kind: RecordKey[0],
    limit?: number,
    after?: RecordKey,
  ): Promise<QueryResults[Method]>;
}

/** The records as one transaction sees them. */
export interface Rows extends BareRows {
  /** Calls back once the transaction is complete, even if its caller has stopped waiting. */
  onComplete(tell: () => void): void;
}

/** Where an outbox keeps its records. */
export interface Records<Row extends BareRows = Rows> {
  /**
   * Runs `work` in one atomic read-write transaction and resolves once it is complete. `work` may await nothing
   * but the rows, and may run again if it fails. A transaction that was given up may complete later.
   */
  transact<T>(work: (rows: Row) => Promise<T>): Promise<T>;
}

/** Records over one connection. */
export interface Connection extends Records {
  /** Another one takes its place: what is under way ends, and the connection with it, as soon as there is one. */
  close(): void;
}

/** One recorded event and how its delivery stands. Its state derives only from these fields. */
export interface OutboxEntry {
  readonly v: 1;
  readonly event: OfferEvent;
  /** Where it goes: absolute, of this origin. */
  readonly endpoint: string;
  /** Not due before, epoch milliseconds. */
  readonly notBeforeAt: number;
  /** Whether a page may have sent it that died before it heard what became of it. */
  readonly mayBeKnown?: boolean;
  /** Who is delivering it; void once `until` has passed, epoch milliseconds. */
  readonly lease?: { readonly token: string; readonly until: number };
}

/** An entry that is reserved for one attempt. */
export type LeasedEntry = OutboxEntry & Required<Pick<OutboxEntry, 'lease'>>;

/** A remembered fact. */
export interface Mark {
  /** The offer that it is about; not there of `said` and `lost`. */
  readonly offerId: string;
  readonly type: MarkType;
  /** Forgotten after, epoch milliseconds. */
  readonly until: number;
  /** The event that it was first remembered by. */
  readonly id?: string | undefined;
  /** Why a view was given up. */
  readonly reason?: string;
  readonly code?: string | undefined;
}

/** Why the view of an impression was given up: its dismissal goes with it, whenever that is recorded. */
export type Loss = readonly [reason: string, code?: string | undefined];

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
  /** When it failed last, epoch milliseconds. */
  readonly failedAt?: number;
  /** When a batch was last sent in spite of an open circuit, epoch milliseconds. */
  readonly triedAt?: number;
  /** Since when the endpoint answers as if it were not there, epoch milliseconds. */
  readonly absentSince?: number;
}
