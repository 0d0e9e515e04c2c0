/** The client's way out: events → request. In the seer, so small; the way back is reply.ts. */
import { WIRE_VERSION, type WireEvent } from './batch.js';
import type { DismissedEvent, OfferEvent } from './event.js';

/** The JSON of flat fields. Libraries add a `toJSON` to prototypes, so it has none, and lists are put together by hand. */
export const jsonOf = (fields: object): string => JSON.stringify({ __proto__: null, ...fields });

/** An event to be sent. */
export type Outgoing = OfferEvent & {
  /** Whether an earlier request, of whose answer nobody heard, may have brought it. */
  readonly mayBeKnown?: boolean | undefined;
};

const encodeEvent = (event: Outgoing): string => {
  // What a page put on `Object.prototype` is no field of the event.
  const own: Outgoing & Partial<Pick<DismissedEvent, 'reason'>> & { __proto__: null } = {
    __proto__: null,
    ...event,
  };
  const { id, type, offerId, occurredAt, expiresAt, subject, token, group, reason, mayBeKnown } = own;
  return jsonOf({
    id,
    type,
    personalized_offer_id: offerId,
    occurred_at: occurredAt,
    expires_at: expiresAt,
    subject,
    token,
    group,
    reason,
    may_be_known: mayBeKnown,
  } satisfies WireEvent);
};

/**
 * The body of a request, as `WireRequest` describes it.
 * @param events Oldest first.
 * @param sentAt Epoch milliseconds, now.
 */
export const encodeRequest = (events: readonly Outgoing[], sentAt: number): string =>
  `{"v":${WIRE_VERSION},"sent_at":${sentAt},"events":[${events.map(encodeEvent).join()}]}`;
