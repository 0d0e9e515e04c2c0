import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createFarewell, unsettled } from '../../src/client/leave.js';
import {
  type KeepaliveBytes,
  type Mirrored,
  NO_PAUSE,
  type Outbox,
  type Pause,
} from '../../src/client/outbox/outbox.js';
import { encodedBytes, encodeRequest } from '../../src/protocol/encode.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { dismissed, idOf, idsOf, START, viewed } from '../support/events.js';
import { fakePage } from '../support/page.js';
import { deferred } from '../support/deferred.js';
import { fakeRuntime, settle } from '../support/runtime.js';

type Held = readonly [event: OfferEvent, heldUntil?: number];
type Sayable = Pick<Outbox, 'pause' | 'mirror'>;

const outboxOf = (held: readonly Held[], pause: Pause = NO_PAUSE): Sayable => ({
  pause,
  mirror: new Map(held.map(([event, heldUntil = 0]) => [event.id, { event, heldUntil }])),
});

const PLENTY = 48_000;

describe('the farewell takes what is unsettled', () => {
  const view = viewed(1);
  const close = dismissed(2, view);
  const other = viewed(3);
  const later = START + 10_000;

  const table: readonly {
    readonly name: string;
    readonly held: readonly Held[];
    readonly said?: readonly OfferEvent[];
    readonly pause?: Pause;
    readonly maxBytes?: number;
    readonly expected: readonly OfferEvent[];
  }[] = [
    { name: 'nothing where all is settled', held: [], expected: [] },
    { name: 'all that is free, oldest first', held: [[view], [close], [other]], expected: [view, close, other] },
    { name: 'not what is leased or not due', held: [[view, later], [other]], expected: [other] },
    { name: 'what was held until this very moment', held: [[view, START]], expected: [view] },
    { name: 'not what was said already', held: [[view], [other]], said: [view], expected: [other] },
    {
      name: 'a leased view again, together with its free dismissal',
      held: [[view, later], [close], [other, later]],
      expected: [view, close],
    },
    {
      name: 'a view that was said, together with its new dismissal',
      held: [[view], [close]],
      said: [view],
      expected: [view, close],
    },
    { name: 'a dismissal alone where its view is settled', held: [[close]], expected: [close] },
    {
      name: 'not a dismissal that was deferred, though its view is free',
      held: [[view], [close, later]],
      expected: [view],
    },
    {
      name: 'nothing while throttled',
      held: [[view]],
      pause: { kind: 'throttled', at: START + 1, failures: 1 },
      expected: [],
    },
    {
      name: 'nothing while the circuit is open',
      held: [[view]],
      pause: { kind: 'circuit', at: START + 1, failures: 4 },
      expected: [],
    },
    {
      name: 'all in a back-off',
      held: [[view], [other]],
      pause: { kind: 'back-off', at: START + 60_000, failures: 3 },
      expected: [view, other],
    },
    {
      name: 'all once a pause is over',
      held: [[view]],
      pause: { kind: 'throttled', at: START, failures: 1 },
      expected: [view],
    },
    {
      name: 'what fits exactly',
      held: [[view], [close], [other]],
      maxBytes: encodedBytes(view) + encodedBytes(close),
      expected: [view, close],
    },
    {
      name: 'nothing behind the first that does not fit',
      held: [[viewed(4, { offerId: 'a-very-long-offer-id-that-takes-its-room' })], [viewed(5, { offerId: 'b' })]],
      maxBytes: encodedBytes(viewed(5, { offerId: 'b' })),
      expected: [],
    },
    { name: 'nothing where there is no room', held: [[view]], maxBytes: -7, expected: [] },
  ];

  test.each(table)('$name', ({ held, said = [], pause, maxBytes = PLENTY, expected }) => {
    expect(unsettled(outboxOf(held, pause), new Set(idsOf(said)), START, maxBytes)).toEqual(expected);
  });

  describe('whatever is in the mirror', () => {
    /** Impressions with a view, a dismissal or both, each held or said or neither. */
    const impression = fc.record({
      hasView: fc.boolean(),
      hasClose: fc.boolean(),
      isShort: fc.boolean(),
      heldView: fc.constantFrom(0, START, later),
      heldClose: fc.constantFrom(0, START, later),
      isViewSaid: fc.boolean(),
      isCloseSaid: fc.boolean(),
    });
    const state = fc.record({
      impressions: fc.array(impression),
      maxBytes: fc.integer({ min: -50, max: 3_000 }),
    });
    type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

    const build = ({ impressions }: State) => {
      const said = new Set<string>();
      const held: [OfferEvent, number][] = [];
      impressions.forEach((each, index) => {
        const view = viewed(index, each.isShort ? { offerId: 'o' } : {});
        const close = dismissed(1_000 + index * 3, view);
        if (each.hasView) held.push([view, each.heldView]);
        if (each.hasClose) held.push([close, each.heldClose]);
        if (each.isViewSaid) said.add(view.id);
        if (each.isCloseSaid) said.add(close.id);
      });
      held.sort(([a], [b]) => (a.id < b.id ? -1 : 1));
      return { outbox: outboxOf(held), said };
    };

    test('it is never more than its bytes', () => {
      fc.assert(
        fc.property(state, (generated) => {
          const { outbox, said } = build(generated);
          const events = unsettled(outbox, said, START, generated.maxBytes);
          const bytes = events.reduce((sum, event) => sum + encodedBytes(event), 0);
          expect(bytes).toBeLessThanOrEqual(Math.max(0, generated.maxBytes));
        }),
      );
    });

    test('no dismissal goes without its unsettled view before it', () => {
      fc.assert(
        fc.property(state, (generated) => {
          const { outbox, said } = build(generated);
          const events = unsettled(outbox, said, START, generated.maxBytes);
          const views = new Set<string>();
          for (const { type, impressionId } of events) {
            if (type === 'viewed') views.add(impressionId);
            const isViewUnsettled = [...outbox.mirror.values()].some(
              ({ event }: Mirrored) => event.type === 'viewed' && event.impressionId === impressionId,
            );
            expect(!isViewUnsettled || views.has(impressionId)).toBe(true);
          }
        }),
      );
    });

    test('it is in the order of happening, each event once', () => {
      fc.assert(
        fc.property(state, (generated) => {
          const { outbox, said } = build(generated);
          const ids = idsOf(unsettled(outbox, said, START, generated.maxBytes));
          expect(ids).toEqual([...new Set(ids)].sort());
        }),
      );
    });
  });
});

describe('the farewell is said', () => {
  const ENDPOINT = 'https://shop.example/offer-events';

  const start = (answer: () => Promise<Response> = () => Promise.resolve(new Response('{}'))) => {
    const outbox = outboxOf([[viewed(1)], [viewed(2)]]) as Outbox;
    const page = fakePage();
    const keepalive: KeepaliveBytes = { inFlight: 0 };
    const requests: { url: unknown; init: RequestInit | undefined; ids: string[] }[] = [];
    const runtime = fakeRuntime({
      fetch(url, init) {
        const { events } = JSON.parse(init?.body as string) as { events: { id: string }[] };
        requests.push({ url, init, ids: idsOf(events) });
        return answer();
      },
    });
    const onReply = vi.fn(async (_events: readonly OfferEvent[], response: Response): Promise<unknown> =>
      response.text(),
    );
    const stop = createFarewell(outbox, page, runtime, ENDPOINT, keepalive, onReply);
    return { outbox, page, keepalive, requests, onReply, stop, asked: () => requests.map(({ ids }) => ids) };
  };

  test('as one same-origin keepalive POST', () => {
    const { page, requests } = start();
    page.change('hidden');
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

  test('once while the page is hidden, and with what came since when it is left', () => {
    const { page, outbox, asked } = start();
    page.change('hidden');
    outbox.mirror.set(idOf(7), { event: viewed(7), heldUntil: 0 });
    page.change('leave');
    page.change('leave');
    expect(asked()).toEqual([[idOf(1), idOf(2)], [idOf(7)]]);
  });

  test('again after the page was visible', () => {
    const { page, asked } = start();
    page.change('hidden');
    page.change('visible');
    page.change('leave');
    expect(asked()).toEqual([
      [idOf(1), idOf(2)],
      [idOf(1), idOf(2)],
    ]);
  });

  test('not because the network is back or the page is visible', () => {
    const { page, asked } = start();
    page.change('online');
    page.change('visible');
    expect(asked()).toEqual([]);
  });

  test.each(['throttled', 'circuit'] as const)('not in a %s pause', (kind) => {
    const { page, outbox, asked } = start();
    outbox.pause = { kind, at: START + 5, failures: 1 };
    page.change('hidden');
    expect(asked()).toEqual([]);
  });

  test('in a back-off', () => {
    const { page, outbox, asked } = start();
    outbox.pause = { kind: 'back-off', at: START + 5, failures: 1 };
    page.change('hidden');
    expect(asked()).toEqual([[idOf(1), idOf(2)]]);
  });

  test('not after it was stopped', () => {
    const { page, stop, asked } = start();
    stop();
    page.change('hidden');
    expect(asked()).toEqual([]);
  });

  test('within the bytes that others have left, and its own are given back when the reply was read', async () => {
    const answer = deferred<Response>();
    const { page, keepalive, requests } = start(() => answer.promise);
    keepalive.inFlight = 1_000;
    page.change('hidden');
    const { length } = requests[0]?.init?.body as string;
    expect(keepalive.inFlight).toBe(1_000 + length);
    answer.resolve(new Response('{}'));
    await settle();
    expect(keepalive.inFlight).toBe(1_000);
  });

  test('in no more bytes than 48,000 with all that is in flight', () => {
    const { page, outbox, keepalive, requests } = start(() => new Promise(() => undefined));
    for (let n = 10; n < 260; n++) outbox.mirror.set(idOf(n), { event: viewed(n), heldUntil: 0 });
    keepalive.inFlight = 40_000;
    page.change('hidden');
    expect(keepalive.inFlight).toBeGreaterThan(46_000);
    expect(keepalive.inFlight).toBeLessThanOrEqual(48_000);
    page.change('leave');
    expect(requests).toHaveLength(1);
  });

  test('and its reply handed on with the events it was about', async () => {
    const response = new Response('{"v":1,"results":[]}');
    const { page, onReply } = start(() => Promise.resolve(response));
    page.change('hidden');
    await settle();
    expect(onReply.mock.calls).toEqual([[[viewed(1), viewed(2)], response]]);
  });

  test.each([
    ['the network fails', () => Promise.reject(new TypeError('offline'))],
    [
      'fetch itself throws',
      () => {
        throw new Error('replaced by the page');
      },
    ],
  ] as const)('and where %s nothing is harmed', async (_, answer) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { page, keepalive, outbox } = start(answer);
    expect(() => page.change('hidden')).not.toThrow();
    await settle();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(keepalive.inFlight).toBe(0);
    expect([...outbox.mirror.keys()]).toEqual([idOf(1), idOf(2)]);
  });

  test('and where the reply cannot be used the bytes are given back', async () => {
    const { page, keepalive, onReply } = start();
    onReply.mockRejectedValue(new Error('no second load'));
    page.change('hidden');
    await settle();
    expect(keepalive.inFlight).toBe(0);
  });
});
