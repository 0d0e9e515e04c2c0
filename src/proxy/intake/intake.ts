/**
 * The interface of every durable intake, which is responsible for admitted events. An accepted event is never
 * forgotten.
 */
import type { Verdict } from '../../protocol/batch.js';
import type { OfferEventType } from '../../protocol/event.js';
import type { AdmittedEvent, EventState, IntakeRow } from './admitted.js';
import type { AcceptedEvent, Bookkeeping, LedgerCell, LedgerFilter } from './ledger.js';

/** An alert that the proxy raised lately. */
export interface RaisedAlert {
  readonly code: string;
  /** What an operator has to do. */
  readonly message: string;
  /** When its condition was last seen, epoch milliseconds. */
  readonly lastAt: number;
}

/** What happened at the door. */
export interface DoorReport {
  /** Requests of the last 7 UTC days that were not admitted, by the code of their problem. */
  readonly requests: Readonly<Record<string, number>>;
  /** Events of these days that the proxy refused by itself, by code. The upstream never heard of them. */
  readonly refused: Readonly<Record<string, number>>;
  /** The alerts of the last 24 hours that are not about the upstream, which the lanes have. The latest comes first. */
  readonly alerts: readonly RaisedAlert[];
}

/** For so long counts are shown, UTC days. */
export const REPORT_DAYS = 7;
/** For so long an alert is shown after its condition was last seen, milliseconds. */
export const ALERT_MS = 86_400_000;

/** Which events {@link Lane.list} gives. */
export interface ListFilter {
  /** Most rows, at least 1. */
  readonly limit: number;
  /** Only the event with this id. @default every event */
  readonly id?: string | undefined;
  /** Only events of this offer. @default events of every offer */
  readonly offerId?: string | undefined;
  /** Only events in one of these states. @default events in any state */
  readonly states?: readonly EventState[] | undefined;
  /**
   * Only events of this user or address that are not settled yet: then their visitor is forgotten. Usage events have no
   * visitor. @default events of every visitor
   */
  readonly visitor?: string | undefined;
  /** Only events that were received at this time or later, epoch milliseconds. */
  readonly since?: number | undefined;
  /** The cursor of the last row of the previous page. */
  readonly before?: string | undefined;
}

/** How many events of one offer and type are in one state. */
export interface OfferTally {
  /** The personalized offer's `id`. */
  readonly offerId: string;
  readonly type: OfferEventType;
  readonly state: EventState;
  readonly events: number;
  /** How many of them are dead letters because an operator gave them up. @default 0 */
  readonly purged?: number | undefined;
}

/** Which events {@link Lane.tally} counts. */
export type TallyFilter = Pick<ListFilter, 'since'>;

/** What came of forwarding one event. */
export type ForwardResult =
  | { readonly kind: 'done' }
  /** With why. */
  | { readonly kind: 'dead'; readonly code: string }
  /** The upstream did not take it (`waiting`), or may have (`ambiguous`). It is forwarded again then, epoch milliseconds. */
  | { readonly kind: 'waiting' | 'ambiguous'; readonly dueAt: number };

/** What came of one event, as {@link Lane.finish} records it. */
export interface Finished {
  readonly id: string;
  readonly result: ForwardResult;
  /**
   * Which attempt it came of, as `begin` numbered it. If a later attempt has begun since, only `done` counts.
   * By default the latest attempt.
   */
  readonly attempt?: number | undefined;
}

/** What {@link Lane.begin} gives. */
export interface Begun {
  /** The events that are forwarding now, oldest first. */
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
  /** How far the clock has jumped ahead, milliseconds: an event may look so much older than it is. @default 0 */
  readonly graceMs?: number;
}

/** What a lane's leader leaves for the next one, and for anybody who asks. */
export interface LaneNote {
  /** Until when the upstream does not want any call, epoch milliseconds. */
  readonly pausedUntil?: number | undefined;
  /** What an operator has to do, until that is done. */
  readonly alert?: string | undefined;
  /** Which alert that is. Notes that 0.2.0 left do not say so. */
  readonly alertCode?: string | undefined;
  /** Whether the upstream has ever taken an event of this lane. @default false */
  readonly hasDelivered?: boolean | undefined;
  /** How many repeated calls the upstream recognized by their idempotency key. @default 0 */
  readonly honouredKeys?: number | undefined;
}

/** How a lane is doing. */
export interface LaneStatus {
  /** How many events are neither done nor dead. */
  readonly waiting: number;
  /** When the oldest of these was received, epoch milliseconds. */
  readonly oldestAt: number | undefined;
  /** How many events began in the last 60 s. */
  readonly lastMinute: number;
  /** What the leader left. */
  readonly note: LaneNote;
  /**
   * How many dead letters are remembered, by their code: `expired`, `viewed_dead`, `unknown_outcome`, `purged`, or the
   * upstream's word for why it refused them.
   */
  readonly dead: Readonly<Record<string, number>>;
}

/**
 * The way of events to one destination. Every method is one transaction, except {@link Lane.tally} and a retry of all.
 */
export interface Lane {
  /**
   * Becomes or stays the one process that forwards, for the next 30 s.
   * @returns Whether `token` leads. A process that takes over treats every row in `forwarding` as ambiguous.
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
  status(now: number): Promise<LaneStatus>;
  /** Events, newest first. */
  list(filter: ListFilter): Promise<IntakeRow[]>;
  /**
   * How many events of each offer are in which state. The caller adds up the portions, so that a process with many
   * events can do other things in between. These are not the figures of one moment: an event that changes its state
   * meanwhile may count in both states or in neither.
   */
  tally(filter?: TallyFilter): AsyncIterable<readonly OfferTally[]>;
  /**
   * Lets dead letters wait again. A `dismissed` stays a dead letter as long as its `viewed` is one.
   * @param ids Which ones; by default all except those that were purged, in portions.
   * @param isChosen Whether something else than their names chose these ids, so that what was purged is left out as well.
   * By default false.
   * @returns How many there were.
   */
  retry(ids: readonly string[] | undefined, now: number, isChosen?: boolean): Promise<number>;
  /**
   * Gives up waiting events: they become dead letters with the code `purged`, and the waiting `dismissed` of a `viewed`
   * becomes a dead letter with it. Dead letters get that code. Events that are on their way, or that may have arrived,
   * are left alone.
   * @returns How many of these ids were concerned.
   */
  purge(ids: readonly string[], now: number): Promise<number>;
}

/**
 * Keeps admitted events until the upstream has them. Its own lane is that of offer events. They keep their order for
 * each offer and visitor, `viewed` before `dismissed`.
 */
export interface Intake extends Lane {
  /**
   * Stores whose events it keeps, before anything is taken or forwarded. It belongs to one site for good, since another
   * site's events would be sent with this one's key. The first name wins; an intake without a name takes this one.
   *
   * If an intake cannot be asked at once, every later method rejects instead.
   * @param site The site's name, in lower case.
   * @param bookkeeping What its ledger has to know.
   * @throws {OffersightError} `configuration` if it keeps another site's.
   */
  claim(site: string, bookkeeping?: Bookkeeping): void;
  /**
   * Takes events durably. Gives one verdict for each, by id. If there are none, it rejects all the same if it could not take
   * any.
   */
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /** Which of these were taken already, with this content. */
  knows(events: readonly Pick<AdmittedEvent, 'id' | 'content'>[]): Promise<ReadonlySet<string>>;
  /** Counts events that the billing system reported. They are never forwarded. Gives one verdict for each, by id. */
  accept(events: readonly AcceptedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /** The cells of the ledger, oldest day first, in portions. */
  ledger(filter?: LedgerFilter): AsyncIterable<readonly LedgerCell[]>;
  /** The lane of usage events. */
  readonly usage: Lane;
  /**
   * The secret that the names of reported events are hashed with. It is the same in all processes, and as long as the
   * intake remembers events.
   */
  nameKey(): Promise<string>;
  /** Ends every session of the operator's page, in all processes. */
  endSessions(): Promise<void>;
  /** How often sessions were ended. All processes share this number, even if their clocks differ. */
  sessionsEnded(): Promise<number>;
  /**
   * Adds to the door's report: counts are added up, an alert takes the place of the one with its code.
   */
  noteDoor(report: DoorReport, now: number): Promise<void>;
  /** What the doors of all processes rejected lately, and which alerts they raised. */
  door(now: number): Promise<DoorReport>;
  /** Frees what the intake holds open. The events that it keeps stay. */
  close(): Promise<void>;
}
