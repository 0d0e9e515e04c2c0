/** Who answers for an admitted event: the interface of every intake. An accepted event is never forgotten. */
import type { Verdict } from '../../protocol/batch.js';
import type { DismissReason, OfferEventType } from '../../protocol/event.js';
import type { AcceptedEvent, Bookkeeping, LedgerCell, LedgerFilter } from './ledger.js';

/** What a usage event says beside its event's id and time. It bills a customer, so nothing of it comes from a browser. */
export interface UsageFields {
  /** 1–50 characters. */
  readonly subscriptionId: string;
  /** Flat; at most 1 KB as JSON with the rest of the usage event. */
  readonly properties: Readonly<Record<string, string | number | boolean>>;
}

/** An event that passed admission and decoding. Times are this machine's, epoch milliseconds. */
export interface AdmittedEvent {
  /** The idempotency key, made by the client. */
  readonly id: string;
  /** What happened. */
  readonly type: OfferEventType;
  /** The personalized offer's `id`. */
  readonly offerId: string;
  /** Corrected once for the sender's clock. */
  readonly occurredAt: number;
  /** When it arrived. */
  readonly receivedAt: number;
  /** The event's own fields as sent: the same id with other content is a conflict. */
  readonly content: string;
  /** Headers of its call beside our own, checked and named by the proxy. Forgotten once it is settled. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What its usage event says, where there is to be one. */
  readonly usage?: UsageFields | undefined;
  /** What the ledger counts it under. */
  readonly group?: string | undefined;
  /** How it was closed. */
  readonly reason?: DismissReason | undefined;
  /**
   * Who reported it, so that one visitor can use up neither the pace nor the places of groups. Never written down as it is.
   * @default one visitor for all events that name none
   */
  readonly visitor?: string | undefined;
}

/**
 * Where an event stands: `waiting` to be forwarded; `forwarding`, so that nobody knows yet whether the upstream
 * has it; `done`; `dead`, with a code that says why.
 */
export type EventState = 'waiting' | 'forwarding' | 'done' | 'dead';

/** An event as the intake keeps it. */
export interface IntakeRow {
  /** The idempotency key, made by the client. */
  readonly id: string;
  /** What happened. */
  readonly type: OfferEventType;
  /** The personalized offer's `id`. */
  readonly offerId: string;
  /** Where it stands. */
  readonly state: EventState;
  /** When it happened, corrected for the sender's clock, epoch milliseconds. */
  readonly occurredAt: number;
  /** When it arrived, epoch milliseconds. */
  readonly receivedAt: number;
  /** How often it was forwarded. */
  readonly attempts: number;
  /** Whether an attempt's outcome was never known. */
  readonly isAmbiguous: boolean;
  /** Whether it was forwarded again after the upstream may have forgotten its key. */
  readonly maybeDuplicate: boolean;
  /** Why it is dead. */
  readonly code: string | undefined;
  /** When it became done or dead. */
  readonly settledAt: number | undefined;
  /** Headers of its call beside our own, until it is settled. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What its usage event says, in the lane of those. */
  readonly usage?: UsageFields | undefined;
  /** What the ledger counts it under. */
  readonly group?: string | undefined;
  /** How it was closed. */
  readonly reason?: DismissReason | undefined;
  /** Where {@link ListFilter.before} goes on after this row. */
  readonly cursor: string;
}

/** Which events {@link Lane.list} gives. */
export interface ListFilter {
  /** Most rows, at least 1. */
  readonly limit: number;
  /** The event with this id alone. @default every event */
  readonly id?: string | undefined;
  /** Of this offer alone. @default of every offer */
  readonly offerId?: string | undefined;
  /** In one of these states. @default in any */
  readonly states?: readonly EventState[] | undefined;
  /** Received at this time or later, epoch milliseconds. */
  readonly since?: number | undefined;
  /** The cursor of the last row of the page before. */
  readonly before?: string | undefined;
}

/** How many events of one offer stand where. */
export interface OfferTally {
  /** The personalized offer's `id`. */
  readonly offerId: string;
  /** What happened. */
  readonly type: OfferEventType;
  /** Where they stand. */
  readonly state: EventState;
  /** How many they are. */
  readonly events: number;
}

/** What came of forwarding one event. */
export type ForwardResult =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'dead';
      /** Why. */
      readonly code: string;
    }
  /** Not taken. */
  | {
      readonly kind: 'waiting';
      /** When it may be forwarded again, epoch milliseconds. */
      readonly dueAt: number;
    }
  /** Perhaps taken. */
  | {
      readonly kind: 'ambiguous';
      /** When it is forwarded again, with the same key, epoch milliseconds. */
      readonly dueAt: number;
    };

/** What came of one event, as {@link Lane.finish} records it. */
export interface Finished {
  /** The event's. */
  readonly id: string;
  /** What came of it. */
  readonly result: ForwardResult;
  /**
   * Which attempt it came of, as `begin` numbered it: where a later one has begun since, that one is not given back.
   * By default the latest.
   */
  readonly attempt?: number | undefined;
}

/** What {@link Lane.begin} gives. */
export interface Begun {
  /** Now forwarding, oldest first. */
  readonly rows: readonly IntakeRow[];
  /** When more may be begun, epoch milliseconds; undefined if nothing waits. */
  readonly nextAt: number | undefined;
  /** How many were given up because they had waited too long for the upstream. */
  readonly expired: number;
}

/** Limits of one {@link Lane.begin}. */
export interface BeginOptions {
  /** The forwarder's clock, epoch milliseconds. */
  readonly now: number;
  /** Most rows to begin. */
  readonly limit: number;
  /** Most events in any 60 s. */
  readonly perMinute: number;
  /** How far the clock has jumped ahead: so much older than it is an event may look, milliseconds. @default 0 */
  readonly graceMs?: number;
}

/** What whoever forwards leaves for its successor and for whoever asks. */
export interface LaneNote {
  /** Until when the upstream wants no call, epoch milliseconds. */
  readonly pausedUntil?: number | undefined;
  /** What an operator has to do, while it is to be done. */
  readonly alert?: string | undefined;
}

/** How a lane stands. */
export interface LaneStatus {
  /** Neither done nor dead. */
  readonly waiting: number;
  /** When the oldest of them was received, epoch milliseconds. */
  readonly oldestAt: number | undefined;
  /** Events begun in the last 60 s. */
  readonly lastMinute: number;
  /** What whoever forwards left. */
  readonly note: LaneNote;
}

/** The way of events to one destination. Every method is one transaction, but {@link Lane.tally} and a retry of everything. */
export interface Lane {
  /**
   * Becomes or stays the one process that forwards, for the next 30 s.
   * @returns Whether `token` leads. Whoever takes over treats every row in `forwarding` as ambiguous.
   */
  lead(token: string, now: number): Promise<boolean>;
  /** Stops leading, so that another process need not wait. */
  resign(token: string): Promise<void>;
  /** Moves due events to `forwarding`, before any byte of them leaves. */
  begin(options: BeginOptions): Promise<Begun>;
  /** Records what came of events. */
  finish(finished: readonly Finished[], now: number): Promise<void>;
  /** Replaces the note. */
  note(note: LaneNote): Promise<void>;
  /** How the lane stands. */
  status(now: number): Promise<LaneStatus>;
  /** Events, newest first. */
  list(filter: ListFilter): Promise<IntakeRow[]>;
  /**
   * How many events of each offer stand where, in portions that are to be added up, so that a process with many of them
   * does other things between. Not one moment's figures: an event that moves on meanwhile may count in both places or in none.
   */
  tally(): AsyncIterable<readonly OfferTally[]>;
  /**
   * Lets dead letters wait anew. A `dismissed` whose `viewed` is a dead letter stays with it.
   * @param ids Which; by default all but those that were purged, in portions.
   * @returns How many there were.
   */
  retry(ids: readonly string[] | undefined, now: number): Promise<number>;
  /**
   * Gives up events that wait: they become dead letters with the code `purged`, and a `viewed` takes its waiting `dismissed`
   * along. Dead letters get that code. What is on its way, or may have arrived, is left.
   * @returns How many of these ids it concerned.
   */
  purge(ids: readonly string[], now: number): Promise<number>;
}

/**
 * Keeps admitted events until the upstream has them. Its own lane is that of offer events, which keep their order for each
 * offer and visitor, `viewed` before `dismissed`.
 */
export interface Intake extends Lane {
  /**
   * Writes down whose events it keeps, before anything is taken or forwarded. It keeps those of one site for good, since
   * another site's would leave under this one's key. The first name wins; an intake that has none yet takes this one.
   *
   * An intake that cannot be asked at once lets every later method reject instead.
   * @param site The site's name, in lower case.
   * @param bookkeeping What its ledger has to know.
   * @throws {OffersightError} `configuration` if it keeps another site's.
   */
  claim(site: string, bookkeeping?: Bookkeeping): void;
  /** Takes events durably; one verdict each, by id. */
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /** Which of these were taken already, with this content. */
  knows(events: readonly Pick<AdmittedEvent, 'id' | 'content'>[]): Promise<ReadonlySet<string>>;
  /** Counts events that the billing system reported, and that are never forwarded; one verdict each, by id. */
  accept(events: readonly AcceptedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /** The cells of the ledger, oldest day first, in portions. */
  ledger(filter?: LedgerFilter): AsyncIterable<readonly LedgerCell[]>;
  /** The lane of usage events. */
  readonly usage: Lane;
  /** Ends every session of the operator's page that there is, in whichever process. */
  endSessions(): Promise<void>;
  /** How often that was done: a number that all processes share, whatever their clocks say. */
  sessionsEnded(): Promise<number>;
  /** Frees what the intake holds open; what it keeps stays. */
  close(): Promise<void>;
}
