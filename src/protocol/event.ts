/**
 * What an offer event is, and how its identity is made. The id is made once, when the rule is met, and is the
 * idempotency key all the way; an event never changes afterwards.
 */
import type { Runtime } from '../runtime.js';
import { isSubject } from './subject.js';

/** What happened to the offer: the two types that Chargebee lets a page report. */
export type OfferEventType = 'viewed' | 'dismissed';

/** How the user closed the offer, or that they ignored it. It is for the proxy's figures: Chargebee takes no reason. */
export type DismissReason =
  /** A close control, marked or conventional. */
  | 'control'
  /** The Escape key. */
  | 'escape'
  /** A press outside the dialog or popover. */
  | 'backdrop'
  /** A drag of the dialog or popover that holds it, as drawers are closed. */
  | 'swipe'
  /** The browser's own close request to a dialog, such as a phone's back gesture. */
  | 'dialog'
  /** Left alone after it was seen, where the `ignore` option asks for it. */
  | 'ignored'
  /** A call of `dismiss`. */
  | 'api';

/** What every event has. */
export interface OfferEventBase {
  /** UUIDv7 (RFC 9562), lower case, ascending within a page; the idempotency key. */
  readonly id: string;
  /** The personalized offer's `id`, 1–50 characters of `A–Z a–z 0–9 _ . : ~ -`. */
  readonly offerId: string;
  /** When it happened on this machine's clock, epoch milliseconds. */
  readonly occurredAt: number;
  /** The same for the `viewed` and the `dismissed` of one showing. */
  readonly impressionId: string;
  /** When the offer itself ends, epoch milliseconds; the proxy refuses what happened after that. */
  readonly expiresAt?: number | undefined;
  /** The opaque user that it belongs to, 1–128 characters of `A–Z a–z 0–9 _ . : ~ -`. */
  readonly subject?: string | undefined;
  /** The server's word that the offer was shown here, from `signOffer`. */
  readonly token?: string | undefined;
  /**
   * What the page calls the thing that it shows to many, 1–50 characters of `A–Z a–z 0–9 _ . : / ~ -`, the first a letter or
   * a digit. It is for the proxy's figures, and no part of what the event is.
   */
  readonly group?: string | undefined;
}

/** The offer was really displayed. */
export interface ViewedEvent extends OfferEventBase {
  readonly type: 'viewed';
}

/** The user closed or ignored the offer without accepting it. */
export interface DismissedEvent extends OfferEventBase {
  readonly type: 'dismissed';
  /** How. */
  readonly reason: DismissReason;
}

/** One thing that happened to one offer. */
export type OfferEvent = ViewedEvent | DismissedEvent;

/** The API's own bound. */
const LONGEST_OFFER_ID = 50;

/**
 * Whether a string can be the id of a personalized offer. The API documents only a length. So the
 * characters are those of every id that it makes, and those of URL-safe ids: the same that a
 * subject may have.
 */
export const isOfferId = (value: unknown): value is string =>
  isSubject(value) && value.length <= LONGEST_OFFER_ID;

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');

/** Ids in a millisecond before one borrows from the next. With 11 bits the sum is exact until the year 2109. */
const TICKS = 2 ** 11;

/**
 * Makes a maker of UUIDv7 ids that ascend strictly, also within a millisecond and when the clock goes back
 * (RFC 9562 §6.2, method 1: a counter in `rand_a`, which carries into the time when it is full). 60 bits of each
 * are random.
 */
export const createIds = (runtime: Pick<Runtime, 'now' | 'randomBits'>): (() => string) => {
  let tick = 0;
  return () => {
    tick = Math.max(tick + 1, runtime.now() * TICKS);
    return `${hex(Math.floor(tick / TICKS), 12)}7${hex(tick % TICKS, 3)}8${hex(runtime.randomBits(), 16).slice(1)}`.replace(
      /(.{8})(.{4})(.{4})(.{4})/,
      '$1-$2-$3-$4-',
    );
  };
};
