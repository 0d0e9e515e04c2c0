/** Events as the host's own code sees them and reports them. Only types. */
import type { OfferEventType } from '../protocol/event.js';

/** An event as hooks of the host see it. */
export interface ReportedEvent {
  /** The idempotency key, made by the client. */
  readonly id: string;
  /** What happened. */
  readonly type: OfferEventType;
  /** The personalized offer's `id`. */
  readonly offerId: string;
  /** Corrected for the sender's clock, epoch milliseconds. */
  readonly occurredAt: number;
}

/** Who caused an event, for Chargebee's request headers. Personal data: off unless the host gives it. */
export interface Caller {
  /** `chargebee-request-origin-ip`. */
  readonly ip?: string | undefined;
  /** `chargebee-request-origin-user-encoded`; any string. */
  readonly user?: string | undefined;
  /** `chargebee-request-origin-device`. */
  readonly device?: string | undefined;
  /**
   * `chargebee-business-entity-id`, 1–50 printable characters of ASCII. An event of a page is sent without any other, and an
   * alert says so; a report that has another is refused.
   */
  readonly businessEntityId?: string | undefined;
}

/** An event that the host's own code reports, such as an opened mail or what a native app has shown. */
export interface ServerEvent {
  /**
   * A name for only this event, 1–200 characters, such as `mail-2211-opened-by-4711`. A second
   * report under the same name means the same event, which counts once.
   */
  readonly name: string;
  /**
   * What happened. Your billing system reports `accepted` to you: it counts only in the ledger, and is never forwarded.
   * `fulfilled` is never reported.
   */
  readonly type: OfferEventType | 'accepted';
  /** The personalized offer's `id`. */
  readonly offerId: string;
  /** When it happened, epoch milliseconds. @default now */
  readonly occurredAt?: number | undefined;
  /** The opaque user, for the hooks of `usage`. */
  readonly subject?: string | undefined;
  /** What the ledger counts it under, as pages name it. @default `(none)` */
  readonly group?: string | undefined;
  /** Who caused it, sent to Chargebee in request headers. @default nothing is sent */
  readonly caller?: Caller | undefined;
}

/** What an error says that is about one event of a report. */
export interface EventFault {
  /** The event's place in the report, from 0. */
  readonly at: number;
  /** What is wrong with it, in the names of {@link ServerEvent}. */
  readonly what: string;
}

/** What became of reported events. */
export interface ReportResult {
  /** So many are new. */
  readonly accepted: number;
  /** So many were reported before. */
  readonly duplicate: number;
}
