// @vitest-environment node
/** What one tab does in the midst of what another one does, or while its database or its clock goes another way. */
import { describe, expect, test } from 'vitest';
import { NO_PAUSE } from '../../../../src/client/later/outbox/remembering.js';
import type { Consent } from '../../../../src/client/outbox/outbox.js';
import type { Pause, Records } from '../../../../src/client/outbox/records.js';
import { DEAD, type ScriptedDatabase, scriptDatabase, TIMEOUT_MS } from '../../../support/database.js';
import { deferred } from '../../../support/deferred.js';
import { says, startDelivering, startStored } from '../../../support/delivering.js';
import { entryOf, idOf, once, plain, START, viewed } from '../../../support/events.js';
import { memoryRecords } from '../../../support/memory-records.js';
import { openTab, storedIds, type Tab } from '../../../support/outbox.js';
import { type FakeRuntime, fakeRuntime, settle } from '../../../support/runtime.js';

const HOUR_MS = 3_600_000;
const [ONE, TWO] = [idOf(1), idOf(2)];

/** A tab over a database that works. */
const start = (): {
  readonly runtime: FakeRuntime;
  readonly database: ScriptedDatabase;
  readonly tab: Tab;
  open(): Tab;
} => {
  const runtime = fakeRuntime();
  const database = scriptDatabase(runtime);
  const open = (): Tab => openTab(database.connect(), runtime);
  return { runtime, database, tab: open(), open };
};

describe('a pause', () => {
  const pauseOf = (kind: Pause['kind'], ms: number): Pause => ({ kind, failures: 1, at: START + ms });

  test('is known before the database has it, so that no farewell leaves in spite of it, and no earlier read takes it back', async () => {
    const { tab, database } = start();
    await tab.leasing.setPause(() => pauseOf('back-off', 1_000));
    const complete = database.linger();
    const reading = tab.leasing.stats();
    const pause = pauseOf('throttled', 7_000);
    const written = tab.leasing.setPause(() => pause);
    expect(tab.outbox.pause).toEqual(pause);
    await settle();
    expect(tab.outbox.pause).toEqual(pause);
    await complete();
    await Promise.all([reading, written]);
    expect(tab.outbox.pause).toEqual(pause);
  });

  test('is known as it is written, though with another random delay and later than anybody waits', async () => {
    const { tab, database, runtime, open } = start();
    const complete = database.linger();
    let delayMs = 30_000;
    const written = tab.leasing.setPause(() => {
      delayMs += 1_000;
      return pauseOf('back-off', delayMs);
    });
    await runtime.advance(TIMEOUT_MS);
    await written;
    await complete();
    const other = open();
    await other.leasing.stats();
    expect(other.outbox.pause.kind).toBe('back-off');
    expect(tab.outbox.pause).toEqual(other.outbox.pause);
  });

  test.each<[what: string, older: (current: Pause) => Pause]>([
    ['what changed nothing', (current) => current],
    ['another one', (current) => ({ ...current, absentSince: START })],
  ])('is not taken back by %s that began before it and failed after it', async (_, before) => {
    const { tab, database, runtime } = start();
    database.hang();
    const older = tab.leasing.setPause(before);
    await runtime.advance(1_000);
    const pause = pauseOf('throttled', 60_000);
    const newer = tab.leasing.setPause((current) => ({ ...current, ...pause }));
    await runtime.advance(1_000);
    await older;
    expect(tab.outbox.pause).toMatchObject(pause);
    await runtime.advance(1_000);
    await newer;
    expect(tab.outbox.pause).toEqual({ ...before(NO_PAUSE), ...pause });
  });

  test('is kept for the next write if its own fails while one that changed nothing comes to its end', async () => {
    const stored = memoryRecords();
    const runtime = fakeRuntime();
    const other = openTab(stored, runtime);
    await other.leasing.setPause(() => pauseOf('back-off', 30_000));
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
    const pause = pauseOf('throttled', 60_000);
    const written = page.leasing.setPause(() => pause);
    const nothing = page.leasing.endPause();
    await settle();
    failing.reject(DEAD);
    await written;
    ending.resolve();
    await nothing;
    await expect(page.leasing.stats()).resolves.toMatchObject({ pause });
    await page.leasing.endPause();
    await expect(other.leasing.stats()).resolves.toMatchObject({ pause });
  });

  test('of an open circuit ends with an answer in order, though the database fails at that moment', async () => {
    const bench = startDelivering();
    const page = bench.open();
    await openTab(bench.database.stored, bench.runtime).leasing.setPause(() =>
      pauseOf('circuit', 3 * HOUR_MS),
    );
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
});

test.each([
  ['that a clock that was set back has made void', START + 3 * HOUR_MS],
  ['that is none', undefined],
])('a deferral takes the place of a time %s', async (_, notBeforeAt) => {
  const bench = startDelivering();
  const entry = { ...entryOf(viewed(1)), notBeforeAt };
  await bench.database.stored.transact(async (rows) => rows.put(['entry', ONE], entry));
  bench.answer = says('deferred', { code: 'busy', retry_after_ms: 30_000 });
  await bench.open().flusher.flush();
  await bench.runtime.advance(29_000);
  expect(bench.asked).toEqual([[ONE]]);
});

describe('what is given up', () => {
  test('is reported to other tabs only if the database has deleted it', async () => {
    const bench = await startStored([viewed(1)]);
    const page = bench.open();
    bench.database.next.push(DEAD, DEAD);
    await page.leasing.bury(new Map([[ONE, 'conflict']]));
    expect([await bench.stored(), page.settled]).toEqual([[ONE], []]);
  });
});

test('a lease that takes long since it gives something up is waited out, and the next one is long enough', async () => {
  const runtime = fakeRuntime();
  const stored = memoryRecords();
  await stored.transact(async (rows) => {
    for (let n = 0; n < 3_000; n++) {
      const view = viewed(n, n ? {} : { occurredAt: START - 73 * HOUR_MS });
      rows.put(['entry', view.id], entryOf(view));
    }
  });
  const slow: Records = {
    transact(work) {
      runtime.jump(1_000);
      return stored.transact(work);
    },
  };
  const here = openTab(slow, runtime);
  await expect(here.leased('one', 100)).resolves.toEqual([]);
  await runtime.advance(15_000);
  const leased = await here.leased('two', 100);
  expect(leased).toHaveLength(100);
  const others = await openTab(stored, runtime).leased('three', 100);
  expect(others.filter((id) => leased.includes(id))).toEqual([]);
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
  const records = memoryRecords();
  await openTab(records, fakeRuntime()).append(once(viewed(1)));
  const tab = openTab(
    {
      transact: (work) =>
        records.transact((rows) =>
          work({
            ...rows,
            get(key) {
              // As a lease does it when the database fails.
              Object.assign(tab.outbox.mirror.get(TWO) ?? {}, { isOnce: false, heldUntil: 0, isTold: true });
              return rows.get(key);
            },
          }),
        ),
    },
    fakeRuntime(),
  );
  await tab.append(once(viewed(2, { offerId: 'offer-1' })));
  expect(tab.outbox.mirror.get(TWO)).toMatchObject({ isStored: true });
  await expect(storedIds(records, 'entry')).resolves.toEqual([ONE, TWO]);
});

test('what is learnt of an offer while an older fact of it is written takes the place of that', async () => {
  const { tab, database, runtime } = start();
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
  const entry = entryOf(viewed(1, { occurredAt: START - 25 * HOUR_MS }), {
    endpoint: 'https://shop.example/old',
  });
  await bench.database.stored.transact(async (rows) => rows.put(['entry', ONE], entry));
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
