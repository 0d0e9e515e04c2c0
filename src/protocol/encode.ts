/** The client's way out: events → request. In the first load, so small; the way back is reply.ts. */
import { WIRE_VERSION, type WireEvent, type WireRequest } from './batch.js';
import type { OfferEvent } from './event.js';

const encodeEvent = ({
  id,
  type,
  offerId,
  occurredAt,
  expiresAt,
  subject,
  token,
}: OfferEvent): WireEvent => ({
  id,
  type,
  personalized_offer_id: offerId,
  occurred_at: occurredAt,
  expires_at: expiresAt,
  subject,
  token,
});

/**
 * The body of a request.
 * @param events Oldest first.
 * @param sentAt Epoch milliseconds, now.
 */
export const encodeRequest = (events: readonly OfferEvent[], sentAt: number): string =>
  JSON.stringify({ v: WIRE_VERSION, sent_at: sentAt, events: events.map(encodeEvent) } satisfies WireRequest);
