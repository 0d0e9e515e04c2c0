/** Who may deliver an entry, and what becomes of it. What a pass chooses is shown by choosing.test.ts. */
import { describe, expect, test } from 'vitest';
import { dismissed, entryIds, entryOf, idOf, plain, START, viewed } from '../../../support/events.js';
import { openTab, startTab, storedIds, type Tab } from '../../../support/outbox.js';
import type { OpenRecords } from '../../outbox/records.contract.js';

const LEASE_MS = 15_000;
const ids = (...numbers: number[]): string[] => numbers.map(idOf);
/** When these are due again. */
const due = (...times: [n: number, at: number][]): Map<string, number> =>
  new Map(times.map(([n, at]) => [idOf(n), at]));

export const describeLeases = (open: OpenRecords): void => {
  const start = () => startTab(open);

  describe('what an earlier page may have sent', () => {
    /** Which of these the next page sends as such. */
    const marked = async (tab: Tab): Promise<string[]> =>
      (await tab.leasing.lease('next', 9)).entries.flatMap(({ event, mayBeKnown }) =>
        mayBeKnown ? [event.id] : [],
      );
    const say = (tab: Tab, ...numbers: number[]) =>
      tab.outbox.records.transact(async (rows) => {
        for (const n of numbers) rows.put(['seen', idOf(n), 'said'], { type: 'said', until: START + 9e9 });
      });

    test('is what a farewell said whose page heard no answer, also after the next page gives it back', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await say(tab, 2);
      const next = tab.another();
      await expect(marked(next)).resolves.toEqual(ids(2));
      await next.leasing.release('next', due([1, 0], [2, 0]));
      await tab.outbox.records.transact(async (rows) => rows.delete(['seen', idOf(2), 'said']));
      await expect(marked(tab.another())).resolves.toEqual(ids(2));
    });

    test('is what it was sending as it died', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leased('one', 1);
      await tab.runtime.advance(LEASE_MS);
      await expect(marked(tab.another())).resolves.toEqual(ids(1));
    });

    test('is not what it gave back, and not its own for a page that lives', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leased('one', 1);
      await tab.leasing.release('one', due([1, 0]));
      await expect(marked(tab.another())).resolves.toEqual([]);
      await tab.runtime.advance(LEASE_MS);
      await say(tab, 1, 2);
      await expect(marked(tab)).resolves.toEqual([]);
    });
  });

  describe('each entry to one holder', () => {
    test('what one holds, no other gets, until the lease ends', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await expect(tab.leased('one')).resolves.toEqual(ids(1, 2));
      await tab.runtime.advance(LEASE_MS - 1);
      await expect(tab.another().leased('other')).resolves.toEqual([]);
      await tab.runtime.advance(1);
      await expect(tab.another().leased('other')).resolves.toEqual(ids(1, 2));
    });

    test('two tabs that ask at the same moment share without overlap', async () => {
      const tab = start();
      const other = tab.another();
      await tab.append(plain(...Array.from({ length: 7 }, (_, n) => viewed(n))));
      await expect(Promise.all([tab.leased('one', 4), other.leased('other', 4)])).resolves.toEqual([
        ids(0, 1, 2, 3),
        ids(4, 5, 6),
      ]);
    });

    test('a lease that is repeated, since its tab froze, takes what is due then, and nothing that another tab took', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), dismissed(2, viewed(1)), viewed(3)));
      await tab.leased('one');
      await tab.leasing.release('one', due([1, 0], [2, START + 60_000], [3, 0]));
      const aborted = new Error('aborted');
      const frozen = openTab(
        {
          async transact(work) {
            const abort = tab.records.transact(async (rows) => {
              await work(rows);
              throw aborted;
            });
            await expect(abort).rejects.toBe(aborted);
            const lease = { token: 'other', until: START + LEASE_MS };
            await tab.records.transact(async (rows) =>
              rows.put(['entry', idOf(3)], entryOf(viewed(3), { lease })),
            );
            return tab.records.transact(work);
          },
        },
        tab.runtime,
      );
      await expect(frozen.leased('frozen')).resolves.toEqual(ids(1));
    });

    test('a limit takes the oldest, and more is due at once', async () => {
      const tab = start();
      await tab.append(plain(viewed(3), viewed(1), viewed(2)));
      const { entries, nextAt } = await tab.leasing.lease('one', 2);
      expect([entryIds(entries), nextAt]).toEqual([ids(1, 2), START]);
      await expect(tab.leasing.lease('one', 2)).resolves.toEqual({
        entries: [expect.objectContaining({ event: viewed(3) })],
        nextAt: START + LEASE_MS,
      });
    });
  });

  describe('gives back', () => {
    test('a released entry is due at the given time', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leased('one');
      await tab.leasing.release('one', due([1, START + 4_000], [2, START + 2_500]));
      await expect(tab.leasing.lease('x', 5)).resolves.toEqual({ entries: [], nextAt: START + 2_500 });
      await tab.runtime.advance(2_500);
      await expect(tab.leasing.lease('two', 5)).resolves.toEqual({
        entries: [expect.objectContaining({ event: viewed(2), notBeforeAt: START + 2_500 })],
        nextAt: START + 4_000,
      });
    });

    test('a stale token changes nothing (fault 41)', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leased('stale');
      await tab.runtime.advance(LEASE_MS);
      const other = tab.another();
      await other.leased('current');
      await tab.leasing.release('stale', due([1, 0]));
      await expect(tab.leased('third')).resolves.toEqual([]);
      await other.leasing.release('current', due([1, 0]));
      await expect(tab.leased('third')).resolves.toEqual(ids(1));
    });

    test('an entry that nobody leases waits as long as asked, and no shorter than it had to', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leasing.release('', due([1, START + 60_000]));
      await tab.leasing.release('', due([1, 0]));
      await expect(tab.leasing.lease('one', 5)).resolves.toEqual({ entries: [], nextAt: START + 60_000 });
    });
  });

  describe('lets go for ever', () => {
    test('settled entries never come back, even if another tab releases them afterwards', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2), viewed(3)));
      await tab.leased('one');
      await tab.another().leasing.settle(ids(1, 3));
      await tab.leasing.release('one', due([1, 0], [2, 0], [3, 0]));
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual(ids(2));
      await expect(tab.leased('two')).resolves.toEqual(ids(2));
    });

    test('settling and burying what is not there makes nothing', async () => {
      const tab = start();
      await tab.leasing.settle(ids(8));
      await tab.leasing.bury(new Map([[idOf(9), 'invalid_event']]));
      await tab.leasing.release('one', due([7, 0]));
      await expect(tab.leasing.stats()).resolves.toMatchObject({ waiting: 0, dead: 0 });
      expect(tab.discarded).toEqual([]);
    });

    test('a buried view takes its dismissal along, and each is reported with the code and becomes a dead letter', async () => {
      const tab = start();
      const view = viewed(1, { offerId: 'twice-shown' });
      const elsewhere = viewed(3, { offerId: 'twice-shown' });
      await tab.append(plain(view, dismissed(2, view), elsewhere, dismissed(4, elsewhere)));
      await tab.leased('one');
      await tab.leasing.bury(new Map([[view.id, 'conflict']]));
      expect(tab.discarded).toEqual(ids(1, 2).map((id) => [id, 'refused', 'conflict']));
      await expect(tab.records.transact((rows) => rows.query('getAll', 'dead'))).resolves.toMatchObject([
        { event: view, code: 'conflict' },
        { event: dismissed(2, view), code: 'conflict' },
      ]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual(ids(3, 4));
    });

    test('the outbox reports what waits and what is dead', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2), viewed(3)));
      await tab.leasing.bury(new Map([[idOf(3), 'conflict']]));
      await tab.leased('one', 1);
      await expect(tab.another().leasing.stats()).resolves.toEqual({ waiting: 2, inMemory: 0, dead: 1 });
    });
  });
};
