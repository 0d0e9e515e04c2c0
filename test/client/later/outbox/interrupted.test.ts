// @vitest-environment node
/** What one tab does in the midst of what another one does, or while its database or its clock goes another way. */
import { describe, expect, test } from 'vitest';
import { NO_PAUSE } from '../../../../src/client/later/outbox/remembering.js';
import type { Consent } from '../../../../src/client/outbox/outbox.js';
import type { Records } from '../../../../src/client/outbox/records.js';
import { DEAD, FULL, scriptDatabase, TIMEOUT_MS } from '../../../support/database.js';
import { deferred } from '../../../support/deferred.js';
import { replies, says, startDelivering } from '../../../support/delivering.js';
import { entryOf, idOf, once, plain, START, viewed } from '../../../support/events.js';
import { memoryRecords } from '../../../support/memory-records.js';
import { openTab, storedIds } from '../../../support/outbox.js';
import { fakeRuntime, settle } from '../../../support/runtime.js';

const HOUR_MS = 3_600_000;
const [ONE, TWO, THREE] = [idOf(1), idOf(2), idOf(3)];

describe('a pause', () => {
  test('is known before the database has it, so that no farewell leaves in spite of it', async () => {
    const runtime = fakeRuntime();
    const database = scriptDatabase(runtime);
    const tab = openTab(database.connect(), runtime);
    const complete = database.linger();
    const pause = { ...NO_PAUSE, kind: 'throttled', at: START + 7_000 } as const;
    const written = tab.leasing.setPause(() => pause);
    expect(tab.outbox.pause).toEqual(pause);
    await settle();
    expect(tab.outbox.pause).toEqual(pause);
    await complete();
    await written;
    expect(tab.outbox.pause).toEqual(pause);
  });

  test('is known as it is written, though with another random delay and later than anybody waits', async () => {
    const runtime = fakeRuntime();
    const database = scriptDatabase(runtime);
    const [tab, other] = [openTab(database.connect(), runtime), openTab(database.connect(), runtime)];
    const complete = database.linger();
    let delayMs = 30_000;
    const written = tab.leasing.setPause(() => {
      delayMs += 1_000;
      return { kind: 'back-off', failures: 1, at: START + delayMs };
    });
    await runtime.advance(TIMEOUT_MS);
    await written;
    await complete();
    await other.leasing.stats();
    expect(other.outbox.pause.kind).toBe('back-off');
    expect(tab.outbox.pause).toEqual(other.outbox.pause);
  });

  test('is not taken back by who read the database before it was written', async () => {
    const runtime = fakeRuntime();
    const database = scriptDatabase(runtime);
    const tab = openTab(database.connect(), runtime);
    await tab.leasing.setPause(() => ({ ...NO_PAUSE, kind: 'back-off', failures: 1, at: START + 1_000 }));
    const complete = database.linger();
    const reading = tab.leasing.stats();
    const pause = { ...NO_PAUSE, kind: 'throttled', at: START + 7_000 } as const;
    const written = tab.leasing.setPause(() => pause);
    await settle();
    expect(tab.outbox.pause).toEqual(pause);
    await complete();
    await Promise.all([reading, written]);
    expect(tab.outbox.pause).toEqual(pause);
  });

  test('is not taken back by what changed nothing, began before it and failed after it', async () => {
    const runtime = fakeRuntime();
    const database = scriptDatabase(runtime);
    const tab = openTab(database.connect(), runtime);
    database.hang();
    const nothing = tab.leasing.setPause((current) => current);
    await runtime.advance(1_000);
    const pause = { ...NO_PAUSE, kind: 'back-off', failures: 1, at: START + 60_000 } as const;
    const written = tab.leasing.setPause(() => pause);
    await runtime.advance(1_000);
    await nothing;
    expect(tab.outbox.pause).toEqual(pause);
    await runtime.advance(1_000);
    await written;
    expect(tab.outbox.pause).toEqual(pause);
  });

  test('is not taken back by another one that began before it and failed after it', async () => {
    const runtime = fakeRuntime();
    const database = scriptDatabase(runtime);
    const tab = openTab(database.connect(), runtime);
    database.hang();
    const older = tab.leasing.setPause((current) => ({ ...current, absentSince: START }));
    await runtime.advance(1_000);
    const pause = { kind: 'throttled', failures: 1, at: START + 60_000 } as const;
    const newer = tab.leasing.setPause((current) => ({ ...current, ...pause }));
    expect(tab.outbox.pause).toMatchObject(pause);
    await runtime.advance(1_000);
    await older;
    expect(tab.outbox.pause).toMatchObject(pause);
    await runtime.advance(1_000);
    await newer;
    expect(tab.outbox.pause).toMatchObject({ ...pause, absentSince: START });
  });

  test('is kept for the next write if its own fails, though what changed nothing began after it and ended before it', async () => {
    const { runtime, database, open } = startDelivering();
    const [page, other] = [open(), openTab(database.stored, runtime)];
    await other.leasing.setPause(() => ({ ...NO_PAUSE, kind: 'back-off', failures: 1, at: START + 30_000 }));
    await page.leasing.stats();
    database.stall();
    // This one times out first, and so opens the connection on which the database answers.
    const reading = page.leasing.stats();
    await runtime.advance(TIMEOUT_MS / 2);
    const pause = { ...NO_PAUSE, kind: 'throttled', at: START + 60_000 } as const;
    const written = page.leasing.setPause(() => pause);
    await runtime.advance(TIMEOUT_MS / 2);
    await reading;
    await page.leasing.endPause();
    expect(page.outbox.pause).toEqual(pause);
    await expect(page.leasing.stats()).resolves.toMatchObject({ pause });
    await runtime.advance(TIMEOUT_MS / 2);
    await written;
    expect(page.outbox.pause).toEqual(pause);
    await expect(page.leasing.stats()).resolves.toMatchObject({ pause });
    await page.leasing.endPause();
    await expect(other.leasing.stats()).resolves.toMatchObject({ pause });
  });

  test('is kept for the next write if its own fails while one that changed nothing comes to its end', async () => {
    const stored = memoryRecords();
    const runtime = fakeRuntime();
    const other = openTab(stored, runtime);
    await other.leasing.setPause(() => ({ ...NO_PAUSE, kind: 'back-off', failures: 1, at: START + 30_000 }));
    const [failing, ending] = [deferred<never>(), deferred<void>()];
    let calls = 0;
    const page = openTab(
      {
        async transact(work) {
          calls++;
          if (calls === 2) return failing.promise;
          const result = await stored.transact(work);
          if (calls === 3) await ending.promise;
          return result;
        },
      },
      runtime,
    );
    await page.leasing.stats();
    const pause = { ...NO_PAUSE, kind: 'throttled', at: START + 60_000 } as const;
    const written = page.leasing.setPause(() => pause);
    const nothing = page.leasing.endPause();
    await settle();
    failing.reject(DEAD);
    await written;
    ending.resolve();
    await nothing;
    await expect(page.leasing.stats()).resolves.toMatchObject({ pause });
  });

  test('that was never written, and that a clock set back has made void, hides none that another tab wrote', async () => {
    const runtime = fakeRuntime();
    const database = scriptDatabase(runtime);
    const [one, two] = [openTab(database.connect(), runtime), openTab(database.connect(), runtime)];
    database.fault = DEAD;
    await one.leasing.setPause(() => ({ kind: 'circuit', failures: 1, at: runtime.now() + 30_000 }));
    database.fault = undefined;
    runtime.jump(-24 * HOUR_MS);
    const pause = { kind: 'circuit', failures: 1, at: runtime.now() + 30_000 } as const;
    await two.leasing.setPause(() => pause);
    await one.leasing.lease('one', 1);
    expect(one.outbox.pause).toEqual(pause);
  });

  test('is counted once, though it was reckoned before it was read', async () => {
    const runtime = fakeRuntime();
    const tab = openTab(scriptDatabase(runtime).connect(), runtime);
    await tab.leasing.setPause((current) => ({ ...current, failures: current.failures + 1 }));
    expect(tab.outbox.pause.failures).toBe(1);
  });
});

describe('a deferral', () => {
  const deferring = says('deferred', { code: 'busy', retry_after_ms: 30_000 });

  test('takes the place of a time that a clock that was set back has made void', async () => {
    const bench = startDelivering();
    const page = bench.open();
    bench.answer = deferring;
    await page.record(plain(viewed(1)));
    await page.flusher.flush();
    bench.runtime.jump(-3 * HOUR_MS);
    await page.flusher.flush();
    await bench.runtime.advance(60_000);
    expect(bench.asked.length).toBeLessThan(5);
  });

  test('takes the place of a time that is none', async () => {
    const bench = startDelivering();
    const event = viewed(1);
    await bench.database.stored.transact(async (rows) =>
      rows.put(['entry', ONE], { ...entryOf(event), notBeforeAt: undefined }),
    );
    bench.answer = deferring;
    await bench.open().flusher.flush();
    await bench.runtime.advance(29_000);
    expect(bench.asked).toEqual([[ONE]]);
  });
});

describe('what is given up', () => {
  test('is what exceeds the cap in the attempt that takes effect, not in one that was undone', async () => {
    const bench = startDelivering();
    const [writer, other] = [bench.open(), bench.open()];
    await writer.record(plain(viewed(1), viewed(2), viewed(3)));
    const page = bench.open({ maxEntries: 2 });
    const complete = bench.database.linger();
    bench.database.next.push(DEAD);
    const leased = page.leasing.lease('one', 5);
    await settle();
    const settled = other.leasing.settle([TWO, THREE]);
    await settle();
    await complete();
    await settled;
    await leased;
    expect(page.discarded).toEqual([]);
  });

  test('is not asked for any more by the tab that recorded it, whose database fails then', async () => {
    const bench = startDelivering();
    const [here, there] = [bench.open(), bench.open({ maxEntries: 1 })];
    await here.record(plain(viewed(1), viewed(2)));
    await there.leasing.lease('one', 0);
    expect(there.discarded).toEqual([[ONE, 'outbox-full', undefined]]);
    here.leasing.onSettled(there.settled);
    bench.database.fault = DEAD;
    await here.flusher.flush();
    expect(bench.asked).toEqual([[TWO]]);
  });

  test('is reported to other tabs only if the database has deleted it', async () => {
    const bench = startDelivering();
    const page = bench.open();
    await openTab(bench.database.stored, bench.runtime).append(plain(viewed(1)));
    bench.database.next.push(DEAD, DEAD);
    await page.leasing.bury(new Map([[ONE, 'conflict']]));
    expect([await bench.stored(), page.settled]).toEqual([[ONE], []]);
  });
});

describe('an outage that is over', () => {
  /** A page that reported its event while the database failed, and stored it later. */
  const recovered = async () => {
    const bench = startDelivering();
    bench.database.fault = DEAD;
    const page = bench.open();
    bench.answer = replies(503);
    await page.record(plain(viewed(1)));
    await page.flusher.flush();
    bench.database.fault = undefined;
    await bench.runtime.advance(10_000);
    await expect(bench.stored()).resolves.toEqual([ONE]);
    return { ...bench, page };
  };

  test('is followed by another report if the next one begins', async () => {
    const { database, page } = await recovered();
    database.fault = DEAD;
    await page.record(plain(viewed(2)));
    await page.flusher.flush();
    expect(page.reports.filter(({ code }) => code === 'storage')).toHaveLength(2);
  });

  test('does not keep a storage that is full from getting room', async () => {
    const { database, page } = await recovered();
    database.next.push(FULL);
    await page.record(plain(viewed(2)));
    await page.leasing.lease('one', 5);
    expect(page.discarded).toEqual([[ONE, 'storage-full', undefined]]);
  });
});

test('a lease that takes long since it gives something up is waited out, and the next one is long enough', async () => {
  const runtime = fakeRuntime();
  const database = scriptDatabase(runtime);
  await database.stored.transact(async (rows) => {
    for (let n = 0; n < 3_000; n++) {
      const view = viewed(n, n ? {} : { occurredAt: START - 73 * HOUR_MS });
      rows.put(['entry', view.id], entryOf(view));
    }
  });
  const connection = database.connect();
  const slow: Records = {
    transact(work) {
      runtime.jump(1_000);
      return connection.transact(work);
    },
  };
  const [here, there] = [openTab(slow, runtime), openTab(database.stored, runtime)];
  await expect(here.leased('one', 100)).resolves.toEqual([]);
  await runtime.advance(15_000);
  const leased = await here.leased('two', 100);
  expect(leased).toHaveLength(100);
  expect((await there.leased('three', 100)).filter((id) => leased.includes(id))).toEqual([]);
});

test('an event that another tab settled before this one reported it is still reported', async () => {
  const bench = startDelivering();
  const [here, there] = [bench.open(), bench.open()];
  here.outbox.add(viewed(1), false);
  await here.outbox.commit();
  await there.flusher.flush();
  await here.leasing.marks();
  await here.flusher.flush();
  expect(here.told).toEqual([[ONE, true]]);
});

test('an event that was reported as recorded during a commit is not left out of it, though it was known before', async () => {
  const runtime = fakeRuntime();
  const records = memoryRecords();
  await openTab(records, runtime).append(once(viewed(1)));
  const known = deferred<void>();
  const tab = openTab(
    {
      transact: (work) =>
        records.transact((rows) =>
          work({
            ...rows,
            async get(key) {
              const value = await rows.get(key);
              await known.promise;
              return value;
            },
          }),
        ),
    },
    runtime,
  );
  const again = viewed(2, { offerId: viewed(1).offerId });
  const appended = tab.append(once(again));
  await settle();
  // As a lease does it when the database fails.
  const copy = tab.outbox.mirror.get(again.id);
  Object.assign(copy ?? {}, { isOnce: false, heldUntil: 0, isTold: true });
  known.resolve();
  await appended;
  expect(tab.outbox.mirror.get(again.id)).toMatchObject({ isStored: true });
  await expect(storedIds(records, 'entry')).resolves.toEqual([ONE, TWO]);
});

test('a denial in the midst of a commit gives up once what the commit left out then', async () => {
  const bench = startDelivering();
  const page = bench.open();
  const answer = bench.database.hang();
  void page.record(plain(viewed(1)));
  const dropped = [...page.outbox.mirror.values()];
  page.outbox.mirror.clear();
  await answer();
  page.leasing.drop(dropped);
  await page.leasing.purge();
  expect(page.discarded).toEqual([[ONE, 'consent', undefined]]);
});

test('what is learnt of an offer while an older fact of it is written takes the place of that', async () => {
  const runtime = fakeRuntime();
  const database = scriptDatabase(runtime);
  const tab = openTab(database.connect(), runtime);
  const complete = database.linger();
  const older = tab.leasing.accept('offer');
  await settle();
  await runtime.advance(1);
  const newer = tab.leasing.accept('offer');
  await complete();
  await Promise.all([older, newer]);
  await expect(tab.leasing.marks()).resolves.toMatchObject([
    { offerId: 'offer', until: START + 1 + 30 * 24 * HOUR_MS },
  ]);
});

test('what is stranded is not brought any more once consent is denied, though it was leased', async () => {
  const bench = startDelivering();
  const owner: { consent: Consent } = { consent: 'granted' };
  const page = bench.open({}, owner);
  const event = viewed(1, { occurredAt: START - 25 * HOUR_MS });
  await bench.database.stored.transact(async (rows) =>
    rows.put(['entry', ONE], entryOf(event, { endpoint: 'https://shop.example/old' })),
  );
  const { records } = page.outbox;
  let complete: (() => Promise<void>) | undefined;
  page.outbox.records = {
    transact(work) {
      // The page's own lease came first, and this is the one that brings it.
      const transacted = records.transact(work);
      if (page.outbox.records !== records) complete ??= bench.database.linger();
      return transacted;
    },
  };
  const flushed = page.flusher.flush();
  await settle();
  owner.consent = 'denied';
  page.flusher.pause();
  await complete?.();
  await flushed;
  await settle();
  expect(bench.asked).toEqual([]);
});

test('an answer in order closes the circuit, though the database fails at that moment', async () => {
  const bench = startDelivering();
  const page = bench.open();
  await openTab(bench.database.stored, bench.runtime).leasing.setPause(() => ({
    kind: 'circuit',
    failures: 9,
    at: START + 3 * HOUR_MS,
  }));
  await page.leasing.stats();
  bench.database.fault = DEAD;
  await page.record(plain(viewed(1)));
  await page.flusher.flush();
  expect([bench.asked, page.outbox.pause]).toEqual([[[ONE]], NO_PAUSE]);
  bench.database.fault = undefined;
  await page.record(plain(viewed(2)));
  await bench.runtime.advance(2 * HOUR_MS);
  expect(bench.asked).toEqual([[ONE], [TWO]]);
});
