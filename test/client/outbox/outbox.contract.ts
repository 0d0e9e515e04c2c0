/** What appending, remembering and the mirror promise over any records. Leasing has a contract of its own. */
import { describe, expect, test } from 'vitest';
import { unsettled } from '../../../src/client/later/farewell.js';
import { type Consent, MARK_MS } from '../../../src/client/outbox/outbox.js';
import type { Records } from '../../../src/client/outbox/records.js';
import { deferred } from '../../support/deferred.js';
import { dismissed, idOf, idsOf, once, plain, START, viewed } from '../../support/events.js';
import { openTab, startTab, storedIds, type Tab } from '../../support/outbox.js';
import type { OpenRecords } from './records.contract.js';

const LEASE_MS = 15_000;

/** Runs the promises of appending against records. */
export const describeOutbox = (open: OpenRecords): void => {
  const start = () => startTab(open);
  const mirrored = ({ outbox }: Tab): string[] => [...outbox.mirror.keys()];
  /** The ids that a farewell would say now. */
  const sayable = ({ outbox }: Tab): string[] =>
    idsOf(unsettled(outbox, { consent: 'granted' }, new Set(), START));

  describe('records what happened', () => {
    test('appended events are there for the next one who opens the outbox, oldest first, each once and as it was', async () => {
      const tab = start();
      const view = viewed(5, { expiresAt: START + 5_000 });
      const close = dismissed(9, view, { reason: 'escape' });
      await expect(tab.append(plain(view))).resolves.toEqual([view]);
      await tab.append(plain(close, viewed(2), view));
      const { entries } = await tab.another().leasing.lease('t', 9);
      expect(entries.map(({ event }) => event)).toEqual([viewed(2), view, close]);
    });

    test('events of one tick are one transaction', async () => {
      const { records, runtime } = start();
      let transactions = 0;
      const counting: Records = {
        transact(work) {
          transactions++;
          return records.transact(work);
        },
      };
      await openTab(counting, runtime).append([...plain(viewed(1)), ...once(viewed(2))]);
      expect(transactions).toBe(1);
      await expect(storedIds(records, 'entry')).resolves.toEqual([idOf(1), idOf(2)]);
    });

    test('an event that comes while an earlier one of its offer is being stored is stored right behind it', async () => {
      const { records, runtime } = start();
      const answer = deferred<void>();
      const tab = openTab(
        {
          async transact(work) {
            const result = await records.transact(work);
            await answer.promise;
            return result;
          },
        },
        runtime,
      );
      const view = viewed(1);
      const storing = tab.append(plain(view));
      await tab.append(plain(dismissed(2, view)));
      await expect(storedIds(records, 'entry')).resolves.toEqual([idOf(1)]);
      answer.resolve();
      await storing;
      await expect(storedIds(records, 'entry')).resolves.toEqual([idOf(1), idOf(2)]);
    });

    test('nothing is stored without consent, also if that was taken back while another event was being stored', async () => {
      const { records, runtime } = start();
      const owner: { consent: Consent } = { consent: 'granted' };
      const tab = openTab(
        {
          async transact(work) {
            const result = await records.transact(work);
            owner.consent = 'pending';
            return result;
          },
        },
        runtime,
        { owner },
      );
      const view = viewed(1);
      const storing = tab.append(plain(view));
      await tab.append(plain(dismissed(2, view)));
      await storing;
      await tab.append(plain(viewed(3)));
      await expect(storedIds(records, 'entry')).resolves.toEqual([idOf(1)]);
      owner.consent = 'granted';
      await tab.outbox.commit();
      await expect(storedIds(records, 'entry')).resolves.toEqual([idOf(1), idOf(2), idOf(3)]);
    });

    test('events whose transaction fails are known to the farewell, and stored by the next one, with those behind them', async () => {
      const { records, runtime } = start();
      const blocked = new Error('blocked');
      let isBlocked = true;
      const tab = openTab(
        { transact: (work) => (isBlocked ? Promise.reject(blocked) : records.transact(work)) },
        runtime,
      );
      await expect(tab.append([...plain(viewed(1)), ...once(viewed(2))])).rejects.toBe(blocked);
      expect(sayable(tab)).toEqual([idOf(1)]);
      isBlocked = false;
      await tab.append(plain(viewed(3)));
      await expect(storedIds(records, 'entry')).resolves.toEqual([idOf(1), idOf(2), idOf(3)]);
      await expect(storedIds(records, 'seen')).resolves.toEqual(['offer-2']);
    });
  });

  describe('records once what counts once', () => {
    const offerId = 'a52ge40b';

    test('it is recorded once across tabs that append at the same moment', async () => {
      const tab = start();
      const other = tab.another();
      const results = await Promise.all([
        tab.append(once(viewed(1, { offerId }))),
        other.append(once(viewed(2, { offerId }))),
      ]);
      expect(results.map(idsOf)).toEqual([[idOf(1)], []]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(1)]);
    });

    test('within one tick, and also after the first was delivered', async () => {
      const tab = start();
      const fresh = await tab.append(once(viewed(1, { offerId }), viewed(2, { offerId }), viewed(3)));
      expect(idsOf(fresh)).toEqual([idOf(1), idOf(3)]);
      await tab.leasing.settle([idOf(1)]);
      await expect(tab.append(once(viewed(4, { offerId })))).resolves.toEqual([]);
    });

    test('each type for itself', async () => {
      const tab = start();
      const view = viewed(1, { offerId });
      const close = dismissed(2, view);
      await tab.append(once(view));
      await expect(tab.append(once(close))).resolves.toEqual([close]);
      await expect(tab.append(once(dismissed(3, view)))).resolves.toEqual([]);
    });

    test('though the offer has ended by this clock, which may be a day ahead (fault 57)', async () => {
      const tab = start();
      await tab.append(once(viewed(1, { offerId, expiresAt: START - 86_400_000 })));
      await expect(tab.append(once(viewed(2, { offerId })))).resolves.toEqual([]);
    });

    test('until it was not seen for 30 days', async () => {
      const tab = start();
      await tab.append(once(viewed(1, { offerId })));
      await tab.runtime.advance(MARK_MS - 1);
      await expect(tab.append(once(viewed(2, { offerId })))).resolves.toEqual([]);
      await tab.runtime.advance(MARK_MS - 1);
      await expect(tab.append(once(viewed(3, { offerId })))).resolves.toEqual([]);
      await tab.runtime.advance(MARK_MS);
      expect(idsOf(await tab.append(once(viewed(4, { offerId }))))).toEqual([idOf(4)]);
      expect(MARK_MS).toBe(30 * 24 * 3_600_000);
    });

    test('what counts each time is recorded beside it', async () => {
      const tab = start();
      await tab.append(once(viewed(1, { offerId })));
      const again = viewed(2, { offerId });
      await expect(tab.append(plain(again))).resolves.toEqual([again]);
    });
  });

  describe('mirrors what is unsettled', () => {
    test('at once, before storage has answered', async () => {
      const tab = start();
      const view = viewed(1);
      const appended = tab.append(plain(view, dismissed(2, view)));
      expect(mirrored(tab)).toEqual([idOf(1), idOf(2)]);
      await appended;
      expect([...tab.outbox.mirror.values()]).toEqual([
        { event: view, isOnce: false, heldUntil: 0, isStored: true },
        { event: dismissed(2, view), isOnce: false, heldUntil: 0, isStored: true },
      ]);
    });

    test('what counts once too, which may be said only when it is known to be new', async () => {
      const tab = start();
      const appended = tab.append(once(viewed(1)));
      expect([mirrored(tab), sayable(tab)]).toEqual([[idOf(1)], []]);
      await appended;
      expect([mirrored(tab), sayable(tab)]).toEqual([[idOf(1)], [idOf(1)]]);
      const other = tab.another();
      await other.append(once(viewed(2, { offerId: 'offer-1' })));
      expect(mirrored(other)).toEqual([]);
    });

    test('as held while it is on its way under a lease, or not due', async () => {
      const tab = start();
      const { mirror } = tab.outbox;
      await tab.append(plain(viewed(1), viewed(2)));
      expect([mirror.get(idOf(1))?.heldUntil, mirror.get(idOf(2))?.heldUntil]).toEqual([0, 0]);
      await tab.leased('t', 1);
      expect([mirror.get(idOf(1))?.heldUntil, mirror.get(idOf(2))?.heldUntil]).toEqual([START + LEASE_MS, 0]);
      await tab.leasing.release('t', new Map([[idOf(1), START + 70_000]]));
      expect(mirror.get(idOf(1))?.heldUntil).toBe(START + 70_000);
    });

    test('until it is settled, buried or given up', async () => {
      const tab = startTab(open, { retentionMs: 1_000 });
      const refused = viewed(2);
      await tab.append(plain(viewed(1), refused, dismissed(3, refused), viewed(4)));
      await tab.leasing.settle([idOf(1)]);
      expect(mirrored(tab)).toEqual([idOf(2), idOf(3), idOf(4)]);
      await tab.leasing.bury(new Map([[idOf(2), 'invalid_event']]));
      expect(mirrored(tab)).toEqual([idOf(4)]);
      await tab.runtime.advance(1_000);
      await tab.leased('t');
      expect(mirrored(tab)).toEqual([]);
    });

    test('a dismissal that counts once, which no farewell says, since its view may be another tab’s', async () => {
      const tab = start();
      const view = viewed(1);
      await tab.append(once(view, dismissed(2, view)));
      expect([mirrored(tab), sayable(tab)]).toEqual([[idOf(1), idOf(2)], [idOf(1)]]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(1), idOf(2)]);
    });

    test('a dismissal that counts once as not to be said also when an attempt with it has failed', async () => {
      const here = start();
      const there = here.another();
      const view = viewed(1);
      await there.append(once(view));
      await here.append(once(dismissed(2, view)));
      await expect(here.leased('t')).resolves.toEqual([idOf(1), idOf(2)]);
      await here.leasing.release('t', new Map([idOf(1), idOf(2)].map((id) => [id, 0])));
      expect([mirrored(here), sayable(here)]).toEqual([[idOf(2)], []]);
    });

    test('nothing that was settled while it was being stored, and the database does not keep it', async () => {
      const tab = start();
      const appended = tab.append(plain(viewed(1), viewed(2)));
      await tab.leasing.settle([idOf(1)]);
      await expect(appended).resolves.toEqual([viewed(2)]);
      expect(mirrored(tab)).toEqual([idOf(2)]);
      await expect(storedIds(tab.records, 'entry')).resolves.toEqual([idOf(2)]);
    });
  });

  describe('remembers what was accepted', () => {
    test('across tabs, for 30 days', async () => {
      const tab = start();
      await tab.leasing.accept('first');
      await tab.runtime.advance(1);
      await tab.leasing.accept('second');
      await tab.runtime.advance(MARK_MS - 2);
      const fact = { type: 'accepted' };
      expect(await tab.another().leasing.marks()).toEqual([
        { ...fact, offerId: 'second', until: START + MARK_MS + 1 },
        { ...fact, offerId: 'first', until: START + MARK_MS },
      ]);
      await tab.runtime.advance(1);
      expect(await tab.another().leasing.marks()).toMatchObject([{ offerId: 'second' }]);
      await expect(storedIds(tab.records, 'seen')).resolves.toEqual(['second']);
    });
  });
};
