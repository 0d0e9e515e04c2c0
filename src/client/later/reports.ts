/** What the page's own code learns of events: callbacks, the data layer, and the figures of `stats()`. */
import type { OfferEvent } from '../../protocol/event.js';
import type { Inside } from '../inside.js';
import type { OfferStats, TrackerStats } from '../offer-tracker.js';
import type { ResolvedOptions } from '../options.js';
import { createDataLayer } from './data-layer.js';
import type { DiscardReason, OnDiscard } from './outbox/giving-up.js';

/** What the page's code learns, and those who listen. */
export interface Reports extends Pick<Inside, 'listeners'>, Pick<TrackerStats, 'offers' | 'discarded'> {
  /** Something happened to an offer. */
  count(offerId: string, what: keyof OfferStats): void;
  /** An event is recorded, or is only in memory. */
  onRecorded(event: OfferEvent, isDurable: boolean): void;
  readonly onDiscard: OnDiscard;
}

/**
 * Makes them.
 * @param call Runs a host's callback safely.
 */
export const createReports = (options: ResolvedOptions, call: (callback: () => void) => void): Reports => {
  const listeners: Inside['listeners'] = new Set([options, { onEvent: createDataLayer(options.dataLayer) }]);
  const discarded: Partial<Record<DiscardReason, number>> = {};
  const offers = Object.create(null) as Record<string, { -readonly [Name in keyof OfferStats]: number }>;
  return {
    listeners,
    offers,
    discarded,
    count(offerId, what) {
      offers[offerId] ??= { rendered: 0, viewed: 0, dismissed: 0, accepted: 0 };
      offers[offerId][what]++;
    },
    onRecorded(event, isDurable) {
      for (const listener of listeners) call(() => listener.onEvent?.(event, isDurable));
    },
    onDiscard(event, reason, code) {
      discarded[reason] = (discarded[reason] ?? 0) + 1;
      if (event) for (const listener of listeners) call(() => listener.onDiscard?.(event, reason, code));
    },
  };
};
