/** What each answer of the upstream means for the events of its call, over both of its resources. */
import { describe, expect, it } from 'vitest';
import { type Raised, wordsOf } from '../../../src/proxy/alerts/alert.js';
import type { Outcome } from '../../../src/proxy/forward/destination.js';
import { offerEvents } from '../../../src/proxy/forward/offer-events.js';
import { usageEvents } from '../../../src/proxy/forward/usage-events.js';
import { fakeRuntime } from '../../support/runtime.js';
import { usageRows } from '../../support/usage.js';

const apiKey = 'test_key_7Gq1';
const LANES = {
  'offer events': { make: offerEvents, param: 'personalized_offer_id' },
  'usage events': { make: usageEvents, param: 'events[subscription_id][0]' },
} as const;
type Api = keyof typeof LANES;

type Answer = () => Response | Promise<Response>;

const answer =
  (status: number, body: unknown = '', headers: Record<string, string> = {}): Answer =>
  () =>
    new Response(
      status === 204 || status === 304 ? null : typeof body === 'string' ? body : JSON.stringify(body),
      {
        status,
        headers,
      },
    );
const broken =
  (cause: object, message = 'fetch failed'): Answer =>
  () =>
    Promise.reject(new TypeError(message, { cause }));
const failed = (code: string): Error => Object.assign(new Error('x'), { code });

/** What a call with these events comes to. */
const outcomesOf = (
  api: Api,
  given: Answer,
  hasDelivered = true,
  events = 1,
): Promise<readonly Outcome[]> => {
  const runtime = fakeRuntime({ fetch: async () => given() });
  const destination = LANES[api].make({ baseUrl: 'https://upstream.example', apiKey }, runtime);
  return destination.forward(usageRows(events), hasDelivered);
};

const DONE: Outcome = { kind: 'done' };
const NOT_THE_API: Outcome = { kind: 'ambiguous', alert: ['notTheApi'] };
const refused = (code: string): Outcome => ({ kind: 'refused', code });
const ambiguous = (why: string): Outcome => ({ kind: 'ambiguous', why });
const throttled = (retryAfterMs: number): Outcome => ({ kind: 'throttled', retryAfterMs });

/** An alert names the API that was called. */
type Expected = Outcome | ((api: Api) => Outcome);
const badKey = (api: Api): Outcome => ({ kind: 'misconfigured', alert: ['badKey', { api }] });
const wrongSite: Outcome = { kind: 'misconfigured', alert: ['wrongSite'] };
const forSupport =
  (said: string, what: (api: Api) => string = (api) => `enable ${api} for this site`) =>
  (api: Api): Outcome => ({
    kind: 'misconfigured',
    alert: ['notEnabled', { api, answer: said, request: what(api) }],
  });
const orWrongSite = (said: string) =>
  forSupport(said, (api) => `enable ${api} for this site, unless the site or the base URL is wrong`);

/** The same before and after the site has taken its first event. */
const ALWAYS: readonly (readonly [title: string, Answer, Expected])[] = [
  ['an empty 204 (fault 65)', answer(204), DONE],
  ['an empty 200 (fault 65)', answer(200), DONE],
  ['a 201 with JSON (fault 65)', answer(201, {}), DONE],
  ['a 202 with JSON (fault 65)', answer(202, { ok: true }), DONE],
  ['a 200 with a page (fault 65)', answer(200, '<!doctype html>'), NOT_THE_API],
  ['half an answer (fault 65)', answer(200, '{"batch_id":"b","failed_ev'), NOT_THE_API],
  ['an error cut short', answer(400, '{"api_error_code":"x'), NOT_THE_API],
  ['a 403 with a page (fault 65)', answer(403, '<h1>Blocked'), NOT_THE_API],
  ['a 404 with a page', answer(404, '<h1>Not found'), NOT_THE_API],
  ['a redirect', answer(302, '', { location: '/login' }), NOT_THE_API],
  ['a 399', answer(399), NOT_THE_API],
  ['a 304', answer(304), NOT_THE_API],
  ['a 302 with a page', answer(302, '<h1>Moved'), NOT_THE_API],
  ['a 500', answer(500, { api_error_code: 'internal_error' }), ambiguous('HTTP_500')],
  [
    'a 500 that says that the site may not',
    answer(500, { error_code: 'api_restricted' }),
    ambiguous('HTTP_500'),
  ],
  ['a 500 with null', answer(500, 'null'), ambiguous('HTTP_500')],
  [
    'a 503 with a page, which may be the upstream’s own (fault 65)',
    answer(503, '<h1>503'),
    ambiguous('HTTP_503'),
  ],
  ['a 408', answer(408), ambiguous('HTTP_408')],
  ['a 418', answer(418), ambiguous('HTTP_418')],
  ['a 401', answer(401), badKey],
  ['a 401 with a code', answer(401, { api_error_code: 'api_authentication_failed' }), badKey],
  ['a 403 for the key', answer(403, { api_error_code: 'api_authorization_failed' }), badKey],
  ['a 403', answer(403, '{}'), forSupport('403')],
  [
    'a 403 with a code',
    answer(403, { api_error_code: 'request_blocked' }),
    forSupport('403 request_blocked'),
  ],
  ['a 402', answer(402), forSupport('402')],
  ['a 404 for the site', answer(404, { api_error_code: 'site_not_found' }), wrongSite],
  ['a 405', answer(405), wrongSite],
  ['a 404', answer(404), orWrongSite('404')],
  [
    'a 404 with a new code',
    answer(404, { api_error_code: 'something_new' }),
    orWrongSite('404 something_new'),
  ],
  // https://github.com/chargebee/chargebee-ruby/issues/66
  [
    'a 400 that says that the API is restricted',
    answer(400, { api_error_code: 'configuration_incompatible', error_code: 'api_restricted' }),
    forSupport('400 configuration_incompatible (api_restricted)'),
  ],
  // https://github.com/chargebee/chargebee-node/issues/10
  [
    'a 409 for a feature that is not enabled',
    answer(409, { api_error_code: 'invalid_request', error_code: 'pause_feature_not_enabled' }),
    forSupport('409 invalid_request (pause_feature_not_enabled)'),
  ],
  [
    'a restriction in the second code',
    answer(400, { error_code: 'api_restricted' }),
    forSupport('400 api_restricted'),
  ],
  [
    'a restriction that blames a field',
    answer(400, { api_error_code: 'configuration_incompatible', param: 'personalized_offer_id' }),
    forSupport('400 configuration_incompatible'),
  ],
  [
    'a limit of the site',
    answer(422, { api_error_code: 'resource_limit_exhausted' }),
    forSupport('422 resource_limit_exhausted', () => 'raise this limit for this site'),
  ],
  ['a 429', answer(429), throttled(1_000)],
  ['a 429 with a page', answer(429, '<h1>Slow down', { 'retry-after': '4' }), throttled(4_000)],
  ['a 409 of a call under way', answer(409, { api_error_code: 'lock_timeout' }), throttled(1_000)],
  [
    'a lock that asks for time',
    answer(400, { api_error_code: 'lock_timeout' }, { 'retry-after': '4' }),
    throttled(4_000),
  ],
  [
    'no tunnel through a proxy',
    broken(new Error('Proxy response (407) !== 200 when HTTP Tunneling')),
    { kind: 'unavailable' },
  ],
  [
    'two refused addresses',
    broken(new AggregateError([failed('ECONNREFUSED')])),
    { kind: 'unavailable', why: 'ECONNREFUSED' },
  ],
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].map(
    (why) => [`${why}: no byte left (fault 68)`, broken(failed(why)), { kind: 'unavailable', why }] as const,
  ),
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'EWHATEVER'].map(
    (why) => [`${why}: nobody knows`, broken(failed(why)), ambiguous(why)] as const,
  ),
  ...[undefined, null, 'text', { code: 'ECONNREFUSED' }].map(
    (thrown) =>
      [
        `${JSON.stringify(thrown)} that is thrown`,
        () => Promise.reject(thrown),
        { kind: 'ambiguous' },
      ] as const,
  ),
];

/** Refusals of a single event by its own fault: status, codes, and the code that the dead letter has. */
const REFUSALS: readonly (readonly [status: number, body: object, code: string])[] = [
  [400, {}, 'status_400'],
  [409, {}, 'status_409'],
  [422, {}, 'status_422'],
  [400, { api_error_code: 'param_wrong_value' }, 'param_wrong_value'],
  [422, { api_error_code: 'unable_to_process_request' }, 'unable_to_process_request'],
  [409, { api_error_code: 'invalid_state_for_request' }, 'invalid_state_for_request'],
  [404, { api_error_code: 'resource_not_found' }, 'resource_not_found'],
  // https://github.com/chargebee/chargebee-dotnet/issues/20
  [400, { api_error_code: 'invalid_request', error_code: 'coupon_not_applicable' }, 'invalid_request'],
  [400, { error_code: 'coupon_not_applicable' }, 'coupon_not_applicable'],
  [400, { api_error_code: 7 }, 'status_400'],
  // Words by which the ledger counts other outcomes.
  ...['purged', 'expired', 'viewed_dead', 'unknown_outcome'].map(
    (code) => [400, { api_error_code: code }, `upstream_${code}`] as const,
  ),
];

describe.each(Object.keys(LANES) as Api[])('a call with %s that comes to', (api) => {
  it.each(ALWAYS)('%s', async (_, given, expected) => {
    const outcome = typeof expected === 'function' ? expected(api) : expected;
    for (const hasDelivered of [true, false])
      expect(await outcomesOf(api, given, hasDelivered)).toEqual([outcome]);
    // Trouble concerns the call as a whole, and an alert is about the API that was called.
    expect(await outcomesOf(api, given, true, 3)).toEqual([outcome, outcome, outcome]);
  });

  it.each(REFUSALS)(
    '%i %j is refused if it blames a field, also the first of all',
    async (status, body, code) => {
      const given = answer(status, { ...body, param: LANES[api].param });
      for (const hasDelivered of [true, false])
        expect(await outcomesOf(api, given, hasDelivered)).toEqual([refused(code)]);
    },
  );

  it.each(REFUSALS)(
    '%i %j decides nothing before the site has taken any event',
    async (status, body, code) => {
      for (const param of [undefined, null, '', 'business_entity_id']) {
        const given = answer(status, { ...body, param });
        expect(await outcomesOf(api, given)).toEqual([refused(code)]);
        const [first] = await outcomesOf(api, given, false);
        expect(first).toMatchObject({
          kind: 'misconfigured',
          isUnnamed: true,
          alert: [
            'notEnabled',
            { api, request: expect.stringMatching(/^enable .*, and check (?:what|that)/) as string },
          ],
        });
      }
    },
  );

  it.each([
    ['none', undefined, 1_000],
    ['7', '7', 7_000],
    ['0', '0', 1_000],
    ['3600', '3600', 3_600_000],
    ['a day', '86400', 3_600_000],
    ['1e9', '1e9', 1_000],
    ['a date', 'Wed, 21 Oct 2015 07:28:00 GMT', 1_000],
    ['a negative', '-5', 1_000],
    ['a fraction', '2.5', 1_000],
    ['an endless number', '9'.repeat(400), 1_000],
  ])('a 429 with the Retry-After %s', async (_, retryAfter, retryAfterMs) => {
    const given = answer(429, {}, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    expect(await outcomesOf(api, given)).toEqual([throttled(retryAfterMs)]);
  });

  it.each([
    ['an echo of the key', apiKey.toLowerCase()],
    ['an endless text', 'z'.repeat(900)],
  ])('%s in place of a code is not repeated (attack 51)', async (_, code) => {
    expect(await outcomesOf(api, answer(400, { api_error_code: code }))).toEqual([refused('status_400')]);
  });
});

it.each([
  ['true', { kind: 'done', isReplay: true }],
  ['false', DONE],
])('a 204 says whether it repeats an earlier answer: %s', async (replayed, outcome) => {
  const given = answer(204, '', { 'chargebee-idempotency-replayed': replayed });
  expect(await outcomesOf('offer events', given)).toEqual([outcome]);
});

it('an alert for the support says what Chargebee answered, and never more than its codes', async () => {
  const given = answer(400, {
    message: 'grace@example.org',
    api_error_code: 'configuration_incompatible',
    error_code: 'api_restricted',
  });
  const [outcome] = await outcomesOf('offer events', given);
  expect(wordsOf(...(outcome as { readonly alert: Raised }).alert)).toBe(
    'Chargebee answers offer events with 400 configuration_incompatible (api_restricted): ask Chargebee’s support to enable offer events for this site. Events are kept.',
  );
});
