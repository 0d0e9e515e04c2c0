/** One event → one call of Chargebee's offer events API, and what its answer means. */
import type { Runtime } from '../../runtime.js';
import { ALERTS, wordsOf } from '../telling/alerts.js';
import { refusalCodeOf } from '../telling/dead-codes.js';
import type { Destination, Outcome } from './destination.js';
import { type Call, post, type Upstream } from './http.js';

/** What an API is called in alerts. */
type ApiName = 'offer events' | 'usage events';

const notEnabled = (api: ApiName): string =>
  wordsOf(ALERTS.notEnabled, { api, product: api === 'offer events' ? 'Growth' : 'usage ingestion' });
const badKey = (api: ApiName): string => wordsOf(ALERTS.badKey, { api });

const misconfigured = (alert: string): Outcome => ({ kind: 'misconfigured', alert });
const refused = (code: string | undefined, status: number): Outcome => ({
  kind: 'refused',
  code: code === undefined ? `status_${status}` : refusalCodeOf(code),
});

const SOON_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

const retryAfterMsOf = (retryAfter: string | undefined): number =>
  /^\d{1,9}$/.test(retryAfter ?? '') ? Math.min(Number(retryAfter) * 1_000, LONGEST_RETRY_AFTER_MS) : 0;

/**
 * What the API's answer means.
 * Source: Chargebee API, error handling and offer events; an answer that is not the API's own is ambiguous.
 */
export const outcomeOf = (call: Call, api: ApiName = 'offer events'): Outcome => {
  if (call.kind === 'unsent') return { kind: 'unavailable', why: call.why };
  if (call.kind === 'lost') return { kind: 'ambiguous', why: call.why };
  const { status, code, retryAfter, isApi } = call;
  if (status === 429)
    return { kind: 'throttled', retryAfterMs: Math.max(SOON_MS, retryAfterMsOf(retryAfter)) };
  // A server error may well be a page; another page or a redirect instead of an answer is somebody else's.
  if ((status < 500 && !isApi) || (status >= 300 && status < 400))
    return { kind: 'ambiguous', alert: ALERTS.notTheApi.words };
  if (!isApi) return { kind: 'ambiguous', why: `HTTP_${status}` };
  if (status >= 200 && status < 300) return { kind: 'done' };
  // Also a conflict with our own earlier call of the same key, which is still under way.
  if (code === 'lock_timeout')
    return { kind: 'throttled', retryAfterMs: Math.max(SOON_MS, retryAfterMsOf(retryAfter)) };
  switch (status) {
    case 400:
    case 409:
    case 422:
      return refused(code, status);
    case 401:
      return misconfigured(badKey(api));
    case 402:
    case 403:
      return misconfigured(code === 'api_authorization_failed' ? badKey(api) : notEnabled(api));
    case 404:
      if (code === 'resource_not_found') return refused(code, status);
      return misconfigured(code === 'site_not_found' ? ALERTS.wrongSite.words : notEnabled(api));
    case 405:
      return misconfigured(ALERTS.wrongSite.words);
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
  async forward(rows) {
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
    return (await Promise.all(calls)).map((call) => outcomeOf(call));
  },
});
