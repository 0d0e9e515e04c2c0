/** What the outbox gives up, and that it says so. */
import { describe, expect, test } from 'vitest';
import { unsettled } from '../../../../src/client/later/farewell.js';
import type { LeasingOptions } from '../../../../src/client/later/outbox/remembering.js';
import type { Records } from '../../../../src/client/outbox/records.js';
import { dismissed, entryIds, entryOf, idOf, plain, START, viewed } from '../../../support/events.js';
import { openTab, storedIds, type Tab } from '../../../support/outbox.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';
import type { OpenRecords } from '../../outbox/records.contract.js';

const DAY_MS = 24 * 3_600_000;

export const describeBounds = (open: OpenRecords): void => {
  const start = (bounds: LeasingOptions = {}): Tab & { records: Records; runtime: FakeRuntime } => {
    const runtime = fakeRuntime();
    const records = open(runtime);
    return { ...openTab(records, runtime, { bounds }), records, runtime };
  };

  describe('of age', () => {
    test.each([
      ['72 hours by default', {}, 3 * DAY_MS],
      ['as long as configured', { retentionMs: 5_000 }, 5_000],
      ['6 days whatever is configured', { retentionMs: 90 * DAY_MS }, 6 * DAY_MS],
    ])('an event waits %s (fault 35)', async (_, options, lifeMs) => {
      const tab = start(options);
      await tab.append(plain(viewed(1), viewed(2, { occurredAt: START + 1 })));
      await tab.runtime.advance(lifeMs);
      await expect(tab.leased('one')).resolves.toEqual([idOf(2)]);
      expect(tab.discarded).toEqual([[idOf(1), 'expired', undefined]]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(2)]);
    });

    test('an event is sent though its offer has ended by this clock, which may be a day ahead (fault 57)', async () => {
      const tab = start();
      await tab.append(plain(viewed(1, { expiresAt: START - DAY_MS }), viewed(2)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(1), idOf(2)]);
      expect(tab.discarded).toEqual([]);
    });

    test('an expired view takes its dismissal along, though that is younger', async () => {
      const tab = start({ retentionMs: 10_000 });
      const view = viewed(1);
      await tab.append(
        plain(view, dismissed(2, view, { occurredAt: START + 9_000 }), viewed(3, { occurredAt: START + 1 })),
      );
      await tab.runtime.advance(10_000);
      await expect(tab.leased('one')).resolves.toEqual([idOf(3)]);
      expect(tab.discarded).toEqual([
        [idOf(1), 'expired', undefined],
        [idOf(2), 'expired', undefined],
      ]);
    });

    describe('a dismissal that is recorded after its view was given up goes with it, for the same reason', () => {
      const view = viewed(1);
      const close = dismissed(9, view, { occurredAt: START + 20_000 });
      const CASES: Readonly<
        Record<
          string,
          readonly [bounds: LeasingOptions, lose: (tab: Tab) => Promise<unknown>, ...why: string[]]
        >
      > = {
        'evicted by maxEntries': [
          { maxEntries: 2 },
          (tab) => tab.append(plain(viewed(2), viewed(3))),
          'outbox-full',
        ],
        'evicted as the storage was full': [
          {},
          (tab) => tab.leasing.makeRoom(tab.outbox.records as Records),
          'storage-full',
        ],
        'too old in an open tab': [{ retentionMs: 10_000 }, async () => undefined, 'expired'],
        'refused by the proxy': [
          {},
          (tab) => tab.leasing.bury(new Map([[view.id, 'invalid_event']])),
          'refused',
          'invalid_event',
        ],
      };

      for (const [what, [bounds, lose, reason = '', code]] of Object.entries(CASES))
        for (const by of ['its own page', 'another page', 'another page while its own was frozen'])
          test(`${what}, by ${by}`, async () => {
            const tab = start(bounds);
            const other = openTab(tab.records, tab.runtime, { bounds });
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
    });

    test('a dismissal goes with its view for the same reason also where a page that is gone owed the database that', async () => {
      const tab = start();
      const other = openTab(tab.records, tab.runtime);
      const view = viewed(1);
      await tab.append(plain(view));
      tab.leasing.tell();
      await other.leasing.makeRoom(tab.outbox.records as Records);
      tab.leasing.onSettled(other.settled);
      await tab.append(plain(dismissed(2, view)));
      await expect(tab.leased('one')).resolves.toEqual([]);
      expect(tab.discarded).toEqual([[idOf(2), 'storage-full', undefined]]);
    });

    test('a view that is stored late, after another page gave it up, goes for the same reason', async () => {
      const tab = start({ maxEntries: 1 });
      const other = openTab(tab.records, tab.runtime, { bounds: { maxEntries: 1 } });
      const view = viewed(1);
      await tab.append(plain(view, viewed(2)));
      await other.leased('other');
      await other.leasing.settle([idOf(2)]);
      expect(other.discarded).toEqual([[view.id, 'outbox-full', undefined]]);
      tab.leasing.onSettled(other.settled.slice(0, 3));
      await tab.records.transact(async (rows) => rows.put(['entry', view.id], entryOf(view)));
      await expect(tab.leased('late')).resolves.toEqual([]);
      expect(tab.discarded).toEqual([[view.id, 'outbox-full', undefined]]);
    });

    test('a page that dies after it made room has left why a view went', async () => {
      const tab = start();
      const view = viewed(1);
      await tab.append(plain(view));
      await tab.leasing.makeRoom(tab.outbox.records as Records);
      await tab.append(plain(dismissed(2, view)));
      const next = openTab(tab.records, tab.runtime);
      await expect(next.leased('one')).resolves.toEqual([]);
      expect(next.discarded).toEqual([[idOf(2), 'storage-full', undefined]]);
    });

    test('a dismissal is sent although its view was of unknown outcome, since that has most often counted', async () => {
      const tab = start();
      const view = viewed(1);
      await tab.append(plain(view));
      await tab.leasing.bury(new Map([[view.id, 'unknown_outcome']]));
      await tab.append(plain(dismissed(2, view)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(2)]);
    });

    test('an expired view takes its dismissal along also if that is not due yet', async () => {
      const tab = start({ retentionMs: 10_000 });
      const view = viewed(1);
      await tab.append(plain(view, dismissed(2, view, { occurredAt: START + 9_000 })));
      await tab.leased('one');
      await tab.leasing.release(
        'one',
        new Map([
          [idOf(1), 0],
          [idOf(2), START + 12_000],
        ]),
      );
      await tab.runtime.advance(10_000);
      await tab.leased('two');
      await tab.runtime.advance(2_000);
      await expect(tab.leased('three')).resolves.toEqual([]);
      expect(tab.discarded).toEqual([
        [idOf(1), 'expired', undefined],
        [idOf(2), 'expired', undefined],
      ]);
    });

    test('an event is given up once, by any tab', async () => {
      const tab = start({ retentionMs: 1_000 });
      const other = openTab(tab.records, tab.runtime, { bounds: { retentionMs: 1_000 } });
      await tab.append(plain(viewed(1)));
      await tab.runtime.advance(1_000);
      await Promise.all([tab.leased('one'), other.leased('other')]);
      expect([...tab.discarded, ...other.discarded]).toEqual([[idOf(1), 'expired', undefined]]);
    });

    test('nothing expires while somebody delivers it', async () => {
      const tab = start({ retentionMs: 10_000 });
      await tab.append(plain(viewed(1)));
      await tab.runtime.advance(9_000);
      await tab.leased('one');
      await tab.runtime.advance(5_000);
      await expect(tab.leased('two')).resolves.toEqual([]);
      expect(tab.discarded).toEqual([]);
    });

    test('a pause does not lengthen a life', async () => {
      const tab = start({ retentionMs: 1_000 });
      await tab.append(plain(viewed(1)));
      await tab.leasing.setPause(() => ({ kind: 'circuit', failures: 1, at: START + 60_000 }));
      await tab.runtime.advance(1_000);
      await tab.leased('one');
      expect(tab.discarded).toEqual([[idOf(1), 'expired', undefined]]);
    });
  });

  describe('of number', () => {
    test('the oldest go first, and each is reported', async () => {
      const tab = start({ maxEntries: 3 });
      await tab.append(plain(viewed(4), viewed(1), viewed(5), viewed(2), viewed(3)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(3), idOf(4), idOf(5)]);
      expect(tab.discarded).toEqual([
        [idOf(1), 'outbox-full', undefined],
        [idOf(2), 'outbox-full', undefined],
      ]);
    });

    test('a view takes its dismissal along for the same reason', async () => {
      const tab = start({ maxEntries: 3 });
      const view = viewed(1);
      await tab.append(plain(view, viewed(2), viewed(3), dismissed(4, view)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(2), idOf(3)]);
      expect(tab.discarded).toEqual([
        [idOf(1), 'outbox-full', undefined],
        [idOf(4), 'outbox-full', undefined],
      ]);
    });

    test('leased entries are never given up', async () => {
      const tab = start({ maxEntries: 2 });
      await tab.append(plain(viewed(1), viewed(2)));
      await tab.leased('one');
      await tab.append(plain(viewed(3), viewed(4), viewed(5)));
      await expect(tab.leased('two')).resolves.toEqual([]);
      expect(tab.discarded.map(([id]) => id)).toEqual([idOf(3), idOf(4), idOf(5)]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(1), idOf(2)]);
    });

    test('exactly as many as may wait do wait', async () => {
      const tab = start({ maxEntries: 3 });
      await tab.append(plain(viewed(1), viewed(2), viewed(3)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(1), idOf(2), idOf(3)]);
      expect(tab.discarded).toEqual([]);
    });

    test('the oldest goes first, a single dismissal as well as a view, except for events on their way', async () => {
      const tab = start({ maxEntries: 2 });
      await tab.append(plain(viewed(2)));
      await tab.leased('one');
      await tab.append(plain(dismissed(1, viewed(90)), viewed(3), dismissed(4, viewed(91))));
      await expect(tab.leased('two')).resolves.toEqual([idOf(4)]);
      expect(tab.discarded).toEqual([
        [idOf(1), 'outbox-full', undefined],
        [idOf(3), 'outbox-full', undefined],
      ]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(2), idOf(4)]);
    });

    test('what has expired says so, and makes room for what is younger', async () => {
      const tab = start({ maxEntries: 2, retentionMs: 1_000 });
      await tab.append(plain(viewed(1, { occurredAt: START - 1_000 }), viewed(2), viewed(3)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(2), idOf(3)]);
      expect(tab.discarded).toEqual([[idOf(1), 'expired', undefined]]);
    });

    test('50 dead letters are kept, the youngest, once a page reads what is remembered', async () => {
      const tab = start();
      const views = Array.from({ length: 53 }, (_, n) => viewed(n));
      await tab.append(plain(...views));
      await tab.leasing.bury(new Map(views.map(({ id }) => [id, 'invalid_event'])));
      await tab.leasing.marks();
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual(views.slice(3).map(({ id }) => id));
      expect(tab.discarded.map(([id]) => id)).toEqual(views.map(({ id }) => id));
    });

    test('of what was buried before, the letters that were buried last are kept', async () => {
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
  });

  describe('of bytes', () => {
    test('each entry counts as 400', async () => {
      const tab = start({ maxBytes: 1_000 });
      await tab.append(plain(viewed(1), viewed(2), viewed(3)));
      await expect(tab.leased('one')).resolves.toEqual([idOf(2), idOf(3)]);
      expect(tab.discarded).toEqual([[idOf(1), 'outbox-full', undefined]]);
    });
  });

  describe('of dead letters’ age', () => {
    test('they are kept for 7 days', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leasing.bury(new Map([[idOf(1), 'conflict']]));
      await tab.runtime.advance(7 * DAY_MS - 1);
      await tab.leasing.marks();
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual([idOf(1)]);
      await tab.runtime.advance(1);
      await tab.leasing.marks();
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual([]);
    });
  });

  describe('where the browser gives no more storage', () => {
    const fill = async (entries: number, dead = 0): Promise<ReturnType<typeof start>> => {
      const tab = start();
      const views = Array.from({ length: entries + dead }, (_, n) => viewed(n));
      await tab.append(plain(...views));
      await tab.leasing.bury(new Map(views.slice(entries).map(({ id }) => [id, 'conflict'])));
      tab.discarded.length = 0;
      return tab;
    };

    test('dead letters go first', async () => {
      const tab = await fill(2, 3);
      await tab.leasing.makeRoom(tab.records);
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual([]);
      expect(tab.discarded).toEqual([]);
    });

    test('then the 100 oldest are given up', async () => {
      const tab = await fill(110);
      await tab.leasing.makeRoom(tab.records);
      expect(tab.discarded).toEqual(
        Array.from({ length: 100 }, (_, n) => [idOf(n), 'storage-full', undefined]),
      );
      expect(tab.outbox.mirror.size).toBe(10);
    });
  });
};
