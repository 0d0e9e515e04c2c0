import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../../src/proxy/alerts/alert.js';
import type { Outcome } from '../../../src/proxy/forward/destination.js';
import type { Call } from '../../../src/proxy/forward/http.js';
import { outcomeOf as judge } from '../../../src/proxy/forward/offer-events.js';

interface Answer {
  readonly code?: string;
  readonly errorCode?: string;
  readonly param?: string;
  readonly isReplay?: boolean;
  readonly retryAfter?: string;
  readonly isApi?: boolean;
}

const answered = (
  status: number,
  { code, errorCode, param, retryAfter, isApi = true, isReplay = false }: Answer = {},
): Call => ({
  kind: 'answered',
  status,
  code,
  errorCode,
  param,
  isApi,
  isReplay,
  body: undefined,
  retryAfter,
});

/** What the answer means to a site that has taken an event before, or has not. */
const outcomeOf = (call: Call, hasDelivered = true): Outcome =>
  judge(call, { api: 'offer events', hasDelivered });

const HTML = { isApi: false };

describe('what the upstream has taken is done', () => {
  it.each([204, 200, 201, 202])('%i with an empty or JSON body (fault 65)', (status) => {
    expect(outcomeOf(answered(status))).toEqual({ kind: 'done' });
  });

  it('says so if the upstream knew it by its key', () => {
    expect(outcomeOf(answered(204, { isReplay: true }))).toEqual({ kind: 'done', isReplay: true });
  });
});

describe('what the upstream will never take is refused under its own code', () => {
  it.each<[number, string]>([
    [400, 'invalid_request'],
    [400, 'param_wrong_value'],
    [400, 'unable_to_process_request'],
    [422, 'param_wrong_value'],
    [422, 'unable_to_process_request'],
    [404, 'resource_not_found'],
    [409, 'invalid_state_for_request'],
    [400, 'invalid_state_for_request'],
  ])('%i %s', (status, code) => {
    expect(outcomeOf(answered(status, { code }))).toEqual({ kind: 'refused', code });
  });

  it.each(['purged', 'expired', 'viewed_dead', 'unknown_outcome'])(
    '%s from upstream is its refusal, and not what the proxy itself means by it',
    (code) => {
      expect(outcomeOf(answered(400, { code }))).toEqual({ kind: 'refused', code: `upstream_${code}` });
    },
  );

  it.each([400, 409, 422])('%i without a code is refused under its status', (status) => {
    expect(outcomeOf(answered(status))).toEqual({ kind: 'refused', code: `status_${status}` });
  });
});

describe('what an operator has to repair is reported in plain words and nothing is lost', () => {
  it.each<[number, string | undefined, RegExp]>([
    [401, 'api_authentication_failed', /key/],
    [401, undefined, /key/],
    [403, 'api_authorization_failed', /key/],
    [403, 'request_blocked', /403 request_blocked.*enable offer events/],
    [403, undefined, /enable offer events/],
    [402, undefined, /enable offer events/],
    [404, 'site_not_found', /site name/],
    [404, undefined, /enable offer events.*base URL/],
    [404, 'something_new', /enable offer events.*base URL/],
    [405, undefined, /site|path/],
  ])('%i %s', (status, code, words) => {
    const outcome = outcomeOf(answered(status, { ...(code !== undefined && { code }) }));
    const alert = outcome.kind === 'misconfigured' ? wordsOf(...outcome.alert) : '';
    expect(alert).toMatch(words);
    expect(alert).toContain('Events are kept');
  });
});

describe('what the upstream asks to slow down for is throttled', () => {
  it.each<[string, string | undefined, number]>([
    ['none', undefined, 1_000],
    ['7', '7', 7_000],
    ['0', '0', 1_000],
    ['1', '1', 1_000],
    ['3600', '3600', 3_600_000],
    ['a day', '86400', 3_600_000],
    ['1e9', '1e9', 1_000],
    ['a date', 'Wed, 21 Oct 2015 07:28:00 GMT', 1_000],
    ['a negative', '-5', 1_000],
    ['a fraction', '2.5', 1_000],
    ['garbage', 'soon', 1_000],
    ['an endless number', '9'.repeat(400), 1_000],
  ])('429 with the Retry-After %s', (_, retryAfter, retryAfterMs) => {
    const call = answered(429, { ...(retryAfter !== undefined && { retryAfter }) });
    expect(outcomeOf(call)).toEqual({ kind: 'throttled', retryAfterMs });
  });

  it.each<[number, string]>([
    [429, 'api_request_limit_exceeded'],
    [429, 'lock_timeout'],
    [409, 'lock_timeout'],
    [400, 'lock_timeout'],
  ])('%i %s', (status, code) => {
    expect(outcomeOf(answered(status, { code, retryAfter: '4' }))).toEqual({
      kind: 'throttled',
      retryAfterMs: 4_000,
    });
  });
});

describe('what nobody knows is ambiguous', () => {
  it.each([408, 425, 500, 502, 503, 504, 520, 301, 302, 303, 307, 308, 304, 418])('%i', (status) => {
    expect(outcomeOf(answered(status))).toMatchObject({ kind: 'ambiguous' });
  });

  it.each([200, 204, 302, 400, 401, 403, 404, 409, 422, 500, 503])(
    '%i with a page of HTML leaves the outcome unknown (fault 65)',
    (status) => {
      expect(outcomeOf(answered(status, HTML))).toMatchObject({ kind: 'ambiguous' });
    },
  );

  it.each([200, 302, 400, 403, 404])(
    '%i with a page of HTML shows that something answers in the place of the API',
    (status) => {
      expect(outcomeOf(answered(status, HTML))).toEqual({ kind: 'ambiguous', alert: ['notTheApi'] });
    },
  );

  it.each([500, 502, 503])('%i with a page of HTML may well be the upstream’s own', (status) => {
    expect(outcomeOf(answered(status, HTML))).toEqual({ kind: 'ambiguous', why: `HTTP_${status}` });
  });

  it('an answer that never came leaves the outcome unknown', () => {
    expect(outcomeOf({ kind: 'lost' })).toMatchObject({ kind: 'ambiguous' });
  });
});

describe('a call that was never sent', () => {
  it('makes the outcome unavailable, not ambiguous', () => {
    expect(outcomeOf({ kind: 'unsent' })).toEqual({ kind: 'unavailable' } satisfies Outcome);
  });
});
