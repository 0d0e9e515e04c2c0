import { describe, expect, test, vi } from 'vitest';
import { createFarewell } from '../../../src/client/later/farewell.js';
import { NO_PAUSE } from '../../../src/client/later/outbox/remembering.js';
import type { Outbox } from '../../../src/client/outbox/outbox.js';
import type { PageChange } from '../../../src/client/page.js';
import { encodeRequest } from '../../../src/protocol/encode.js';
import type { OfferEvent } from '../../../src/protocol/event.js';
import { deferred } from '../../support/deferred.js';
import { copyOf, idOf, idsOf, START, viewed } from '../../support/events.js';
import { memoryRecords } from '../../support/memory-records.js';
import { storedIds } from '../../support/outbox.js';
import { fakePage } from '../../support/page.js';
import { fakeRuntime, settle } from '../../support/runtime.js';

describe('the farewell is said', () => {
  const ENDPOINT = 'https://shop.example/offer-events';

  const start = (answer: () => Promise<Response> = () => Promise.resolve(new Response('{}'))) => {
    const records = memoryRecords();
    const outbox: Pick<Outbox, 'endpoint' | 'inFlight' | 'pause' | 'mirror' | 'records' | 'lost'> = {
      lost: new Map(),
      records,
      endpoint: ENDPOINT,
      inFlight: 0,
      pause: NO_PAUSE,
      mirror: new Map([viewed(1), viewed(2)].map((event) => [event.id, copyOf(event)])),
    };
    const page = fakePage();
    const requests: { url: unknown; init: RequestInit | undefined; ids: string[] }[] = [];
    const runtime = fakeRuntime({
      fetch(url, init) {
        const { events } = JSON.parse(init?.body as string) as { events: { id: string }[] };
        requests.push({ url, init, ids: idsOf(events) });
        return answer();
      },
    });
    const onReply = vi.fn(
      async (_events: readonly OfferEvent[], _status: number, _body: string): Promise<void> => undefined,
    );
    const onLeave = vi.fn();
    const owner = { consent: 'granted' } as const;
    createFarewell({ outbox: outbox as Outbox, page, runtime, owner }, onLeave, onReply);
    return {
      /** What the database says that a farewell has said. */
      noted: () => storedIds(records, 'seen'),
      outbox,
      page,
      requests,
      onLeave,
      onReply,
      asked: () => requests.map(({ ids }) => ids),
      /** Lets it happen, with everything that it has to send. */
      async become(change: PageChange): Promise<void> {
        page.change(change);
        await Promise.resolve();
      },
    };
  };

  test.each<[what: string, ends: (reply: ReturnType<typeof deferred<Response>>) => void]>([
    ['an answer', ({ resolve }) => resolve(new Response('{}', { status: 503 }))],
    ['a failure', ({ reject }) => reject(new TypeError('Failed to fetch'))],
  ])('and what it said is noted until its page hears %s: a page that dies hears nothing', async (_, end) => {
    const reply = deferred<Response>();
    const { become, noted } = start(() => reply.promise);
    await become('hidden');
    await settle();
    expect(await noted()).toEqual([idOf(1), idOf(2)]);
    end(reply);
    await settle();
    expect(await noted()).toEqual([]);
  });

  test('as one same-origin keepalive POST, which follows no redirect (fault 7)', async () => {
    const { become, requests } = start();
    await become('hidden');
    expect(requests).toEqual([
      {
        url: ENDPOINT,
        init: {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: encodeRequest([viewed(1), viewed(2)], START),
          keepalive: true,
          redirect: 'error',
          cache: 'no-store',
        },
        ids: [idOf(1), idOf(2)],
      },
    ]);
  });

  test('once while the page is hidden, and with what came since when it is left', async () => {
    const { become, outbox, asked } = start();
    await become('hidden');
    outbox.mirror.set(idOf(7), copyOf(viewed(7)));
    await become('pagehide');
    await become('pagehide');
    expect(asked()).toEqual([[idOf(1), idOf(2)], [idOf(7)]]);
  });

  test('again after the page was visible, and not because it is or the network is back', async () => {
    const { become, asked } = start();
    await become('online');
    await become('hidden');
    await become('visible');
    expect(asked()).toHaveLength(1);
    await become('pagehide');
    expect(asked()).toEqual([
      [idOf(1), idOf(2)],
      [idOf(1), idOf(2)],
    ]);
  });

  test.each([
    ['not while the endpoint has asked for a pause', 'throttled', START + 5, 0],
    ['once the pause that the endpoint asked for is over', 'throttled', START, 1],
    ['in a back-off', 'back-off', START + 5, 1],
  ] as const)('%s', async (_, kind, at, times) => {
    const { become, outbox, asked } = start();
    outbox.pause = { kind, at, failures: 1 };
    await become('hidden');
    expect(asked()).toEqual(Array.from({ length: times }, () => [idOf(1), idOf(2)]));
  });

  test('once a page in spite of an open circuit, also if an earlier one was empty', async () => {
    const { become, outbox, asked } = start();
    outbox.pause = { kind: 'circuit', at: START + 5, failures: 1 };
    const copies = [...outbox.mirror];
    outbox.mirror.clear();
    await become('hidden');
    for (const [id, copy] of copies) outbox.mirror.set(id, copy);
    await become('pagehide');
    await become('visible');
    await become('hidden');
    expect(asked()).toEqual([[idOf(1), idOf(2)]]);
  });

  test('not after the page’s listening ended', async () => {
    const { become, page, asked } = start();
    page.stop();
    await become('hidden');
    expect(asked()).toEqual([]);
  });

  test('it is said after the events that the same task still records', async () => {
    const { page, outbox, asked } = start();
    page.change('hidden');
    outbox.mirror.set(idOf(8), copyOf(viewed(8)));
    expect(asked()).toEqual([]);
    await Promise.resolve();
    expect(asked()).toEqual([[idOf(1), idOf(2), idOf(8)]]);
  });

  test('with what happens by leaving, which is asked for at `pagehide` alone', async () => {
    const { become, outbox, onLeave, asked } = start();
    onLeave.mockImplementation(() => outbox.mirror.set(idOf(9), copyOf(viewed(9))));
    await become('hidden');
    await become('visible');
    await become('online');
    expect(onLeave).not.toHaveBeenCalled();
    await become('pagehide');
    expect(onLeave).toHaveBeenCalledOnce();
    expect(asked().at(-1)).toEqual([idOf(1), idOf(2), idOf(9)]);
  });

  test('within the bytes that others have left, and its own are given back when the reply was read', async () => {
    const answer = deferred<Response>();
    const { become, outbox, requests } = start(() => answer.promise);
    outbox.inFlight = 1_000;
    await become('hidden');
    expect(requests.map(({ ids }) => ids)).toEqual([[idOf(1), idOf(2)]]);
    expect(outbox.inFlight).toBe(1_000 + encodeRequest([viewed(1), viewed(2)], START).length);
    answer.resolve(new Response('{}'));
    await settle();
    expect(outbox.inFlight).toBe(1_000);
  });

  test('it is said in no more bytes than 48,000 with all that is in flight', async () => {
    const { become, outbox, requests } = start(() => new Promise(() => undefined));
    for (let n = 10; n < 260; n++) outbox.mirror.set(idOf(n), copyOf(viewed(n)));
    outbox.inFlight = 40_000;
    await become('hidden');
    expect(outbox.inFlight).toBeGreaterThan(41_500);
    expect(outbox.inFlight).toBeLessThanOrEqual(48_000);
    await become('pagehide');
    await become('pagehide');
    expect(outbox.inFlight).toBeLessThanOrEqual(48_000);
    const said = requests.flatMap(({ ids }) => ids);
    expect(said).toEqual([...new Set(said)]);
  });

  test('and its reply handed on, read to its end, with the events it was about (fault 18)', async () => {
    const body = '{"v":1,"results":[]}';
    const { become, onReply } = start(async () => new Response(body, { status: 207 }));
    await become('hidden');
    await settle();
    expect(onReply.mock.calls).toEqual([[[viewed(1), viewed(2)], 207, body]]);
  });

  test.each([
    ['the network fails', () => Promise.reject(new TypeError('offline'))],
    ['the reply cannot be used', () => Promise.resolve(new Response('{}'))],
  ])('and if %s nothing is harmed, and the bytes are given back', async (_, answer) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { become, outbox, onReply } = start(answer);
    onReply.mockRejectedValue(new Error('no offer part'));
    await become('hidden');
    await settle();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect([outbox.inFlight, [...outbox.mirror.keys()]]).toEqual([0, [idOf(1), idOf(2)]]);
  });
});
