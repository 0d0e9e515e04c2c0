/** Reports events to a tag manager, if the site names its array. Knows nothing of how events are made or kept. */
import type { OfferEvent } from '../../protocol/event.js';

/**
 * Makes the function that reports.
 * @param name The name of a global array, which is made if it is not there yet.
 */
export const createDataLayer =
  (name: string | undefined) =>
  (event: OfferEvent, isDurable: boolean): void => {
    if (!name) return;
    const site = globalThis as unknown as Record<string, object[] | undefined>;
    site[name] ??= [];
    site[name].push({
      event: `personalized_offer_${event.type}`,
      personalized_offer_id: event.offerId,
      event_id: event.id,
      occurred_at: event.occurredAt,
      is_durable: isDurable,
      ...(event.type === 'dismissed' && { reason: event.reason }),
    });
  };
