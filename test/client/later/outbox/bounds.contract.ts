/** What the outbox gives up, and that it says so. What a pass chooses is shown by choosing.test.ts. */
import { describe, expect, test } from 'vitest';
import { unsettled } from '../../../../src/client/later/farewell.js';
import type { LeasingOptions } from '../../../../src/client/later/outbox/remembering.js';
import type { Records } from '../../../../src/client/outbox/records.js';
import { dismissed, entryIds, entryOf, idOf, plain, START, viewed } from '../../../support/events.js';
import { startTab, storedIds, type Tab } from '../../../support/outbox.js';
import type { OpenRecords } from '../../outbox/records.contract.js';

const DAY_MS = 24 * 3_600_000;
const ids = (...numbers: number[]): string[] => numbers.map(idOf);

export const describeBounds = (open: OpenRecords): void => {
  const start = (bounds?: LeasingOptions) => startTab(open, bounds);

  describe('of age', () => {
    test.each([
      ['72 hours by default', {}, 3 * DAY_MS],
      ['as long as configured', { retentionMs: 5_000 }, 5_000],
      ['6 days whatever is configured', { retentionMs: 90 * DAY_MS }, 6 * DAY_MS],
    ])('an event waits %s (fault 35)', async (_, options, lifeMs) => {
      const tab = start(options);
      await tab.append(plain(viewed(1), viewed(2, { occurredAt: START + 1 })));
      await tab.runtime.advance(lifeMs);
      await expect(tab.leased('one')).resolves.toEqual(ids(2));
      expect(tab.discarded).toEqual([[idOf(1), 'expired', undefined]]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual(ids(2));
    });

    test('an event is sent though its offer has ended by this clock, which may be a day ahead (fault 57)', async () => {
      const tab = start();
      await tab.append(plain(viewed(1, { expiresAt: START - DAY_MS })));
      await expect(tab.leased('one')).resolves.toEqual(ids(1));
      expect(tab.discarded).toEqual([]);
    });

    test('an event is given up once, by any tab', async () => {
      const tab = start({ retentionMs: 1_000 });
      const other = tab.another();
      await tab.append(plain(viewed(1)));
      await tab.runtime.advance(1_000);
      await Promise.all([tab.leased('one'), other.leased('other')]);
      expect([...tab.discarded, ...other.discarded]).toEqual([[idOf(1), 'expired', undefined]]);
    });
  });

  describe('a dismissal that is recorded after its view was given up goes with it, for the same reason', () => {
    const view = viewed(1);
    const close = dismissed(9, view, { occurredAt: START + 20_000 });
    type Case = readonly [bounds: LeasingOptions, lose: (tab: Tab) => Promise<unknown>, ...why: string[]];
    const makeRoom = ({ leasing, outbox }: Tab) => leasing.makeRoom(outbox.records as Records);
    const bury = ({ leasing }: Tab) => leasing.bury(new Map([[view.id, 'invalid_event']]));
    const CASES: Readonly<Record<string, Case>> = {
      'evicted by maxEntries': [
        { maxEntries: 2 },
        (tab) => tab.append(plain(viewed(2), viewed(3))),
        'outbox-full',
      ],
      'evicted as the storage was full': [{}, makeRoom, 'storage-full'],
      'too old in an open tab': [{ retentionMs: 10_000 }, async () => undefined, 'expired'],
      'refused by the proxy': [{}, bury, 'refused', 'invalid_event'],
    };

    for (const [what, [bounds, lose, reason = '', code]] of Object.entries(CASES))
      for (const by of ['its own page', 'another page', 'another page while its own was frozen'])
        test(`${what}, by ${by}`, async () => {
          const tab = start(bounds);
          const other = tab.another();
          const giver = by === 'its own page' ? tab : other;
          await tab.append(plain(view));
          tab.leasing.tell();
          await lose(giver);
          await tab.runtime.advance(20_000);
          await giver.leasing.lease('early', 9);
          expect(giver.discarded).toEqual([[view.id, reason, code]]);
          if (by === 'another page') tab.leasing.onSettled(other.settled);
          if (by.endsWith('frozen')) await tab.leasing.marks();
          await tab.append(plain(close));
          expect(unsettled(tab.outbox, { consent: 'granted' }, new Set(), START + 20_000)).not.toContain(
            close,
          );
          await tab.runtime.advance(20_000);
          const { entries } = await tab.leasing.lease('late', 9);
          expect(entryIds(entries)).not.toContain(close.id);
          expect(tab.discarded.at(-1)).toEqual([close.id, reason, code]);
        });

    test('as a view that is stored late does, after another page gave it up', async () => {
      const tab = start({ maxEntries: 1 });
      const other = tab.another();
      await tab.append(plain(view, viewed(2)));
      await other.leased('other');
      await other.leasing.settle(ids(2));
      expect(other.discarded).toEqual([[view.id, 'outbox-full', undefined]]);
      tab.leasing.onSettled(other.settled.slice(0, 3));
      await tab.records.transact(async (rows) => rows.put(['entry', view.id], entryOf(view)));
      await expect(tab.leased('late')).resolves.toEqual([]);
      expect(tab.discarded).toEqual([[view.id, 'outbox-full', undefined]]);
    });

    test('but not with one of unknown outcome, since that has most often counted', async () => {
      const tab = start();
      await tab.append(plain(view));
      await tab.leasing.bury(new Map([[view.id, 'unknown_outcome']]));
      await tab.append(plain(dismissed(2, view)));
      await expect(tab.leased('one')).resolves.toEqual(ids(2));
    });
  });

  describe('of number and bytes', () => {
    test.each([
      ['the oldest go first, and each is reported', { maxEntries: 3 }, ids(1, 2)],
      ['exactly as many as may wait do wait', { maxEntries: 5 }, []],
      ['each entry counts as 400 bytes', { maxBytes: 1_999 }, ids(1)],
    ])('%s', async (_, bounds, lost) => {
      const tab = start(bounds);
      await tab.append(plain(viewed(4), viewed(1), viewed(5), viewed(2), viewed(3)));
      await expect(tab.leased('one')).resolves.toEqual(ids(1, 2, 3, 4, 5).slice(lost.length));
      expect(tab.discarded).toEqual(lost.map((id) => [id, 'outbox-full', undefined]));
    });

    test('the 50 dead letters that were buried last are kept, once a page reads what is remembered', async () => {
      const tab = start();
      const views = Array.from({ length: 51 }, (_, n) => viewed(n));
      await tab.append(plain(...views));
      const [first, ...rest] = views.toReversed();
      if (first) await tab.leasing.bury(new Map([[first.id, 'conflict']]));
      await tab.runtime.advance(1);
      await tab.leasing.bury(new Map(rest.map(({ id }) => [id, 'conflict'])));
      await tab.leasing.marks();
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual(views.slice(0, 50).map(({ id }) => id));
    });

    test('dead letters are kept for 7 days', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leasing.bury(new Map([[idOf(1), 'conflict']]));
      for (const [ms, kept] of [
        [7 * DAY_MS - 1, ids(1)],
        [1, []],
      ] as const) {
        await tab.runtime.advance(ms);
        await tab.leasing.marks();
        await expect(storedIds(tab.records, 'dead')).resolves.toEqual(kept);
      }
    });

    test('2,000 marks are kept, those that last longest', async () => {
      const tab = start();
      const offers = Array.from({ length: 2_003 }, (_, n) => `offer-${n}`);
      await tab.records.transact(async (rows) => {
        for (const [n, offerId] of offers.entries())
          rows.put(['seen', offerId, 'viewed'], { offerId, type: 'viewed', until: START + 10_000 - n });
      });
      const kept = (await tab.leasing.marks()).map(({ offerId }) => offerId);
      expect(kept.toSorted()).toEqual(offers.slice(0, 2_000).toSorted());
      await expect(tab.records.transact((rows) => rows.query('count', 'seen'))).resolves.toBe(2_000);
    });

    test('where the browser gives no more storage, dead letters go first', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leasing.bury(new Map([[idOf(2), 'conflict']]));
      await tab.leasing.makeRoom(tab.records);
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual([]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual(ids(1));
    });
  });
};
