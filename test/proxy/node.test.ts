import { once } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXCHANGES } from '../../src/proxy/door/exchange.js';
import { createOfferServer, incomingOf, type NodeListener, toNodeListener } from '../../src/proxy/node.js';
import { type StartedProxy, startProxy } from '../support/proxy.js';
import {
  closed,
  exchange,
  type LoopbackServer,
  listenOnLoopback,
  openSocket,
  rawRequest,
} from '../support/sockets.js';
import { expectUntouched } from '../support/untouched.js';
import { eventId, wireBody, wireEvent } from '../support/wire.js';

const JSON_TYPE = 'Content-Type: application/json';
const SAME_ORIGIN = 'Sec-Fetch-Site: same-origin';
const GOOD = wireBody([wireEvent(1)]);
const lengthOf = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`;

let started: StartedProxy;
let server: LoopbackServer;

beforeEach(async () => {
  started = startProxy();
  server = await listenOnLoopback(toNodeListener(started.proxy));
});

afterEach(async () => {
  await server.close();
  await started.end();
});

const send = (line: string, headers: readonly string[], body?: string): Promise<string> =>
  exchange(server.port, rawRequest(line, headers, body));

const statusOf = (answer: string): string => answer.slice(9, 12);
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

const expectAlive = async (number: number): Promise<void> => {
  const body = wireBody([wireEvent(number)]);
  const answer = await send('POST /offer-events HTTP/1.1', [JSON_TYPE, SAME_ORIGIN, lengthOf(body)], body);
  expect(JSON.parse(bodyOf(answer))).toEqual({
    v: 1,
    results: [{ id: eventId(number), status: 'accepted' }],
  });
};

const expectNothingTaken = (): Promise<void> => expectUntouched(started);

describe("under Node's server", () => {
  it('a request is answered with exactly our headers', async () => {
    const answer = await send('POST /x HTTP/1.1', [JSON_TYPE, SAME_ORIGIN, lengthOf(GOOD)], GOOD);
    const [head = ''] = answer.split('\r\n\r\n');
    const names = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0]?.toLowerCase());
    const ours = ['content-type', 'cache-control', 'x-content-type-options', 'content-length'];
    expect(names.sort()).toEqual([...ours, 'connection', 'date'].sort());
    expect(statusOf(answer)).toBe('200');
  });

  it('a body that a hook has read is missed at once: the sender hears 503, and keeps its events', async () => {
    const reading = startProxy({
      origins: ['https://shop.example'],
      withoutOrigin: 'with-subject',
      async subject(request) {
        const incoming = incomingOf(request);
        incoming?.resume();
        if (incoming) await once(incoming, 'end');
        return 'somebody';
      },
    });
    const other = await listenOnLoopback(toNodeListener(reading.proxy));
    const raw = rawRequest('POST /x HTTP/1.1', [JSON_TYPE, lengthOf(GOOD)], GOOD);
    expect(statusOf(await exchange(other.port, raw))).toBe('503');
    await other.close();
    await reading.end();
  });

  it('a body is taken although something that watches requests hears it too', async () => {
    const listener = toNodeListener(started.proxy);
    let heard = '';
    const watched = await listenOnLoopback((incoming, outgoing) => {
      incoming.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
      });
      listener(incoming, outgoing);
    });
    const raw = rawRequest('POST /x HTTP/1.1', [JSON_TYPE, SAME_ORIGIN, lengthOf(GOOD)], GOOD);
    expect(statusOf(await exchange(watched.port, raw))).toBe('200');
    expect(heard).toBe(GOOD);
    await watched.close();
  });

  it('a chunked body is taken, and its extensions and trailers are ignored (attack 9)', async () => {
    const chunked = `${Buffer.byteLength(GOOD).toString(16)};ext=1\r\n${GOOD}\r\n0\r\n`;
    const headers = [JSON_TYPE, 'Transfer-Encoding: chunked'];
    const trailers = `${SAME_ORIGIN}\r\nOrigin: https://shop.example\r\n\r\n`;
    expect(statusOf(await send('POST /x HTTP/1.1', headers, chunked + trailers))).toBe('403');
    expect(statusOf(await send('POST /x HTTP/1.1', [...headers, SAME_ORIGIN], `${chunked}\r\n`))).toBe('200');
  });

  it('two requests on one connection are both answered', async () => {
    const body = wireBody([wireEvent(2)]);
    const headers = ['Host: a', JSON_TYPE, SAME_ORIGIN, lengthOf(body)].join('\r\n');
    const twice = `POST / HTTP/1.1\r\n${headers}\r\n\r\n${body}`.repeat(2);
    const answer = await exchange(server.port, twice, (text) => /duplicate/.test(text));
    expect(answer).toMatch(/"accepted".*"duplicate"/s);
  });
});

describe('a message that stands in for a request of Node’s, and never says that it is complete', () => {
  const standIn = (): IncomingMessage => {
    const rawHeaders = ['Content-Type', ' application/json', 'Sec-Fetch-Site', 'same-origin '];
    const given = { method: 'POST', url: '/offer-events', httpVersion: '1.1', rawHeaders };
    return Object.assign(Readable.from([Buffer.from(GOOD)]), given) as unknown as IncomingMessage;
  };
  const answered = async (listener: NodeListener, incoming: IncomingMessage): Promise<number> => {
    const outgoing = new ServerResponse(incoming);
    const ended = once(outgoing, 'finish');
    outgoing.assignSocket(new PassThrough() as unknown as Socket);
    listener(incoming, outgoing);
    await ended;
    return outgoing.statusCode;
  };

  it('is answered by the proxy, also with blanks around its values', async () => {
    expect(await answered(toNodeListener(started.proxy), standIn())).toBe(200);
  });

  it('is answered if it was closed meanwhile', async () => {
    const incoming = standIn();
    const slow = async (request: Request): Promise<Response> => {
      const closed = once(incoming, 'close');
      await request.text();
      await closed;
      return new Response('{}');
    };
    expect(await answered(toNodeListener(slow), incoming)).toBe(200);
  });
});

describe('what the proxy reads of the headers of a request', () => {
  const NAMES = [
    'origin',
    'content-type',
    'sec-fetch-site',
    'x-forwarded-for',
    'user-agent',
    'cookie',
    'x-none',
  ];

  it('is what Headers would have, in any case of letters, repeated, and with blanks around', async () => {
    const headers = [
      [
        'X-Forwarded-For: 192.0.2.1',
        'x-forwarded-for:\t192.0.2.2 \t',
        'X-FORWARDED-FOR: 192.0.2.3,192.0.2.4',
      ],
      ['Content-Type: application/json', 'content-type: text/plain', 'Origin:', 'origin: null'],
      ['User-Agent: one', 'User-Agent: caf\u00e9', 'Sec-Fetch-Site: same-origin\u00a0'],
      ['X-Forwarded-Fo: 1', 'X-Forwarded-Forr: 2', '__proto__: 3', 'X-None-: 4'],
    ];
    const read: unknown[] = [];
    const expected: unknown[] = [];
    const handler = async (): Promise<Response> => new Response();
    EXCHANGES.set(handler, async ({ headers: own, request }) => {
      read.push(NAMES.map((name) => [name, own.get(name), own.has(name)]));
      expected.push(NAMES.map((name) => [name, request.headers.get(name), request.headers.has(name)]));
      return { status: 200, headers: {}, text: '' };
    });
    const other = await listenOnLoopback(toNodeListener(handler));
    for (const each of headers) await exchange(other.port, rawRequest('POST /x HTTP/1.1', each));
    await other.close();
    expect(read).toHaveLength(headers.length);
    expect(read).toEqual(expected);
  });
});

describe('odd request lines reach nothing', () => {
  it.each(['TRACE', 'GET', 'OPTIONS'])('%s gets a 405 (attacks 1, 2)', async (method) => {
    const answer = await send(`${method} /offer-events HTTP/1.1`, [SAME_ORIGIN]);
    expect([statusOf(answer), /^allow: POST\r$/im.test(answer)]).toEqual(['405', true]);
    expect(JSON.parse(bodyOf(answer))).toMatchObject({ status: 405, code: 'method' });
    await expectNothingTaken();
  });

  it('HEAD gets a 405 without a body (attack 1)', async () => {
    const answer = await send('HEAD / HTTP/1.1', [SAME_ORIGIN]);
    expect([statusOf(answer), bodyOf(answer)]).toEqual(['405', '']);
  });

  it('CONNECT is cut off (attack 5)', async () => {
    const answer = await send('CONNECT internal.example:443 HTTP/1.1', [SAME_ORIGIN]);
    expect(answer).not.toMatch(/^HTTP\/1.1 2/);
    await expectNothingTaken();
    await expectAlive(3);
  });

  it('Upgrade is never granted (attack 5)', async () => {
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Key: eA==', 'Sec-WebSocket-Version: 13'];
    const headers = upgrade.join('\r\n');
    const get = await exchange(
      server.port,
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n${headers}\r\n\r\n`,
      (text) => text.endsWith('}'),
    );
    expect(statusOf(get)).toBe('405');
    const posted = `POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n${headers}\r\n${JSON_TYPE}\r\n${lengthOf(GOOD)}\r\n\r\n${GOOD}`;
    expect(statusOf(await exchange(server.port, posted, (text) => text.endsWith('}')))).toBe('403');
    await expectNothingTaken();
  });

  it('bytes beyond ASCII in a header are refused by the endpoint, not the parser (attack 13)', async () => {
    const headers = ['Sec-Fetch-Site: same-origin\xff', JSON_TYPE, lengthOf(GOOD)];
    const bytes = Buffer.from(rawRequest('POST / HTTP/1.1', headers, GOOD), 'latin1');
    expect(statusOf(await exchange(server.port, bytes))).toBe('403');
    await expectNothingTaken();
  });
});

describe('a body that is too large', () => {
  const big = ' '.repeat(2_000_000);
  const chunks = `${(100_000).toString(16)}\r\n${' '.repeat(100_000)}\r\n`.repeat(20);

  it.each([
    ['with a length', lengthOf(big), big],
    ['in chunks', 'Transfer-Encoding: chunked', `${chunks}0\r\n\r\n`],
  ])('%s gets a complete 413 on each of 20 connections (attack 23)', async (_, header, body) => {
    const headers = [JSON_TYPE, SAME_ORIGIN, header];
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send('POST / HTTP/1.1', headers, body)),
    );
    expect(answers.map((answer) => [statusOf(answer), bodyOf(answer).endsWith('"code":"size"}')])).toEqual(
      answers.map(() => ['413', true]),
    );
    await expectNothingTaken();
  });

  it('may be finished after its answer, and the connection then ends without a reset', async () => {
    const socket = await openSocket(server.port);
    const faults: unknown[] = [];
    socket.on('error', (error) => faults.push(error));
    const half = ' '.repeat(300_000);
    const answered = new Promise((resolve) => socket.once('data', resolve));
    socket.write(rawRequest('POST / HTTP/1.1', [JSON_TYPE, SAME_ORIGIN, 'Content-Length: 600000'], half));
    await answered;
    socket.write(half);
    await closed(socket);
    expect(faults).toEqual([]);
  });

  it('is cut off after its answer if the sender never stops (attacks 11, 23)', async () => {
    const socket = await openSocket(server.port);
    socket.resume();
    socket.write(rawRequest('POST / HTTP/1.1', [JSON_TYPE, SAME_ORIGIN, 'Transfer-Encoding: chunked']));
    const chunk = `${(16_384).toString(16)}\r\n${' '.repeat(16_384)}\r\n`;
    const talk = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', talk);
    talk();
    await closed(socket);
    await expectAlive(4);
  });
});

describe('the server stays up', () => {
  it('when uploads are cut off in their head, in their body, or right after it (attacks 12, 64)', async () => {
    const whole = rawRequest('POST / HTTP/1.1', [JSON_TYPE, SAME_ORIGIN, lengthOf(GOOD)], GOOD);
    for (let length = 1; length < whole.length; length++) {
      const socket = await openSocket(server.port);
      socket.write(whole.slice(0, length), () => socket.resetAndDestroy());
      await closed(socket);
    }
    await expectAlive(5);
    expect((await started.intake.list({ limit: 9 })).map(({ id }) => id)).toEqual([eventId(5)]);
  });
});

describe('a server', () => {
  it.each<[string, object, RegExp]>([
    ['an option that it does not have', { keepAlive: 65_000 }, /keepAlive of createOfferServer.*keepAliveMs/],
    ['a time to keep connections that is not whole', { keepAliveMs: 0.5 }, /whole milliseconds/],
    ['a time to keep connections of 0', { keepAliveMs: 0 }, /at least 1/],
  ])('is refused for %s', (_, options, words) => {
    expect(() => createOfferServer(() => undefined, options)).toThrow(words);
  });
});
