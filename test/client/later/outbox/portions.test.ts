// @vitest-environment node
/** Passes over more entries than one transaction takes: in portions, of which each may fail. */
import { describe, expect, test } from 'vitest';
import type { Records } from '../../../../src/client/outbox/records.js';
import { DEAD, FULL, type ScriptedDatabase, scriptDatabase } from '../../../support/database.js';
import { startDelivering } from '../../../support/delivering.js';
import { dismissed, entryOf, idOf, plain, START, viewed } from '../../../support/events.js';
import { openTab, storedIds, type Tab } from '../../../support/outbox.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

const MANY = 1_100;
const HOUR_MS = 3_600_000;
const views = Array.from({ length: MANY }, (_, n) => viewed(n));
const all = views.map(({ id }) => id);

interface Bench {
  readonly runtime: FakeRuntime;
  readonly database: ScriptedDatabase;
  /** A tab whose mirror has nothing of what others stored. */
  open(options?: Parameters<typeof openTab>[2], meanwhile?: (transactions: number) => unknown): Tab;
  stored(kind?: 'entry' | 'dead'): Promise<unknown[]>;
}

/** Many entries of a page that is gone. */
const start = async (): Promise<Bench> => {
  const runtime = fakeRuntime();
  const database = scriptDatabase(runtime);
  await database.stored.transact(async (rows) => {
    for (const view of views) rows.put(['entry', view.id], entryOf(view));
  });
  return {
    runtime,
    database,
    open(options, meanwhile = () => undefined) {
      const connection = database.connect();
      let transactions = 0;
      const records: Records = {
        async transact(work) {
          await meanwhile(transactions++);
          return connection.transact(work);
        },
      };
      return openTab(records, runtime, options);
    },
    stored: (kind = 'entry') => storedIds(database.stored, kind),
  };
};

const reasons = ({ discarded }: Tab): Set<string> => new Set(discarded.map(([, reason]) => reason));
const lost = ({ discarded }: Tab): unknown[] => discarded.map(([id]) => id);

/** The next transactions go well, and then one fails. */
const failBehind = ({ database }: Bench, portions: number): unknown =>
  database.next.push(...Array.from({ length: portions }, () => undefined), DEAD);

describe('a lease of many entries', () => {
  test.each([
    ['takes them all, in order, 200 in a transaction', MANY, 6],
    ['ends with the portion in which it is complete', 250, 2],
  ])('%s', async (_, limit, transactions) => {
    const bench = await start();
    await expect(bench.open().leased('one', limit)).resolves.toEqual(all.slice(0, limit));
    expect(bench.database.asked()).toBe(transactions);
  });

  test('ends early where the database is slow, since an attempt needs 12 s of the first lease', async () => {
    const bench = await start();
    const tab = bench.open({}, () => bench.runtime.jump(600));
    await expect(tab.leased('one', MANY)).resolves.toEqual(all.slice(0, 600));
  });

  test('loses none and takes none twice if a portion fails: they come when that lease is over', async () => {
    const bench = await start();
    const tab = bench.open();
    failBehind(bench, 3);
    await expect(tab.leased('one', MANY)).resolves.toEqual([]);
    await expect(tab.leased('two', MANY)).resolves.toEqual(all.slice(600));
    await bench.runtime.advance(15_000);
    await expect(bench.open().leased('three', MANY)).resolves.toEqual(all);
  });

  test('takes each once and in order if a portion is repeated', async () => {
    const { runtime, database, asked, open } = startDelivering();
    await database.stored.transact(async (rows) => {
      for (const view of views) rows.put(['entry', view.id], entryOf(view));
    });
    const page = open({ maxBatch: 500, maxBatchBytes: 400_000 });
    database.next.push(undefined, DEAD);
    await page.flusher.flush();
    await runtime.advance(60_000);
    expect(asked.flat()).toEqual(all);
    expect(asked.map(({ length }) => length)).toEqual([500, 500, 100]);
    expect(page.reports).toEqual([]);
  });

  test.each<[by: string, act: (other: Tab) => Promise<void>, left: readonly string[]]>([
    ['settled', ({ leasing }) => leasing.settle(all.slice(0, 3)), all.slice(3)],
    ['purged', ({ leasing }) => leasing.purge(), []],
  ])('does not bring back what was %s between two portions', async (_, act, left) => {
    const bench = await start();
    const other = bench.open();
    const tab = bench.open({}, (transactions) => transactions === 1 && act(other));
    await tab.leased('one', MANY);
    await expect(bench.stored()).resolves.toEqual(left);
  });

  test('takes no dismissal whose view waits in a portion before', async () => {
    const bench = await start();
    const view = viewed(0);
    await bench.database.stored.transact(async (rows) => {
      rows.put(['entry', view.id], entryOf(view, { notBeforeAt: START + 9_000 }));
      rows.put(['entry', idOf(MANY)], entryOf(dismissed(MANY, view)));
    });
    const tab = bench.open();
    await expect(tab.leased('one', 2 * MANY)).resolves.toEqual(all.slice(1));
    await bench.runtime.advance(9_000);
    await expect(tab.leased('two', 2 * MANY)).resolves.toEqual([view.id, idOf(MANY)]);
  });
});

describe('giving up many entries', () => {
  test.each([
    ['their age', { retentionMs: HOUR_MS }, 'expired', []],
    ['their number, as far as is needed', { maxEntries: 100 }, 'outbox-full', all.slice(1_000)],
  ])('for %s reports each once, though a portion fails', async (_, bounds, reason, left) => {
    const bench = await start();
    const tab = bench.open({ bounds });
    await bench.runtime.advance(HOUR_MS);
    failBehind(bench, 2);
    await tab.leased('one');
    expect(lost(tab)).toEqual(all.slice(0, 400));
    await expect(tab.leased('two')).resolves.toEqual(left);
    expect([lost(tab), reasons(tab)]).toEqual([all.slice(0, MANY - left.length), new Set([reason])]);
    await expect(bench.stored()).resolves.toEqual(left);
  });
});

describe('refusing some of many', () => {
  const view = viewed(3);
  const close = dismissed(1_050, view);
  const codes = new Map([
    [view.id, 'conflict'],
    [idOf(900), 'invalid_event'],
  ]);
  const refused = [
    [view.id, 'refused', 'conflict'],
    [idOf(900), 'refused', 'invalid_event'],
    [close.id, 'refused', 'conflict'],
  ];

  const filled = async (): Promise<Bench> => {
    const bench = await start();
    await bench.database.stored.transact(async (rows) => rows.put(['entry', close.id], entryOf(close)));
    return bench;
  };

  test('buries them in their order, a dismissal with its view five portions before', async () => {
    const bench = await filled();
    const tab = bench.open();
    await tab.leasing.bury(codes);
    expect(tab.discarded).toEqual(refused);
    await expect(bench.stored('dead')).resolves.toEqual(refused.map(([id]) => id));
    await expect(bench.stored()).resolves.toHaveLength(MANY - 3);
  });

  test('reports each once if a portion fails: those in this page’s mirror at once, and they are owed', async () => {
    const bench = await filled();
    const tab = bench.open();
    for (const event of [view, viewed(900), close]) tab.outbox.add(event, false);
    await tab.outbox.commit();
    failBehind(bench, 2);
    await tab.leasing.bury(codes);
    expect(tab.discarded).toEqual(refused);
    await expect(bench.stored('dead')).resolves.toEqual([view.id]);
    await tab.leasing.marks();
    await expect(bench.stored()).resolves.toEqual(
      all.filter((id) => ![view.id, idOf(900), close.id].includes(id)),
    );
    expect(tab.discarded).toEqual(refused);
  });
});

describe('making room among many', () => {
  test('gives up the 100 oldest, each with its impression wherever that stands', async () => {
    const bench = await start();
    const close = dismissed(1_050, viewed(40));
    await bench.database.stored.transact(async (rows) => rows.put(['entry', close.id], entryOf(close)));
    const tab = bench.open();
    await tab.leasing.makeRoom(bench.database.connect());
    expect(lost(tab)).toEqual([...all.slice(0, 100), close.id]);
    expect(reasons(tab)).toEqual(new Set(['storage-full']));
  });

  test('leaves alone what cannot be read, since a dead letter of it would need room', async () => {
    const bench = await start();
    await bench.database.stored.transact(async (rows) => rows.put(['entry', '0'], ['junk']));
    bench.database.putFault = FULL;
    const tab = bench.open();
    await tab.leasing.makeRoom(bench.database.connect());
    expect(lost(tab)).toEqual(all.slice(0, 100));
    await expect(bench.stored()).resolves.toEqual(['0', ...all.slice(100)]);
  });

  test('says why they went once there is room, if the browser takes nothing but deletes', async () => {
    const bench = await start();
    const tab = bench.open();
    bench.database.putFault = FULL;
    await tab.leasing.makeRoom(bench.database.connect());
    await tab.leasing.makeRoom(bench.database.connect());
    expect(lost(tab)).toEqual(all.slice(0, 200));
    bench.database.putFault = undefined;
    await tab.leasing.settle([]);
    const next = bench.open();
    const closes = [dismissed(1_200, viewed(0)), dismissed(1_201, viewed(199))];
    await next.append(plain(...closes));
    await next.leased('next', MANY);
    expect(next.discarded).toEqual(closes.map(({ id }) => [id, 'storage-full', undefined]));
  });
});

describe('purging many', () => {
  test('that fails in the middle reports what is gone, and the rest when it is repeated, each once', async () => {
    const bench = await start();
    const tab = bench.open();
    failBehind(bench, 3);
    await expect(tab.leasing.purge()).rejects.toBe(DEAD);
    expect(lost(tab)).toEqual(all.slice(0, 600));
    await expect(bench.stored()).resolves.toEqual(all.slice(600));
    await tab.leasing.purge();
    expect([lost(tab), reasons(tab)]).toEqual([all, new Set(['consent'])]);
    await expect(bench.stored()).resolves.toEqual([]);
  });
});
