/** The wire, version 1: what crosses between page and proxy. Field names are the upstream API's own. */
import type { OfferEventType } from './event.js';

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
  readonly subject?: string;
}

/** A request's body. */
export interface WireRequest {
  readonly v: typeof WIRE_VERSION;
  /** The sender's clock when the request left, epoch milliseconds. */
  readonly sent_at: number;
  readonly events: readonly WireEvent[];
}

/** What the proxy says of one event. Only this removes or keeps an entry of the outbox. */
export type Verdict =
  /** Taken: it will reach the upstream. */
  | { readonly kind: 'accepted' }
  /** Known already; nothing new happens. */
  | { readonly kind: 'duplicate' }
  /** Not now: send it again, at the earliest after `retryAfterMs`. */
  | { readonly kind: 'deferred'; readonly code: string; readonly retryAfterMs?: number }
  /** Never: what is wrong with it will not change. */
  | { readonly kind: 'refused'; readonly code: string };

/** One verdict as the wire has it. */
export interface WireResult {
  readonly id: string;
  readonly status: Verdict['kind'];
  readonly code?: string;
  readonly retry_after_ms?: number;
}

/** A reply's body, always with status 200. */
export interface WireReply {
  readonly v: typeof WIRE_VERSION;
  readonly results: readonly WireResult[];
}
