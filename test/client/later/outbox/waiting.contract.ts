/** What makes the outbox wait, and what must not. */
import { describe, expect, test } from 'vitest';
import { NO_PAUSE } from '../../../../src/client/later/outbox/remembering.js';
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
import { openTab, startTab, storedIds } from '../../../support/outbox.js';
import { fakeRuntime } from '../../../support/runtime.js';
import type { OpenRecords } from '../../outbox/records.contract.js';

const HOUR_MS = 3_600_000;
const pauseOf = (fields: Partial<Pause>): Pause => ({ kind: 'back-off', failures: 1, at: START, ...fields });

export const describeWaiting = (open: OpenRecords): void => {
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
