/** An event from its admission on: as an intake takes it, and as it keeps it. */
import type { DismissReason, OfferEventType } from '../../protocol/event.js';

/**
 * What a usage event says besides its event's id and time. It bills a customer, so nothing of it comes from a browser.
 */
export interface UsageFields {
  /** 1–50 characters. */
  readonly subscriptionId: string;
  /** Flat; at most 1 KB as JSON with the rest of the usage event. */
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  /**
   * The business entity that it counts for, as its caller named it. Headers are forgotten once an event is settled, and a
   * dead letter that is retried must not be billed to another entity.
   * @default the site's default entity
   */
  readonly businessEntityId?: string | undefined;
}

/** An event that passed admission and decoding. Times are this machine's, epoch milliseconds. */
export interface AdmittedEvent {
  /** The idempotency key, made by the client. */
  readonly id: string;
  readonly type: OfferEventType;
  /** The personalized offer's `id`. */
  readonly offerId: string;
  /** Corrected once for the sender's clock. */
  readonly occurredAt: number;
  /** When it arrived. */
  readonly receivedAt: number;
  /** The event's own fields as sent: the same id with other content is a conflict. */
  readonly content: string;
  /**
   * Further headers of its call. The proxy has checked and named them. They are forgotten once the event is settled.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What its usage event says, if it gets one. */
  readonly usage?: UsageFields | undefined;
  /** What the ledger counts it under. */
  readonly group?: string | undefined;
  /** How it was closed. */
  readonly reason?: DismissReason | undefined;
  /**
   * Whether an earlier request, of whose answer its page did not hear, may have brought it. An intake that keeps ids knows.
   * @default false
   */
  readonly mayBeKnown?: boolean;
  /**
   * Who reported it, so that one visitor can use up neither the pace nor the places of groups. It is never stored as it
   * is.
   * @default one visitor for all events that name none
   */
  readonly visitor?: string | undefined;
}

/**
 * The state of an event. A `waiting` event is still to be forwarded. While an event is `forwarding`, it is not known whether
 * the upstream has it. The upstream has every event that is `done`. A `dead` event has a code that says why.
 */
export type EventState = 'waiting' | 'forwarding' | 'done' | 'dead';

/** An event as the intake keeps it. Its headers are kept until it is settled. */
export interface IntakeRow extends Omit<AdmittedEvent, 'content' | 'mayBeKnown' | 'visitor'> {
  readonly state: EventState;
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
  /** Give it as `before` of a list’s filter to list what comes after this row. */
  readonly cursor: string;
}
