/** What happened to each offer on this page, counted. What shows now is not counted before somebody asks. */
import { isOfferId } from '../../protocol/event.js';
import type { Registry } from '../detect/registry.js';
import type { OfferStats } from '../offer-tracker.js';

/** Counts what happens to offers. */
export interface Counts {
  count(offerId: string, what: keyof OfferStats): void;
  /** By offer id, with what shows now. */
  all(): Record<string, OfferStats>;
}

type Counted = Map<string, { -readonly [Name in keyof OfferStats]: number }>;

/** Starts with nothing. */
export const createCounts = ({ placements }: Pick<Registry, 'placements'>): Counts => {
  const past: Counted = new Map();

  const add = (counted: Counted, offerId: string, what: keyof OfferStats): void => {
    const counts = counted.get(offerId) ?? { rendered: 0, viewed: 0, dismissed: 0, accepted: 0 };
    counts[what]++;
    counted.set(offerId, counts);
  };

  return {
    count: (...happened) => add(past, ...happened),
    all() {
      const all: Counted = new Map([...past].map(([offerId, counts]) => [offerId, { ...counts }]));
      placements.filter(({ offerId }) => isOfferId(offerId) && add(all, offerId, 'rendered'));
      // An id may be the name of what every other object has.
      return { __proto__: null, ...Object.fromEntries(all) } as unknown as Record<string, OfferStats>;
    },
  };
};
