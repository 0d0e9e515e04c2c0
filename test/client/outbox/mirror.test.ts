// @vitest-environment node
/** What a page does with its events while the database rejects: it has them all in its mirror. */
import { describe, expect, test } from 'vitest';
import { NO_PAUSE } from '../../../src/client/later/outbox/remembering.js';
import type { Pause } from '../../../src/client/outbox/records.js';
import { DEAD, FULL } from '../../support/database.js';
import {
  type DeliveringBench,
  type DeliveringPage,
  deny,
  replies,
  says,
  startDelivering,
} from '../../support/delivering.js';
import { dismissed, ENDPOINT, idOf, once, plain, START, viewed } from '../../support/events.js';
import { openTab, storedIds } from '../../support/outbox.js';

const HOUR_MS = 3_600_000;
const [ONE, TWO, THREE] = [idOf(1), idOf(2), idOf(3)];

type Options = Parameters<DeliveringBench['open']>[0];

/** A browser whose database rejects, and a page in it. */
const blocked = (options?: Options): DeliveringBench & { readonly page: DeliveringPage } => {
  const bench = startDelivering();
  bench.database.fault = DEAD;
  return Object.assign(bench, { page: bench.open(options) });
};

/** A page whose events are stored, in a browser whose database rejects from then on. */
const blockedLater = async (...events: Parameters<typeof plain>): Promise<ReturnType<typeof blocked>> => {
  const bench = startDelivering();
  const page = bench.open({ retentionMs: HOUR_MS });
  for (const event of events) page.outbox.add(event, false);
  await page.outbox.commit();
  page.leasing.tell();
  bench.database.fault = DEAD;
  return Object.assign(bench, { page });
};

describe('while the database rejects, events', () => {
  test('leave from the mirror as soon as they would otherwise, oldest first, with one report', async () => {
    const { page, runtime, asked, stored } = blocked();
    await page.record(plain(viewed(1), viewed(2)));
    await page.record(plain(viewed(3)));
    await runtime.advance(249);
    expect(asked).toEqual([]);
    await runtime.advance(1);
    expect(asked).toEqual([[ONE, TWO, THREE]]);
    await page.record(plain(viewed(4)));
    await runtime.advance(60_000);
    expect(asked.slice(1)).toEqual([[idOf(4)]]);
    expect(page.reports.map(({ code, cause }) => [code, cause])).toEqual([['storage', DEAD]]);
    await expect(stored()).resolves.toEqual([]);
  });

  test('leave in requests of at most as many as configured', async () => {
    const { page, asked } = blocked({ maxBatch: 2 });
    await page.record(plain(viewed(1), viewed(2), viewed(3)));
    await page.flusher.flush();
    expect(asked).toEqual([[ONE, TWO], [THREE]]);
  });

  test('that count once leave at once, since nobody can tell whether the offer was known', async () => {
    const { page, asked } = blocked();
    const view = viewed(1);
    await page.record(once(view, dismissed(2, view)));
    await page.flusher.flush();
    expect(asked).toEqual([[ONE, TWO]]);
  });

  test('that were stored before leave from the mirror as well, in the order of all', async () => {
    const { page, asked } = await blockedLater(viewed(1), viewed(3));
    await page.record(plain(viewed(2)));
    await page.flusher.flush();
    expect(asked).toEqual([[ONE, THREE, TWO]]);
  });

  test('wait for an older event of their offer that is stored and not due', async () => {
    const view = viewed(1);
    const bench = await blockedLater(view);
    bench.answer = says('deferred', { code: 'busy', retry_after_ms: 20_000 });
    await bench.page.flusher.flush();
    bench.answer = says('accepted');
    await bench.page.record(plain(dismissed(2, view)));
    await bench.runtime.advance(19_999);
    expect(bench.asked).toEqual([[ONE]]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([[ONE], [ONE, TWO]]);
  });

  test('are reported once each, as not durable', async () => {
    const { page, runtime } = blocked();
    await page.record(plain(viewed(1)));
    expect(page.told).toEqual([]);
    await runtime.advance(250);
    await page.record(once(viewed(2)));
    await runtime.advance(60_000);
    expect(page.told).toEqual([
      [ONE, false],
      [TWO, false],
    ]);
  });

  test('of another user wait, and nobody’s go', async () => {
    const bench = startDelivering();
    bench.database.fault = DEAD;
    const page = bench.open({}, { consent: 'granted', subject: 'anna' });
    await page.record(plain(viewed(1, { subject: 'ben' }), viewed(2), viewed(3, { subject: 'anna' })));
    await page.flusher.flush();
    expect(bench.asked).toEqual([[TWO, THREE]]);
  });

  test.each(['pending', 'denied'] as const)('do not leave while consent is %s', async (consent) => {
    const bench = startDelivering();
    bench.database.fault = DEAD;
    const page = bench.open({}, { consent });
    await page.record(plain(viewed(1)));
    await page.flusher.flush();
    expect(bench.asked).toEqual([]);
  });

  test('are counted among what waits, as in memory', async () => {
    const bench = blocked();
    bench.answer = replies(503);
    await bench.page.record(plain(viewed(1), viewed(2)));
    await bench.page.flusher.flush();
    await expect(bench.page.leasing.stats()).resolves.toEqual({
      waiting: 2,
      inMemory: 2,
      dead: 0,
      pause: { ...bench.page.outbox.pause, url: ENDPOINT },
    });
  });
});

describe('while the database rejects, the endpoint', () => {
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
      [2_999, 3],
      [1, 4],
    ] as const) {
      await bench.runtime.advance(waitMs);
      expect(bench.asked).toHaveLength(asked);
    }
  });

  test('that asks for a pause has it, also from newer events', async () => {
    const bench = blocked();
    bench.answer = replies(429, { 'retry-after': '30' });
    await bench.page.record(plain(viewed(1)));
    await bench.page.flusher.flush();
    await bench.page.record(plain(viewed(2)));
    await bench.runtime.advance(29_999);
    expect(bench.asked).toEqual([[ONE]]);
    bench.answer = says('accepted');
    await bench.runtime.advance(6_001);
    expect(bench.asked).toEqual([[ONE], [ONE, TWO]]);
  });

  test('that defers an event gets it when it said, and with it what is behind it of the same offer', async () => {
    const bench = blocked();
    const view = viewed(1);
    bench.answer = (ids) =>
      ids.includes(ONE)
        ? says('deferred', { code: 'busy', retry_after_ms: 20_000 })(ids)
        : says('accepted')(ids);
    await bench.page.record(plain(view));
    await bench.page.flusher.flush();
    await bench.page.record(plain(dismissed(2, view), viewed(3)));
    await bench.runtime.advance(19_999);
    expect(bench.asked).toEqual([[ONE], [THREE]]);
    bench.answer = says('accepted');
    await bench.runtime.advance(1);
    expect(bench.asked.slice(2)).toEqual([[ONE, TWO]]);
  });

  test('that refuses a view by name gets its dismissal no more, and both are reported once', async () => {
    const bench = blocked({ maxBatch: 1 });
    const view = viewed(1);
    bench.answer = (ids) => says(ids[0] === ONE ? 'refused' : 'accepted', { code: 'conflict' })(ids);
    await bench.page.record(plain(view, dismissed(2, view), viewed(3)));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE], [THREE]]);
    expect(bench.page.discarded).toEqual([
      [ONE, 'refused', 'conflict'],
      [TWO, 'refused', 'conflict'],
    ]);
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('that refuses a dismissal by name has its view', async () => {
    const bench = blocked();
    const view = viewed(1);
    bench.answer = replies(503);
    await bench.page.record(plain(view, dismissed(2, view)));
    await bench.page.flusher.flush();
    await bench.page.leasing.bury(new Map([[TWO, 'invalid_event']]));
    bench.answer = says('accepted');
    await bench.runtime.advance(5_000);
    expect(bench.asked.at(-1)).toEqual([ONE]);
    expect(bench.page.discarded).toEqual([[TWO, 'refused', 'invalid_event']]);
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
    expect(bench.page.told).toEqual([
      [ONE, false],
      [TWO, false],
    ]);
  });

  test('is asked every 5 s while something waits, and every 30 s otherwise', async () => {
    const bench = blocked();
    const { leasing, flusher } = bench.page;
    const { lease } = leasing;
    const leases: number[] = [];
    leasing.lease = (...args) => {
      leases.push(bench.runtime.elapsed());
      return lease(...args);
    };
    bench.answer = replies(429, { 'retry-after': '12' });
    await bench.page.record(plain(viewed(1)));
    await bench.runtime.advance(250);
    bench.answer = says('accepted');
    await bench.runtime.advance(100_000);
    flusher.stop();
    expect(leases).toEqual([250, 500, 5_500, 10_500, 13_450, 13_700, 43_700, 73_700]);
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

  test('loses what it had of an event that was settled from the mirror, with its next transaction', async () => {
    const bench = await blockedLater(viewed(1), viewed(2));
    bench.answer = (ids) =>
      Response.json({
        v: 1,
        results: ids.map((id) => ({ id, status: id === ONE ? 'accepted' : 'deferred' })),
      });
    await bench.page.flusher.flush();
    await expect(bench.stored()).resolves.toEqual([ONE, TWO]);
    bench.database.fault = undefined;
    await expect(bench.page.leasing.stats()).resolves.toMatchObject({ waiting: 1, inMemory: 0 });
    await expect(bench.stored()).resolves.toEqual([TWO]);
  });

  test('loses it also where that transaction is undone at first', async () => {
    const bench = await blockedLater(viewed(1));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    bench.database.next.push(FULL, FULL);
    await bench.page.leasing.marks();
    await expect(bench.stored()).resolves.toEqual([ONE]);
    await bench.page.leasing.marks();
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('is asked to delete it once, and not with every transaction from then on', async () => {
    const bench = await blockedLater(viewed(1));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await bench.page.leasing.marks();
    await bench.database.stored.transact(async (rows) => rows.put(['entry', ONE], { v: 2 }));
    await bench.page.leasing.marks();
    await expect(bench.stored()).resolves.toEqual([ONE]);
  });

  test('keeps to a time that the endpoint gave an event meanwhile, for any tab', async () => {
    const bench = blocked();
    bench.answer = says('deferred', { code: 'busy', retry_after_ms: 40_000 });
    await bench.page.record(plain(viewed(1)));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await bench.runtime.advance(10_000);
    const other = openTab(bench.database.stored, bench.runtime);
    await expect(other.leasing.lease('other', 5)).resolves.toEqual({ entries: [], nextAt: START + 40_000 });
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
    expect(bench.page.discarded).toEqual([[ONE, 'expired', undefined]]);
  });

  test('for its number is the oldest with its impression, reported once and never stored', async () => {
    const bench = blocked({ maxEntries: 2 });
    const view = viewed(1);
    bench.answer = replies(503);
    await bench.page.record(plain(view, viewed(3), dismissed(4, view), viewed(5)));
    await bench.page.flusher.flush();
    expect(bench.asked).toEqual([[idOf(5)]]);
    expect(bench.page.discarded).toEqual([
      [ONE, 'outbox-full', undefined],
      [THREE, 'outbox-full', undefined],
      [idOf(4), 'outbox-full', undefined],
    ]);
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(6)));
    await expect(bench.stored()).resolves.toEqual([idOf(5), idOf(6)]);
    expect(bench.page.discarded).toHaveLength(3);
  });
});

describe('a pause that the database did not take', () => {
  const pause = (at: number, kind: Pause['kind'] = 'throttled'): Pause => ({
    kind,
    failures: 1,
    at: START + at,
  });
  const setBy = (bench: DeliveringBench, value: Pause): Promise<unknown> =>
    openTab(bench.database.stored, bench.runtime).leasing.setPause(() => value);

  test('holds when the database answers again with an older one, and is written with the next', async () => {
    const bench = blocked();
    await setBy(bench, pause(1_000));
    await bench.page.leasing.setPause(() => pause(60_000));
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(1)));
    await expect(bench.page.leasing.lease('one', 5)).resolves.toEqual({
      entries: [],
      nextAt: START + 60_000,
    });
    await bench.page.leasing.setPause((current) => current);
    await expect(openTab(bench.database.stored, bench.runtime).leasing.lease('two', 5)).resolves.toEqual({
      entries: [],
      nextAt: START + 60_000,
    });
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

  test('gives way to a longer one of the database', async () => {
    const bench = blocked();
    await setBy(bench, pause(90_000));
    await bench.page.leasing.setPause(() => pause(60_000));
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(1)));
    await expect(bench.page.leasing.lease('one', 5)).resolves.toMatchObject({ nextAt: START + 90_000 });
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

describe('a denial while the database rejects', () => {
  test('gives up at once what is only in the mirror, and what is stored once that can be purged, each reported once', async () => {
    const bench = await blockedLater(viewed(1));
    const { leasing } = bench.page;
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
    await expect(bench.stored()).resolves.toEqual([]);
    await expect(leasing.marks()).resolves.toEqual([]);
  });

  test('leaves nothing that a later commit or a grant would bring back', async () => {
    const bench = blocked();
    await bench.page.record(plain(viewed(1)));
    deny(bench.page);
    bench.database.fault = undefined;
    await bench.page.record(plain(viewed(2)));
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[TWO]]);
    await expect(bench.stored()).resolves.toEqual([]);
  });
});

describe('other tabs', () => {
  test('get what was refused, with the dismissal that went along', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const view = viewed(1);
    bench.answer = says('refused', { code: 'conflict' });
    await page.record(plain(view, dismissed(2, view)));
    await page.flusher.flush();
    expect(page.settled).toEqual(['', ONE, 'refused', TWO, 'refused']);
  });

  test('get what was settled, from the database and from the mirror alike', async () => {
    const bench = startDelivering();
    const page = bench.open();
    await page.record(plain(viewed(1)));
    await page.flusher.flush();
    bench.database.fault = DEAD;
    await page.record(plain(viewed(2)));
    await page.flusher.flush();
    expect(page.settled).toEqual([ONE, TWO]);
  });

  test('do not say in their farewell what one has settled, nor send it when the database fails', async () => {
    const bench = startDelivering();
    const [here, there] = [bench.open(), bench.open()];
    for (const n of [1, 2]) here.outbox.add(viewed(n), false);
    await here.outbox.commit();
    bench.answer = (ids) => says('accepted')(ids.slice(0, 1));
    await there.flusher.flush();
    expect(there.settled).toEqual([ONE]);
    expect(here.farewell()).toEqual([ONE, TWO]);
    here.leasing.onSettled(there.settled);
    expect(here.farewell()).toEqual([TWO]);
    bench.database.fault = DEAD;
    bench.answer = says('accepted');
    await here.flusher.flush();
    expect(bench.asked.at(-1)).toEqual([TWO]);
  });
});

describe('an answer to what left from the mirror', () => {
  test('that defers it holds, though the database took it while the request was under way', async () => {
    const bench = blocked();
    bench.answer = async (ids) => {
      bench.database.fault = undefined;
      await bench.page.outbox.commit();
      return says('deferred', { code: 'busy', retry_after_ms: HOUR_MS })(ids);
    };
    await bench.page.record(plain(viewed(1)));
    await bench.page.flusher.flush();
    bench.answer = says('accepted');
    await bench.runtime.advance(HOUR_MS - 1);
    expect(bench.asked).toEqual([[ONE]]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([[ONE], [ONE]]);
  });
});

describe('a refusal of what left from the mirror', () => {
  test('leaves a dead letter as soon as the database takes it', async () => {
    const bench = blocked();
    bench.answer = says('refused', { code: 'conflict' });
    await bench.page.record(plain(viewed(1)));
    await bench.page.flusher.flush();
    bench.database.fault = undefined;
    await expect(bench.page.leasing.stats()).resolves.toMatchObject({ waiting: 0, dead: 1 });
    await expect(storedIds(bench.database.stored, 'dead')).resolves.toEqual([ONE]);
    expect(bench.page.discarded).toEqual([[ONE, 'refused', 'conflict']]);
  });
});

describe('a refusal that the database does not take', () => {
  test('of another page’s event is reported once it does, and the event is not sent again', async () => {
    const bench = startDelivering();
    const gone = bench.open();
    await gone.record(plain(viewed(1)));
    gone.flusher.stop();
    const page = bench.open();
    bench.answer = (ids) => {
      bench.database.fault = DEAD;
      return says('refused', { code: 'conflict' })(ids);
    };
    await page.flusher.flush();
    expect(page.discarded).toEqual([]);
    bench.database.fault = undefined;
    await bench.runtime.advance(60_000);
    expect([bench.asked, page.discarded]).toEqual([[[ONE]], [[ONE, 'refused', 'conflict']]]);
    await expect(storedIds(bench.database.stored, 'dead')).resolves.toEqual([ONE]);
  });
});

test('a refusal without a code is one, and its event is not sent again', async () => {
  const bench = startDelivering();
  const page = bench.open();
  bench.answer = says('refused');
  await page.record(plain(viewed(1)));
  await bench.runtime.advance(60_000);
  expect([bench.asked, page.discarded]).toEqual([[[ONE]], [[ONE, 'refused', '']]]);
});

describe('a dismissal whose view was refused before', () => {
  test.each([
    ['from the database', undefined],
    ['from the mirror', DEAD],
  ])('never leaves %s, and is reported as refused', async (_, fault) => {
    const bench = startDelivering();
    const page = bench.open();
    const view = viewed(1);
    bench.answer = says('refused', { code: 'conflict' });
    await page.record(plain(view));
    await page.flusher.flush();
    bench.answer = says('accepted');
    bench.database.fault = fault;
    await page.record(plain(dismissed(2, view), viewed(3)));
    await page.flusher.flush();
    expect(bench.asked).toEqual([[ONE], [THREE]]);
    expect(page.discarded).toEqual([ONE, TWO].map((id) => [id, 'refused', 'conflict']));
  });
});

describe('a denial of what cannot be read', () => {
  test('leaves nothing of it', async () => {
    const bench = startDelivering();
    const page = bench.open();
    await bench.database.stored.transact(async (rows) => rows.put(['entry', '0'], ['junk']));
    await page.leasing.purge();
    for (const kind of ['entry', 'dead'] as const)
      await expect(storedIds(bench.database.stored, kind)).resolves.toEqual([]);
  });
});

describe('an event that counts once and left from the mirror', () => {
  test('is remembered as soon as the database takes that, so the next page does not count its offer again', async () => {
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
});

describe('a farewell', () => {
  test('that was answered settles what was only in the mirror, which is reported once and never stored', async () => {
    const bench = blocked();
    const { page } = bench;
    page.outbox.add(viewed(1), false);
    const { id } = viewed(1);
    expect(page.farewell()).toEqual([id]);
    await page.settleFarewell([viewed(1)], 200, await (await says('accepted')([id])).text());
    bench.database.fault = undefined;
    await page.record(plain(viewed(2)));
    await bench.runtime.advance(10_000);
    expect([bench.asked, page.told]).toEqual([
      [[TWO]],
      [
        [ONE, false],
        [TWO, true],
      ],
    ]);
  });

  test('says nothing twice that is on its way from the mirror', async () => {
    const bench = blocked();
    let saidMeanwhile: string[] = [];
    bench.answer = (ids) => {
      saidMeanwhile = bench.page.farewell();
      return says('accepted')(ids);
    };
    await bench.page.record(plain(viewed(1)));
    expect(bench.page.farewell()).toEqual([ONE]);
    await bench.page.flusher.flush();
    expect([bench.asked, saidMeanwhile]).toEqual([[[ONE]], []]);
  });
});
