/** What delivery may rely on over any records: leases, verdicts, bounds. What a pass chooses is shown by choosing.test.ts. */
import { describe, expect, test } from 'vitest';
import { unsettled } from '../../../../src/client/later/farewell.js';
import { type LeasingOptions, NO_PAUSE } from '../../../../src/client/later/outbox/remembering.js';
import type { Consent } from '../../../../src/client/outbox/outbox.js';
import type { Pause, Records } from '../../../../src/client/outbox/records.js';
import {
  dismissed,
  ENDPOINT,
  entryIds,
  entryOf,
  idOf,
  plain,
  START,
  viewed,
} from '../../../support/events.js';
import { openTab, startTab, storedIds, type Tab } from '../../../support/outbox.js';
import { fakeRuntime } from '../../../support/runtime.js';
import type { OpenRecords } from '../../outbox/records.contract.js';

const LEASE_MS = 15_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ids = (...numbers: number[]): string[] => numbers.map(idOf);

/** When these are due again. */
const due = (...times: [n: number, at: number][]): Map<string, number> =>
  new Map(times.map(([n, at]) => [idOf(n), at]));
const DE = 'https://shop.example/de/offer-events';
const FR = 'https://shop.example/fr/offer-events';
const pauseOf = (fields: Partial<Pause>): Pause => ({ kind: 'back-off', failures: 1, at: START, ...fields });

const describeLeases = (open: OpenRecords): void => {
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

const describeEndpoints = (open: OpenRecords): void => {
  const start = () => {
    const runtime = fakeRuntime();
    const records = open(runtime);
    const at = (endpoint: string, mostStranded?: number, retentionMs = 6 * DAY_MS): Tab =>
      openTab(records, runtime, { bounds: { retentionMs }, endpoint, mostStranded });
    return { runtime, at, stored: (kind: 'entry' | 'state') => storedIds(records, kind) };
  };

  test('each page leases what goes to its own endpoint', async () => {
    const { at } = start();
    const [de, fr] = [at(DE), at(FR)];
    await de.append(plain(viewed(1), viewed(3)));
    await fr.append(plain(viewed(2)));
    await expect(fr.leased('fr')).resolves.toEqual([idOf(2)]);
    await expect(de.leased('de')).resolves.toEqual([idOf(1), idOf(3)]);
  });

  test('a page that keeps events for an hour gives up its own, and none of another endpoint', async () => {
    const { at, runtime, stored } = start();
    const [de, fr] = [at(DE), at(FR, undefined, 3_600_000)];
    await de.append(plain(viewed(1)));
    await fr.append(plain(viewed(2)));
    await runtime.advance(3_600_000);
    await fr.leased('fr');
    await expect(stored('entry')).resolves.toEqual([idOf(1)]);
    await expect(de.leased('de')).resolves.toEqual([idOf(1)]);
  });

  test('what waits for another endpoint delays nothing, not even the same offer', async () => {
    const { at } = start();
    const [de, fr] = [at(DE), at(FR)];
    const view = viewed(1);
    await de.append(plain(view));
    await fr.append(plain(dismissed(2, view), viewed(3)));
    await expect(fr.leasing.lease('fr', 9)).resolves.toMatchObject({ entries: [{}, {}] });
    await expect(fr.leasing.lease('fr', 9)).resolves.toMatchObject({ nextAt: START + 15_000 });
  });

  test('a pause is the endpoint’s own', async () => {
    const { at } = start();
    const [de, fr] = [at(DE), at(FR)];
    await de.append(plain(viewed(1)));
    await fr.append(plain(viewed(2)));
    await de.leasing.setPause(() => ({ kind: 'circuit', failures: 1, at: START + 60_000 }));
    await expect(at(DE).leased('de')).resolves.toEqual([]);
    await expect(at(FR).leased('fr')).resolves.toEqual([idOf(2)]);
  });

  test('a service worker gets each endpoint, and a denial forgets all of them', async () => {
    const { at, stored } = start();
    const [de, fr] = [at(DE), at(FR)];
    await de.leasing.setSite({ endpoint: DE });
    await fr.leasing.setSite({ endpoint: FR });
    await expect(stored('state')).resolves.toEqual(['site', 'site']);
    await de.leasing.setPause(() => ({ kind: 'throttled', failures: 1, at: START + 60_000 }));
    await fr.leasing.purge();
    await expect(stored('state')).resolves.toEqual(['pause']);
  });

  describe('what has waited a day for another endpoint', () => {
    test('is reported, and not leased', async () => {
      const { at, runtime } = start();
      const [de, fr] = [at(DE), at(FR)];
      await de.append(plain(viewed(1)));
      await runtime.advance(DAY_MS - 1);
      await fr.leased('fr');
      expect(fr.stranded).toEqual([]);
      await runtime.advance(1);
      await expect(fr.leased('fr')).resolves.toEqual([]);
      expect(fr.stranded).toEqual([DE]);
    });

    test('is leased once it is declared this endpoint’s own, and nothing younger', async () => {
      const { at, runtime } = start();
      const [de, fr] = [at(DE), at(FR, 0)];
      await de.append(plain(viewed(1)));
      await de.leased('gone');
      await runtime.advance(DAY_MS);
      await de.append(plain(viewed(2, { occurredAt: runtime.now() })));
      await expect(fr.leased('fr')).resolves.toEqual([idOf(1)]);
    });
  });
};

const describeWaiting = (open: OpenRecords): void => {
  // Long enough that nothing expires while a test lets hours pass.
  const start = () => startTab(open, { retentionMs: 5 * 24 * HOUR_MS });

  describe('while it looks for what to send', () => {
    test('what is recorded meanwhile holds back what is stored of the same offer', async () => {
      const tab = start();
      await tab.append(plain(viewed(1), viewed(2)));
      const leased = tab.leased('one');
      tab.outbox.add(dismissed(3, viewed(1)), false);
      await expect(leased).resolves.toEqual([idOf(2)]);
      await expect(tab.leased('two')).resolves.toEqual([idOf(1), idOf(3)]);
    });

    test('nothing is sent from memory if the user takes consent back while the database fails', async () => {
      const runtime = fakeRuntime();
      const owner: { consent: Consent } = { consent: 'granted' };
      const failing: Records = {
        transact: () => {
          owner.consent = 'denied';
          return Promise.reject(new Error('broken'));
        },
      };
      const tab = openTab(failing, runtime, { owner });
      tab.outbox.add(viewed(1), false);
      await expect(tab.leasing.lease('one', 5)).resolves.toEqual({ entries: [] });
    });
  });

  test('a database that fails is asked again after 30 s, and after 5 s if it has not stored something yet', async () => {
    const failing: Records = { transact: () => Promise.reject(new Error('broken')) };
    const tab = openTab(failing, fakeRuntime());
    await expect(tab.leasing.lease('one', 5)).resolves.toEqual({ entries: [], nextAt: START + 30_000 });
    tab.outbox.add(viewed(1), false);
    await expect(tab.leasing.lease('two', 5)).resolves.toMatchObject({ nextAt: START + 5_000 });
  });

  describe('while it is paused', () => {
    test('a tab that has read it keeps to it, though the records that hold it are gone', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leasing.setPause(() => pauseOf({ kind: 'throttled', at: START + 5_000 }));
      await tab.records.transact(async (rows) => rows.delete(['state', 'pause', ENDPOINT]));
      await expect(tab.leasing.lease('one', 5)).resolves.toEqual({
        entries: [],
        nextAt: START + 5_000,
      });
    });

    test('nothing is leased by any tab, before the pause is over', async () => {
      const tab = start();
      await tab.append(plain(viewed(1)));
      await tab.leasing.setPause(() => pauseOf({ at: START + 5_000 }));
      const other = tab.another();
      await expect(other.leasing.lease('one', 5)).resolves.toEqual({
        entries: [],
        nextAt: START + 5_000,
      });
      expect(other.outbox.pause).toEqual(pauseOf({ at: START + 5_000 }));
      await tab.runtime.advance(5_000);
      await expect(other.leased('one')).resolves.toEqual([idOf(1)]);
    });

    test('the next pause grows from the one that another tab wrote', async () => {
      const tab = start();
      await tab.leasing.setPause(() => pauseOf({ failures: 3, at: START + 100 }));
      const given: Pause[] = [];
      await tab.another().leasing.setPause((current) => {
        given.push(current);
        return NO_PAUSE;
      });
      // The first time from what the page knows, until the database has answered.
      expect(given.at(-1)).toEqual(pauseOf({ failures: 3, at: START + 100 }));
      await tab.leasing.lease('one', 1);
      expect(tab.outbox.pause).toEqual(NO_PAUSE);
    });
  });

  describe('no longer than is sensible after a clock was set back', () => {
    const BACK_MS = 30 * 24 * HOUR_MS;

    test.each([
      ['throttled', HOUR_MS],
      ['circuit', 6 * HOUR_MS],
    ] as const)('a %s pause ends within %i ms (fault 56)', async (kind, longestMs) => {
      const tab = start();
      await tab.leasing.setPause(() => pauseOf({ kind, at: START + 60_000 }));
      tab.runtime.jump(-BACK_MS);
      await tab.append(plain(viewed(1, { occurredAt: tab.runtime.now() })));
      // Asked often, as a page does: the end must not move on with each look.
      const got: string[] = [];
      for (let asked = 0; asked < 5; asked++) {
        const { entries, nextAt = 0 } = await tab.leasing.lease('one', 5);
        got.push(...entryIds(entries));
        expect(nextAt).toBeLessThanOrEqual(tab.runtime.now() + longestMs);
        await tab.runtime.advance(longestMs / 4);
      }
      expect(got).toContain(idOf(1));
    });

    test('an entry that was released for later is due within an hour (fault 56)', async () => {
      const tab = start();
      await tab.append(plain(viewed(1, { occurredAt: START - BACK_MS })));
      tab.runtime.jump(-BACK_MS);
      await tab.leased('one');
      await tab.leasing.release('one', new Map([[idOf(1), START + 60_000]]));
      const got: string[] = [];
      for (let asked = 0; asked < 5; asked++) {
        got.push(...(await tab.leased('two')));
        await tab.runtime.advance(HOUR_MS / 4);
      }
      expect(got).toContain(idOf(1));
    });
  });

  describe('for nobody whom this version does not understand', () => {
    const strangers: readonly (readonly [string, object])[] = [
      [idOf(0), { v: 2, event: viewed(0), notBeforeAt: 0 }],
      [idOf(1), { ...entryOf(viewed(1)), event: viewed(7) }],
      [idOf(7), { ...entryOf(viewed(7)), event: { ...viewed(7), occurredAt: 'now' } }],
      [idOf(8), { ...entryOf(viewed(8)), event: { ...viewed(8), group: { a: 1 } } }],
      [idOf(9), { ...entryOf(viewed(9)), endpoint: undefined }],
      [idOf(10), { ...entryOf(viewed(10)), endpoint: { href: '/' } }],
      [idOf(3), ['anything']],
      [idOf(5), { v: 1, notBeforeAt: 0 }],
      // No request could say these.
      ...['offerId', 'impressionId', 'type', 'expiresAt', 'subject', 'token'].map((field, at) => {
        const view = viewed(20 + at);
        return [view.id, { ...entryOf(view), event: { ...view, [field]: { a: 1 } } }] as const;
      }),
      ['zzz', { v: 1, event: null }],
    ];

    const among = async (): Promise<ReturnType<typeof start>> => {
      const tab = start();
      await tab.records.transact(async (rows) => {
        for (const [id, value] of strangers) rows.put(['entry', id], value);
      });
      const view = viewed(2);
      await tab.append(plain(view, dismissed(4, view), viewed(6)));
      return tab;
    };

    test('strangers become dead letters, are counted, and stall no delivery (fault 32)', async () => {
      const tab = await among();
      await expect(tab.leased('one')).resolves.toEqual([2, 4, 6].map(idOf));
      const quarantined = strangers
        .slice(1)
        .map(([id]) => id)
        .sort();
      await expect(storedIds(tab.records, 'dead')).resolves.toEqual(quarantined);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([0, 2, 4, 6].map(idOf));
      expect(tab.discarded).toEqual(quarantined.map(() => [undefined, 'unreadable', undefined]));
      await tab.leasing.settle([2, 4, 6].map(idOf));
      await expect(tab.leasing.lease('two', 5)).resolves.toEqual({ entries: [], nextAt: undefined });
    });

    test('records of a later version are left as they are until they are too old for any (fault 33)', async () => {
      const tab = await among();
      const newer = strangers.slice(0, 1);
      await tab.leased('one');
      await tab.leasing.release('one', new Map([[idOf(0), 0]]));
      await tab.leasing.bury(new Map([[idOf(0), 'conflict']]));
      const stored = () =>
        tab.records.transact(async (rows) => (await rows.query('getAll', 'entry')).slice(0, 1));
      await expect(stored()).resolves.toEqual(newer.map(([, value]) => value));
      const madeAt = Number.parseInt(idOf(0).replace('-', '').slice(0, 12), 16);
      tab.runtime.jump(madeAt + 6 * 24 * HOUR_MS - 1 - tab.runtime.now());
      await tab.leased('two');
      await expect(stored()).resolves.toEqual(newer.map(([, value]) => value));
      tab.runtime.jump(1);
      await tab.leased('three');
      expect(tab.discarded).toContainEqual([undefined, 'expired', undefined]);
      await expect(storedIds(tab.records, 'entry')).resolves.not.toContain(idOf(0));
    });

    test('what an entry or its event bears beyond what this version knows stalls nothing, and is left as it is', async () => {
      const tab = start();
      const event = { ...viewed(1), colours: ['green', null], more: { of: 'a later version' } };
      const entry = { ...entryOf(event), attempts: { failed: 3 }, isUrgent: true };
      await tab.records.transact(async (rows) => rows.put(['entry', idOf(1)], entry));
      await expect(tab.leasing.lease('one', 5)).resolves.toMatchObject({ entries: [{ ...entry, event }] });
      await tab.leasing.release('one', new Map([[idOf(1), START + 7]]));
      await expect(tab.records.transact((rows) => rows.get(['entry', idOf(1)]))).resolves.toEqual({
        ...entry,
        notBeforeAt: START + 7,
      });
      expect(tab.discarded).toEqual([]);
    });

    test('a pause that is none does not stop delivery', async () => {
      const tab = await among();
      await tab.records.transact(async (rows) => rows.put(['state', 'pause', ENDPOINT], { at: 'tomorrow' }));
      await expect(tab.leased('one')).resolves.toEqual([idOf(2), idOf(4), idOf(6)]);
    });
  });
};

const describeBounds = (open: OpenRecords): void => {
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

/** Runs the promises of the leasing side against records. */
export const describeLeasing = (open: OpenRecords): void => {
  describe('leases', () => describeLeases(open));
  describe('shares one database between endpoints', () => describeEndpoints(open));
  describe('waits', () => describeWaiting(open));
  describe('stays within its bounds', () => describeBounds(open));
};
