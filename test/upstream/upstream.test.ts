// @vitest-environment node
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Fault,
  startUpstream,
  type Upstream,
  type UpstreamOptions,
} from '../../src/tools/mock-api/server.js';

import { WAYS, watchEscapes } from '../support/hooks.js';

const API_KEY = 'test_key';
const ID = 'a52ge40b';
const AUTHORIZATION = `Basic ${Buffer.from(`${API_KEY}:`).toString('base64')}`;

let now = 1_763_600_000_000;
let upstream: Upstream;
const opened: Upstream[] = [];

beforeEach(async () => {
  now = 1_763_600_000_000;
  upstream = await start();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function start(options: Partial<UpstreamOptions> = {}): Promise<Upstream> {
  const started = await startUpstream({ apiKey: API_KEY, now: () => now, ...options });
  opened.push(started);
  return started;
}

function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  to = upstream,
  signal: AbortSignal | null = null,
): Promise<Response> {
  return fetch(`${to.url}/api/v2${path}`, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'content-type': 'application/json;charset=UTF-8', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
    signal,
  });
}

function event(
  key?: string,
  fields: Record<string, unknown> = {},
  to = upstream,
  signal: AbortSignal | null = null,
): Promise<Response> {
  const headers: Record<string, string> = key === undefined ? {} : { 'chargebee-idempotency-key': key };
  return post('/offer_events', { personalized_offer_id: ID, type: 'viewed', ...fields }, headers, to, signal);
}

async function command(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${upstream.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** An error's status and body as one object. */
async function problem(pending: Response | Promise<Response>): Promise<unknown> {
  const answer = await pending;
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  return { status: answer.status, ...((await answer.json()) as object) };
}

function usage(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    subscription_id: 'sub_1',
    deduplication_id: 'd1',
    usage_timestamp: now - 1000,
    properties: { offer_event: 'viewed' },
    ...fields,
  };
}

describe('an offer event is taken', () => {
  it.each(['viewed', 'dismissed'])(
    'it is taken as %s, with 204 and no body, each time without a key',
    async (type) => {
      const id = 'x'.repeat(50);
      for (const key of ['k1', undefined, undefined]) {
        const answer = await event(key, { type, personalized_offer_id: id });
        expect([answer.status, await answer.text()]).toEqual([204, '']);
      }
      const row = { at: now, type, personalized_offer_id: id, replayed: false };
      expect(upstream.history()).toEqual(['k1', null, null].map((key) => ({ ...row, key })));
    },
  );

  it('and the call is kept with its vendor headers, key and times', async () => {
    await post(
      '/offer_events',
      { personalized_offer_id: ID, type: 'viewed' },
      { 'chargebee-request-origin-ip': '203.0.113.7', 'chargebee-idempotency-key': 'k' },
    );
    expect(upstream.calls()).toEqual([
      {
        at: now,
        ended_at: now,
        method: 'POST',
        path: '/api/v2/offer_events',
        host: `127.0.0.1:${upstream.port}`,
        status: 204,
        key: 'k',
        personalized_offer_id: ID,
        type: 'viewed',
        code: null,
        recorded: true,
        fault: null,
        headers: { 'chargebee-request-origin-ip': '203.0.113.7' },
      },
    ]);
  });
});

describe('its owner hears of each call', () => {
  it('when it ends, with the error code of the answer, and whether it had its effect', async () => {
    const seen: string[] = [];
    const watched = await start({
      onCall: ({ status, type, code, recorded }) => seen.push(`${status} ${type} ${code} ${recorded}`),
    });
    await event('k1', {}, watched);
    await event('k2', { type: 'accepted' }, watched);
    watched.addFaults([
      { kind: 'reset_after', count: 1 },
      { kind: 'status', status: 204, count: 1 },
    ]);
    await expect(event('k3', {}, watched)).rejects.toThrow();
    await event('k4', {}, watched);
    expect(seen).toEqual([
      '204 viewed null true',
      '400 accepted param_wrong_value false',
      'reset viewed null true',
      '204 viewed null false',
    ]);
  });

  it.each(Object.entries<readonly (() => unknown)[]>(WAYS))(
    'and if what hears of it %s, the call is answered all the same, and the process goes on',
    async (way, all) => {
      const escapes = watchEscapes();
      const shown = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      for (const broken of all) {
        const watched = await start({ onCall: broken });
        expect((await event('k1', {}, watched)).status).toBe(204);
      }
      await escapes.stop();
      expect(escapes.escaped).toEqual([]);
      expect(shown.mock.calls.length).toBe(way === 'throws' || way === 'rejects' ? all.length : 0);
    },
  );
});

describe('an offer event is refused, and leaves no row', () => {
  afterEach(() => expect(upstream.history()).toEqual([]));

  it.each([
    ['no id', { type: 'viewed' }, 'personalized_offer_id'],
    ['an empty id', { personalized_offer_id: '', type: 'viewed' }, 'personalized_offer_id'],
    ['an id that is a number', { personalized_offer_id: 7, type: 'viewed' }, 'personalized_offer_id'],
    [
      'an id of 51 characters',
      { personalized_offer_id: 'x'.repeat(51), type: 'viewed' },
      'personalized_offer_id',
    ],
    ['no type', { personalized_offer_id: ID }, 'type'],
    ['a type that is recorded by the vendor alone', { personalized_offer_id: ID, type: 'accepted' }, 'type'],
    ['a third field', { personalized_offer_id: ID, type: 'viewed', occurred_at: 1 }, 'occurred_at'],
  ])('it is refused for %s', async (_, body, param) => {
    expect(await problem(post('/offer_events', body))).toMatchObject({
      status: 400,
      type: 'invalid_request',
      api_error_code: 'param_wrong_value',
      param,
    });
  });

  it.each([
    ['broken JSON', '{"type":', {}],
    ['a list', '[]', {}],
    [
      'a field that is there twice',
      '{"type":"viewed","personalized_offer_id":"a","\\u0074ype":"dismissed"}',
      {},
    ],
    ['a form', 'type=viewed', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a key of 101 characters', '{}', { 'chargebee-idempotency-key': 'k'.repeat(101) }],
    ['more than a mebibyte', 'x'.repeat(1024 * 1024 + 1), {}],
  ])('it is refused for %s', async (_, body, headers) => {
    const answer = post('/offer_events', body, headers);
    expect(await problem(answer)).toMatchObject({ status: 400, api_error_code: 'invalid_request' });
  });

  it.each([
    ['no key', ''],
    ['a wrong key', `Basic ${btoa('other:')}`],
    ['the key with a password', `Basic ${btoa(`${API_KEY}:x`)}`],
    ['another scheme', `Bearer ${API_KEY}`],
  ])('it is refused for %s', async (_, authorization) => {
    const answer = post('/offer_events', { personalized_offer_id: ID, type: 'viewed' }, { authorization });
    expect(await problem(answer)).toMatchObject({ status: 401, api_error_code: 'api_authentication_failed' });
  });

  it('by GET, since no list is published', async () => {
    const answer = await fetch(`${upstream.url}/api/v2/offer_events`, {
      headers: { authorization: AUTHORIZATION },
    });
    expect(answer.headers.get('allow')).toBe('POST');
    expect(await problem(answer)).toMatchObject({ status: 405, api_error_code: 'http_method_not_supported' });
  });

  it('it is refused at an unknown address', async () => {
    expect(await problem(post('/offer_event', {}))).toMatchObject({
      status: 404,
      api_error_code: 'url_not_found',
    });
  });

  it.each([
    ['api_restricted', 'configuration_incompatible', 'api_restricted'],
    ['feature_not_enabled', 'invalid_request', 'offer_events_feature_not_enabled'],
  ] as const)('as not enabled, as a live site says it: %s', async (name, api_error_code, error_code) => {
    upstream.setEnabled({ offer_events: name });
    const answer = (await (await event()).json()) as object;
    expect(answer).toMatchObject({ type: 'invalid_request', api_error_code, error_code });
    expect(answer).not.toHaveProperty('param');
  });

  it('as not enabled, with the status that was chosen', async () => {
    upstream.setEnabled({ offer_events: '403' });
    expect(await problem(event())).toMatchObject({ status: 403, api_error_code: 'api_authorization_failed' });
    upstream.setEnabled({ offer_events: '404' });
    expect(await problem(event())).toMatchObject({ status: 404, api_error_code: 'url_not_found' });
  });

  it('for an offer that was never handed out, when only known ones are taken', async () => {
    upstream.setOffers({ known_only: true });
    expect(await problem(event('k'))).toMatchObject({
      status: 404,
      api_error_code: 'resource_not_found',
      param: 'personalized_offer_id',
    });
  });
});

describe('the same key never counts twice', () => {
  const replays = (): boolean[] => upstream.history().map(({ replayed }) => replayed);

  it('within the window: the stored answer is sent again, marked', async () => {
    const first = await event('k');
    now += 30 * 60_000 - 1;
    const second = await event('k');
    expect(first.headers.has('chargebee-idempotency-replayed')).toBe(false);
    expect([second.status, second.headers.get('chargebee-idempotency-replayed')]).toEqual([204, 'true']);
    expect(replays()).toEqual([false, true]);
    now += 1;
    await event('k');
    upstream.setIdempotency({ mode: 'ignore' });
    await event('k');
    expect(replays()).toEqual([false, true, false, false]);
  });

  it('after a reset that came when it was recorded', async () => {
    upstream.addFaults({ kind: 'reset_after', count: 1 });
    await expect(event('k')).rejects.toThrow();
    expect((await event('k')).headers.get('chargebee-idempotency-replayed')).toBe('true');
    expect(replays()).toEqual([false, true]);
  });

  it('in two calls at once: the second has to retry', async () => {
    upstream.addFaults({ kind: 'delay', ms: 60_000, count: 1 });
    const first = event('k');
    await upstream.until(() => upstream.state().idempotency.keys === 1);
    expect(await problem(event('k'))).toMatchObject({ status: 409, api_error_code: 'lock_timeout' });
    upstream.reset();
    await expect(first).rejects.toThrow();
    expect(upstream.history()).toEqual([]);
  });

  it('in two events: the other is refused, and an error is not stored', async () => {
    upstream.setOffers({ known_only: true });
    expect((await event('k')).status).toBe(404);
    upstream.setOffers({ known_only: false });
    expect((await event('k')).status).toBe(204);
    const answer = event('k', { type: 'dismissed' });
    expect(await problem(answer)).toMatchObject({ status: 400, api_error_code: 'invalid_request' });
    expect(replays()).toEqual([false]);
  });
});

describe('limits', () => {
  it('refuse the call after the last of a minute and say when to retry', async () => {
    upstream.setLimits({ per_minute: 2 });
    await event();
    now += 20_500;
    await event();
    const refused = await event();
    expect(refused.headers.get('retry-after')).toBe('40');
    expect(await problem(refused)).toMatchObject({
      status: 429,
      api_error_code: 'api_request_limit_exceeded',
    });
    now += 39_500;
    expect((await event()).status).toBe(204);
    expect((await event()).status).toBe(429);
    expect(upstream.history()).toHaveLength(3);
  });

  it('allow 150 a minute and 100 at once from the start', async () => {
    expect(upstream.state().limits).toMatchObject({ per_minute: 150, concurrent: 100 });
    upstream.setLimits({ concurrent: null });
    const answers = await Promise.all(Array.from({ length: 151 }, () => event()));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1);
    expect(upstream.history()).toHaveLength(150);
  });

  it('count usage events, and not in calls: 10,000 a minute, whole batches', async () => {
    upstream.setLimits({ per_minute: 1 });
    const batch = (name: string, size: number) => ({
      events: Array.from({ length: size }, (_, at) => usage({ deduplication_id: `${name}-${at}` })),
    });
    for (let number = 0; number < 19; number += 1)
      expect((await post('/batch/usage_events', batch(`b${number}`, 500))).status).toBe(200);
    now += 20_500;
    expect((await post('/batch/usage_events', batch('late', 499))).status).toBe(200);
    const refused = await post('/batch/usage_events', batch('surplus', 2));
    expect(refused.headers.get('retry-after')).toBe('40');
    expect(await problem(refused)).toMatchObject({
      status: 429,
      api_error_code: 'api_request_limit_exceeded',
    });
    expect((await post('/batch/usage_events', batch('last', 1))).status).toBe(200);
    expect(upstream.usage()).toHaveLength(10_000);
    expect((await event()).status).toBe(204);
    now += 39_500;
    expect((await post('/batch/usage_events', batch('surplus', 2))).status).toBe(200);
  });

  it('count the calls at once', async () => {
    upstream.setLimits({ concurrent: 1 });
    upstream.addFaults({ kind: 'hang', recorded: true, count: 1 });
    const leaving = new AbortController();
    const hanging = event('k', {}, upstream, leaving.signal);
    await upstream.until(() => upstream.calls()[0]?.status === 'hung');
    const refused = await event();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    leaving.abort();
    await expect(hanging).rejects.toThrow();
  });
});

describe('faults', () => {
  const broken: [string, Fault, boolean, string | number][] = [
    ['reset_before', { kind: 'reset_before' }, false, 'reset'],
    ['reset_after', { kind: 'reset_after' }, true, 'reset'],
    ['down', { kind: 'down' }, false, 'reset'],
    ['truncated', { kind: 'truncated' }, true, 204],
    ['truncated, unrecorded', { kind: 'truncated', recorded: false }, false, 204],
  ];

  it.each(broken)('%s breaks the connection', async (_, fault, isRecorded, status) => {
    upstream.addFaults(fault);
    await expect(event('k')).rejects.toThrow();
    expect(upstream.history()).toHaveLength(isRecorded ? 1 : 0);
    expect(upstream.calls()).toMatchObject([
      { status, fault: fault.kind, key: 'k', personalized_offer_id: ID },
    ]);
  });

  it('truncated breaks a body in its middle', async () => {
    upstream.addFaults({ kind: 'truncated' });
    const answer = await post('/personalized_offers', { customer_id: 'c1' });
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it.each([
    [429, 7, undefined, 'api_request_limit_exceeded'],
    [500, undefined, undefined, 'internal_error'],
    [503, undefined, undefined, 'internal_temporary_error'],
    [403, undefined, 'request_blocked', 'request_blocked'],
  ])('status %d answers the documented error', async (status, retryAfter, code, expected) => {
    upstream.addFaults({
      kind: 'status',
      status,
      count: 1,
      ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
      ...(code === undefined ? {} : { code }),
    });
    const answer = await event('k');
    expect(answer.headers.get('retry-after')).toBe(retryAfter === undefined ? null : String(retryAfter));
    expect(await problem(answer)).toMatchObject({ status, api_error_code: expected });
    expect(upstream.history()).toEqual([]);
    expect((await event('k')).headers.has('chargebee-idempotency-replayed')).toBe(false);
  });

  it('status with recorded has its effect behind the error', async () => {
    upstream.addFaults({ kind: 'status', status: 504, recorded: true, count: 1 });
    expect((await event('k')).status).toBe(504);
    expect(upstream.history()).toHaveLength(1);
    expect((await event('k')).headers.get('chargebee-idempotency-replayed')).toBe('true');
  });

  it('html answers a page of any status', async () => {
    upstream.addFaults({ kind: 'html', status: 200 });
    const answer = await event();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html;charset=utf-8']);
    expect(await answer.text()).toContain('<h1>');
  });

  it('redirect points elsewhere', async () => {
    upstream.addFaults({ kind: 'redirect', location: 'http://127.0.0.1:9/login' });
    const answer = await event();
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://127.0.0.1:9/login']);
  });

  it('delay still records when the client has left', async () => {
    upstream.addFaults({ kind: 'delay', ms: 40, count: 1 });
    const leaving = new AbortController();
    const left = event('k', {}, upstream, leaving.signal);
    await upstream.until(() => upstream.state().in_flight === 1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await upstream.until(() => upstream.history().length === 1);
  });

  it.each([false, true])('hang never answers (recorded: %s) and ends with close', async (recorded) => {
    upstream.addFaults({ kind: 'hang', recorded });
    const hanging = event();
    await upstream.until(() => upstream.calls()[0]?.status === 'hung');
    expect(upstream.history()).toHaveLength(recorded ? 1 : 0);
    await upstream.close();
    await expect(hanging).rejects.toThrow();
  });

  it('follow their order and count, then all is well again', async () => {
    upstream.addFaults([
      { kind: 'status', status: 500, count: 2 },
      { kind: 'html', status: 502, count: 1 },
    ]);
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await event()).status);
    expect(statuses).toEqual([500, 500, 502, 204]);
    expect(upstream.state().faults).toEqual([]);
  });

  it('hit only the calls that they name', async () => {
    upstream.addFaults([
      { kind: 'status', status: 500, match: { personalized_offer_id: 'other' } },
      { kind: 'status', status: 502, match: { path: '/personalized_offers' } },
    ]);
    expect((await event()).status).toBe(204);
    expect((await event(undefined, { personalized_offer_id: 'other' })).status).toBe(500);
    expect((await post('/personalized_offers', { customer_id: 'c1' })).status).toBe(502);
  });

  it('never hit commands, and end when cleared', async () => {
    await command('POST', '/faults', { kind: 'down' });
    expect((await command('GET', '/state')).status).toBe(200);
    await expect(event()).rejects.toThrow();
    await command('DELETE', '/faults');
    expect((await event()).status).toBe(204);
  });
});

describe('personalized offers', () => {
  const offers = async (body: object) =>
    (await (await post('/personalized_offers', body)).json()) as {
      personalized_offers: {
        id: string;
        offer_id: string;
        content: { title: string; description: string };
      }[];
      expires_at: number;
    };

  it('are made one at a time, in HTML, with an expiry in seconds', async () => {
    const { personalized_offers: list, expires_at: expiresAt } = await offers({
      customer_id: 'c1',
      roles: ['x'],
    });
    expect(list).toHaveLength(1);
    expect(list[0]?.id).toMatch(/^[0-9a-z]{8}$/);
    expect(list[0]?.id).not.toBe(list[0]?.offer_id);
    expect(list[0]?.content.description).toMatch(/^<p>/);
    expect(expiresAt).toBe(now / 1000 + 24 * 3600);
  });

  it('are the same for the same customer and placement, and differ otherwise', async () => {
    const ids = new Set<string | undefined>();
    for (const placement of ['cart', 'cart', 'account']) {
      ids.add((await offers({ customer_id: 'c1', placement })).personalized_offers[0]?.id);
    }
    ids.add((await offers({ customer_id: 'c1', custom: { placement: 'cart' } })).personalized_offers[0]?.id);
    ids.add((await offers({ customer_id: 'c2', placement: 'cart' })).personalized_offers[0]?.id);
    expect(ids.size).toBe(3);
  });

  it('may be missing', async () => {
    upstream.setOffers({ none: true });
    expect((await offers({ customer_id: 'c1' })).personalized_offers).toEqual([]);
  });

  it('need a customer', async () => {
    const answer = post('/personalized_offers', {});
    expect(await problem(answer)).toMatchObject({ status: 400, param: 'customer_id' });
  });
});

describe('usage events', () => {
  const ingest = async (events: unknown): Promise<Record<string, unknown>> => {
    const answer = await post('/batch/usage_events', { events });
    return { status: answer.status, ...((await answer.json()) as object) };
  };

  it('are taken in batches', async () => {
    const answer = await ingest([usage(), usage({ deduplication_id: 'd2' })]);
    expect(answer).toMatchObject({ status: 200, batch_id: expect.any(String), failed_events: [] });
    expect(upstream.usage()).toEqual([
      { at: now, ...usage() },
      { at: now, ...usage({ deduplication_id: 'd2' }) },
    ]);
  });

  it('count once by their identity, which has three parts', async () => {
    await ingest([usage(), usage()]);
    await ingest([usage(), usage({ usage_timestamp: now })]);
    expect(upstream.usage()).toHaveLength(2);
  });

  it('fail by themselves when older than 12 hours, larger than 1 KB or named by a fault', async () => {
    upstream.setUsage({ fail: ['told'] });
    const expired = usage({ deduplication_id: 'old', usage_timestamp: now - 12 * 3_600_000 - 1 });
    const large = usage({ deduplication_id: 'large', properties: { text: 'x'.repeat(1000) } });
    const answer = await ingest([usage(), expired, large, usage({ deduplication_id: 'told' })]);
    expect(answer.failed_events).toMatchObject([
      { deduplication_id: 'old', usage_timestamp: expired.usage_timestamp, subscription_id: 'sub_1' },
      { deduplication_id: 'large' },
      { deduplication_id: 'told', api_error_code: 'unable_to_process_request' },
    ]);
    expect(upstream.usage().map((row) => row.deduplication_id)).toEqual(['d1']);
  });

  it.each([
    ['flat', { deduplication_id: 'd1', message: expect.any(String) }],
    ['nested', { event: { deduplication_id: 'd1' }, error: { message: expect.any(String) } }],
    ['opaque', { message: expect.any(String) }],
  ] as const)('report failures in the %s shape', async (shape, expected) => {
    upstream.setUsage({ failed_shape: shape, fail: ['d1'] });
    const { failed_events: failed } = await ingest([usage()]);
    expect(failed).toMatchObject([expected]);
    if (shape === 'opaque') expect(JSON.stringify(failed)).not.toContain('d1');
  });

  it.each([
    ['no events', [], 'events'],
    ['501 events', Array.from({ length: 501 }, (_, at) => ({ at })), 'events'],
    [
      'a deduplication id of 37 characters',
      [usage({ deduplication_id: 'x'.repeat(37) })],
      'events[deduplication_id][0]',
    ],
    [
      'a subscription id of 51 characters',
      [usage({ subscription_id: 'x'.repeat(51) })],
      'events[subscription_id][0]',
    ],
    ['no subscription', [usage({ subscription_id: undefined })], 'events[subscription_id][0]'],
    ['an empty deduplication id', [usage({ deduplication_id: '' })], 'events[deduplication_id][0]'],
    ['a time in fractions', [usage({ usage_timestamp: 1.5 })], 'events[usage_timestamp][0]'],
    ['nested properties', [usage({ properties: { a: {} } })], 'events[properties][0]'],
    ['an unknown field', [usage(), usage({ customer_id: 'c' })], 'events[customer_id][1]'],
  ])('are refused as a batch for %s', async (_, events, param) => {
    expect(await ingest(events)).toMatchObject({ status: 400, api_error_code: 'param_wrong_value', param });
    expect(upstream.usage()).toEqual([]);
  });

  it.each([
    [
      'a property that is there twice',
      (text: string) => text.replace('{"offer_event"', '{"offer_event":"a","offer_event"'),
      400,
    ],
    [
      'a property whose value is another one’s name',
      (text: string) => text.replace('"viewed"', '"offer_event"'),
      200,
    ],
    ['a second list of events', (text: string) => text.replace('{"events"', '{"events":[],"events"'), 400],
    ['a field beside the events', (text: string) => text.replace('{"events"', '{"site":"x","events"'), 400],
    ['broken JSON', (text: string) => text.slice(1), 400],
  ])('that have %s are answered as such', async (_, spoil, status) => {
    const answer = await post('/batch/usage_events', spoil(JSON.stringify({ events: [usage(), usage()] })));
    expect(answer.status).toBe(status);
    expect(upstream.usage()).toHaveLength(status === 200 ? 1 : 0);
  });

  it('are taken 12 hours old to the millisecond, 500 at once and 1,000 bytes each', async () => {
    const events = Array.from({ length: 499 }, (_, at) => usage({ deduplication_id: `d${at}` }));
    const old = usage({ deduplication_id: 'old', usage_timestamp: now - 12 * 3_600_000 });
    const room = 1_000 - JSON.stringify({ ...old, properties: { text: '' } }).length;
    const answer = await ingest([...events, { ...old, properties: { text: 'x'.repeat(room) } }]);
    expect(answer).toMatchObject({ status: 200, failed_events: [] });
    expect(upstream.usage()).toHaveLength(500);
    const large = { ...old, deduplication_id: 'big', properties: { text: 'x'.repeat(room + 1) } };
    expect((await ingest([large])).failed_events).toMatchObject([{ deduplication_id: 'big' }]);
  });

  it('are refused as a batch beyond 500 KB', async () => {
    const events = Array.from({ length: 500 }, (_, at) =>
      usage({ deduplication_id: `d${at}`, properties: { text: 'x'.repeat(950) } }),
    );
    expect(await ingest(events)).toMatchObject({ status: 400, api_error_code: 'invalid_request' });
  });
});

describe('commands over HTTP', () => {
  it.each([
    ['/limits', { per_minute: null, concurrent: 3 }, { limits: { per_minute: null, concurrent: 3 } }],
    [
      '/idempotency',
      { mode: 'ignore', window_ms: 5 },
      { idempotency: { mode: 'ignore', window_ms: 5, keys: 0 } },
    ],
    ['/offers', { known_only: true }, { offers: { known_only: true, none: false } }],
    ['/enabled', { offer_events: '403' }, { enabled: { offer_events: '403' } }],
    ['/usage', { failed_shape: 'nested' }, { usage: { failed_shape: 'nested', fail: [] } }],
    [
      '/faults',
      [{ kind: 'hang', count: 2, recorded: true }],
      { faults: [{ kind: 'hang', count: 2, recorded: true }] },
    ],
    [
      '/faults',
      { kind: 'delay', ms: 5, match: { path: '/x' } },
      { faults: [{ kind: 'delay', ms: 5, match: { path: '/x' } }] },
    ],
  ])('POST %s sets and answers the state', async (path, body, expected) => {
    const answer = await command('POST', path, body);
    expect(await answer.json()).toMatchObject(expected);
    expect(await (await command('GET', '/state')).json()).toMatchObject(expected);
  });

  it.each([
    ['/faults', { kind: 'explode' }, 'kind must be one of'],
    ['/faults', { kind: 'delay' }, 'ms is missing'],
    ['/faults', { kind: 'reset_after', recorded: true }, 'recorded is not one of'],
    ['/faults', { kind: 'status', status: 99 }, 'status must be a whole number'],
    ['/limits', { per_minute: 'off' }, 'per_minute must be a whole number'],
    ['/limits', { minute: 1 }, 'minute is not one of'],
    ['/enabled', {}, 'offer_events must be one of'],
    ['/usage', { fail: [1] }, 'fail must be a list of strings'],
    ['/idempotency', undefined, 'idempotency must be a JSON object'],
  ])('POST %s refuses what it does not know, and changes nothing', async (path, body, message) => {
    const before = upstream.state();
    const answer = await command('POST', path, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ message: expect.stringContaining(message) });
    expect(upstream.state()).toEqual(before);
  });

  it('list themselves when none is meant', async () => {
    const answer = await command('GET', '/');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ message: expect.stringContaining('GET /history') });
  });

  it('read history, calls and usage as the methods do', async () => {
    await event('k');
    await post('/batch/usage_events', { events: [usage()] });
    expect(await (await command('GET', '/history')).json()).toEqual(upstream.history());
    expect(await (await command('GET', '/calls')).json()).toEqual(upstream.calls());
    expect(await (await command('GET', '/usage')).json()).toEqual(upstream.usage());
  });

  it('reset to the start', async () => {
    const fresh = upstream.state();
    await event('k');
    upstream.setLimits({ per_minute: 1 });
    upstream.setIdempotency({ mode: 'ignore' });
    upstream.setOffers({ known_only: true });
    upstream.setEnabled({ offer_events: '404' });
    upstream.addFaults({ kind: 'down' });
    await command('POST', '/reset');
    expect(upstream.state()).toEqual(fresh);
    expect((await event('k')).headers.has('chargebee-idempotency-replayed')).toBe(false);
  });
});

describe('commands are refused, and change nothing (attack 61)', () => {
  /** As fetch cannot say it. */
  const ask = async (headers: Record<string, string>): Promise<number | undefined> => {
    const asking = request(`${upstream.url}/faults`, { method: 'POST', headers });
    asking.end(JSON.stringify({ kind: 'down' }));
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };

  it.each<[string, Record<string, string>]>([
    ['a name that was made to lead here', { host: 'shop.example' }],
    ['a name that ends as a loopback name does', { host: 'evil-localhost:80' }],
    ['a page of another site', { origin: 'https://shop.example', 'sec-fetch-site': 'cross-site' }],
    ['a page of another port', { 'sec-fetch-site': 'same-site' }],
    ['a page of another origin, by an old browser', { origin: 'https://shop.example' }],
    ['a page without an origin', { origin: 'null' }],
  ])('they are refused from %s', async (_, headers) => {
    expect(await ask(headers)).toBe(403);
    expect(upstream.state().faults).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['a program', {}],
    ['a program that says localhost', { host: 'localhost:4401' }],
    ['a page of its own name', { host: 'shop.localhost', 'sec-fetch-site': 'same-origin' }],
    ['an old page of its own', { host: '[::1]:4401', origin: 'http://[::1]:4401' }],
  ])('they are not refused from %s', async (_, headers) => {
    expect(await ask(headers)).toBe(200);
  });
});

describe('a history file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'upstream-'));
    file = join(folder, 'history.jsonl');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('holds each row before the answer', async () => {
    const kept = await start({ historyFile: file });
    await event('k', {}, kept);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(kept.history()[0]);
  });

  it('brings rows and keys back after a restart, without a line that was torn', async () => {
    const first = await start({ historyFile: file });
    await event('k', {}, first);
    const rows = first.history();
    await first.close();
    appendFileSync(file, '{"at":17');
    const second = await start({ historyFile: file });
    expect(second.history()).toEqual(rows);
    await event('k', {}, second);
    expect(second.history().map(({ replayed }) => replayed)).toEqual([false, true]);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });

  it('that holds something else is not touched', async () => {
    writeFileSync(file, 'hello\n');
    await expect(start({ historyFile: file })).rejects.toThrow('line 1 is not a row');
    expect(readFileSync(file, 'utf8')).toBe('hello\n');
  });
});

it('closing may be asked for twice and frees the port, which fails to start while it is taken', async () => {
  const { port } = upstream;
  await expect(start({ port })).rejects.toThrow('EADDRINUSE');
  await Promise.all([upstream.close(), upstream.close()]);
  expect((await start({ port })).port).toBe(port);
});
