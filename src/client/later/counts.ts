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

type Counted = Record<string, { -readonly [Name in keyof OfferStats]: number }>;

/** Starts with nothing. */
export const createCounts = ({ placements }: Pick<Registry, 'placements'>): Counts => {
  /** An id may be the name of what every other object has. */
  const counted = (): Counted => Object.create(null) as Counted;
  const counter =
    (counts: Counted): Counts['count'] =>
    (offerId, what) => {
      counts[offerId] ??= { rendered: 0, viewed: 0, dismissed: 0, accepted: 0 };
      counts[offerId][what]++;
    };
  const past = counted();

  return {
    count: counter(past),
    all() {
      const all = counted();
      for (const offerId in past) all[offerId] = { ...past[offerId] } as Counted[string];
      for (const { offerId } of placements.values())
        if (isOfferId(offerId)) counter(all)(offerId, 'rendered');
      return all;
    },
  };
};
