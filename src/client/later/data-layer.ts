/** Reports events to a tag manager, if the site names its array. Knows nothing of how events are made or kept. */
import type { OfferEvent } from '../../protocol/event.js';

/**
 * Makes the function that reports.
 * @param asked The name of a global array, which is made if it is not there yet, and behind a space `personalized_offer_id`
 *   if that is wanted: an id is one customer's.
 */
export const createDataLayer = (asked = ''): ((event: OfferEvent, isDurable: boolean) => unknown) => {
  const [name, field] = asked.trim().split(/\s+/);
  return (event, isDurable) => {
    if (!name) return undefined;
    const site = globalThis as unknown as Record<string, object[] | undefined>;
    site[name] ??= [];
    return site[name].push({
      event: `personalized_offer_${event.type}`,
      ...(event.group && { offer_group: event.group }),
      ...(field === 'personalized_offer_id' && { personalized_offer_id: event.offerId }),
      event_id: event.id,
      occurred_at: event.occurredAt,
      is_durable: isDurable,
      ...(event.type === 'dismissed' && { reason: event.reason }),
    });
  };
};
