/** Shared by tests of the wire: ids in a known order, and events as the wire and a page have them. */
import type { OfferEvent } from '../../src/protocol/event.js';

/** The fake runtime's first moment. */
export const START = 1_763_600_000_000;

/** A UUID that sorts by its number. */
export const eventId = (number: number): string =>
  `019aa02f-3c00-7000-8000-${number.toString(16).padStart(12, '0')}`;

/** An event as the wire has it, by default a valid one. */
export const wireEvent = (number: number, fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: eventId(number),
  type: 'viewed',
  personalized_offer_id: `a52ge${number}`,
  occurred_at: START - 3_700,
  ...fields,
});

/** A request's body with these events. */
export const wireBody = (events: unknown, fields: Record<string, unknown> = {}): string =>
  JSON.stringify({ v: 1, sent_at: START - 250, events, ...fields });

/** A `viewed` as the page has it. */
export const viewedEvent = (number: number, fields: Partial<OfferEvent> = {}): OfferEvent =>
  ({
    id: eventId(number),
    type: 'viewed',
    offerId: `a52ge${number}`,
    occurredAt: START - 3_700,
    impressionId: eventId(900_000 + number),
    ...fields,
  }) as OfferEvent;
