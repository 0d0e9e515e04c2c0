/** Requests in the forms in which platforms and frameworks hand them on, instead of as Node's parser makes them. */
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RequestHandler, toNodeListener } from '../../src/proxy/node.js';
import { type StartedProxy, startProxy } from '../support/proxy.js';
import { wireBody, wireEvent } from '../support/wire.js';

const GOOD = wireBody([wireEvent(1)]);
const HEADERS = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
const LINES = Object.entries(HEADERS).flat();

let started: StartedProxy;

beforeEach(() => {
  started = startProxy();
});
afterEach(() => started.end());

/** As Node's parser makes it. */
const message = (body = GOOD): IncomingMessage =>
  Object.assign(Readable.from([Buffer.from(body)], { objectMode: false }), {
    ...{ method: 'POST', url: '/offer-events', httpVersion: '1.1', rawHeaders: LINES, headers: HEADERS },
    complete: true,
  }) as unknown as IncomingMessage;

/** The same after something has read it and left these fields. */
const readMessage = async (left: object): Promise<IncomingMessage> => {
  const incoming = message();
  incoming.resume();
  await once(incoming, 'end');
  return Object.defineProperties(incoming, Object.getOwnPropertyDescriptors(left));
};

/** As serverless-http makes it: an IncomingMessage with an object of headers, one of them a number, and without raw ones. */
const serverless = async (body = GOOD): Promise<IncomingMessage> => {
  const incoming = new IncomingMessage(new PassThrough() as unknown as Socket);
  const headers = { ...HEADERS, 'content-length': Buffer.byteLength(body) };
  Object.assign(incoming, { complete: true, method: 'POST', url: '/offer-events', httpVersion: '1.1' });
  Object.assign(incoming, { headers, body: Buffer.from(body) });
  incoming._read = () => {
    incoming.push(body);
    incoming.push(null);
  };
  return incoming;
};

const ask = async (handler: RequestHandler, incoming: IncomingMessage): Promise<[number, string]> => {
  const outgoing = new ServerResponse(incoming);
  const socket = new PassThrough();
  const sent = socket.setEncoding('utf8').toArray();
  outgoing.assignSocket(socket as unknown as Socket);
  toNodeListener(handler)(incoming, outgoing);
  await once(outgoing, 'finish');
  socket.end();
  return [outgoing.statusCode, (await sent).join('')];
};

it.each<[string, () => Promise<IncomingMessage>]>([
  ['as Node’s parser makes it', async () => message()],
  ['without raw headers (serverless-http on Lambda and Netlify)', () => serverless()],
  [
    'with its bytes in rawBody (Google’s functions, Nest)',
    () => readMessage({ rawBody: Buffer.from(GOOD), body: JSON.parse(GOOD) as object }),
  ],
  [
    'with its bytes in rawBody of another kind',
    () => readMessage({ rawBody: new TextEncoder().encode(GOOD), body: undefined }),
  ],
  ['with its text in rawBody (a parser of Koa’s)', () => readMessage({ rawBody: GOOD })],
  [
    'of a runtime that only says that it has ended',
    () => readMessage({ readableDidRead: undefined, body: JSON.parse(GOOD) as object }),
  ],
  ['parsed into body (express.json)', () => readMessage({ body: JSON.parse(GOOD) as object })],
  ['with its bytes in body (express.raw)', () => readMessage({ body: Buffer.from(GOOD) })],
  ['with its text in body (express.text)', () => readMessage({ body: GOOD })],
  [
    'parsed when body is asked for (Next, Vercel)',
    () =>
      readMessage({
        get body() {
          return JSON.parse(GOOD) as object;
        },
      }),
  ],
])('a request %s is taken', async (_, make) => {
  expect(await ask(started.proxy, await make())).toEqual([200, expect.stringContaining('accepted')]);
  expect(started.alerts).toEqual([]);
});

it.each<[string, object]>([
  ['nothing', {}],
  ['an empty body', { body: undefined, rawBody: null }],
  [
    'a body that cannot be parsed',
    {
      get body(): unknown {
        throw new TypeError('Invalid JSON');
      },
    },
  ],
  ['a body that no JSON can hold', { body: { v: 1n } }],
])(
  'if what has read a body leaves %s of it, 503 keeps the events and the alert says what to do',
  async (_, left) => {
    expect(await ask(started.proxy, await readMessage(left))).toEqual([503, expect.anything()]);
    expect(started.alerts).toEqual([
      expect.stringMatching(/^Something has read the body .* ahead of any body parser, or set rawBody/),
    ]);
  },
);

it('what a platform has parsed is not believed more than what is read: it is decoded as strictly', async () => {
  const parsed = JSON.parse(GOOD) as Record<string, unknown>;
  for (const body of [[], { ...parsed, events: [] }])
    expect((await ask(started.proxy, await readMessage({ body })))[0]).toBe(400);
  const rawBody = Buffer.alloc(500_001, 0x20);
  expect((await ask(started.proxy, await readMessage({ rawBody })))[0]).toBe(413);
});

it('headers of such a request are checked as those of any other', async () => {
  for (const [headers, status] of [
    [{ ...HEADERS, 'transfer-encoding': 'gzip, chunked' }, 400],
    [{ ...HEADERS, 'sec-fetch-site': 'cross-site' }, 403],
    [{ ...HEADERS, 'sec-fetch-site': ['same-origin', 'same-origin'] }, 403],
    [{ ...HEADERS, origin: undefined }, 200],
    [{ ...HEADERS, ...Object.fromEntries(Array.from({ length: 99 }, (_, at) => [`x-${at}`, '1'])) }, 431],
  ] as const) {
    const incoming = await serverless();
    Object.assign(incoming, { headers });
    expect([headers, (await ask(started.proxy, incoming))[0]]).toEqual([headers, status]);
  }
});

it('a handler of web requests also gets a body that was read before', async () => {
  const texts: string[] = [];
  const handler: RequestHandler = async (request) => {
    texts.push(await request.text());
    return new Response('{}');
  };
  for (const incoming of [await serverless(), await readMessage({ rawBody: Buffer.from(GOOD) })])
    await ask(handler, incoming);
  expect(texts).toEqual([GOOD, GOOD]);
});
