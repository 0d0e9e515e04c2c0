import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { post } from '../../../src/proxy/forward/http.js';
import { offerEvents } from '../../../src/proxy/forward/offer-events.js';
import { platformRuntime } from '../../../src/runtime.js';
import { collectGarbage } from '../../support/garbage.js';
import { fakeRuntime } from '../../support/runtime.js';
import { eventId } from '../../support/wire.js';

const apiKey = 'test_key_7Gq1';
const servers: Server[] = [];

const listen = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** The platform's network with a deadline that a test lets pass. */
const network = (fetch: typeof globalThis.fetch = platformRuntime().fetch) => fakeRuntime({ fetch });

const call = (baseUrl: string, runtime = network()) =>
  post({ baseUrl, apiKey }, { path: '/api/v2/offer_events', body: { type: 'viewed' }, headers: {} }, runtime);

const noContent = async (): Promise<Response> => new Response(null, { status: 204 });

/** A fetch that answers with a body of these chunks, for ever, and counts what was read of it. */
const endless = (chunk: string) => {
  const seen = { bytes: 0, isCancelled: false };
  const bytes = new TextEncoder().encode(chunk);
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.bytes += bytes.length;
        controller.enqueue(bytes);
      },
      cancel() {
        seen.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, fetch: async () => new Response(body, { headers: { 'content-type': 'application/json' } }) };
};

describe('the call of one event', () => {
  it('has exactly this method, path, body and these headers (attack 46)', async () => {
    const requests: unknown[] = [];
    const names: string[] = [];
    const baseUrl = await listen(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { authorization, accept, 'content-type': type } = request.headers;
      const key = request.headers['chargebee-idempotency-key'];
      requests.push([request.method, request.url, body, authorization, accept, type, key]);
      names.push(...Object.keys(request.headers));
      response.writeHead(204).end();
    });
    const event = {
      id: eventId(12),
      type: 'dismissed',
      offerId: 'a52ge40b',
      occurredAt: 0,
      subject: 'ada',
    } as const;
    expect(await offerEvents({ baseUrl, apiKey }, network()).forward([event], true)).toEqual([
      { kind: 'done' },
    ]);
    expect(requests).toEqual([
      [
        'POST',
        '/api/v2/offer_events',
        '{"personalized_offer_id":"a52ge40b","type":"dismissed"}',
        `Basic ${Buffer.from('test_key_7Gq1:').toString('base64')}`,
        'application/json',
        'application/json;charset=UTF-8',
        `oe1-${eventId(12)}`,
      ],
    ]);
    const ours = ['accept', 'authorization', 'chargebee-idempotency-key', 'content-type'];
    // Node's fetch adds these by itself; none of them comes from a browser's request.
    const platform = [
      'host',
      'connection',
      'content-length',
      'accept-language',
      'sec-fetch-mode',
      'user-agent',
    ];
    expect(names.filter((name) => ![...ours, ...platform, 'accept-encoding'].includes(name))).toEqual([]);
  });

  it('is not repeated after a failure: retries are left to the forwarder', async () => {
    const fetched: string[] = [];
    const answers = [
      async () => new Response(null, { status: 503, headers: { 'retry-after': '1' } }),
      () => Promise.reject(new TypeError('fetch failed')),
    ];
    const runtime = network((input) => {
      fetched.push(new Request(input).url);
      return (answers.shift() ?? noContent)();
    });
    const url = 'https://upstream.example';
    expect(await call(url, runtime)).toMatchObject({ kind: 'answered', status: 503, retryAfter: '1' });
    expect(await call(url, runtime)).toEqual({ kind: 'lost' });
    expect(fetched).toEqual([`${url}/api/v2/offer_events`, `${url}/api/v2/offer_events`]);
  });
});

it.each([301, 307])('a %i is not followed (attack 49)', async (status) => {
  const paths: unknown[] = [];
  const baseUrl = await listen((request, response) => {
    paths.push(request.url);
    response.writeHead(status, { location: '/internal' }).end();
  });
  expect(await call(baseUrl)).toMatchObject({ kind: 'answered', status });
  expect(paths).toEqual(['/api/v2/offer_events']);
});

describe('an answer cannot hold up the forwarder', () => {
  it('when it never ends: at most 64 KiB are read, then it is cut off (attack 50)', async () => {
    const { seen, fetch } = endless(' '.repeat(1_024));
    expect(await call('http://upstream.invalid', network(fetch))).toMatchObject({ isApi: false });
    expect(seen.bytes).toBeLessThanOrEqual(65_536 + 1_024);
    expect(seen.isCancelled).toBe(true);
  });

  it('when it never ends in long characters: bytes are counted', async () => {
    const { seen, fetch } = endless('\u20ac'.repeat(300));
    await call('http://upstream.invalid', network(fetch));
    expect(seen.bytes).toBeLessThanOrEqual(65_536 + 900);
  });

  it('when it never ends on a real connection, which is then closed (attack 50)', async () => {
    let close: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    const baseUrl = await listen((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(' '.repeat(16_384)));
      };
      response.on('drain', more).on('close', () => close?.());
      more();
    });
    expect(await call(baseUrl)).toMatchObject({ kind: 'answered', status: 200, isApi: false });
    await closed;
  });

  it('when it is small and swells (attack 50)', async () => {
    const bomb = gzipSync(Buffer.alloc(40_000_000, ' '));
    const baseUrl = await listen((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    expect(await call(baseUrl)).toMatchObject({ kind: 'answered', isApi: false });
  });

  it.each([
    ['before its head', false],
    ['in the middle of its body', true],
  ])('when it hangs %s: the deadline of 8 seconds ends it (fault 66) (attack 50)', async (_, hasHead) => {
    let reached: (() => void) | undefined;
    const hanging = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const baseUrl = await listen((__, response) => {
      if (hasHead) response.writeHead(200, { 'content-length': 9 }).write('{');
      reached?.();
    });
    const runtime = network();
    let result: unknown;
    const ended = call(baseUrl, runtime).then((value) => {
      result = value;
    });
    await hanging;
    await runtime.advance(7_999);
    // A request that was copied loses its signal with its garbage (https://github.com/nodejs/undici/issues/4068).
    await collectGarbage();
    expect(result).toBeUndefined();
    await runtime.advance(1);
    await ended;
    expect(result).toEqual({ kind: 'lost', why: 'ETIMEDOUT' });
  });

  it('when it came: its deadline is cancelled', async () => {
    const runtime = network();
    await call(await listen((_, response) => void response.writeHead(204).end()), runtime);
    expect(runtime.timers).toBe(0);
  });
});

describe('whether the bytes left', () => {
  it('a refused connection: they did not', async () => {
    const baseUrl = await listen(() => undefined);
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    expect(await call(baseUrl)).toEqual({ kind: 'unsent', why: 'ECONNREFUSED' });
    expect(await call(baseUrl.replace('127.0.0.1', 'localhost'))).toMatchObject({ kind: 'unsent' });
  });

  it('a reset after the request: nobody knows', async () => {
    const baseUrl = await listen((request) => {
      request.resume().on('end', () => request.socket.resetAndDestroy());
    });
    expect(await call(baseUrl)).toEqual({ kind: 'lost', why: 'ECONNRESET' });
  });

  it('an answer that breaks off in its body: nobody knows', async () => {
    const baseUrl = await listen((_, response) => {
      response.writeHead(200, { 'content-length': 500 });
      response.write('{"a":', () => response.destroy());
    });
    expect(await call(baseUrl)).toEqual({ kind: 'lost', why: 'UND_ERR_SOCKET' });
  });
});
