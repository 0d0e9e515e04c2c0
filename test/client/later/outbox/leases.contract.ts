/** Who may deliver an entry, and what becomes of it. */
import { describe, expect, test } from 'vitest';
import type { Records } from '../../../../src/client/outbox/records.js';
import { dismissed, entryIds, idOf, plain, START, viewed } from '../../../support/events.js';
import { openTab, storedIds, type Tab } from '../../../support/outbox.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';
import type { OpenRecords } from '../../outbox/records.contract.js';

const LEASE_MS = 15_000;
/** A second by which two tabs may differ. */
const LONGEST_LEASE_MS = LEASE_MS + 1_000;

export const describeLeases = (open: OpenRecords): void => {
  const start = (): Tab & { readonly records: Records; readonly runtime: FakeRuntime; another(): Tab } => {
    const runtime = fakeRuntime();
    const records = open(runtime);
    return { ...openTab(records, runtime), records, runtime, another: () => openTab(records, runtime) };
  };

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

    test('is what a farewell said whose page heard no answer', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await say(tab, 2);
      await expect(marked(tab.another())).resolves.toEqual([idOf(2)]);
    });

    test('is what it was sending as it died', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leased('one', 1);
      await tab.runtime.advance(LEASE_MS);
      await expect(marked(tab.another())).resolves.toEqual([idOf(1)]);
    });

    test('is not what it gave back, and not its own for a page that lives', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leased('one', 1);
      await tab.leasing.release('one', new Map([[idOf(1), 0]]));
      await expect(marked(tab.another())).resolves.toEqual([]);
      await tab.runtime.advance(LEASE_MS);
      await say(tab, 1, 2);
      await expect(marked(tab)).resolves.toEqual([]);
    });

    test('stays so though the next page gives it back', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await say(tab, 1);
      const next = tab.another();
      await expect(marked(next)).resolves.toEqual([idOf(1)]);
      await next.leasing.release('next', new Map([[idOf(1), 0]]));
      await tab.outbox.records.transact(async (rows) => rows.delete(['seen', idOf(1), 'said']));
      await expect(marked(tab.another())).resolves.toEqual([idOf(1)]);
    });
  });

  describe('each entry to one holder', () => {
    test('what one holds, no other gets, until the lease ends', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(1), idOf(2)]);
      await expect(tab.another().leased('other')).resolves.toEqual([]);
      await tab.runtime.advance(LEASE_MS - 1);
      await expect(tab.another().leased('other')).resolves.toEqual([]);
      await tab.runtime.advance(1);
      await expect(tab.another().leased('other')).resolves.toEqual([idOf(1), idOf(2)]);
    });

    test('two tabs that ask at the same moment share without overlap', async () => {
      const tab = start();
      const other = tab.another();
      await tab.append(plain(...Array.from({ length: 7 }, (_, n) => viewed(n))));
      const [mine, theirs] = await Promise.all([tab.leased('one', 4), other.leased('other', 4)]);
      expect(mine).toEqual([0, 1, 2, 3].map(idOf));
      expect(theirs).toEqual([4, 5, 6].map(idOf));
    });

    test('the lease names its holder and its end', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      const { entries } = await tab.leasing.lease('me', 5);
      expect(entries).toMatchObject([{ lease: { token: 'me', until: START + LEASE_MS } }]);
    });

    test('a lease further ahead than any that is given out is void: a clock jumped (fault 56)', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leased('one');
      tab.runtime.jump(LEASE_MS - LONGEST_LEASE_MS - 1);
      await expect(tab.another().leased('other')).resolves.toEqual([idOf(1)]);
    });

    test('a lease that is ahead by as much as two tabs may differ holds', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leased('one');
      tab.runtime.jump(LEASE_MS - LONGEST_LEASE_MS);
      await expect(tab.another().leased('other')).resolves.toEqual([]);
    });

    /** A tab whose transactions are aborted once behind all their steps, since it froze, and repeated when it wakes. */
    const frozen = (
      { records, runtime }: ReturnType<typeof start>,
      meanwhile: () => Promise<unknown>,
    ): Tab => {
      const aborted = new Error('aborted');
      return openTab(
        {
          async transact(work) {
            const abort = records.transact(async (rows) => {
              await work(rows);
              throw aborted;
            });
            await expect(abort).rejects.toBe(aborted);
            await meanwhile();
            return records.transact(work);
          },
        },
        runtime,
      );
    };

    test('a lease that is repeated takes nothing that another tab took meanwhile', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      const other = tab.another();
      await expect(frozen(tab, () => other.leased('meanwhile', 1)).leased('frozen')).resolves.toEqual([
        idOf(2),
      ]);
    });

    test('a lease that is repeated takes what is due, as if it had not been tried', async () => {
      const tab = start();
      const view = viewed(1);
      await tab.append(plain(view, dismissed(2, view)));
      await tab.leased('one');
      await tab.leasing.release(
        'one',
        new Map([
          [idOf(1), 0],
          [idOf(2), START + 60_000],
        ]),
      );
      await expect(frozen(tab, async () => undefined).leased('frozen')).resolves.toEqual([idOf(1)]);
    });

    test('a limit takes the oldest, and more is due at once', async () => {
      const tab = start();
      await tab.append(plain(viewed(3), viewed(1), viewed(2)));
      const { entries, nextAt } = await tab.leasing.lease('one', 2);
      expect(entryIds(entries)).toEqual([idOf(1), idOf(2)]);
      expect(nextAt).toBe(START);
      await expect(tab.leasing.lease('one', 2)).resolves.toEqual({
        entries: [expect.objectContaining({ event: viewed(3) })],
        nextAt: START + LEASE_MS,
      });
    });

    test('nothing waits in an empty outbox', async () => {
      await expect(start().leasing.lease('one', 5)).resolves.toEqual({
        entries: [],
        nextAt: undefined,
      });
    });

    test('a long outbox is leased whole, in order', async () => {
      const tab = start();
      const views = Array.from({ length: 441 }, (_, n) => viewed(n));
      await tab.append(plain(...views));
      await expect(tab.leased('one', 1_000)).resolves.toEqual(views.map(({ id }) => id));
    });
  });

  describe('in the order of one offer', () => {
    const view = viewed(1);
    const close = dismissed(2, view);

    test('a dismissal comes after its view', async () => {
      const tab = start();
      await tab.append(plain(close, viewed(3), view));
      await expect(tab.leased('one')).resolves.toEqual([idOf(1), idOf(2), idOf(3)]);
    });

    test('a dismissal waits while its view is leased, and other offers do not', async () => {
      const tab = start();
      await tab.append(plain(view));
      await tab.leased('one');
      await tab.append(plain(close, viewed(3)));
      await expect(tab.leased('other')).resolves.toEqual([idOf(3)]);
      await tab.leasing.settle([view.id]);
      await expect(tab.leased('third')).resolves.toEqual([close.id]);
    });

    test('a dismissal waits while its view is not due, and both are due together', async () => {
      const tab = start();
      await tab.append(plain(view, close));
      await tab.leased('one');
      await tab.leasing.release(
        'one',
        new Map([
          [view.id, START + 9_000],
          [close.id, 0],
        ]),
      );
      await expect(tab.leasing.lease('other', 5)).resolves.toEqual({
        entries: [],
        nextAt: START + 9_000,
      });
      await tab.runtime.advance(9_000);
      await expect(tab.leased('other')).resolves.toEqual([view.id, close.id]);
    });

    test('a limit between the two leaves the dismissal for later', async () => {
      const tab = start();
      await tab.append(plain(view, close));
      await expect(tab.leased('one', 1)).resolves.toEqual([view.id]);
      await expect(tab.leased('other', 1)).resolves.toEqual([]);
    });
  });

  describe('gives back', () => {
    test('a released entry is due at the given time', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leased('one');
      await tab.leasing.release(
        'one',
        new Map([
          [idOf(1), START + 4_000],
          [idOf(2), START + 2_500],
        ]),
      );
      await expect(tab.leasing.lease('x', 5)).resolves.toEqual({ entries: [], nextAt: START + 2_500 });
      await tab.runtime.advance(2_500);
      await expect(tab.leasing.lease('two', 5)).resolves.toEqual({
        entries: [expect.objectContaining({ event: viewed(2), notBeforeAt: START + 2_500 })],
        nextAt: START + 4_000,
      });
      await tab.runtime.advance(1_500);
      await expect(tab.leased('three')).resolves.toEqual([idOf(1)]);
    });

    test('a stale token changes nothing (fault 41)', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leased('stale');
      await tab.runtime.advance(LEASE_MS);
      const other = tab.another();
      await other.leased('current');
      await tab.leasing.release('stale', new Map([[idOf(1), 0]]));
      await expect(tab.leased('third')).resolves.toEqual([]);
      await other.leasing.release('current', new Map([[idOf(1), 0]]));
      await expect(tab.leased('third')).resolves.toEqual([idOf(1)]);
    });

    test('an entry that nobody leases waits as long as asked, and no shorter than it had to', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leasing.release('', new Map([[idOf(1), START + 60_000]]));
      await tab.leasing.release('', new Map([[idOf(1), 0]]));
      await expect(tab.leasing.lease('one', 5)).resolves.toEqual({ entries: [], nextAt: START + 60_000 });
    });
  });

  describe('lets go for ever', () => {
    test('settled entries never come back, even if another tab releases them afterwards', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2), viewed(3)));
      await tab.leased('one');
      await tab.another().leasing.settle([idOf(1), idOf(3)]);
      await tab.leasing.release(
        'one',
        new Map([
          [idOf(1), 0],
          [idOf(2), 0],
          [idOf(3), 0],
        ]),
      );
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(2)]);
      await expect(tab.leased('two')).resolves.toEqual([idOf(2)]);
    });

    test('settling and burying what is not there makes nothing', async () => {
      const tab = start();
      await tab.leasing.settle([idOf(8)]);
      await tab.leasing.bury(new Map([[idOf(9), 'invalid_event']]));
      await tab.leasing.release('one', new Map([[idOf(7), 0]]));
      await expect(tab.leasing.stats()).resolves.toMatchObject({ waiting: 0, dead: 0 });
      expect(tab.discarded).toEqual([]);
    });

    test('a buried view takes its dismissal along, and each is reported with the code', async () => {
      const tab = start();
      const view = viewed(1, { offerId: 'twice-shown' });
      const elsewhere = viewed(3, { offerId: 'twice-shown' });
      await tab.append(plain(view, dismissed(2, view), elsewhere, dismissed(4, elsewhere)));
      await tab.leased('one');
      await tab.leasing.bury(new Map([[view.id, 'conflict']]));
      expect(tab.discarded).toEqual([
        [idOf(1), 'refused', 'conflict'],
        [idOf(2), 'refused', 'conflict'],
      ]);
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual([idOf(1), idOf(2)]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(3), idOf(4)]);
    });

    test('a buried dismissal leaves its view', async () => {
      const tab = start();
      const view = viewed(1);
      await tab.append(plain(view, dismissed(2, view)));
      await tab.leasing.bury(new Map([[idOf(2), 'invalid_event']]));
      await expect(tab.leased('one')).resolves.toEqual([idOf(1)]);
      expect(tab.discarded).toEqual([[idOf(2), 'refused', 'invalid_event']]);
    });

    test('what is buried keeps its event and code as a dead letter', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leasing.bury(new Map([[idOf(1), 'invalid_event']]));
      await expect(tab.records.transact((rows) => rows.get(['dead', idOf(1)]))).resolves.toMatchObject({
        event: viewed(1),
        code: 'invalid_event',
      });
    });

    test('the outbox reports what waits and what is dead', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2), viewed(3)));
      await tab.leasing.bury(new Map([[idOf(3), 'conflict']]));
      await tab.leased('one', 1);
      await expect(tab.another().leasing.stats()).resolves.toEqual({
        waiting: 2,
        inMemory: 0,
        dead: 1,
        pause: undefined,
      });
    });
  });
};
