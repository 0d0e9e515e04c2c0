// @vitest-environment node
/** Outages that last, over the real transport: how often they are asked about, and by how many tabs. */

import { describe, expect, test } from 'vitest';
import { createFlusher, type Flusher } from '../../../../src/client/later/delivery/flusher.js';
import { createTransport } from '../../../../src/client/later/delivery/transport.js';
import type { WireRequest } from '../../../../src/protocol/batch.js';
import { idOf, plain, viewed } from '../../../support/events.js';
import { memoryRecords } from '../../../support/memory-records.js';
import { openTab, storedIds, type Tab } from '../../../support/outbox.js';
import { requestOf } from '../../../support/request-of.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Answer = (request: Request) => Response | Promise<Response>;

/** One request as it arrived. */
interface Asked {
  /** Milliseconds after the start. */
  readonly at: number;
  readonly ids: readonly string[];
}

interface Outage {
  readonly runtime: FakeRuntime;
  readonly asked: Asked[];
  /** Most requests that were under way at once. */
  readonly mostAtOnce: () => number;
  answer: Answer;
  /** Another tab of the same browser. */
  open(): Tab & { readonly flusher: Flusher };
  waiting(): Promise<unknown[]>;
}

const takeAll: Answer = async (request) => {
  const { events } = (await request.json()) as WireRequest;
  return Response.json({ v: 1, results: events.map(({ id }) => ({ id, status: 'accepted' })) });
};

const startOutage = (
  answer: Answer,
  overrides: (clock: FakeRuntime) => Partial<FakeRuntime> = () => ({}),
): Outage => {
  const clock = fakeRuntime();
  const records = memoryRecords();
  let underWay = 0;
  let most = 0;
  const runtime: FakeRuntime = Object.assign(Object.create(clock) as FakeRuntime, overrides(clock), {
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = requestOf(input, init);
      const { events } = (await request.clone().json()) as WireRequest;
      outage.asked.push({ at: clock.elapsed(), ids: events.map(({ id }) => id) });
      most = Math.max(most, ++underWay);
      try {
        return await outage.answer(request);
      } finally {
        underWay--;
      }
    },
  });
  const outage: Outage = {
    runtime,
    asked: [],
    mostAtOnce: () => most,
    answer,
    open() {
      const tab = openTab(records, runtime, { bounds: { retentionMs: 6 * 24 * HOUR_MS } });
      const transport = createTransport(runtime, tab.outbox);
      const flusher = createFlusher({ ...tab, transport, runtime, report: () => {} }, {});
      return { ...tab, flusher };
    },
    waiting: () => storedIds(records, 'entry'),
  };
  return outage;
};

/** Never answers; ends with the page's own abort. */
const hang: Answer = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('a proxy that is slower than the page waits', () => {
  test('is asked for an event by one tab at a time (fault 8)', async () => {
    const outage = startOutage(hang);
    const [one, other] = [outage.open(), outage.open()];
    await one.append(plain(viewed(1)));
    void one.flusher.flush();
    // The other tab looks every second, also in the moment when the first one has given up.
    for (let second = 0; second < 12; second++) {
      await outage.runtime.advance(1_000);
      other.flusher.wake();
    }
    expect(outage.asked).toEqual([{ at: 0, ids: [idOf(1)] }]);
    outage.answer = takeAll;
    await outage.runtime.advance(MINUTE_MS);
    expect(outage.asked.map(({ ids }) => ids)).toEqual([[idOf(1)], [idOf(1)]]);
    expect(outage.mostAtOnce()).toBe(1);
    await expect(outage.waiting()).resolves.toEqual([]);
  });

  test('is asked by another tab once the lease of one that never gave up is over (fault 8)', async () => {
    // A tab that is frozen in the midst of its request, and with it its timers.
    const outage = startOutage(() => new Promise(() => {}));
    const [frozen, other] = [outage.open(), outage.open()];
    await frozen.append(plain(viewed(1)));
    void frozen.flusher.flush();
    await outage.runtime.advance(0);
    frozen.flusher.stop();
    outage.answer = takeAll;
    other.flusher.wake();
    await outage.runtime.advance(14_999);
    expect(outage.asked.map(({ at }) => at)).toEqual([0]);
    await outage.runtime.advance(1);
    expect(outage.asked.map(({ ids }) => ids)).toEqual([[idOf(1)], [idOf(1)]]);
    await expect(outage.waiting()).resolves.toEqual([]);
  });
});

describe('an hour of 503', () => {
  test('is met with ever fewer requests, however much happens meanwhile, and nothing is lost (fault 12)', async () => {
    const outage = startOutage(() => new Response('', { status: 503 }));
    const tabs = [outage.open(), outage.open()];
    for (let minute = 0; minute < 60; minute++) {
      for (const [at, tab] of tabs.entries()) {
        await tab.append(plain(viewed(2 * minute + at)));
        tab.flusher.wake();
      }
      await outage.runtime.advance(MINUTE_MS);
    }
    const times = outage.asked.map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    // Between a half and the whole of 5 minutes, and a moment for company.
    expect(gaps.slice(9).filter((gap) => gap < 150_000 || gap > 301_000)).toEqual([]);
    expect(gaps.slice(9)).not.toEqual([]);
    await expect(outage.waiting()).resolves.toHaveLength(120);
    outage.answer = takeAll;
    await outage.runtime.advance(6 * MINUTE_MS);
    await expect(outage.waiting()).resolves.toEqual([]);
    expect(tabs.flatMap(({ discarded }) => discarded)).toEqual([]);
    expect(outage.mostAtOnce()).toBe(1);
  });
});

describe('timers that cannot be relied on', () => {
  test('of a hidden tab, once a minute, ask once each time something is due (fault 46)', async () => {
    const outage = startOutage(
      () => new Response('', { status: 503 }),
      (clock) => ({
        after: (delayMs, task) =>
          clock.after(Math.ceil((clock.elapsed() + delayMs) / MINUTE_MS) * MINUTE_MS - clock.elapsed(), task),
      }),
    );
    const tab = outage.open();
    await tab.append(plain(viewed(1)));
    await tab.flusher.flush();
    await outage.runtime.advance(MINUTE_MS - 1);
    expect(outage.asked.map(({ at }) => at)).toEqual([0]);
    outage.answer = takeAll;
    await outage.runtime.advance(1);
    expect(outage.asked.map(({ at }) => at)).toEqual([0, MINUTE_MS]);
    await expect(outage.waiting()).resolves.toEqual([]);
  });

  test('since the page has gone, leave to the next page when to ask (fault 46)', async () => {
    const outage = startOutage(() => new Response('', { status: 429, headers: { 'retry-after': '30' } }));
    const first = outage.open();
    await first.append(plain(viewed(1)));
    await first.flusher.flush();
    first.flusher.stop();
    outage.answer = takeAll;
    await outage.runtime.advance(10_000);
    const next = outage.open();
    await next.flusher.hurry();
    await outage.runtime.advance(19_999);
    expect(outage.asked.map(({ at }) => at)).toEqual([0]);
    await outage.runtime.advance(6_001);
    expect(outage.asked.map(({ ids }) => ids)).toEqual([[idOf(1)], [idOf(1)]]);
    await expect(outage.waiting()).resolves.toEqual([]);
  });

  test('since the network has gone, are tried again soon by the next page: that it loads shows a network', async () => {
    const outage = startOutage(() => new Response('', { status: 503 }));
    const first = outage.open();
    await first.append(plain(viewed(1)));
    await first.flusher.flush();
    first.flusher.stop();
    outage.answer = takeAll;
    const next = outage.open();
    await next.flusher.hurry();
    await outage.runtime.advance(3_000);
    expect(outage.asked.map(({ ids }) => ids)).toEqual([[idOf(1)], [idOf(1)]]);
    await expect(outage.waiting()).resolves.toEqual([]);
  });
});
