/** Senders that take their time, or all of the room. The server gives up on them, and serves the others. */
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOfferServer, toNodeListener } from '../../../src/proxy/node.js';
import { deferred } from '../../support/deferred.js';
import {
  BYTES,
  CHUNKED,
  framed,
  GOOD,
  LENGTH,
  LINE,
  type NodeProxy,
  OURS,
  startNodeProxy,
} from '../../support/node-proxy.js';
import {
  closed,
  exchange,
  listenOnLoopback,
  openSocket,
  rawRequest,
  statusesOf,
} from '../../support/sockets.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId } from '../../support/wire.js';

let proxy: NodeProxy;

/** Real sockets need as long as a busy machine takes. */
const PATIENT = { timeout: 15_000 };
vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 });

const expectAlive = async (): Promise<void> => {
  expect(await proxy.statusOf(framed([LENGTH]))).toBe(200);
};

describe('the bounds of the server', () => {
  it('are 10 s for headers, 20 s for what no listener times, 16 KiB of headers, 1,000 connections (attacks 8, 10, 11)', () => {
    const server = createOfferServer(() => undefined);
    expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 20_000, maxConnections: 1_000 });
    expect(server.keepAliveTimeout).toBeLessThanOrEqual(10_000);
    expect(server.maxRequestsPerSocket).toBeGreaterThan(0);
  });
});

describe("Node's own clock ends a connection that never sends a whole request:", () => {
  beforeEach(async () => {
    // Node checks once a second, so these short bounds end a connection at the first check.
    proxy = await startNodeProxy(
      {},
      { tune: (server) => Object.assign(server, { headersTimeout: 1, requestTimeout: 2 }) },
    );
  });

  afterEach(async () => {
    await proxy.end();
  });

  it.each([
    ['nothing at all', ''],
    ['half a request line', 'POST /offer'],
    ['headers that never end', rawRequest(LINE, OURS).slice(0, -2)],
    ['half a header', `${rawRequest(LINE, OURS).slice(0, -2)}X-A: `],
    ['empty lines', '\r\n\r\n'],
  ])('it sends %s (attack 11)', async (_, bytes) => {
    const statuses = statusesOf(await exchange(proxy.port, bytes));
    expect([[], [408]]).toContainEqual(statuses);
    await expectUntouched(proxy);
  });

  it('it sends headers a byte at a time (attack 11)', async () => {
    const socket = await openSocket(proxy.port);
    let left = `X-A: ${'a'.repeat(10_000)}`;
    socket.write(rawRequest(LINE, OURS).slice(0, -2));
    socket.resume();
    const trickle = setInterval(() => {
      socket.write(left.slice(0, 1));
      left = left.slice(1);
    }, 5);
    await closed(socket);
    clearInterval(trickle);
    expect(left).not.toBe('');
    await expectUntouched(proxy);
  });
});

describe('ten seconds after its head, a request', () => {
  const servers: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    proxy = await startNodeProxy();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(async () => {
    vi.useRealTimers();
    for (const server of servers.splice(0)) await server.close();
    await proxy.end();
  });

  /** Lets the endpoint's deadline pass once it has begun, and returns what came back then. */
  const untilLate = async (port: number, bytes: string): Promise<string> => {
    const answered = exchange(port, bytes);
    await expect.poll(() => vi.getTimerCount(), PATIENT).toBeGreaterThan(0);
    vi.advanceTimersByTime(9_999);
    await new Promise(setImmediate);
    const before = vi.getTimerCount();
    vi.advanceTimersByTime(1);
    // The connection may then linger for a second.
    await expect.poll(() => vi.getTimerCount(), PATIENT).toBeGreaterThan(0);
    vi.advanceTimersByTime(1_000);
    expect(before).toBeGreaterThan(0);
    return answered;
  };

  it.each([
    ['whose length promises more', framed([LENGTH], GOOD.slice(0, 20))],
    ['of which there is no byte', framed([LENGTH], '')],
    ['whose last chunk is missing', framed([CHUNKED], '5\r\n{"v":\r\n')],
    ['whose chunk is half', framed([CHUNKED], '55\r\n{"v":')],
    ['whose trailers never end', framed([CHUNKED], '2\r\n{}\r\n0\r\nX-A: 1\r\n')],
  ])('%s gets a 408 (attack 11)', async (_, bytes) => {
    const answer = await untilLate(proxy.port, bytes);
    expect(statusesOf(answer)).toEqual([408]);
    expect(answer).toMatch(/"code":"late"/);
    await expectUntouched(proxy);
  });

  it('that was asked to continue and does not gets a 408 (attack 10)', async () => {
    const answer = await untilLate(proxy.port, framed(['Expect: 100-continue', LENGTH], ''));
    expect(statusesOf(answer)).toEqual([100, 408]);
    await expectUntouched(proxy);
  });

  it('is awaited no longer once it is whole, however slow the answer is', async () => {
    const [asked, decided] = [deferred<void>(), deferred<Response>()];
    const handler = async (request: Request): Promise<Response> => {
      await request.text();
      asked.resolve();
      return decided.promise;
    };
    const server = await listenOnLoopback(toNodeListener(handler));
    servers.push(server);
    const answered = exchange(server.port, framed([LENGTH]));
    await asked.promise;
    vi.advanceTimersByTime(60_000);
    decided.resolve(new Response('{}'));
    expect(statusesOf(await answered)).toEqual([200]);
  });

  it('leaves no timer when it is answered', async () => {
    const server = await listenOnLoopback(toNodeListener(async () => new Response('{}')));
    servers.push(server);
    expect(statusesOf(await exchange(server.port, framed([LENGTH])))).toEqual([200]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gets a 408 also under a host's own server without bounds (attacks 10, 11)", async () => {
    const server = await listenOnLoopback(createServer({ requestTimeout: 0 }, toNodeListener(proxy.proxy)));
    servers.push(server);
    expect(statusesOf(await untilLate(server.port, framed([LENGTH], '{')))).toEqual([408]);
    await expectUntouched(proxy);
  });
});

describe('the memory that half uploads of one address hold', () => {
  afterEach(async () => {
    vi.useRealTimers();
    await proxy.end();
  });

  it('is limited to its share, and is free again when they are over (attack 11)', async () => {
    proxy = await startNodeProxy({ trustedHops: 1 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const from = (address: string): string => `X-Forwarded-For: ${address}`;
    const half = framed(['Content-Length: 500000', from('203.0.113.7')], ' '.repeat(490_000));
    const statuses: (number | undefined)[] = [];
    const uploads = Array.from({ length: 60 }, async () => {
      const answer = await exchange(proxy.port, half, (text) => text.includes('"code"'));
      statuses.push(statusesOf(answer)[0]);
      if (answer.startsWith('HTTP/1.1 503')) expect(answer).toMatch(/^retry-after: [1-9]/im);
    });
    // Its share is 16 MB: some uploads get a 503 at once since there is no room, the others hold what they sent.
    await expect.poll(() => statuses.length, PATIENT).toBeGreaterThan(10);
    expect(new Set(statuses)).toEqual(new Set([503]));
    expect(await proxy.statusOf(framed([LENGTH, from('203.0.113.8')]))).toBe(200);
    vi.advanceTimersByTime(10_000);
    await Promise.all(uploads);
    expect(new Set(statuses)).toEqual(new Set([503, 408]));
    vi.advanceTimersByTime(1_000);
    const again = framed(
      ['Content-Length: 480000', from('203.0.113.7')],
      `${' '.repeat(480_000 - BYTES)}${GOOD}`,
    );
    await expect
      .poll(() => Promise.all(Array.from({ length: 25 }, () => proxy.statusOf(again))), PATIENT)
      .toEqual(Array<number>(25).fill(200));
  });
});

describe('one sender who takes all the room', () => {
  afterEach(async () => {
    await proxy.end();
  });

  it('gives the connections back to the others once it lets go, and the server stays up (attack 11)', async () => {
    proxy = await startNodeProxy({}, { tune: (server) => Object.assign(server, { maxConnections: 20 }) });
    const held = await Promise.all(Array.from({ length: 20 }, () => openSocket(proxy.port)));
    expect(await exchange(proxy.port, framed([LENGTH]))).toBe('');
    await expectUntouched(proxy);
    for (const socket of held) socket.destroy();
    await Promise.all(held.map(closed));
    await expect.poll(() => proxy.statusOf(framed([LENGTH])), PATIENT).toBe(200);
  });

  it('gets at most 1,000 answers to 2,000 pipelined posts, and one event is taken (attack 12)', async () => {
    // The connection then ends soon after the last answer.
    proxy = await startNodeProxy({}, { tune: (server) => Object.assign(server, { keepAliveTimeout: 50 }) });
    const one = framed([LENGTH]).replace('Connection: close\r\n', '');
    const statuses = statusesOf(await exchange(proxy.port, one.repeat(2_000)));
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1_000);
    expect(statuses.filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
    expect((await proxy.intake.list({ limit: 9 })).map(({ id }) => id)).toEqual([eventId(1)]);
    await expectAlive();
  });

  it('does not hold up the others by 200 half uploads of 500 KB each (attack 11)', async () => {
    proxy = await startNodeProxy();
    const half = framed(['Content-Length: 500000'], ' '.repeat(400_000));
    const sockets = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = await openSocket(proxy.port);
        socket.resume();
        await new Promise((resolve) => socket.write(half, resolve));
        return socket;
      }),
    );
    const answer = await exchange(proxy.port, framed([LENGTH]));
    expect([200, 503]).toContain(statusesOf(answer)[0]);
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map(closed));
    await expect.poll(() => proxy.statusOf(framed([LENGTH])), PATIENT).toBe(200);
  });
});
