/** Events and entries for tests. No two are alike, and ids ascend with their number. */
import type { Mirrored } from '../../src/client/outbox/outbox.js';
import type { OutboxEntry } from '../../src/client/outbox/records.js';
import type { DismissedEvent, OfferEvent, ViewedEvent } from '../../src/protocol/event.js';

/** An event to record. */
export interface Recordable {
  readonly event: OfferEvent;
  /** Record it only if no page or tab has recorded this type for this offer. */
  readonly isOnce: boolean;
}

/** The time at which a fake runtime starts, epoch milliseconds. */
export const START = 1_763_600_000_000;

/** Where the events of a tab go. */
export const ENDPOINT = 'https://shop.example/offer-events';

/** The id of event number `n`; ids sort as their numbers do. */
export const idOf = (n: number): string => `019a9e5c-2c00-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** A view with an offer and an impression of its own. */
export const viewed = (n: number, fields: Partial<ViewedEvent> = {}): ViewedEvent => ({
  type: 'viewed',
  id: idOf(n),
  offerId: `offer-${n}`,
  impressionId: `impression-${n}`,
  occurredAt: START,
  ...fields,
});

/** The dismissal that ends the impression that `view` began. */
export const dismissed = (
  n: number,
  view: OfferEvent,
  fields: Partial<DismissedEvent> = {},
): DismissedEvent => ({
  type: 'dismissed',
  reason: 'control',
  id: idOf(n),
  offerId: view.offerId,
  impressionId: view.impressionId,
  occurredAt: view.occurredAt,
  expiresAt: view.expiresAt,
  ...fields,
});

/** Events that count as they are. */
export const plain = (...events: OfferEvent[]): Recordable[] =>
  events.map((event) => ({ event, isOnce: false }));

/** Events that count only if nobody recorded the same type for the same offer before. */
export const once = (...events: OfferEvent[]): Recordable[] =>
  events.map((event) => ({ event, isOnce: true }));

/** An entry that nobody tried to deliver yet. */
export const entryOf = (event: OfferEvent, fields: Partial<OutboxEntry> = {}): OutboxEntry => ({
  v: 1,
  event,
  endpoint: ENDPOINT,
  notBeforeAt: 0,
  ...fields,
});

/** An event as the mirror holds it; by default free to be sent. */
export const copyOf = (event: OfferEvent, heldUntil = 0): Mirrored => ({ event, isOnce: false, heldUntil });

/** The ids of events. */
export const idsOf = (events: Iterable<{ readonly id: string }>): string[] => [...events].map(({ id }) => id);

/** The ids of entries. */
export const entryIds = (entries: Iterable<OutboxEntry>): string[] =>
  [...entries].map(({ event }) => event.id);
