/** Who answers for an admitted event: the interface of every intake. An accepted event is never forgotten. */
import type { Verdict } from '../../protocol/batch.js';
import type { OfferEventType } from '../../protocol/event.js';

/** An event that passed admission and decoding. Times are this machine's, epoch milliseconds. */
export interface AdmittedEvent {
  readonly id: string;
  readonly type: OfferEventType;
  readonly offerId: string;
  /** Corrected once for the sender's clock. */
  readonly occurredAt: number;
  readonly expiresAt: number | undefined;
  readonly receivedAt: number;
  /** The event's own fields as sent: the same id with other content is a conflict. */
  readonly content: string;
}

/**
 * Where an event stands: `waiting` to be forwarded; `forwarding`, so that nobody knows yet whether the upstream
 * has it; `done`; `dead`, with a code that says why.
 */
export type EventState = 'waiting' | 'forwarding' | 'done' | 'dead';

/** An event as the intake keeps it. */
export interface IntakeRow {
  readonly id: string;
  readonly type: OfferEventType;
  readonly offerId: string;
  readonly state: EventState;
  readonly occurredAt: number;
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
}

/** How many events of one offer stand where. */
export interface OfferTally {
  readonly offerId: string;
  readonly type: OfferEventType;
  readonly state: EventState;
  readonly events: number;
}

/** What came of forwarding one event. */
export type ForwardResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'dead'; readonly code: string }
  /** Not taken: it waits until `dueAt`, epoch milliseconds. */
  | { readonly kind: 'waiting'; readonly dueAt: number }
  /** Perhaps taken: it is forwarded again with the same key, at `dueAt`. */
  | { readonly kind: 'ambiguous'; readonly dueAt: number };

/** What {@link Intake.begin} gives. */
export interface Begun {
  /** Now forwarding, oldest first, at most one of each offer. */
  readonly rows: readonly IntakeRow[];
  /** When more may be begun, epoch milliseconds; undefined if nothing waits. */
  readonly nextAt: number | undefined;
}

/** Limits of one {@link Intake.begin}. */
export interface BeginOptions {
  readonly now: number;
  /** Most rows to begin. */
  readonly limit: number;
  /** Most calls in any 60 s. */
  readonly perMinute: number;
}

/** Keeps admitted events until the upstream has them. Every method is one transaction. */
export interface Intake {
  /** Takes events durably; one verdict each, by id. */
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  /**
   * Becomes or stays the one process that forwards, for the next 30 s.
   * @returns Whether `token` leads. Whoever takes over treats every row in `forwarding` as ambiguous.
   */
  lead(token: string, now: number): Promise<boolean>;
  /** Stops leading, so that another process need not wait. */
  resign(token: string): Promise<void>;
  /** Moves due events to `forwarding`, before any byte of them leaves. */
  begin(options: BeginOptions): Promise<Begun>;
  /** Records what came of one event. */
  finish(id: string, result: ForwardResult, now: number): Promise<void>;
  /** The latest events, newest first. */
  list(limit: number): Promise<IntakeRow[]>;
  tally(): Promise<OfferTally[]>;
  close(): Promise<void>;
}
