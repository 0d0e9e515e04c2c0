/** The offers that were accepted in this browser, also those that show no longer. */
import type { Stored } from './stored.js';
import type { Fact } from './waiting.js';

/** At most so many offers that were accepted are named. */
const MOST_ACCEPTED = 5;

/** Names them, if there are any. */
export const acceptedFacts = (stored: Stored | undefined, now: number): Fact[] => {
  const accepted = stored?.marks.filter(({ type, until }) => type === 'accepted' && until > now) ?? [];
  const names = accepted.slice(0, MOST_ACCEPTED).map(({ offerId }) => offerId);
  const others = accepted.length - names.length;
  if (others) names.push(`${others} more`);
  return names.length
    ? [
        {
          label: 'Accepted',
          words: `${names.join(', ')}: closing what was accepted does not count as dismissed.`,
        },
      ]
    : [];
};
