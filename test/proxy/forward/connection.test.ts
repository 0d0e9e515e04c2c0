/** Connections to the upstream that are kept, and closed by it: real sockets, so that fetch uses its own pool. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { platformRuntime } from '../../../src/runtime.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

let upstream: Server;
let sockets: Socket[];
/** The key of each call and which connection it came by. */
let calls: { readonly key: unknown; readonly connection: number }[];
/** Closes the connection instead of answering. */
let isReset: (call: number) => boolean;
let runtime: FakeRuntime;
let started: StartedProxy;

beforeEach(async () => {
  sockets = [];
  calls = [];
  isReset = () => false;
  upstream = createServer((request, response) => {
    const { socket } = request;
    calls.push({ key: request.headers['chargebee-idempotency-key'], connection: sockets.indexOf(socket) });
    const isOver = isReset(calls.length);
    request.resume().on('end', () => (isOver ? socket.resetAndDestroy() : response.writeHead(204).end()));
  });
  upstream.on('connection', (socket: Socket) => sockets.push(socket));
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  runtime = fakeRuntime({ fetch: platformRuntime().fetch });
  const { port } = upstream.address() as AddressInfo;
  started = startProxy({ runtime, baseUrl: `http://127.0.0.1:${port}` });
});

afterEach(async () => {
  await started.end();
  upstream.closeAllConnections();
  upstream.close();
  await once(upstream, 'close');
});

const take = async (number: number): Promise<void> => {
  await started.proxy(pageRequest(wireBody([wireEvent(number)])));
  await runtime.advance(0);
};

/** Waits until what real sockets bring has arrived. */
const untilState = async (number: number, expected: Record<string, unknown>): Promise<void> => {
  const row = async () => (await started.intake.list({ limit: 9 })).find(({ id }) => id === eventId(number));
  await expect.poll(row, { timeout: 15_000 }).toMatchObject(expected);
};

describe('a connection that the upstream had kept', () => {
  it('does no harm if the upstream closes it before the next call, which takes another one (fault 68)', async () => {
    await take(1);
    await untilState(1, { state: 'done' });
    const [kept] = sockets;
    if (!kept) throw new Error('no connection came');
    kept.end();
    await once(kept, 'close');
    await take(2);
    await untilState(2, { state: 'done', attempts: 1, isAmbiguous: false });
    expect(calls).toEqual([
      { key: `oe1-${eventId(1)}`, connection: 0 },
      { key: `oe1-${eventId(2)}`, connection: 1 },
    ]);
  });

  it('leaves a call ambiguous if it is reset during it; the retry has the same key (fault 68)', async () => {
    isReset = (call) => call === 2;
    await take(1);
    await untilState(1, { state: 'done' });
    await take(2);
    await untilState(2, { state: 'forwarding', attempts: 1, isAmbiguous: true });
    // Fetch does not retry by itself: the intake has to repeat what may have arrived.
    expect(calls.map(({ key }) => key)).toEqual([`oe1-${eventId(1)}`, `oe1-${eventId(2)}`]);
    expect(calls.map(({ connection }) => connection)).toEqual([0, 0]);
    await runtime.advance(1_000);
    await untilState(2, { state: 'done', attempts: 2 });
    expect(calls.slice(1)).toEqual([
      { key: `oe1-${eventId(2)}`, connection: 0 },
      { key: `oe1-${eventId(2)}`, connection: 1 },
    ]);
  });
});
