/** A response that the host has taken in hand while the proxy decides: the listener leaves it alone, and its events count. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer as createServer2, type Http2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toNodeListener } from '../../src/proxy/node.js';
import { type Deferred, deferred } from '../support/deferred.js';
import { watchEscapes } from '../support/hooks.js';
import { type StartedProxy, startProxy } from '../support/proxy.js';
import {
  closed,
  exchange,
  type LoopbackServer,
  listenOnLoopback,
  openSocket,
  rawRequest,
} from '../support/sockets.js';
import { wireBody, wireEvent } from '../support/wire.js';

const bytesOf = (number: number): string => {
  const body = wireBody([wireEvent(number)]);
  const headers = ['Content-Type: application/json', 'Sec-Fetch-Site: same-origin'];
  return rawRequest('POST / HTTP/1.1', [...headers, `Content-Length: ${Buffer.byteLength(body)}`], body);
};

/** What a host does with a response that is not its own any more. Resolves once it has done so. */
type Act = (outgoing: ServerResponse, incoming: IncomingMessage) => unknown;

const end: Act = (outgoing) => outgoing.writeHead(503, { 'content-type': 'text/plain' }).end('too late');

const ACTS: Readonly<Record<string, Act>> = {
  'has ended it': end,
  'has ended it, and waits until it is sent': (outgoing, incoming) => {
    end(outgoing, incoming);
    return once(outgoing, 'finish');
  },
  'has sent its headers, and ends it later': (outgoing) => {
    outgoing.writeHead(503).flushHeaders();
    setImmediate(() => outgoing.end());
  },
  'has ended it by its own setTimeout': (outgoing, incoming) => {
    outgoing.setTimeout(1, () => end(outgoing, incoming));
    return once(outgoing, 'finish');
  },
  // As connect-timeout does it under Express 4.
  'has ended it by an event of the request': (outgoing, incoming) => {
    const { writeHead } = outgoing;
    outgoing.writeHead = ((...given: Parameters<typeof writeHead>) => {
      incoming.removeAllListeners('timeout');
      return writeHead.apply(outgoing, given);
    }) as typeof writeHead;
    incoming.once('timeout', () => end(outgoing, incoming));
    incoming.emit('timeout', 5_000);
  },
  'has destroyed it': (outgoing) => outgoing.destroy(),
  'has destroyed it with an error': (outgoing) => outgoing.destroy(new Error('of the host')),
  'has destroyed the request': (_, incoming) => incoming.destroy(),
  'has destroyed the connection': (_, incoming) => incoming.socket.destroy(),
  'has a response whose headers cannot be set': (outgoing) => {
    outgoing.setHeader = () => {
      throw new Error('of the host');
    };
  },
  'has a response whose headers cannot be written': (outgoing) => {
    outgoing.writeHead = () => {
      throw new Error('of the host');
    };
  },
};

describe('a host that answers while the proxy decides', () => {
  let escapes: ReturnType<typeof watchEscapes>;
  let started: StartedProxy;
  let server: LoopbackServer | undefined;
  /** The subject hook waits for it. */
  let decided: Deferred<undefined>;
  let asked: Deferred<undefined>;

  beforeEach(() => {
    escapes = watchEscapes();
    [decided, asked] = [deferred(), deferred()];
    started = startProxy({
      subject() {
        asked.resolve(undefined);
        return decided.promise;
      },
    });
  });

  afterEach(async () => {
    await server?.close();
    server = undefined;
    await started.end();
    await escapes.stop();
    expect(escapes.escaped).toEqual([]);
  });

  const expectRecorded = async (count: number): Promise<void> => {
    await expect
      .poll(async () => {
        await started.runtime.advance(1_000);
        return started.runtime.calls.length;
      })
      .toBe(count);
  };

  it.each(Object.entries(ACTS))('and %s ends no process and loses no event', async (_, act) => {
    const listener = toNodeListener(started.proxy);
    let isFirst = true;
    server = await listenOnLoopback(async (incoming, outgoing) => {
      listener(incoming, outgoing);
      if (!isFirst) return;
      isFirst = false;
      await asked.promise;
      await act(outgoing, incoming);
      decided.resolve(undefined);
    });
    await exchange(server.port, bytesOf(1));
    await expectRecorded(1);
    expect(await exchange(server.port, bytesOf(2))).toMatch(/^HTTP\/1.1 200 .*"accepted"/s);
    await expectRecorded(2);
  });

  it('before the body has arrived reads it to its end, so that the connection goes on', async () => {
    decided.resolve(undefined);
    const listener = toNodeListener(started.proxy);
    const answered = deferred<undefined>();
    server = await listenOnLoopback((incoming, outgoing) => {
      outgoing.writeHead(503, { 'content-length': 0 }).end();
      listener(incoming, outgoing);
      outgoing.once('finish', () => answered.resolve(undefined));
    });
    const bytes = bytesOf(1).replace('Connection: close', 'Connection: keep-alive');
    const socket: Socket = await openSocket(server.port);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.write(bytes.slice(0, -20));
    await answered.promise;
    socket.write(bytes.slice(-20) + bytesOf(2));
    await closed(socket);
    expect(text.match(/HTTP\/1.1 503/g)).toHaveLength(2);
  });

  it('over HTTP/2, whose stream the browser has reset, ends no process and loses no event', async () => {
    const own: Http2Server = createServer2(toNodeListener(started.proxy) as never);
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    const client = connect(`http://127.0.0.1:${(own.address() as AddressInfo).port}`);
    const stream = client.request({
      ':method': 'POST',
      ':path': '/',
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
    });
    stream.on('error', () => undefined);
    stream.end(wireBody([wireEvent(1)]));
    await asked.promise;
    stream.close(8);
    await once(stream, 'close');
    decided.resolve(undefined);
    await expectRecorded(1);
    client.close();
    own.close();
    await once(own, 'close');
  });
});

describe('a handler of the host’s own that gives no proper response', () => {
  it.each<[string, () => unknown]>([
    ['one of a failed request', () => Response.error()],
    [
      'one whose body was read',
      async () => {
        const response = new Response('{}');
        await response.text();
        return response;
      },
    ],
    ['nothing', () => undefined],
    ['a text', () => 'ok'],
    [
      'one whose body breaks off',
      () => new Response(new ReadableStream({ pull: (to) => to.error(new Error('of the host')) })),
    ],
    ['a rejection', () => Promise.reject(new Error('of the host'))],
  ])('is answered 503: %s', async (_, give) => {
    const escapes = watchEscapes();
    const server = await listenOnLoopback(toNodeListener((async () => give()) as never));
    expect(await exchange(server.port, bytesOf(1))).toMatch(/^HTTP\/1.1 503 /);
    await server.close();
    await escapes.stop();
    expect(escapes.escaped).toEqual([]);
  });
});
