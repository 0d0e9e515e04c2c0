// @vitest-environment node

import { describe, expect, test } from 'vitest';
import {
  type Attempt,
  createTransport,
  type Transport,
} from '../../../../src/client/later/delivery/transport.js';
import type { Outbox } from '../../../../src/client/outbox/outbox.js';
import { encodeRequest } from '../../../../src/protocol/encode.js';
import { deferred } from '../../../support/deferred.js';
import { dismissed, idOf, START, viewed } from '../../../support/events.js';
import { requestOf } from '../../../support/request-of.js';
import { type FakeRuntime, fakeRuntime, settle } from '../../../support/runtime.js';

const ENDPOINT = 'https://shop.example/offer-events';
const EVENTS = [viewed(1), dismissed(2, viewed(1))];
const BODY = encodeRequest(EVENTS, START);
const ANSWER = JSON.stringify({ v: 1, results: [{ id: idOf(1), status: 'accepted' }] });

type Answer = (request: Request) => Response | Promise<Response>;

interface Bench {
  readonly transport: (events: Parameters<Transport>[0]) => Promise<Attempt>;
  readonly runtime: FakeRuntime;
  readonly keepalive: Pick<Outbox, 'inFlight'>;
  readonly requests: Request[];
}

/** A transport whose endpoint gives these answers, one a request, then none. */
const start = (...answers: Answer[]): Bench => {
  const requests: Request[] = [];
  const keepalive = { endpoint: ENDPOINT, inFlight: 0 };
  const runtime = fakeRuntime({
    async fetch(input, init) {
      const request = requestOf(input, init);
      requests.push(request);
      const answer = answers.shift();
      if (!answer) return expect.unreachable('one request too many');
      return answer(request);
    },
  });
  const transport = createTransport(runtime, keepalive);
  return { transport: (events) => transport(events, () => false), runtime, keepalive, requests };
};

const reply = (status: number, body = '', headers: Record<string, string> = {}): Answer => {
  const bodyless = [204, 205, 304].includes(status);
  return () => new Response(bodyless ? null : body, { status, headers });
};

/** No answer at all, until the request is given up. */
const hang: Answer = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('one attempt is one request', () => {
  test('a same-origin JSON POST that follows no redirect and no cache (fault 7)', async () => {
    const { transport, requests } = start(reply(200, ANSWER));
    await transport(EVENTS);
    const [request] = requests;
    expect(request).toMatchObject({
      url: ENDPOINT,
      method: 'POST',
      credentials: 'same-origin',
      redirect: 'error',
      cache: 'no-store',
      keepalive: true,
    });
    expect(request?.headers.get('content-type')).toBe('application/json');
    await expect(request?.text()).resolves.toBe(BODY);
  });

  test('it has keepalive only as long as the page’s bytes in flight allow', async () => {
    const { transport, requests, keepalive } = start(reply(200, ANSWER), reply(200, ANSWER));
    keepalive.inFlight = 48_000 - BODY.length;
    await transport(EVENTS);
    keepalive.inFlight = 48_001 - BODY.length;
    await transport(EVENTS);
    expect(requests.map((request) => request.keepalive)).toEqual([true, false]);
  });

  test('its keepalive bytes are counted until the reply was read', async () => {
    const answer = deferred<Response>();
    const { transport, keepalive } = start(() => answer.promise);
    keepalive.inFlight = 77;
    const attempt = transport(EVENTS);
    expect(keepalive.inFlight).toBe(77 + BODY.length);
    answer.resolve(new Response(ANSWER));
    await attempt;
    expect(keepalive.inFlight).toBe(77);
  });
});

describe('verdicts', () => {
  test('come from a 200 of our own version', async () => {
    const results = [
      { id: idOf(1), status: 'accepted' },
      { id: idOf(2), status: 'deferred', code: 'subject_mismatch', retry_after_ms: 1_500 },
      { id: idOf(3), status: 'refused', code: 'conflict' },
      { id: idOf(4), status: 'duplicate' },
      { id: idOf(5), status: 'misplaced' },
      { status: 'accepted' },
    ];
    const { transport } = start(reply(200, JSON.stringify({ v: 1, results })));
    await expect(transport(EVENTS)).resolves.toEqual({
      kind: 'answered',
      verdicts: new Map([
        [idOf(1), { kind: 'accepted' }],
        [idOf(2), { kind: 'deferred', code: 'subject_mismatch', retryAfterMs: 1_500 }],
        [idOf(3), { kind: 'refused', code: 'conflict' }],
        [idOf(4), { kind: 'duplicate' }],
      ]),
    });
  });

  const back = { kind: 'back-off', isAbsent: false };
  test.each([
    ['the page of a captive portal', '<!doctype html><title>Sign in</title>', { ...back, isAbsent: true }],
    ['nothing', '', back],
    ['half a reply', ANSWER.slice(0, -9), back],
    ['another version', JSON.stringify({ v: 2, results: [{ id: idOf(1), status: 'accepted' }] }), back],
    ['no results', JSON.stringify({ v: 1 }), back],
    ['results that are none', JSON.stringify({ v: 1, results: {} }), back],
    ['JSON of somebody else', 'null', back],
  ])('never come from a 200 with %s (faults 5, 6)', async (_, body, expected) => {
    const { transport } = start(reply(200, body));
    await expect(transport(EVENTS)).resolves.toEqual({ ...expected, retryAfterMs: 0, cause: 200 });
  });
});

describe('every other reply', () => {
  const unsupported = JSON.stringify({ type: 'about:blank', status: 400, code: 'unsupported' });
  const circuit = { kind: 'circuit', retryAfterMs: 0, isAbsent: false };
  const absent = { ...circuit, isAbsent: true };
  const back = { ...circuit, kind: 'back-off' };

  test.each<[status: number, body: string, attempt: object]>([
    ...[400, 413, 422].map((status): [number, string, object] => [status, ANSWER, { kind: 'unsplit' }]),
    ...[401, 403, 415].map((status): [number, string, object] => [status, '', circuit]),
    [404, ANSWER, absent],
    [405, '', absent],
    [503, unsupported, circuit],
    [429, '', { ...circuit, kind: 'throttled' }],
    ...[201, 203, 206, 402, 408, 409, 418, 425, 500].map((status): [number, string, object] => [
      status,
      ANSWER,
      back,
    ]),
    [204, '', back],
    [503, '<html></html>', back],
  ])(
    '%i has its own consequence, is asked for once and read to its end (faults 15, 16, 18)',
    async (status, body, expected) => {
      const answer = new Response(status === 204 ? null : body, { status });
      const { transport, requests } = start(() => answer);
      await expect(transport(EVENTS)).resolves.toEqual({ ...expected, cause: status });
      expect(requests.map(({ url }) => url)).toEqual([ENDPOINT]);
      expect(answer.bodyUsed).toBe(status !== 204);
    },
  );

  test.each([
    [429, 'throttled'],
    [503, 'throttled'],
    [200, 'throttled'],
    [404, 'circuit'],
  ])('%i waits as long as it asks for (fault 11)', async (status, kind) => {
    const headers = { 'retry-after': 'Thu, 20 Nov 2025 09:00:20 GMT', date: 'Thu, 20 Nov 2025 09:00:00 GMT' };
    const { transport } = start(reply(status, '', headers));
    await expect(transport(EVENTS)).resolves.toMatchObject({ kind, retryAfterMs: 20_000, cause: status });
  });
});

describe('a lost answer', () => {
  test.each<[what: string, answer: Answer]>([
    ['', hang],
    [
      ', also when the body never ends',
      ({ signal }) =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode(ANSWER.slice(0, 12)));
              signal.addEventListener('abort', () => controller.error(signal.reason));
            },
          }),
        ),
    ],
  ])('is given up after 12 seconds, not before, and not repeated%s (fault 9)', async (_, answer) => {
    const { transport, runtime, requests, keepalive } = start(answer);
    const ended: unknown[] = [];
    void transport(EVENTS).then((attempt) => ended.push(attempt));
    await runtime.advance(11_999);
    expect([ended, keepalive.inFlight]).toEqual([[], BODY.length]);
    await runtime.advance(1);
    expect(ended).toEqual([{ kind: 'back-off', retryAfterMs: 0, cause: expect.anything() }]);
    expect([requests.length, keepalive.inFlight, runtime.timers]).toEqual([1, 0, 0]);
  });

  test('leaves no timer when it came', async () => {
    const { transport, runtime } = start(reply(200, ANSWER));
    await transport(EVENTS);
    await settle();
    expect(runtime.timers).toBe(0);
  });
});

describe('a network error', () => {
  const refused = new TypeError('Failed to fetch');
  const fail = (cause: Error) => (): Promise<Response> => Promise.reject(cause);
  /** The network's error, or that of ky 2 around it. */
  const expectRefused = (attempt: Attempt): void => {
    expect(attempt).toEqual({ kind: 'back-off', retryAfterMs: 0, cause: expect.anything() });
    const { cause } = attempt as { readonly cause: Error };
    expect(cause.name === 'NetworkError' ? cause.cause : cause).toBe(refused);
  };

  test('a request with keepalive is repeated without it: others may have used up the quota', async () => {
    const { transport, requests, keepalive } = start(fail(refused), reply(200, ANSWER));
    await expect(transport(EVENTS)).resolves.toMatchObject({ kind: 'answered' });
    expect(requests.map((request) => request.keepalive)).toEqual([true, false]);
    expect(keepalive.inFlight).toBe(0);
  });

  test('twice is a back-off', async () => {
    const { transport, requests } = start(fail(refused), fail(refused));
    expectRefused(await transport(EVENTS));
    expect(requests.map((request) => request.keepalive)).toEqual([true, false]);
  });

  test('and what is asked after it are given up after 12 seconds together, since a lease lasts little longer', async () => {
    const bench = start(
      () => new Promise((_, reject) => void bench.runtime.after(8_000, () => reject(refused))),
      hang,
    );
    const { transport, runtime, requests } = bench;
    const ended: unknown[] = [];
    void transport(EVENTS).then((attempt) => ended.push(attempt));
    await runtime.advance(11_999);
    expect([requests.map((request) => request.keepalive), ended]).toEqual([[true, false], []]);
    await runtime.advance(1);
    expect(ended).toEqual([{ kind: 'back-off', retryAfterMs: 0, cause: expect.anything() }]);
    expect(runtime.timers).toBe(0);
  });

  test('a request without keepalive is not repeated', async () => {
    const { transport, requests, keepalive } = start(fail(refused));
    keepalive.inFlight = 48_000;
    expectRefused(await transport(EVENTS));
    expect(requests.map((request) => request.keepalive)).toEqual([false]);
    expect(keepalive.inFlight).toBe(48_000);
  });
});
