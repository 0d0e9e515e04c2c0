/** What the host's functions give: who asks, who caused an event, and whose subscription it counts for. */
import { isSubject } from '../../protocol/subject.js';
import type { Runtime } from '../../runtime.js';
import type { Alert } from '../alerts/alert.js';
import { MAX_USAGE_EVENT_BYTES, usageEventOf } from '../forward/usage-events.js';
import type { AdmittedEvent, UsageFields } from '../intake/admitted.js';
import { HOOK_MS, inTime } from '../patience.js';
import type { Caller, ReportedEvent } from '../reported.js';
import type { ResolvedProxyOptions, UsageHooks } from '../resolving.js';

const MAX_TEXT_LENGTH = 200;
/** Printable ASCII; with room for what base64 makes of the longest text. */
const HEADER = /^[\x20-\x7e]{1,1100}$/;
const MAX_SUBSCRIPTION_LENGTH = 50;

const toBase64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text.slice(0, MAX_TEXT_LENGTH))));

/** Chargebee's bound. A longer one that is cut could be the id of another entity. */
const BUSINESS_ENTITY_ID = /^[\x20-\x7e]{1,50}$/;

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
  const entries = Object.entries(given).flatMap(([name, text]) =>
    text !== undefined && HEADER.test(text) ? [[name, text] as const] : [],
  );
  return entries.length ? Object.fromEntries(entries) : undefined;
};

/** The part of an event that describes its caller and its usage event: the business entity outlives the caller. */
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

const isFlat = (value: unknown): value is UsageFields['properties'] =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null) &&
  Object.values(value).every(
    (one) => typeof one === 'string' || typeof one === 'boolean' || Number.isFinite(one),
  );

const fits = (event: ReportedEvent, usage: UsageFields): boolean =>
  new TextEncoder().encode(JSON.stringify(usageEventOf({ ...event, usage }))).length <= MAX_USAGE_EVENT_BYTES;

/** Makes the usage event of an event; undefined if the host wants none, or none can be made. */
export const usageOf = async (
  { subscriptionFor, propertiesFor }: UsageHooks,
  event: ReportedEvent,
  subject: string | undefined,
  alert: Alert,
): Promise<UsageFields | undefined> => {
  // Hosts without types may say null.
  const subscriptionId = (await subscriptionFor(event, subject)) ?? undefined;
  if (subscriptionId === undefined) return undefined;
  const properties = propertiesFor
    ? await propertiesFor(event, subject)
    : { offer_event: event.type, personalized_offer_id: event.offerId };
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

/** Names the user of a request, whom the hook is asked for once; rejects if the hook fails or takes too long. */
export const createSubjects = (
  hook: ResolvedProxyOptions['subject'],
  alert: Alert,
  runtime: Pick<Runtime, 'after'>,
): ((request: Request) => Promise<string | undefined>) => {
  const ask = async (request: Request): Promise<string | undefined> => {
    const given = hook && (await inTime(runtime, HOOK_MS, hook(request), undefined, 'The subject hook'));
    // Hosts without types say null or an empty text of nobody, and number their users.
    const named = Number.isFinite(given) ? `${given as number}` : given;
    if (!named) return undefined;
    if (isSubject(named)) return named;
    alert('noSubject');
    return undefined;
  };

  const asked = new WeakMap<Request, Promise<string | undefined>>();
  return (request) => {
    // Many hosts have to ask a database.
    const subject = asked.get(request) ?? ask(request);
    asked.set(request, subject);
    return subject;
  };
};

const NO_ADDRESS = { hook: 'address', what: 'a text or undefined', so: 'no address has a budget' };

/** Names the address of a request; rejects if the hook fails or takes too long. */
export const createAddresses =
  (
    hook: NonNullable<ResolvedProxyOptions['address']>,
    alert: Alert,
    runtime: Pick<Runtime, 'after'>,
  ): ((request: Request) => Promise<string | undefined>) =>
  async (request) => {
    const given = await inTime(runtime, HOOK_MS, hook(request), undefined, 'The address hook');
    // Hosts without types say null, or false.
    if (!given) return undefined;
    if (typeof given === 'string') return given;
    alert('unusableAnswer', NO_ADDRESS);
    return undefined;
  };
