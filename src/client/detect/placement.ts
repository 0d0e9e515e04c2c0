/** An element that shows an offer, what may differ from offer to offer, and one showing of it. Only types. */

/** How often an offer may be reported: once a page view, once a mount, or once until it expires. */
export type Repeat = 'page' | 'mount' | 'browser';

/**
 * When an offer that was viewed and then left alone counts as ignored: never, when the page is left, or once it
 * was out of sight for so many milliseconds without a break.
 */
export type Ignore = 'off' | 'leave' | number;

/** What may differ from offer to offer; what is left out follows the tracker's options. */
export interface OfferSettings {
  /**
   * The share of its pixels that must be visible, also in place of what large offers need.
   * @default the tracker's `viewability`
   * @range 0 to 1; anything else counts as left out
   * @example `0.7`
   */
  readonly ratio?: number | undefined;
  /**
   * For how long without a break, milliseconds.
   * @default the tracker's `viewability.dwellMs`
   * @range from 0; anything else counts as left out
   * @example `2_000`
   */
  readonly dwellMs?: number | undefined;
  /**
   * How often it may be reported.
   * @default the tracker's `repeat`
   * @range `'page'`, `'mount'` or `'browser'`
   * @example `'browser'`
   */
  readonly repeat?: Repeat | undefined;
  /**
   * When the offer itself ends, epoch milliseconds. A number that can only be in seconds, as the API gives them, is
   * read as seconds.
   * @default it never ends
   * @range a time
   * @example `Date.UTC(2030, 0, 1)`
   */
  readonly expiresAt?: number | undefined;
  /**
   * What `signOffer` gave for the offer.
   * @default no token, which the proxy takes unless `requireSignedOffers` is set
   * @range what `signOffer` or `offersight sign` gave
   * @example `'1.1893456000000.q2b…'`
   */
  readonly token?: string | undefined;
  /**
   * What the page calls the thing that it shows to many, such as a campaign or a placement, for the proxy's figures.
   * Never an offer or a visitor.
   * @default it counts under `(none)`
   * @range 1–50 characters of `A–Z a–z 0–9 _ . : / ~ -`, the first a letter or a digit
   * @example `'autumn-sale'`
   */
  readonly group?: string | undefined;
  /**
   * When it counts as ignored.
   * @default the element's `data-offer-ignore`, else the tracker's `ignore`
   * @range `'off'`, `'leave'` or milliseconds from 0; anything else counts as left out
   * @example `'leave'`
   */
  readonly ignore?: Ignore | undefined;
}

/** An offer given by hand: its id, by default the element's `data-offer-id`, and its settings. */
export interface ObservedOffer extends OfferSettings {
  /**
   * The personalized offer's `id`; never the plan's `offer_id`.
   * @default the element's `data-offer-id`
   * @range 1–50 characters of `A–Z a–z 0–9 _ . : ~ -`
   * @example `'a52ge40b'`
   */
  readonly id?: string | undefined;
}

/** What is known of one showing of an offer. */
export interface Impression {
  readonly id: string;
  /** Whether it counts only if no page or tab has recorded it. */
  readonly isOnce: boolean;
  /** Who had the page when it began. */
  readonly subject?: string | undefined;
  /** Whether it counted in an earlier page view. */
  isPast?: boolean;
  isVetoed?: boolean;
  isDismissed?: boolean;
}

/** An element that shows an offer. */
export interface Placement extends OfferSettings {
  readonly element: Element;
  /** As the page names it, so it may be an impossible one. */
  readonly offerId: string;
  /** Added by hand, so that no attribute says when it is over. */
  readonly isByHand?: boolean;
  /** Whether it is not watched: its offer has counted in this page view, or has an id that cannot be one. */
  isSeen?: boolean;
  /** Set when it has counted; with `repeat: 'mount'` each placement has its own. */
  impression?: Impression | undefined;
  /** What is kept of it, once it is gone. */
  past?: Past;
}

/** A placement that is gone, without its element: a reference would keep the element from being freed. */
export interface Past extends Omit<Placement, 'element' | 'past'> {
  readonly element?: undefined;
}
