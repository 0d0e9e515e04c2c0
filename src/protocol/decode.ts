/**
 * The proxy's side of the wire. Strict: unknown input becomes either a request whose every field was checked and
 * copied by name, or one fault. A bad value inside an event refuses only that event; an error in the structure
 * is a fault of the whole request. Fields that this release does not know are dropped, whatever they hold: a later
 * release may send them.
 */
import { WIRE_VERSION, type WireEvent } from './batch.js';
import { type DismissReason, isOfferId, type OfferEventType } from './event.js';
import { isGroup } from './group.js';
import { MAX_REQUEST_EVENTS } from './limits.js';
import { REASONS } from './reasons.js';
import { isSubject } from './subject.js';

/** An event whose every value is valid. Times are the sender's, epoch milliseconds. */
export interface DecodedEvent {
  /** UUIDv7, the idempotency key. */
  readonly id: string;
  /** What happened. */
  readonly type: OfferEventType;
  /** The personalized offer's id. */
  readonly offerId: string;
  /** When it happened, epoch milliseconds. */
  readonly occurredAt: number;
  /** When the offer ends, epoch milliseconds. */
  readonly expiresAt: number | undefined;
  /** The opaque user that it belongs to. */
  readonly subject: string | undefined;
  /** What `signOffer` gave for the offer. */
  readonly token: string | undefined;
  /** What its figures are kept under. It is no part of the event's identity, and neither is a reason. */
  readonly group: string | undefined;
  /** How it was closed. */
  readonly reason: DismissReason | undefined;
  /** Whether an earlier request, of whose answer nobody heard, may have brought it. */
  readonly mayBeKnown: boolean;
  /** Which of group and reason was sent, but unusable, and so left out. */
  readonly unusable: 'group' | 'reason' | undefined;
}

/** What was asked about one id. */
export type DecodedItem =
  | { readonly id: string; readonly event: DecodedEvent }
  | { readonly id: string; readonly refusedFor: string }
  /** A type that a later release may know. */
  | { readonly id: string; readonly deferredFor: 'unsupported_type' };

/** What is wrong with the envelope. */
export type EnvelopeFault = 'json' | 'batch' | 'unsupported';

/** A whole request, decoded; each id is in `items` once. */
export type DecodedRequest =
  | { readonly kind: 'request'; readonly sentAt: number; readonly items: readonly DecodedItem[] }
  /** Not events, but whether a link may open the inspector at this path. */
  | { readonly kind: 'inspection'; readonly code: string; readonly path: string }
  | { readonly kind: 'fault'; readonly fault: EnvelopeFault };

/** How a type is spelt. A client that is newer than this proxy may send one that it does not know yet. */
const LATER_TYPE = /^[a-z_]{1,32}$/;
/** What the billing system itself counts: no page may ever report it. */
const BILLED = new Set(['accepted', 'fulfilled']);
const TOKEN = /^[\w.-]{1,64}$/;
/** What templates write of an offer that is not there. */
const NOTHING = new Set(['null', 'undefined', 'false', 'true']);
/** Any UUID but those of version 8, which are the host's own events. */
const EVENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-79a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An event as it came: only these fields are read. */
type Given = { readonly [Field in keyof WireEvent]?: unknown };

const fault = (name: EnvelopeFault): DecodedRequest => ({ kind: 'fault', fault: name });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// A date beyond this cannot be a time that a browser reported (ECMA-262, time values).
const LATEST_TIME = 8.64e15;

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= LATEST_TIME;

const isReason = (value: unknown): value is DismissReason => (REASONS as readonly unknown[]).includes(value);

/** What is for figures alone: an event is not given up for it. */
const decodeFigures = (
  type: OfferEventType,
  { group, reason }: Given,
): Pick<DecodedEvent, 'group' | 'reason' | 'unusable'> => {
  const isGroupUsable = group == null || isGroup(group);
  const isReasonUsable = reason == null || (type === 'dismissed' && isReason(reason));
  return {
    group: isGroup(group) ? group : undefined,
    reason: type === 'dismissed' && isReason(reason) ? reason : undefined,
    unusable: isGroupUsable ? (isReasonUsable ? undefined : 'reason') : 'group',
  };
};

const decodeEvent = (id: string, record: Given): DecodedItem => {
  const { type, personalized_offer_id: offerId, occurred_at: occurredAt, expires_at } = record;
  if (type !== 'viewed' && type !== 'dismissed') {
    const isLater = typeof type === 'string' && LATER_TYPE.test(type) && !BILLED.has(type);
    return isLater ? { id, deferredFor: 'unsupported_type' } : { id, refusedFor: 'type' };
  }
  if (!isOfferId(offerId) || NOTHING.has(offerId)) return { id, refusedFor: 'personalized_offer_id' };
  if (!isTime(occurredAt)) return { id, refusedFor: 'occurred_at' };
  // JSON has no infinity: an offer that never ends says null. Untyped hosts also write null for no subject.
  const expiresAt = expires_at ?? undefined;
  const subject = record.subject ?? undefined;
  const token = record.token ?? undefined;
  if (expiresAt !== undefined && !isTime(expiresAt)) return { id, refusedFor: 'expires_at' };
  if (subject !== undefined && !isSubject(subject)) {
    return { id, refusedFor: 'subject' };
  }
  if (token !== undefined && !(typeof token === 'string' && TOKEN.test(token)))
    return { id, refusedFor: 'token' };
  const event: DecodedEvent = {
    id,
    type,
    offerId,
    occurredAt: Math.round(occurredAt),
    expiresAt,
    subject,
    token,
    mayBeKnown: record.may_be_known === true,
    ...decodeFigures(type, record),
  };
  return { id, event };
};

const NO_CONTENT = new Set(['group', 'reason', 'unusable', 'mayBeKnown']);

/** Compares what both say, not how they were written; what is for figures, or of an earlier request, makes no difference. */
const isSame = (a: DecodedItem, b: DecodedItem): boolean => {
  const identify = (item: DecodedItem): string =>
    JSON.stringify(item, (name, value: unknown) => (NO_CONTENT.has(name) ? undefined : value));
  return identify(a) === identify(b);
};

/**
 * Decodes a request's body.
 * @param text The body, already known to be valid UTF-8 and no longer than the limit of a request. Nothing here recurses over
 *   it, and every field of a valid event is bounded, so no event can grow past the upstream's 1 KB.
 */
export const decodeRequest = (text: string): DecodedRequest => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return fault('json');
  }
  if (!isRecord(body)) return fault('json');
  if (body.v !== WIRE_VERSION) return fault('unsupported');
  const { inspect: code, path } = body;
  if (typeof code === 'string' && typeof path === 'string') return { kind: 'inspection', code, path };
  const { sent_at: sentAt, events } = body;
  if (!isTime(sentAt) || !Array.isArray(events)) return fault('batch');
  if (events.length === 0 || events.length > MAX_REQUEST_EVENTS) return fault('batch');

  const items = new Map<string, DecodedItem>();
  for (const record of events as unknown[]) {
    if (!isRecord(record)) return fault('batch');
    const { id } = record;
    // Without a proper id no verdict could name the event.
    if (typeof id !== 'string' || !EVENT_ID.test(id)) return fault('batch');
    const item = decodeEvent(id, record);
    const earlier = items.get(id);
    if (earlier && !isSame(earlier, item)) return fault('batch');
    // What came first counts.
    if (!earlier) items.set(id, item);
  }
  return { kind: 'request', sentAt, items: [...items.values()] };
};
