// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { dismissed, ENDPOINT, idOf, idsOf, plain, START, viewed } from '../../../support/events.js';
import {
  accept,
  all,
  type FlusherBench,
  fails,
  type Script,
  startFlusher,
  unsplit,
} from '../../../support/flusher.js';

const HOUR_MS = 3_600_000;
const ids = (...numbers: number[]): string[] => numbers.map(idOf);

const started = async (...numbers: number[]): Promise<FlusherBench> => {
  const bench = startFlusher({ bounds: { retentionMs: 6 * 24 * HOUR_MS } });
  await bench.append(plain(...numbers.map((n) => viewed(n))));
  return bench;
};

describe('a back-off', () => {
  test('grows with each failure and ends with the first success', async () => {
    const bench = await started(1);
    bench.answer(fails('back-off'));
    await bench.flusher.flush();
    // Half of the jitter's range: 750 ms, 1.5 s, 3 s.
    for (const [waitMs, asked] of [
      [749, 1],
      [1, 2],
      [1_499, 2],
      [1, 3],
      [2_999, 3],
    ] as const) {
      await bench.runtime.advance(waitMs);
      expect(bench.asked).toEqual(Array.from({ length: asked }, () => ids(1)));
    }
    bench.answer(accept);
    await bench.runtime.advance(1);
    await expect(bench.waiting()).resolves.toEqual([]);
    expect(bench.outbox.pause).toEqual({ kind: 'none', failures: 0, at: 0 });
  });

  test('reports once, and again after it had worked', async () => {
    const bench = await started(1);
    bench.answer(fails('back-off'));
    await bench.flusher.flush();
    await bench.runtime.advance(20_000);
    expect(bench.reports.map(({ code }) => code)).toEqual(['delivery']);
    bench.answer(accept);
    await bench.runtime.advance(60_000);
    bench.answer(fails('back-off'));
    await bench.append(plain(viewed(2)));
    await bench.flusher.flush();
    expect(bench.reports.map(({ code }) => code)).toEqual(['delivery', 'delivery']);
  });

  test('is never sooner than the server asked for (fault 11)', async () => {
    const bench = await started(1);
    bench.answer(fails('back-off', 60_000), accept);
    await bench.flusher.flush();
    await bench.runtime.advance(59_999);
    expect(bench.asked).toEqual([ids(1)]);
    await bench.runtime.advance(12_001);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
  });

  test('makes a flush by hand wait too', async () => {
    const bench = await started(1);
    bench.answer(fails('back-off'));
    await bench.flusher.flush();
    await bench.flusher.flush();
    expect(bench.asked).toEqual([ids(1)]);
  });

  test('is shortened once when the network may be back', async () => {
    const bench = await started(1);
    bench.answer(fails('back-off', HOUR_MS));
    await bench.flusher.flush();
    await bench.flusher.hurry();
    await bench.runtime.advance(3_000);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
    await bench.runtime.advance(30 * 60_000);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
  });

  test('is never lengthened by that', async () => {
    const bench = await started(1);
    bench.answer(fails('back-off'), accept);
    await bench.flusher.flush();
    await bench.flusher.hurry();
    await bench.runtime.advance(750);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
  });

  test('that cannot be shortened is not written again: in memory it would stand before a longer one on the disk', async () => {
    const bench = await started(1);
    const pause = { kind: 'back-off', failures: 1 } as const;
    // As where another store has them.
    bench.outbox.pause = { ...pause, at: bench.runtime.now() + 100 };
    await bench.flusher.hurry();
    bench.outbox.pause = { ...pause, at: bench.runtime.now() + 9_000 };
    await bench.runtime.advance(8_999);
    expect(bench.asked).toEqual([]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1)]);
  });

  test('is never shortened to less than the shortest one', async () => {
    const bench = await started(1);
    Object.assign(bench.runtime, { random: () => 0 });
    bench.answer(fails('back-off', HOUR_MS), accept);
    await bench.flusher.flush();
    await bench.flusher.hurry();
    await bench.runtime.advance(499);
    expect(bench.asked).toEqual([ids(1)]);
    await bench.runtime.advance(251);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
  });
});

describe('throttled', () => {
  test('the whole outbox pauses, as long as was asked for, also for newer events (fault 11)', async () => {
    const bench = await started(1);
    bench.answer(fails('throttled', 30_000), accept);
    await bench.flusher.flush();
    await bench.append(plain(viewed(2)));
    bench.flusher.wake();
    await bench.flusher.hurry();
    await bench.runtime.advance(29_999);
    expect(bench.asked).toEqual([ids(1)]);
    expect(bench.outbox.pause.kind).toBe('throttled');
    await bench.runtime.advance(6_001);
    expect(bench.asked).toEqual([ids(1), ids(1, 2)]);
  });
});

describe('the circuit', () => {
  test('opens with one report, keeps everything, and asks rarely (faults 15, 16)', async () => {
    const bench = await started(1, 2);
    bench.answer(fails('circuit'));
    await bench.flusher.flush();
    await bench.runtime.advance(29_999);
    expect(bench.asked).toEqual([ids(1, 2)]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1, 2), ids(1, 2)]);
    await bench.runtime.advance(59_999);
    expect(bench.asked).toHaveLength(2);
    await bench.runtime.advance(10 * HOUR_MS);
    expect(bench.asked.length).toBeLessThan(15);
    expect(bench.reports.map(({ code, cause }) => [code, cause])).toEqual([['delivery', 'circuit']]);
    await expect(bench.waiting()).resolves.toEqual(ids(1, 2));
    expect(bench.discarded).toEqual([]);
  });

  test('does not close because the network is back', async () => {
    const bench = await started(1);
    bench.answer(fails('circuit'));
    await bench.flusher.flush();
    await bench.flusher.hurry();
    await bench.runtime.advance(29_999);
    expect(bench.asked).toEqual([ids(1)]);
  });

  test('closes with the first success', async () => {
    const bench = await started(1);
    bench.answer(fails('circuit'), accept);
    await bench.flusher.flush();
    await bench.runtime.advance(30_000);
    await expect(bench.waiting()).resolves.toEqual([]);
    expect(bench.outbox.pause.kind).toBe('none');
  });

  describe('is tried', () => {
    /** An outbox whose circuit has been open for ten seconds, after three failures. */
    const opened = async (...numbers: number[]): Promise<FlusherBench> => {
      const bench = await started(...numbers);
      const at = bench.runtime.now() + 2 * 60_000;
      await bench.leasing.setPause(() => ({ kind: 'circuit', failures: 3, at, status: 404 }));
      await bench.runtime.advance(10_000);
      return bench;
    };

    test('with one batch by a flush; an answer in order closes it, and the rest follows', async () => {
      const bench = await opened(1);
      await bench.flusher.flush();
      expect(bench.asked).toEqual([ids(1)]);
      await expect(bench.waiting()).resolves.toEqual([]);
      expect(bench.outbox.pause.kind).toBe('none');
    });

    test('it is tried with one batch by a page that loads', async () => {
      const bench = await opened(1);
      await bench.flusher.hurry();
      await bench.runtime.advance(250);
      expect(bench.asked).toEqual([ids(1)]);
      await expect(bench.waiting()).resolves.toEqual([]);
    });

    test.each([
      ['circuit', 0],
      ['back-off', 0],
    ] as const)('and an attempt that comes to %s leaves its time as it is', async (kind, retryAfterMs) => {
      const bench = await opened(1, 2);
      bench.answer(fails(kind, retryAfterMs));
      const { at, failures } = bench.outbox.pause;
      await bench.flusher.flush();
      expect(bench.asked).toEqual([ids(1, 2)]);
      expect(bench.outbox.pause).toMatchObject({ kind: 'circuit', at, failures });
    });

    test('but a longer pause that the endpoint asks for holds', async () => {
      const bench = await opened(1);
      bench.answer(fails('throttled', HOUR_MS));
      await bench.flusher.flush();
      expect(bench.outbox.pause.kind).toBe('throttled');
      expect(bench.outbox.pause.at).toBeGreaterThanOrEqual(bench.runtime.now() + HOUR_MS);
    });

    test('it is tried at most once in five seconds, by all tabs together', async () => {
      const bench = await opened(1);
      bench.answer(fails('circuit'));
      await bench.flusher.flush();
      await bench.runtime.advance(4_999);
      await bench.flusher.flush();
      await expect(bench.leased('other tab')).resolves.toEqual([]);
      await expect(bench.leasing.lease('other tab', 9, true)).resolves.toMatchObject({ entries: [] });
      expect(bench.asked).toEqual([ids(1)]);
      await bench.runtime.advance(1);
      await bench.flusher.flush();
      expect(bench.asked).toEqual([ids(1), ids(1)]);
    });

    test('also if the last trial was made under a clock that has been put right since', async () => {
      const bench = await opened(1);
      bench.runtime.jump(24 * HOUR_MS);
      const at = bench.runtime.now() + 60_000;
      await bench.leasing.setPause(() => ({ kind: 'circuit', failures: 3, at, triedAt: at }));
      bench.runtime.jump(-24 * HOUR_MS);
      await bench.leasing.setPause((current) => ({ ...current, at: bench.runtime.now() + 60_000 }));
      await bench.flusher.flush();
      expect(bench.asked).toEqual([ids(1)]);
    });

    test('its answer, address and end are reported', async () => {
      const bench = await started(1);
      bench.answer(() => ({ kind: 'circuit', retryAfterMs: 0, cause: 405 }));
      await bench.flusher.flush();
      await expect(bench.leasing.stats()).resolves.toMatchObject({
        pause: { kind: 'circuit', status: 405, url: ENDPOINT, at: bench.runtime.now() + 30_000 },
      });
      bench.answer(accept);
      await bench.flusher.flush();
      expect((await bench.leasing.stats()).pause).toBeUndefined();
    });
  });
});

describe('a batch that is not taken as it is', () => {
  /** Takes every batch without this event. */
  const refusesWith =
    (poison: string): Script =>
    (events) =>
      idsOf(events).includes(poison) ? unsplit(events) : accept(events);

  test('is halved until the one is found; that waits alone and all others are delivered (fault 14)', async () => {
    const bench = await started(1, 2, 3, 4, 5, 6);
    bench.answer(refusesWith(idOf(3)));
    await bench.flusher.flush();
    await bench.runtime.advance(3_000);
    await expect(bench.waiting()).resolves.toEqual(ids(3));
    expect(bench.asked).toContainEqual(ids(3));
    expect(bench.discarded).toEqual([]);
  });

  test('the one that nobody takes is asked for again after an hour, and never given up for that (fault 14)', async () => {
    const bench = await started(1);
    bench.answer(unsplit);
    await bench.flusher.flush();
    expect(bench.asked).toEqual([ids(1)]);
    await bench.runtime.advance(HOUR_MS - 1);
    expect(bench.asked).toEqual([ids(1)]);
    bench.answer(accept);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
    await expect(bench.waiting()).resolves.toEqual([]);
  });

  test('the others go on after a back-off, and there is one report, also an hour later (fault 14)', async () => {
    const bench = await started(1, 2);
    bench.answer(refusesWith(idOf(1)));
    await bench.flusher.flush();
    expect(bench.asked).toEqual([ids(1, 2), ids(1)]);
    expect(bench.outbox.pause).toMatchObject({ kind: 'back-off', status: 413 });
    await bench.runtime.advance(1_000);
    await expect(bench.waiting()).resolves.toEqual(ids(1));
    await bench.runtime.advance(2 * HOUR_MS);
    expect(bench.asked.filter((batch) => batch.includes(idOf(1))).length).toBeGreaterThan(2);
    expect(bench.reports.map(({ code, cause }) => [code, cause])).toEqual([['delivery', 413]]);
  });

  test('an endpoint that takes nothing is asked ever more rarely (fault 14)', async () => {
    const bench = await started(...Array.from({ length: 100 }, (_, at) => at));
    bench.answer(unsplit);
    await bench.flusher.flush();
    await bench.runtime.advance(10 * 60_000);
    // Seven to find that not even one is taken, and then as after a 503.
    expect(bench.asked.length).toBeLessThan(20);
    expect(bench.reports).toHaveLength(1);
    expect(bench.discarded).toEqual([]);
  });

  test('the one that waits holds back what came later for its offer, and no other', async () => {
    const bench = startFlusher();
    const view = viewed(1);
    await bench.append(plain(view, dismissed(2, view), viewed(3)));
    bench.answer(refusesWith(view.id));
    await bench.flusher.flush();
    await bench.runtime.advance(3_000);
    await expect(bench.waiting()).resolves.toEqual(ids(1, 2));
    expect(bench.asked).not.toContainEqual(ids(2));
  });

  test('leaves batches small for a while only', async () => {
    const bench = await started(1, 2, 3, 4);
    bench.answer(unsplit, unsplit, accept);
    await bench.flusher.flush();
    expect(bench.asked.slice(0, 3)).toEqual([ids(1, 2, 3, 4), ids(1, 2), ids(1)]);
    await expect(bench.waiting()).resolves.toEqual([]);
    await bench.append(plain(viewed(10), viewed(11), viewed(12), viewed(13), viewed(14)));
    await bench.flusher.flush();
    expect(bench.asked.at(-1)).toEqual(ids(10, 11, 12, 13, 14));
  });
});

describe('a server that asks for too much', () => {
  test('cannot make an event wait longer than an hour', async () => {
    const bench = await started(1);
    bench.answer(all({ kind: 'deferred', code: 'busy', retryAfterMs: 1e15 }), accept);
    await bench.flusher.flush();
    expect(bench.runtime.now()).toBe(START);
    await bench.runtime.advance(HOUR_MS);
    await bench.runtime.advance(HOUR_MS / 60);
    expect(bench.asked).toEqual([ids(1), ids(1)]);
  });
});
