/** The wire, version 1: what crosses between page and proxy. Field names are the upstream API's own. */
import type { DismissReason, OfferEventType } from './event.js';

/** The version that both halves speak. */
export const WIRE_VERSION = 1;

/** One event as the wire has it. */
export interface WireEvent {
  readonly id: string;
  readonly type: OfferEventType;
  readonly personalized_offer_id: string;
  /** Epoch milliseconds on the sender's clock. */
  readonly occurred_at: number;
  /** Epoch milliseconds. */
  readonly expires_at?: number | undefined;
  /** The opaque user that the event belongs to. */
  readonly subject?: string | undefined;
  /** The server's word that the offer was shown here. */
  readonly token?: string | undefined;
  /** What its figures are kept under. */
  readonly group?: string | undefined;
  /** How it was closed. */
  readonly reason?: DismissReason | undefined;
  /** Whether an earlier request, of whose answer nobody heard, may have brought it. Left out if not. */
  readonly may_be_known?: boolean | undefined;
}

/** A request's body. */
export interface WireRequest {
  readonly v: 1;
  /** The sender's clock when the request left, epoch milliseconds. */
  readonly sent_at: number;
  readonly events: readonly WireEvent[];
}

/** What the proxy says of one event. Only this removes or keeps an entry of the outbox. */
export type Verdict =
  /** Taken: it will reach the upstream. */
  | {
      /** Which verdict it is. */
      readonly kind: 'accepted';
    }
  /** Known already; nothing new happens. */
  | {
      /** Which verdict it is. */
      readonly kind: 'duplicate';
    }
  /** Not now: send it again, at the earliest after `retryAfterMs`. */
  | {
      /** Which verdict it is. */
      readonly kind: 'deferred';
      /** Why. */
      readonly code: string;
      /** Milliseconds from now. */
      readonly retryAfterMs?: number;
    }
  /** Never: what is wrong with it will not change. */
  | {
      /** Which verdict it is. */
      readonly kind: 'refused';
      /** Why. */
      readonly code: string;
    };

/** One verdict as the wire has it. */
export interface WireResult {
  /** The event's id. */
  readonly id: string;
  /** What becomes of it. */
  readonly status: Verdict['kind'];
  /** Why, where it was refused or deferred. */
  readonly code?: string;
  /** The earliest time to say it again, milliseconds from now. */
  readonly retry_after_ms?: number;
}

/** A reply's body, always with status 200. */
export interface WireReply {
  /** The wire's version. */
  readonly v: 1;
  /** One for each event that was asked about. */
  readonly results: readonly WireResult[];
}
