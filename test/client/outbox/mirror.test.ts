// @vitest-environment node
/** What a page does with its events while the database rejects: it has them all in its mirror. */
import { describe, expect, test } from 'vitest';
import { NO_PAUSE } from '../../../src/client/later/outbox/remembering.js';
import type { Pause } from '../../../src/client/outbox/records.js';
import type { OfferEvent } from '../../../src/protocol/event.js';
import { DEAD, FULL } from '../../support/database.js';
import {
  type DeliveringBench,
  type DeliveringPage,
  deny,
  type PageOptions,
  replies,
  says,
  startDelivering,
  startStored,
} from '../../support/delivering.js';
import { dismissed, ENDPOINT, idOf, once, plain, START, viewed } from '../../support/events.js';
import { openTab, storedIds } from '../../support/outbox.js';

const HOUR_MS = 3_600_000;
const [ONE, TWO, THREE] = [idOf(1), idOf(2), idOf(3)];

type Bench = DeliveringBench & { readonly page: DeliveringPage };

/** A browser whose database rejects, and a page in it. */
const blocked = (options?: PageOptions, ...owner: Parameters<DeliveringBench['open']>[1][]): Bench => {
  const bench = startDelivering();
  bench.database.fault = DEAD;
  return Object.assign(bench, { page: bench.open(options, ...owner) });
};

/** A page whose events are stored, in a browser whose database rejects from then on. */
const blockedLater = async (...events: OfferEvent[]): Promise<Bench> => {
  const bench = await startStored(events, { retentionMs: HOUR_MS });
  bench.database.fault = DEAD;
  return bench;
};

/** The ids that another page of the browser would send now. */
const leasedElsewhere = ({ database, runtime }: Bench) =>
  openTab(database.stored, runtime).leasing.lease('elsewhere', 5);

describe('while the database rejects, events', () => {
  test('leave from the mirror as soon as they would otherwise, oldest first, reported as not durable', async () => {
    const { page, runtime, asked, stored } = blocked({ maxBatch: 2 });
    await page.record(plain(viewed(1), viewed(2)));
    await page.record(plain(viewed(3)));
    await runtime.advance(249);
    expect([asked, page.told]).toEqual([[], []]);
    await runtime.advance(1);
    expect(asked).toEqual([[ONE, TWO], [THREE]]);
    await page.record(plain(viewed(4)));
    await runtime.advance(60_000);
    expect(asked.slice(2)).toEqual([[idOf(4)]]);
    expect(page.told).toEqual([1, 2, 3, 4].map((n) => [idOf(n), false]));
    expect(page.reports.map(({ code, cause }) => [code, cause])).toEqual([['storage', DEAD]]);
    await expect(stored()).resolves.toEqual([]);
  });

  test('that count once leave at once, since nobody can tell whether the offer was known', async () => {
    const { page, asked } = blocked();
    await page.record(once(viewed(1), dismissed(2, viewed(1))));
    await page.flusher.flush();
    expect(asked).toEqual([[ONE, TWO]]);
  });

  test('that were stored before leave from the mirror as well, in the order of all', async () => {
    const { page, asked } = await blockedLater(viewed(1), viewed(3));
    await page.record(plain(viewed(2)));
    await page.flusher.flush();
    expect(asked).toEqual([[ONE, THREE, TWO]]);
  });

  test('do not leave without consent', async () => {
    const { page, asked } = blocked({}, { consent: 'pending' });
    await page.record(plain(viewed(1)));
    await page.flusher.flush();
    expect(asked).toEqual([]);
  });

  test('are counted among what waits, as in memory', async () => {
    const bench = blocked();
    bench.answer = replies(503);
    await bench.page.record(plain(viewed(1), viewed(2)));
    await bench.page.flusher.flush();
    const pause = { ...bench.page.outbox.pause, url: ENDPOINT };
    await expect(bench.page.leasing.stats()).resolves.toEqual({ waiting: 2, inMemory: 2, dead: 0, pause });
  });
});

describe('while the database rejects, an endpoint', () => {
  test('that fails is asked ever more rarely', async () => {
    const bench = blocked();
    bench.answer = replies(503);
    await bench.page.record(plain(viewed(1)));
    await bench.page.flusher.flush();
    // Half of the jitter's range: 750 ms, 1.5 s, 3 s.
    for (const [waitMs, asked] of [
      [749, 1],
      [1, 2],
      [1_499, 2],
      [1, 3],
    ] as const) {
      await bench.runtime.advance(waitMs);
      expect(bench.asked).toHaveLength(asked);
    }
  });

  test('that defers an event gets it when it said, and with it what is behind it of the same offer', async () => {
    const bench = blocked();
    bench.answer = says('deferred', { code: 'busy', retry_after_ms: 20_000 });
    await bench.page.record(plain(viewed(1)));
    await bench.page.flusher.flush();
    bench.answer = says('accepted');
    await bench.page.record(plain(dismissed(2, viewed(1)), viewed(3)));
    await bench.runtime.advance(19_999);
    expect(bench.asked).toEqual([[ONE], [THREE]]);
    await bench.runtime.advance(1);
    expect(bench.asked.slice(2)).toEqual([[ONE, TWO]]);
  });

  test('that refuses a view by name gets its dismissal no more, and both are reported once', async () => {
    const bench = blocked({ maxBatch: 1 });
    bench.answer = ([id], request) =>
      says(id === ONE ? 'refused' : 'accepted', { code: 'conflict' })([id ?? ''], request);
    await bench.page.record(plain(viewed(1), dismissed(2, viewed(1)), viewed(3)));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE], [THREE]]);
    expect(bench.page.discarded).toEqual([ONE, TWO].map((id) => [id, 'refused', 'conflict']));
    await expect(storedIds(bench.database.stored, 'dead')).resolves.toEqual([ONE, TWO]);
  });
});

describe('a database that works again', () => {
  test('is asked after 5 s while something waits, and then has what was not settled before', async () => {
    const bench = blocked();
    bench.answer = replies(429, { 'retry-after': '3600' });
    await bench.page.record([...plain(viewed(1)), ...once(viewed(2))]);
    await bench.runtime.advance(500);
    bench.database.fault = undefined;
    await bench.runtime.advance(4_999);
    await expect(bench.stored()).resolves.toEqual([]);
    await bench.runtime.advance(1);
    await expect(bench.stored()).resolves.toEqual([ONE, TWO]);
  });

  test('has nothing of what was settled before, also when it asks for all', async () => {
    const bench = blocked();
    await bench.page.record([...plain(viewed(1)), ...once(viewed(2))]);
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(3)));
    await expect(bench.stored()).resolves.toEqual([THREE]);
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE, TWO], [THREE]]);
  });

  test('loses what was settled from the mirror with the next transaction that is not undone, and only then', async () => {
    const bench = await blockedLater(viewed(1), viewed(2));
    const { page, database, stored } = bench;
    bench.answer = ([id = ''], request) => says('accepted')([id], request);
    await page.flusher.flush();
    database.fault = undefined;
    database.next.push(FULL, FULL);
    await page.leasing.marks();
    await expect(stored()).resolves.toEqual([ONE, TWO]);
    await expect(page.leasing.stats()).resolves.toMatchObject({ waiting: 1, inMemory: 0 });
    await expect(stored()).resolves.toEqual([TWO]);
    await database.stored.transact(async (rows) => rows.put(['entry', ONE], { v: 2 }));
    await page.leasing.marks();
    await expect(stored()).resolves.toEqual([ONE, TWO]);
  });

  test('has what was accepted meanwhile, also where its first transaction is undone', async () => {
    const { page, database } = blocked();
    await page.leasing.accept('a');
    await expect(page.leasing.marks()).resolves.toEqual([]);
    database.fault = undefined;
    database.next.push(FULL, FULL);
    await expect(page.leasing.marks()).resolves.toEqual([]);
    await expect(page.leasing.marks()).resolves.toMatchObject([{ offerId: 'a', type: 'accepted' }]);
    await expect(openTab(database.stored, { now: () => START }).leasing.marks()).resolves.toHaveLength(1);
  });

  test('has what counts once and left from the mirror, so the next page does not count its offer again', async () => {
    const bench = blocked();
    await bench.page.record(once(viewed(1)));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await bench.page.flusher.flush();
    const next = bench.open();
    await next.record(once(viewed(2, { offerId: 'offer-1' })));
    await next.flusher.flush();
    expect([bench.asked, next.told]).toEqual([[[ONE]], []]);
  });

  test('and fails again is reported again, if it stored an event in between', async () => {
    const bench = blocked();
    bench.answer = replies(503);
    await bench.page.record(plain(viewed(1)));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(2)));
    bench.database.fault = DEAD;
    await bench.page.record(plain(viewed(3)));
    await bench.page.flusher.flush();
    expect(bench.page.reports.filter(({ code }) => code === 'storage')).toHaveLength(2);
    expect(bench.page.told).toEqual([
      [ONE, false],
      [TWO, true],
      [THREE, false],
    ]);
  });
});

describe('what is given up while the database rejects', () => {
  test('for its age is reported at once and once, and the database loses it when it works', async () => {
    const bench = await blockedLater(viewed(1), viewed(2, { occurredAt: START + 5 * 60_000 }));
    bench.answer = replies(429, { 'retry-after': '3600' });
    await bench.page.flusher.flush();
    await bench.runtime.advance(HOUR_MS);
    expect(bench.page.discarded).toEqual([[ONE, 'expired', undefined]]);
    await expect(bench.stored()).resolves.toEqual([ONE, TWO]);
    bench.database.fault = undefined;
    await bench.runtime.advance(30_000);
    await expect(bench.stored()).resolves.toEqual([TWO]);
    expect(bench.page.discarded).toHaveLength(1);
  });

  test('for its number is the oldest with its impression, reported once and never stored', async () => {
    const bench = blocked({ maxEntries: 2 });
    bench.answer = replies(503);
    await bench.page.record(plain(viewed(1), viewed(3), dismissed(4, viewed(1)), viewed(5)));
    await bench.page.flusher.flush();
    expect(bench.asked).toEqual([[idOf(5)]]);
    const lost = [ONE, THREE, idOf(4)].map((id) => [id, 'outbox-full', undefined]);
    expect(bench.page.discarded).toEqual(lost);
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(6)));
    await expect(bench.stored()).resolves.toEqual([idOf(5), idOf(6)]);
    expect(bench.page.discarded).toEqual(lost);
  });

  test('by a denial is reported at once if it is only in the mirror, and else once it can be purged', async () => {
    const bench = await blockedLater(viewed(1));
    const { leasing } = bench.page;
    await bench.database.stored.transact(async (rows) => rows.put(['entry', '0'], ['junk']));
    await bench.page.record([...plain(viewed(2)), ...once(viewed(3))]);
    await leasing.accept('a');
    deny(bench.page);
    const lost = [TWO, THREE].map((id) => [id, 'consent', undefined]);
    expect([bench.page.outbox.mirror.size, bench.page.discarded]).toEqual([0, lost]);
    await expect(leasing.purge()).rejects.toBe(DEAD);
    expect(bench.page.discarded).toEqual(lost);
    bench.database.fault = undefined;
    await leasing.purge();
    expect(bench.page.discarded).toEqual([...lost, [ONE, 'consent', undefined]]);
    for (const kind of ['entry', 'dead', 'seen'] as const)
      await expect(storedIds(bench.database.stored, kind)).resolves.toEqual([]);
  });
});

describe('a pause that the database did not take', () => {
  const pause = (at: number, kind: Pause['kind'] = 'throttled'): Pause => ({
    kind,
    failures: 1,
    at: START + at,
  });
  const setBy = ({ database, runtime }: DeliveringBench, value: Pause): Promise<unknown> =>
    openTab(database.stored, runtime).leasing.setPause(() => value);

  test.each([
    ['holds when the database answers again with an older one, and is written with the next', 1_000],
    ['gives way to a longer one of the database', 90_000],
  ])('%s', async (_, stored) => {
    const bench = blocked();
    await setBy(bench, pause(stored));
    await bench.page.leasing.setPause(() => pause(60_000));
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(1)));
    const nothing = { entries: [], nextAt: START + Math.max(stored, 60_000) };
    await expect(bench.page.leasing.lease('one', 5)).resolves.toEqual(nothing);
    await bench.page.leasing.setPause((current) => current);
    await expect(leasedElsewhere(bench)).resolves.toEqual(nothing);
  });

  test('is no longer the page’s own once it is written: another tab may end it', async () => {
    const bench = blocked();
    await bench.page.leasing.setPause(() => pause(60_000));
    bench.database.fault = undefined;
    await bench.page.leasing.setPause((current) => current);
    await setBy(bench, NO_PAUSE);
    await bench.page.record(plain(viewed(1)));
    await expect(bench.page.leasing.lease('one', 5)).resolves.toMatchObject({
      entries: [{ event: { id: ONE } }],
    });
  });

  test('is not owed if the page left the one that it had read as it was: another tab may end that', async () => {
    const bench = startDelivering();
    const page = bench.open();
    await setBy(bench, pause(60_000));
    await page.leasing.setPause((current) => current);
    bench.database.fault = DEAD;
    await page.flusher.hurry();
    bench.database.fault = undefined;
    await setBy(bench, NO_PAUSE);
    await page.record(plain(viewed(1)));
    await expect(page.leasing.lease('one', 5)).resolves.toMatchObject({ entries: [{ event: { id: ONE } }] });
  });

  test.each([
    ['throttled', 1.2 * HOUR_MS],
    ['circuit', 6 * HOUR_MS],
  ] as const)(
    'ends soon also if the clock was set back under it: a %s one (fault 56)',
    async (kind, longestMs) => {
      const bench = blocked();
      await bench.page.leasing.setPause(() => pause(longestMs, kind));
      bench.runtime.jump(-1);
      await bench.page.record(plain(viewed(1, { occurredAt: bench.runtime.now() })));
      await bench.page.flusher.flush();
      expect(bench.asked).toEqual([[ONE]]);
    },
  );
});

describe('other tabs', () => {
  test('get what was settled, from the database and from the mirror alike, and what was refused with its dismissal', async () => {
    const bench = await startStored([viewed(1)]);
    const { page } = bench;
    await page.flusher.flush();
    bench.database.fault = DEAD;
    await page.record(plain(viewed(2)));
    await page.flusher.flush();
    bench.database.fault = undefined;
    bench.answer = says('refused', { code: 'conflict' });
    await page.store(viewed(3), dismissed(4, viewed(3)));
    await page.flusher.flush();
    expect(page.settled).toEqual([ONE, TWO, '', THREE, 'refused', idOf(4), 'refused']);
  });

  test('do not say in their farewell what one has settled, nor send it when the database fails', async () => {
    const bench = await startStored([viewed(1), viewed(2)]);
    const [here, there] = [bench.page, bench.open()];
    bench.answer = ([id = ''], request) => says('accepted')([id], request);
    await there.flusher.flush();
    expect([there.settled, here.farewell()]).toEqual([[ONE], [ONE, TWO]]);
    here.leasing.onSettled(there.settled);
    expect(here.farewell()).toEqual([TWO]);
    bench.database.fault = DEAD;
    await here.flusher.flush();
    expect(bench.asked.at(-1)).toEqual([TWO]);
  });
});

test('a refusal without a code is one, and its event is not sent again', async () => {
  const bench = await startStored([viewed(1)]);
  bench.answer = says('refused');
  await bench.page.flusher.flush();
  await bench.runtime.advance(60_000);
  expect([bench.asked, bench.page.discarded]).toEqual([[[ONE]], [[ONE, 'refused', '']]]);
});

test('a farewell that was answered settles what was only in the mirror, which is reported once and never stored', async () => {
  const bench = blocked();
  const { page } = bench;
  page.outbox.add(viewed(1), false);
  expect(page.farewell()).toEqual([ONE]);
  const reply = Response.json({ v: 1, results: [{ id: ONE, status: 'accepted' }] });
  await page.settleFarewell([viewed(1)], 200, await reply.text());
  bench.database.fault = undefined;
  await page.record(plain(viewed(2)));
  await bench.runtime.advance(10_000);
  expect(bench.asked).toEqual([[TWO]]);
  expect(page.told).toEqual([
    [ONE, false],
    [TWO, true],
  ]);
});
