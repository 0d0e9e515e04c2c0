/** One event → one call of Chargebee's offer events API, and what its answer means. */
import type { Runtime } from '../../runtime.js';
import type { Raised } from '../alerts/alert.js';
import { GIVEN_UP_CODES, PURGED } from '../intake/ledger.js';
import type { Destination, Outcome } from './destination.js';
import { type Call, post, type Upstream } from './http.js';
import { isRestricted } from './restricted.js';

/** What an API is called in alerts. */
type ApiName = 'offer events' | 'usage events';

export type Answer = Extract<Call, { readonly kind: 'answered' }>;

export interface Judging {
  readonly api: ApiName;
  /** Whether the upstream has ever taken an event of this lane. */
  readonly hasDelivered: boolean;
}

/** The fields of an event, or of a batch of them. A refusal may blame something else of the call. */
const FIELDS = {
  'offer events': /^(?:personalized_offer_id|type)$/,
  'usage events': /events|subscription_id|deduplication_id|usage_timestamp|properties/,
} as const satisfies Readonly<Record<ApiName, RegExp>>;

const OWN_CODES: ReadonlySet<string> = new Set([...GIVEN_UP_CODES, PURGED]);

/** The code of a refusal: what the upstream called it, never a word by which the ledger counts another outcome. */
export const refusalCodeOf = (code: string): string => (OWN_CODES.has(code) ? `upstream_${code}` : code);

/** What to check as well if a 404 names no site. */
const MISLED = ', unless the site or the base URL is wrong';
/** What to check as well if a refusal may be the event's own after all. */
const UNNAMED = {
  'offer events': ', and check that pages send the personalized offer’s id',
  'usage events': ', and check what the usage hook gives',
} as const satisfies Readonly<Record<ApiName, string>>;

type Misconfigured = Extract<Outcome, { readonly kind: 'misconfigured' }>;
const misconfigured = (...alert: Raised): Misconfigured => ({ kind: 'misconfigured', alert });
const badKey = (api: ApiName): Outcome => misconfigured('badKey', { api });

/** Chargebee's support has to do something about this answer. */
export const forSupport = ({ status, code, errorCode }: Answer, api: ApiName, also = ''): Misconfigured => {
  const said = code ?? errorCode;
  const more = errorCode === undefined || errorCode === said ? '' : ` (${errorCode})`;
  const isLimit = [code, errorCode].includes('resource_limit_exhausted');
  return misconfigured('notEnabled', {
    api,
    answer: `${status}${said === undefined ? '' : ` ${said}`}${more}`,
    request: `${isLimit ? 'raise this limit' : `enable ${api}`} for this site${also}`,
  });
};

/**
 * What a refusal means: before the site has taken any event, one that blames no field of the event may as well mean that
 * the site may not use the API.
 */
export const refusalOf = (answer: Answer, { api, hasDelivered }: Judging): Outcome => {
  const { status, code = answer.errorCode, param } = answer;
  if (!hasDelivered && !FIELDS[api].test(param ?? ''))
    return { ...forSupport(answer, api, UNNAMED[api]), isUnnamed: true };
  return { kind: 'refused', code: code === undefined ? `status_${status}` : refusalCodeOf(code) };
};

const SOON_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

const throttled = (retryAfter = ''): Outcome => {
  const askedMs = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : 0;
  return { kind: 'throttled', retryAfterMs: Math.min(Math.max(SOON_MS, askedMs), LONGEST_RETRY_AFTER_MS) };
};

/**
 * What the API's answer means.
 * Source: Chargebee API, error handling and offer events; an answer that is not the API's own is ambiguous.
 */
export const outcomeOf = (call: Call, judging: Judging): Outcome => {
  if (call.kind === 'unsent') return { kind: 'unavailable', why: call.why };
  if (call.kind === 'lost') return { kind: 'ambiguous', why: call.why };
  const { status, code, errorCode, retryAfter, isApi, isReplay } = call;
  const { api } = judging;
  if (status === 429) return throttled(retryAfter);
  // A server error may well be a page; another page or a redirect instead of an answer is somebody else's.
  if ((status < 500 && !isApi) || (status >= 300 && status < 400))
    return { kind: 'ambiguous', alert: ['notTheApi'] };
  if (!isApi) return { kind: 'ambiguous', why: `HTTP_${status}` };
  if (status >= 200 && status < 300) return isReplay ? { kind: 'done', isReplay } : { kind: 'done' };
  // Also a conflict with our own earlier call of the same key, which is still under way.
  if (code === 'lock_timeout') return throttled(retryAfter);
  if (status < 500 && isRestricted(code, errorCode)) return forSupport(call, api);
  switch (status) {
    case 400:
    case 409:
    case 422:
      return refusalOf(call, judging);
    case 401:
      return badKey(api);
    case 402:
    case 403:
      return code === 'api_authorization_failed' ? badKey(api) : forSupport(call, api);
    case 404:
      if (code === 'resource_not_found') return refusalOf(call, judging);
      return code === 'site_not_found' ? misconfigured('wrongSite') : forSupport(call, api, MISLED);
    case 405:
      return misconfigured('wrongSite');
    default:
      return { kind: 'ambiguous', why: `HTTP_${status}` };
  }
};

/** Makes the destination. The event's id is the idempotency key, under a prefix that no other call of the site has. */
export const offerEvents = (
  upstream: Upstream,
  runtime: Pick<Runtime, 'after' | 'fetch'>,
  constants: Readonly<Record<string, string>> = {},
): Destination => ({
  maxEvents: 1,
  lingerMs: 0,
  async forward(rows, hasDelivered) {
    const calls = rows.map(({ id, type, offerId, headers }) =>
      post(
        upstream,
        {
          path: '/api/v2/offer_events',
          body: { personalized_offer_id: offerId, type },
          headers: { ...headers, ...constants, 'chargebee-idempotency-key': `oe1-${id}` },
        },
        runtime,
      ),
    );
    return (await Promise.all(calls)).map((call) => outcomeOf(call, { api: 'offer events', hasDelivered }));
  },
});
