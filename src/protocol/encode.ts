/** The client's way out: events → request. In the first load, so small; the way back is reply.ts. */
import { WIRE_VERSION, type WireEvent, type WireRequest } from './batch.js';
import type { DismissedEvent, OfferEvent } from './event.js';

const encodeEvent = (
  {
    id,
    type,
    offerId,
    occurredAt,
    expiresAt,
    subject,
    token,
    group,
    reason,
  }: OfferEvent & Partial<Pick<DismissedEvent, 'reason'>>,
  isPlain: boolean,
): WireEvent => ({
  id,
  type,
  personalized_offer_id: offerId,
  occurred_at: occurredAt,
  expires_at: expiresAt,
  subject,
  token,
  ...(isPlain ? {} : { group, reason }),
});

/**
 * The body of a request.
 * @param events Oldest first.
 * @param sentAt Epoch milliseconds, now.
 * @param plainUntil Until then nothing is said that version 0.1 did not know, epoch milliseconds.
 */
export const encodeRequest = (events: readonly OfferEvent[], sentAt: number, plainUntil = 0): string =>
  JSON.stringify({
    v: WIRE_VERSION,
    sent_at: sentAt,
    events: events.map((event) => encodeEvent(event, plainUntil > sentAt)),
  } satisfies WireRequest);
