import { describe, expect } from 'vitest';
import type { AdmittedEvent, Intake, LedgerCell, LedgerFilter } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import {
  ambiguous,
  type Bench,
  begin,
  DONE,
  dead,
  dismissed,
  forward,
  record,
  verdictsOf,
  waiting,
} from './intake.contract.js';

const DAY_MS = 86_400_000;
const dayAfter = (days: number): string => new Date(START + days * DAY_MS).toISOString().slice(0, 10);
const TODAY = dayAfter(0);

/** Cells in short: the columns that are not 0, by what the cell counts. */
const ledgerOf = async (
  intake: Intake,
  filter?: LedgerFilter,
): Promise<Record<string, Partial<LedgerCell>>> => {
  const cells: Record<string, Partial<LedgerCell>> = {};
  for await (const portion of intake.ledger(filter))
    for (const { day, group, type, reason, ...figures } of portion)
      cells[[day, group, type, reason].filter(Boolean).join(' ')] = Object.fromEntries(
        Object.entries(figures).filter(([, count]) => count),
      );
  return cells;
};

const cellsOf = async (intake: Intake, filter?: LedgerFilter): Promise<string[]> =>
  Object.keys(await ledgerOf(intake, filter));

/** Events of one visitor, each in a new group. */
const ofGroups = (from: number, count: number): AdmittedEvent[] =>
  Array.from({ length: count }, (_, at) => admitted(from + at, { group: `group${from + at}` }));

const acceptance = (number: number, group?: string) => ({
  ...{ id: eventId(number), content: 'accepted offer1', receivedAt: START, group },
});

/** What the forwarder does so many days later. */
const lookAfter = async (intake: Intake, days: number, graceDays = 0): Promise<void> => {
  await intake.lead('leader', START + days * DAY_MS);
  await begin(intake, START + days * DAY_MS, 9, 150, graceDays * DAY_MS);
};

export const describeLedger = ({ it, open }: Bench): void => {
  describe('keeps a ledger', () => {
    it('counts what was taken, in the order of days, groups, types and reasons', async ({ intake }) => {
      await intake.take([
        admitted(1, { group: 'b', receivedAt: START + DAY_MS }),
        admitted(2, { group: 'b' }),
        admitted(3, { group: 'a.b' }),
        admitted(4, { group: 'a' }),
        dismissed(5, 4, { group: 'a', reason: 'swipe' }),
        dismissed(6, 4, { group: 'a', reason: 'api' }),
        admitted(7),
        admitted(8, { usage: { subscriptionId: 'sub', properties: {} } }),
      ]);
      await intake.usage.begin({ now: START, limit: 1, perMinute: 10 });
      await record(intake.usage, 8, DONE);
      expect(Object.entries(await ledgerOf(intake))).toEqual([
        [`${TODAY} (none) viewed`, { taken: 2 }],
        [`${TODAY} a dismissed api`, { taken: 1 }],
        [`${TODAY} a dismissed swipe`, { taken: 1 }],
        [`${TODAY} a viewed`, { taken: 1 }],
        [`${TODAY} a.b viewed`, { taken: 1 }],
        [`${TODAY} b viewed`, { taken: 1 }],
        [`${dayAfter(1)} b viewed`, { taken: 1 }],
      ]);
    });

    it('shows the group and reason of an event', async ({ intake }) => {
      await intake.take([dismissed(1, 1, { group: 'summer', reason: 'escape' })]);
      expect(await intake.list({ limit: 1 })).toMatchObject([{ group: 'summer', reason: 'escape' }]);
      expect((await begin(intake)).rows).toMatchObject([{ group: 'summer', reason: 'escape' }]);
    });

    it('counts an event once that comes several times, in the group that came first', async ({ intake }) => {
      await intake.take([admitted(1, { group: 'first' })]);
      await intake.take([admitted(1, { group: 'second' }), admitted(1)]);
      await intake.take([admitted(1, { offerId: 'conflict', group: 'third' })]);
      expect(await ledgerOf(intake)).toEqual({ [`${TODAY} first viewed`]: { taken: 1 } });
    });

    it('counts what became of each event, so that taken is the sum of what waits and the rest', async () => {
      const intake = open({ maxDelayMs: DAY_MS });
      await intake.take([1, 2, 3, 4, 5, 6].map((number) => admitted(number)));
      await begin(intake);
      const results = [DONE, dead(), waiting(START + 1), waiting(START + 1), ambiguous(START + 1)];
      await intake.finish(
        results.map((result, at) => ({ id: eventId(at + 1), result })),
        START,
      );
      await intake.purge([eventId(3)], START);
      const cell = `${TODAY} (none) viewed`;
      expect(await ledgerOf(intake)).toEqual({ [cell]: { taken: 6, delivered: 1, refused: 1, purged: 1 } });
      await begin(intake, START + DAY_MS + 2);
      expect(await ledgerOf(intake)).toMatchObject({ [cell]: { taken: 6, givenUp: 2 } });
    });

    it('takes back what a dead letter counted when it is retried or purged', async ({ intake }) => {
      const figures = async () => (await ledgerOf(intake))[`${TODAY} (none) viewed`];
      await forward(intake, dead());
      await intake.retry(undefined, START);
      expect(await figures()).toEqual({ taken: 1 });
      await begin(intake, START + 1);
      await record(intake, 1, dead(), START + 1);
      await intake.purge([eventId(1)], START + 2);
      expect(await figures()).toEqual({ taken: 1, purged: 1 });
      await intake.retry([eventId(1)], START + 3);
      await begin(intake, START + 3);
      await record(intake, 1, DONE, START + 3);
      expect(await figures()).toEqual({ taken: 1, delivered: 1 });
    });

    it('shrinks by nothing when events are forgotten, and forgets a day after 400 days', async ({
      intake,
    }) => {
      await intake.take([
        admitted(1, { group: 'summer' }),
        dismissed(2, 1, { group: 'summer', reason: 'swipe' }),
        admitted(4),
        dismissed(5, 4, { reason: 'escape' }),
        admitted(6, { group: 'winter' }),
        admitted(7, { group: 'summer', receivedAt: START + DAY_MS }),
      ]);
      await intake.accept([acceptance(8, 'summer')]);
      await intake.purge([eventId(6)], START);
      await begin(intake);
      await record(
        intake,
        [1, 7].map((number) => ({ id: eventId(number) })),
        DONE,
      );
      await record(intake, 4, dead());
      await begin(intake, START + 1);
      await record(intake, 2, DONE, START + 1);
      const before = await ledgerOf(intake);
      expect(before).toEqual({
        [`${TODAY} (none) dismissed escape`]: { taken: 1, givenUp: 1 },
        [`${TODAY} (none) viewed`]: { taken: 1, refused: 1 },
        [`${TODAY} summer accepted`]: { taken: 1, accepted: 1 },
        [`${TODAY} summer dismissed swipe`]: { taken: 1, delivered: 1 },
        [`${TODAY} summer viewed`]: { taken: 1, delivered: 1 },
        [`${TODAY} winter viewed`]: { taken: 1, purged: 1 },
        [`${dayAfter(1)} summer viewed`]: { taken: 1, delivered: 1 },
      });
      for (const [days, rows] of [
        [6, 6],
        [8, 0],
        [400, 0],
      ] as const) {
        await lookAfter(intake, days);
        expect(await intake.list({ limit: 9 })).toHaveLength(rows);
        expect(await ledgerOf(intake)).toEqual(before);
      }
      await lookAfter(intake, 401);
      expect(await cellsOf(intake)).toEqual([`${dayAfter(1)} summer viewed`]);
    });

    it('forgets a day after as many days as it is given, but not by a jump of the clock', async () => {
      const intake = open({ ledgerDays: 31 });
      await intake.take([admitted(1), admitted(2, { receivedAt: START + DAY_MS })]);
      await intake.accept([acceptance(3)]);
      await lookAfter(intake, 40, 40);
      expect(await cellsOf(intake)).toHaveLength(3);
      expect(await verdictsOf(intake.accept([acceptance(3)]))).toEqual(['duplicate']);
      await lookAfter(intake, 32);
      expect(await cellsOf(intake)).toEqual([`${dayAfter(1)} (none) viewed`]);
      expect(await verdictsOf(intake.accept([acceptance(3)]))).toEqual(['accepted']);
    });

    it('gives the days that are asked for', async ({ intake }) => {
      await intake.take([0, 1, 2, 3].map((day) => admitted(day, { receivedAt: START + day * DAY_MS })));
      const middle = { since: dayAfter(1), until: dayAfter(2) };
      expect(await cellsOf(intake, middle)).toEqual([1, 2].map((day) => `${dayAfter(day)} (none) viewed`));
      expect(await cellsOf(intake, { since: dayAfter(3) })).toHaveLength(1);
      expect(await cellsOf(intake, { until: TODAY })).toHaveLength(1);
    });
  });

  describe('keeps 200 groups apart', () => {
    it('gives a day with many of them in portions, in order', async ({ intake }) => {
      const events = ofGroups(100, 501);
      intake.claim('acme', { groups: new Set(events.map(({ group }) => group ?? '')) });
      await intake.take(events);
      const portions: string[][] = [];
      for await (const portion of intake.ledger()) portions.push(portion.map(({ group }) => group));
      expect(portions.map(({ length }) => length)).toEqual([500, 1]);
      expect(portions.flat()).toEqual(events.map(({ group }) => group));
    });

    it('counts all but the first under (other), for ever, also of what was accepted (attack 68)', async ({
      intake,
    }) => {
      await intake.take(ofGroups(100, 198));
      await intake.take([
        ...ofGroups(298, 3),
        admitted(1, { group: 'group300' }),
        admitted(2, { group: '(other)' }),
      ]);
      const later = { receivedAt: START + 100 * DAY_MS };
      await intake.take([
        admitted(3, { group: 'group299', ...later }),
        admitted(4, { group: 'late', ...later }),
      ]);
      await intake.accept([acceptance(5, 'group100'), acceptance(6, 'never')]);
      const cells = await ledgerOf(intake);
      expect(Object.keys(cells).filter((name) => !/\(other\)/.test(name))).toHaveLength(202);
      expect(cells).toMatchObject({
        [`${TODAY} (other) viewed`]: { taken: 3 },
        [`${TODAY} (other) accepted`]: { accepted: 1 },
        [`${TODAY} group100 accepted`]: { accepted: 1 },
        [`${TODAY} group299 viewed`]: { taken: 1 },
        [`${dayAfter(100)} (other) viewed`]: { taken: 1 },
        [`${dayAfter(100)} group299 viewed`]: { taken: 1 },
      });
    });

    it('keeps those apart that the host lists, no matter how many were named before', async ({ intake }) => {
      await intake.take(ofGroups(100, 200));
      intake.claim('acme', { groups: new Set(['listed']) });
      await intake.take([admitted(1, { group: 'listed' }), admitted(2, { group: 'late' })]);
      await intake.accept([acceptance(3, 'listed')]);
      const cells = (await cellsOf(intake)).filter((cell) => !cell.includes(' group'));
      expect(cells).toEqual([
        `${TODAY} (other) viewed`,
        `${TODAY} listed accepted`,
        `${TODAY} listed viewed`,
      ]);
    });
  });

  describe('counts what the billing system reported', () => {
    const reported = (number: number) => `019aa02f-3c00-8000-8000-${number.toString(16).padStart(12, '0')}`;

    it('counts an acceptance once, and only in the ledger', async ({ intake }) => {
      expect(await intake.accept([acceptance(1, 'summer'), acceptance(2)])).toEqual(
        new Map([1, 2].map((number) => [eventId(number), { kind: 'accepted' }])),
      );
      const other = { ...acceptance(2), content: 'accepted offer2' };
      expect(await verdictsOf(intake.accept([acceptance(1, 'winter'), other]))).toEqual([
        'duplicate',
        'conflict',
      ]);
      expect(await ledgerOf(intake)).toEqual({
        [`${TODAY} (none) accepted`]: { taken: 1, accepted: 1 },
        [`${TODAY} summer accepted`]: { taken: 1, accepted: 1 },
      });
      expect(await intake.list({ limit: 10 })).toEqual([]);
      expect((await begin(intake)).rows).toEqual([]);
    });

    it('refuses an event with the id of an acceptance, even if it is full, and the other way round', async () => {
      const intake = open({ maxWaiting: 1 });
      await intake.accept([{ ...acceptance(1), id: reported(1) }]);
      await intake.take([{ ...admitted(2), id: reported(2) }]);
      expect(await verdictsOf(intake.take([{ ...admitted(1), id: reported(1) }]))).toEqual(['conflict']);
      expect(await verdictsOf(intake.accept([{ ...acceptance(2), id: reported(2) }]))).toEqual(['conflict']);
      expect(await ledgerOf(intake)).toEqual({
        [`${TODAY} (none) accepted`]: { taken: 1, accepted: 1 },
        [`${TODAY} (none) viewed`]: { taken: 1 },
      });
    });

    it('does not take what is only counted, so that nothing can ever forward it', async ({ intake }) => {
      // The types forbid it, so only a fault of the proxy itself could do this.
      const type = 'accepted' as AdmittedEvent['type'];
      await expect(intake.take([admitted(1), admitted(2, { type })])).rejects.toThrow(
        /only viewed and dismissed are ever forwarded/,
      );
      expect([await intake.list({ limit: 9 }), await ledgerOf(intake)]).toEqual([[], {}]);
    });
  });
};
