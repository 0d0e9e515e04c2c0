/** The tracker as its users hold it. Only types. */
import type { DismissReason } from '../protocol/event.js';
import type { Stop } from '../runtime.js';
import type { ObservedOffer } from './detect/placement.js';
import type { SearchRoot } from './detect/registry.js';
import type { DiscardReason } from './later/outbox/giving-up.js';
import type { OutboxStats } from './later/outbox/remembering.js';
import type { Consent } from './outbox/outbox.js';

/** What happened to one offer on this page. */
export interface OfferStats {
  /** How often an element began to show it. */
  readonly rendered: number;
  /** How many of its `viewed` were recorded. */
  readonly viewed: number;
  /** How many of its `dismissed` were recorded. */
  readonly dismissed: number;
  /** How often it was accepted. */
  readonly accepted: number;
}

/** What the tracker did and what waits. */
export interface TrackerStats {
  /** By offer id, on this page; empty if the offer part failed. */
  readonly offers: Readonly<Record<string, OfferStats>>;
  /** The outbox of this browser, which all pages and tabs share; left out if what delivers did not load. */
  readonly outbox?: OutboxStats;
  /** Events given up by this page, by reason. */
  readonly discarded?: Readonly<Partial<Record<DiscardReason, number>>>;
}

/** Sees offers, notices how they are closed, records both and delivers them. No method ever throws. */
export interface OfferTracker {
  /**
   * Watches an element that no attribute names, or names wrongly; also one in a same-origin frame. Or looks for
   * `[data-offer-id]`, now and later, where the page itself cannot: in a closed shadow root, in a frame's document.
   * @returns Ends the watch; calling it again does nothing.
   */
  observe(target: Element | SearchRoot, offer?: ObservedOffer): Stop;
  /** The user closed the offer in a way that only the page knows. Records `viewed` first if need be. */
  dismiss(offerId: string, reason?: DismissReason): void;
  /** The user accepted: proves display, and nothing can dismiss the offer any more. Sends nothing itself. */
  accept(offerId: string): void;
  /** Delivers what is due now; resolves when nothing more can be done at the moment. */
  flush(): Promise<void>;
  /**
   * What the user said to keeping and reporting events. While it is pending, events are only in
   * memory, with their own times. `granted` records and delivers them. `denied` gives up and
   * forgets everything, also what is stored.
   */
  consent(state: Consent): void;
  /**
   * Who has the page: an opaque id, such as a hash of the customer's, 1–128 characters of `A–Z a–z 0–9 _ . : ~ -`, or
   * nobody. Events belong to who had the page when they happened, and wait while another one has it.
   */
  subject(value: string | undefined): void;
  /**
   * A page view begins, as the router of a single-page application calls it after a navigation. Offers that still show count
   * again after a whole dwell from now, unless they count once a mount or once a browser; what is ignored by leaving the
   * page is ignored now.
   */
  pageView(): void;
  /** What happened so far. */
  stats(): Promise<TrackerStats>;
  /**
   * Ends everything, for all who share this page's tracker, so never when a component goes; what is stored stays
   * and is delivered by the next one.
   */
  stop: Stop;
}
