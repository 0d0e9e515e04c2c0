/** What a host adds to an event: who caused it, and whose subscription it counts for. */
import { MAX_USAGE_EVENT_BYTES, usageEventOf } from '../forward/usage-events.js';
import type { AdmittedEvent, UsageFields } from '../intake/admitted.js';
import type { Caller, ReportedEvent } from '../reported.js';
import type { UsageHooks } from '../resolving.js';
import type { Alert } from '../telling/alert.js';

const MAX_TEXT_LENGTH = 200;
/** Printable ASCII; with room for what base64 makes of the longest text. */
const HEADER = /^[\x20-\x7e]{1,1100}$/;
const MAX_SUBSCRIPTION_LENGTH = 50;

const toBase64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text.slice(0, MAX_TEXT_LENGTH))));

/** What a header can hold, as it is. */
const fitting = (text: string | undefined): string | undefined =>
  text !== undefined && HEADER.test(text) ? text : undefined;

/** Chargebee's bound. A longer one that is cut could be the id of another entity. */
const BUSINESS_ENTITY_ID = /^[\x20-\x7e]{1,50}$/;

/** Whether Chargebee can know a business entity by this. Hosts without types may give anything. */
export const isBusinessEntityId = (given: unknown): given is string =>
  typeof given === 'string' && BUSINESS_ENTITY_ID.test(given);

const UNUSABLE_CALLER = {
  hook: 'caller',
  what: 'an object with texts, or undefined',
  so: 'what is no text is not sent',
};

/** The caller that a hook named. Hosts without types say null of nobody, and number their users. */
export const callerOf = (given: unknown, alert: Alert): Caller | undefined => {
  if (!given) return undefined;
  let isUsable = typeof given === 'object' && !Array.isArray(given);
  const textOf = (value: unknown): string | undefined => {
    if (typeof value === 'string') return value;
    if (Number.isFinite(value)) return `${value as number}`;
    isUsable &&= value === undefined || value === null;
    return undefined;
  };
  const { ip, user, device, businessEntityId } = given as { readonly [Name in keyof Caller]: unknown };
  const caller = { ip: textOf(ip), user: textOf(user), device: textOf(device) };
  if (!isUsable) alert('unusableAnswer', UNUSABLE_CALLER);
  // Which ids can be known, additionsOf checks.
  return { ...caller, businessEntityId: businessEntityId as Caller['businessEntityId'] };
};

/** The headers that describe a caller: only what a header can hold; anything else is left out. */
const headersOf = (
  { ip, user, device }: Caller,
  businessEntityId: string | undefined,
): Record<string, string> | undefined => {
  const given = {
    'chargebee-request-origin-ip': ip?.slice(0, MAX_TEXT_LENGTH),
    'chargebee-request-origin-user-encoded': user && toBase64(user),
    'chargebee-request-origin-device': device?.slice(0, MAX_TEXT_LENGTH),
    'chargebee-business-entity-id': businessEntityId,
  };
  const entries = Object.entries(given).filter(
    (entry): entry is [string, string] => fitting(entry[1]) !== undefined,
  );
  return entries.length ? Object.fromEntries(entries) : undefined;
};

/** What an intake keeps of a caller and of a usage event: the business entity stays after the caller is forgotten. */
export const additionsOf = (
  caller: Caller | undefined,
  usage: UsageFields | undefined,
  alert: Alert,
): Pick<AdmittedEvent, 'headers' | 'usage'> => {
  const given = caller?.businessEntityId;
  const businessEntityId = isBusinessEntityId(given) ? given : undefined;
  if (given && businessEntityId === undefined) alert('unusableBusinessEntity');
  return {
    headers: caller && headersOf(caller, businessEntityId),
    usage: usage && businessEntityId !== undefined ? { ...usage, businessEntityId } : usage,
  };
};

const isPrimitive = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

const isFlat = (value: unknown): value is UsageFields['properties'] =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null) &&
  Object.values(value).every(isPrimitive);

const defaultProperties = ({ type, offerId }: ReportedEvent): UsageFields['properties'] => ({
  offer_event: type,
  personalized_offer_id: offerId,
});

const fits = (event: ReportedEvent, usage: UsageFields): boolean =>
  new TextEncoder().encode(JSON.stringify(usageEventOf({ ...event, usage }))).length <= MAX_USAGE_EVENT_BYTES;

/** What an event's usage event says; undefined if the host wants none, or none can be made. */
export const usageOf = async (
  { subscriptionFor, propertiesFor }: UsageHooks,
  event: ReportedEvent,
  subject: string | undefined,
  alert: Alert,
): Promise<UsageFields | undefined> => {
  // Hosts without types may say null.
  const subscriptionId = (await subscriptionFor(event, subject)) ?? undefined;
  if (subscriptionId === undefined) return undefined;
  const properties = propertiesFor ? await propertiesFor(event, subject) : defaultProperties(event);
  if (
    typeof subscriptionId === 'string' &&
    subscriptionId &&
    subscriptionId.length <= MAX_SUBSCRIPTION_LENGTH &&
    isFlat(properties) &&
    fits(event, { subscriptionId, properties })
  )
    return { subscriptionId, properties };
  alert('unusableUsage');
  return undefined;
};
