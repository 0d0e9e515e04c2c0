// @vitest-environment node
/** Endpoints that fail: how often they are asked about, and by how many tabs. */
import { describe, expect, test } from 'vitest';
import type { Pause } from '../../../../src/client/outbox/records.js';
import {
  type Answer,
  type DeliveringBench,
  type DeliveringPage,
  replies,
  says,
  startStored,
} from '../../../support/delivering.js';
import { ENDPOINT, idOf, START, viewed } from '../../../support/events.js';
import type { FakeRuntime } from '../../../support/runtime.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ids = (...numbers: number[]): string[] => numbers.map(idOf);
const takes = says('accepted');

/** A page with stored events, and an endpoint that answers so. */
const started = async (
  answer: Answer,
  ...numbers: number[]
): Promise<DeliveringBench & { readonly page: DeliveringPage }> =>
  Object.assign(
    await startStored(
      numbers.map((n) => viewed(n)),
      { retentionMs: 6 * 24 * HOUR_MS },
    ),
    { answer },
  );

const codes = ({ reports }: DeliveringPage) => reports.map(({ code, cause }) => [code, cause]);

describe('a back-off', () => {
  test('grows with each failure, holds for a flush by hand too, and ends with the first success', async () => {
    const bench = await started(replies(503), 1);
    await bench.page.flusher.flush();
    await bench.page.flusher.flush();
    // Half of the jitter's range: 750 ms, 1.5 s, 3 s.
    for (const [waitMs, asked] of [
      [749, 1],
      [1, 2],
      [1_499, 2],
      [1, 3],
      [2_999, 3],
    ] as const) {
      await bench.runtime.advance(waitMs);
      expect(bench.asked).toHaveLength(asked);
    }
    bench.answer = takes;
    await bench.runtime.advance(1);
    await expect(bench.stored()).resolves.toEqual([]);
    expect(bench.page.outbox.pause).toEqual({ kind: 'none', failures: 0, at: 0 });
  });

  test('is reported once, and again after it had worked', async () => {
    const bench = await started(replies(503), 1);
    await bench.page.flusher.flush();
    await bench.runtime.advance(20_000);
    expect(codes(bench.page)).toEqual([['delivery', 503]]);
    bench.answer = takes;
    await bench.runtime.advance(MINUTE_MS);
    bench.answer = replies(500);
    await bench.page.store(viewed(2));
    await bench.page.flusher.flush();
    expect(codes(bench.page).slice(1)).toEqual([['delivery', 500]]);
  });

  test.each([
    ['is shortened once', 0.5, HOUR_MS, 1_750],
    ['is never lengthened', 0.5, 700, 700],
    ['is never shortened to less than half a second', 0, HOUR_MS, 500],
  ])('that meets a network that may be back %s', async (_, random, leftMs, askedMs) => {
    const bench = await started(replies(503), 1);
    Object.assign(bench.runtime, { random: () => random });
    const at = bench.runtime.now() + leftMs;
    await bench.page.leasing.setPause(() => ({ kind: 'back-off', failures: 9, at }));
    await bench.page.flusher.hurry();
    await bench.runtime.advance(askedMs - 1);
    expect(bench.asked).toEqual([]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1)]);
    await bench.runtime.advance(MINUTE_MS);
    expect(bench.asked).toEqual([ids(1)]);
  });
});

test('a back-off that cannot be shortened is not written again: in memory it would stand before a longer one on the disk', async () => {
  const bench = await started(takes, 1);
  const pause = { kind: 'back-off', failures: 1 } as const;
  const { outbox, flusher } = bench.page;
  // As where another store has them.
  outbox.pause = { ...pause, at: bench.runtime.now() + 100 };
  await flusher.hurry();
  outbox.pause = { ...pause, at: bench.runtime.now() + 9_000 };
  await bench.runtime.advance(8_999);
  expect(bench.asked).toEqual([]);
  await bench.runtime.advance(1);
  expect(bench.asked).toEqual([ids(1)]);
});

test('throttled, the whole outbox pauses, as long as was asked for, also for newer events (fault 11)', async () => {
  const bench = await started(replies(429, { 'retry-after': '30' }), 1);
  await bench.page.flusher.flush();
  bench.answer = takes;
  await bench.page.store(viewed(2));
  bench.page.flusher.wake();
  await bench.page.flusher.hurry();
  await bench.runtime.advance(29_999);
  expect([bench.asked, bench.page.outbox.pause.kind]).toEqual([[ids(1)], 'throttled']);
  await bench.runtime.advance(6_001);
  expect(bench.asked).toEqual([ids(1), ids(1, 2)]);
});

describe('the circuit', () => {
  test('opens with one report, keeps everything, and asks rarely, though the network is back (faults 15, 16)', async () => {
    const bench = await started(replies(404), 1, 2);
    await bench.page.flusher.flush();
    await bench.page.flusher.hurry();
    await bench.runtime.advance(29_999);
    expect(bench.asked).toEqual([ids(1, 2)]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1, 2), ids(1, 2)]);
    await bench.runtime.advance(59_999);
    expect(bench.asked).toHaveLength(2);
    await bench.runtime.advance(10 * HOUR_MS);
    expect(bench.asked.length).toBeLessThan(15);
    expect([codes(bench.page), bench.page.discarded]).toEqual([[['delivery', 404]], []]);
    await expect(bench.stored()).resolves.toEqual(ids(1, 2));
  });

  test('has its answer, address and end in the figures, and closes with the first success', async () => {
    const bench = await started(replies(405), 1);
    await bench.page.flusher.flush();
    await expect(bench.page.leasing.stats()).resolves.toMatchObject({
      pause: { kind: 'circuit', status: 405, url: ENDPOINT, at: bench.runtime.now() + 30_000 },
    });
    bench.answer = takes;
    await bench.page.flusher.flush();
    expect((await bench.page.leasing.stats()).pause).toBeUndefined();
  });

  describe('that is open is tried', () => {
    /** An outbox whose circuit has been open for ten seconds, after three failures. */
    const opened = async (answer: Answer, more: Partial<Pause> = {}): ReturnType<typeof started> => {
      const bench = await started(answer, 1);
      const at = bench.runtime.now() + 2 * MINUTE_MS;
      await bench.page.leasing.setPause(() => ({ kind: 'circuit', failures: 3, at, ...more }));
      await bench.runtime.advance(10_000);
      return bench;
    };

    test.each<[string, (bench: DeliveringBench & { readonly page: DeliveringPage }) => Promise<void>]>([
      ['a flush', ({ page }) => page.flusher.flush()],
      ['a page that loads', ({ page, runtime }) => page.flusher.hurry().then(() => runtime.advance(250))],
    ])('by %s; an answer in order closes it', async (_, act) => {
      const bench = await opened(takes);
      await act(bench);
      expect(bench.asked).toEqual([ids(1)]);
      await expect(bench.stored()).resolves.toEqual([]);
      expect(bench.page.outbox.pause.kind).toBe('none');
    });

    test.each([404, 503])('and a %i leaves its time as it is', async (status) => {
      const bench = await opened(replies(status));
      const { at, failures } = bench.page.outbox.pause;
      await bench.page.flusher.flush();
      expect(bench.asked).toEqual([ids(1)]);
      expect(bench.page.outbox.pause).toMatchObject({ kind: 'circuit', at, failures });
    });

    test('but a longer pause that the endpoint asks for holds', async () => {
      const bench = await opened(replies(429, { 'retry-after': '3600' }));
      await bench.page.flusher.flush();
      expect(bench.page.outbox.pause.kind).toBe('throttled');
      expect(bench.page.outbox.pause.at).toBeGreaterThanOrEqual(bench.runtime.now() + HOUR_MS);
    });

    test('at most once in five seconds, by all tabs together', async () => {
      const bench = await opened(replies(404));
      await bench.page.flusher.flush();
      await bench.runtime.advance(4_999);
      await bench.page.flusher.flush();
      const other = bench.open();
      await other.flusher.flush();
      expect(bench.asked).toEqual([ids(1)]);
      await bench.runtime.advance(1);
      await other.flusher.flush();
      expect(bench.asked).toEqual([ids(1), ids(1)]);
    });

    test('also if the last trial was made under a clock that has been put right since (fault 56)', async () => {
      const bench = await opened(takes, { triedAt: START + 24 * HOUR_MS });
      await bench.page.flusher.flush();
      expect(bench.asked).toEqual([ids(1)]);
    });
  });
});

describe('a batch that is not taken as it is', () => {
  const refusesWith =
    (poison: number): Answer =>
    (asked, request) =>
      (asked.includes(idOf(poison)) ? replies(413) : takes)(asked, request);

  test('is halved until the one is found; that waits alone and all others are delivered (fault 14)', async () => {
    const bench = await started(refusesWith(3), 1, 2, 3, 4, 5, 6);
    await bench.page.flusher.flush();
    await bench.runtime.advance(3_000);
    await expect(bench.stored()).resolves.toEqual(ids(3));
    expect(bench.asked).toContainEqual(ids(3));
    expect(bench.page.discarded).toEqual([]);
  });

  test('the one that nobody takes is asked for again after an hour, and never given up for that (fault 14)', async () => {
    const bench = await started(replies(413), 1);
    await bench.page.flusher.flush();
    await bench.runtime.advance(HOUR_MS - 1);
    expect(bench.asked).toEqual([ids(1)]);
    bench.answer = takes;
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('the others go on after a back-off, and there is one report, also an hour later (fault 14)', async () => {
    const bench = await started(refusesWith(1), 1, 2);
    await bench.page.flusher.flush();
    expect(bench.asked).toEqual([ids(1, 2), ids(1)]);
    expect(bench.page.outbox.pause).toMatchObject({ kind: 'back-off', status: 413 });
    await bench.runtime.advance(1_000);
    await expect(bench.stored()).resolves.toEqual(ids(1));
    await bench.runtime.advance(2 * HOUR_MS);
    expect(bench.asked.filter((batch) => batch.includes(idOf(1))).length).toBeGreaterThan(2);
    expect(codes(bench.page)).toEqual([['delivery', 413]]);
  });

  test('leaves batches small for a while only', async () => {
    let refusals = 2;
    const bench = await started((...asked) => (refusals-- > 0 ? replies(413) : takes)(...asked), 1, 2, 3, 4);
    await bench.page.flusher.flush();
    expect(bench.asked.slice(0, 3)).toEqual([ids(1, 2, 3, 4), ids(1, 2), ids(1)]);
    await bench.page.store(...[10, 11, 12, 13, 14].map((n) => viewed(n)));
    await bench.page.flusher.flush();
    expect(bench.asked.at(-1)).toEqual(ids(10, 11, 12, 13, 14));
  });
});

describe('a proxy that is slower than the page waits', () => {
  /** Never answers; ends with the page's own abort. */
  const hang: Answer = (_, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });

  test('is asked for an event by one tab at a time (fault 8)', async () => {
    const bench = await started(hang, 1);
    const other = bench.open();
    void bench.page.flusher.flush();
    // The other tab looks every second, also in the moment when the first one has given up.
    for (let second = 0; second < 12; second++) {
      await bench.runtime.advance(1_000);
      other.flusher.wake();
    }
    expect(bench.asked).toEqual([ids(1)]);
    bench.answer = takes;
    await bench.runtime.advance(MINUTE_MS);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
    await expect(bench.stored()).resolves.toEqual([]);
  });
});

test('an hour of 503 is met with ever fewer requests, however much happens meanwhile, and nothing is lost (fault 12)', async () => {
  const times: number[] = [];
  const bench = await started((asked, request) => {
    times.push(bench.runtime.elapsed());
    return replies(503)(asked, request);
  });
  const pages = [bench.page, bench.open()];
  for (let minute = 0; minute < 60; minute++) {
    for (const [at, page] of pages.entries()) {
      await page.store(viewed(2 * minute + at));
      page.flusher.wake();
    }
    await bench.runtime.advance(MINUTE_MS);
  }
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
  // Between a half and the whole of 5 minutes, and a moment for company.
  expect(gaps.slice(9).filter((gap) => gap < 150_000 || gap > 301_000)).toEqual([]);
  expect(gaps.slice(9)).not.toEqual([]);
  await expect(bench.stored()).resolves.toHaveLength(120);
  bench.answer = takes;
  await bench.runtime.advance(6 * MINUTE_MS);
  await expect(bench.stored()).resolves.toEqual([]);
  expect(pages.flatMap(({ discarded }) => discarded)).toEqual([]);
});

describe('timers that cannot be relied on', () => {
  test('of a hidden tab, once a minute, ask once each time something is due (fault 46)', async () => {
    const bench = await started(replies(503), 1);
    const { after } = bench.runtime;
    const rare: FakeRuntime['after'] = (delayMs, task) => {
      const elapsed = bench.runtime.elapsed();
      return after(Math.ceil((elapsed + delayMs) / MINUTE_MS) * MINUTE_MS - elapsed, task);
    };
    Object.assign(bench.runtime, { after: rare });
    await bench.page.flusher.flush();
    await bench.runtime.advance(MINUTE_MS - 1);
    expect(bench.asked).toEqual([ids(1)]);
    bench.answer = takes;
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
  });

  test.each([
    ['a pause that was asked for to its end', replies(429, { 'retry-after': '30' }), 29_999, 36_000],
    ['a back-off sooner: that it loads shows a network', replies(503), 249, 3_000],
  ])(
    'since the page has gone, leave it to the next page to wait for %s (fault 46)',
    async (_, answer, notMs, soonMs) => {
      const bench = await started(answer, 1);
      await bench.page.flusher.flush();
      bench.page.flusher.stop();
      bench.answer = takes;
      await bench.open().flusher.hurry();
      await bench.runtime.advance(notMs);
      expect(bench.asked).toEqual([ids(1)]);
      await bench.runtime.advance(soonMs - notMs);
      expect(bench.asked).toEqual([ids(1), ids(1)]);
    },
  );
});
