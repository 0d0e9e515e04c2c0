// @vitest-environment node
/** What happens while a request is under way, and to a page that may not run on. */
import { describe, expect, test, vi } from 'vitest';
import type { OutboxEntry } from '../../../../src/client/outbox/records.js';
import { type Deferred, deferred } from '../../../support/deferred.js';
import {
  type DeliveringBench,
  type DeliveringPage,
  replies,
  says,
  startStored,
} from '../../../support/delivering.js';
import { idOf, START, viewed } from '../../../support/events.js';
import { openTab } from '../../../support/outbox.js';
import { settle } from '../../../support/runtime.js';

const ids = (...numbers: number[]): string[] => numbers.map(idOf);
const takes = says('accepted');

interface Flight extends DeliveringBench {
  readonly page: DeliveringPage;
  /** Answers the first request; each later one is answered at once. */
  answerFirst(): Promise<void>;
  readonly first: Deferred<Response>;
}

/** A page with stored events, whose first request is not answered yet. */
const started = async (
  ...[numbers, options]: [numbers: number[], options?: { maxBatch: number }]
): Promise<Flight> => {
  const bench = await startStored(
    numbers.map((n) => viewed(n)),
    options,
  );
  const first = deferred<Response>();
  bench.answer = () => {
    bench.answer = takes;
    return first.promise;
  };
  const answerFirst = async (): Promise<void> => {
    first.resolve(
      Response.json({ v: 1, results: bench.asked[0]?.map((id) => ({ id, status: 'accepted' })) }),
    );
    await settle();
  };
  return Object.assign(bench, { first, answerFirst });
};

describe('one flush at a time', () => {
  test('a second request waits for the answer of the first, however often a flush is asked for', async () => {
    const { page, runtime, asked, answerFirst } = await started([1]);
    const flushed = [page.flusher.flush(), page.flusher.flush()];
    await settle();
    await page.store(viewed(2));
    flushed.push(page.flusher.flush());
    page.flusher.wake();
    await runtime.advance(1_000);
    expect(asked).toEqual([ids(1)]);
    await answerFirst();
    await Promise.all(flushed);
    expect(asked).toEqual([ids(1), ids(2)]);
  });

  test('a flush asked for while another one is ending delivers what came too late for that', async () => {
    const { page, asked } = await startStored([viewed(1)]);
    const { lease } = page.leasing;
    const found: number[] = [];
    let following: Promise<void> | undefined;
    page.leasing.lease = async (...args) => {
      const leased = await lease(...args);
      // Nothing is left for the first one, and it has not ended yet.
      if (!leased.entries.length && !following) {
        await page.store(viewed(2));
        following = page.flusher.flush();
      }
      found.push(leased.entries.length);
      return leased;
    };
    await page.flusher.flush();
    await following;
    expect([asked, found]).toEqual([
      [ids(1), ids(2)],
      [1, 0, 1, 0],
    ]);
  });

  test('each request has a lease of its own, so that none ends while its events are on their way', async () => {
    const bench = await startStored([viewed(1), viewed(2), viewed(3)], { maxBatch: 1 });
    const ends: unknown[] = [];
    bench.answer = async (asked, request) => {
      const [entry] = await bench.database.stored.transact((rows) => rows.query('getAll', 'entry'));
      ends.push((entry as OutboxEntry).lease?.until);
      await bench.runtime.advance(8_000);
      return takes(asked, request);
    };
    await bench.page.flusher.flush();
    expect(bench.asked).toEqual([ids(1), ids(2), ids(3)]);
    expect(ends).toEqual([15_000, 23_000, 31_000].map((ms) => START + ms));
  });

  test('what comes while a request is under way waits for company like everything else', async () => {
    const { page, runtime, asked, answerFirst } = await started([1]);
    page.flusher.wake();
    await runtime.advance(250);
    await page.store(viewed(2));
    await answerFirst();
    await runtime.advance(100);
    await page.store(viewed(3));
    expect(asked).toEqual([ids(1)]);
    await runtime.advance(250);
    expect(asked).toEqual([ids(1), ids(2, 3)]);
  });

  test('nothing waits where more is due than one request takes', async () => {
    const { page, runtime, asked } = await startStored([viewed(1), viewed(2)], { maxBatch: 1 });
    page.flusher.wake();
    await runtime.advance(250);
    expect(asked).toEqual([ids(1), ids(2)]);
  });
});

describe('stopped', () => {
  test('it posts nothing more and has no timer', async () => {
    const { page, runtime, asked } = await startStored([viewed(1)]);
    page.flusher.wake();
    page.flusher.stop();
    page.flusher.stop();
    expect(runtime.timers).toBe(0);
    page.flusher.wake();
    await page.flusher.hurry();
    await page.flusher.flush();
    await runtime.advance(60_000);
    expect([asked, runtime.timers]).toEqual([[], 0]);
  });

  test('in the midst of a flush, what is answered is still settled and nothing else begun', async () => {
    const { page, runtime, asked, stored, answerFirst } = await started([1, 2], { maxBatch: 1 });
    const flushed = page.flusher.flush();
    await settle();
    page.flusher.stop();
    await answerFirst();
    await flushed;
    await runtime.advance(60_000);
    expect([asked, await stored()]).toEqual([[ids(1)], ids(2)]);
  });
});

describe('a page that may not run on', () => {
  test.each(['pause', 'stop'] as const)(
    'gives back what it had just leased, so that another tab may deliver it: %s',
    async (act) => {
      const { page, runtime, database, asked } = await startStored([viewed(1)]);
      const { lease } = page.leasing;
      page.leasing.lease = async (...args) => {
        const leased = await lease(...args);
        page.flusher[act]();
        return leased;
      };
      await page.flusher.flush();
      await runtime.advance(10_000);
      expect(asked).toEqual([]);
      await expect(openTab(database.stored, runtime).leased('another tab')).resolves.toEqual(ids(1));
    },
  );

  test.each(['flush', 'wake'] as const)(
    'settles what is answered, and begins no other request before it is woken, where %s began that one',
    async (act) => {
      const { page, runtime, asked, stored, answerFirst } = await started([1, 2], { maxBatch: 1 });
      void page.flusher[act]();
      await runtime.advance(250);
      page.flusher.pause();
      await answerFirst();
      await runtime.advance(60_000);
      expect([asked, await stored()]).toEqual([[ids(1)], ids(2)]);
      page.flusher.wake();
      await runtime.advance(250);
      expect(asked).toEqual([ids(1), ids(2)]);
    },
  );

  test('repeats no request that failed: the events may be another user’s by now', async () => {
    const { page, asked, first } = await started([1]);
    const flushed = page.flusher.flush();
    await settle();
    page.flusher.pause();
    first.reject(new TypeError('Failed to fetch'));
    await flushed;
    expect(asked).toEqual([ids(1)]);
  });
});

test('a farewell has no event that is under way, and has it once the attempt failed, before that is written', async () => {
  const { page, asked, first } = await started([1]);
  void page.flusher.flush();
  await settle();
  expect([asked, page.farewell()]).toEqual([[ids(1)], []]);
  // From here on no transaction comes to its end.
  vi.spyOn(page.outbox.records, 'transact').mockReturnValue(new Promise(() => undefined));
  first.resolve(await replies(503)([], new Request('https://shop.example')));
  await settle();
  expect(page.outbox.pause.kind).toBe('back-off');
  expect(page.farewell()).toEqual(ids(1));
});
