import { describe, expect, it } from 'vitest';
import type { AdmittedEvent, Intake, LedgerCell, LedgerFilter } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, begin, dismissed, forward, record } from './intake.contract.js';

const DAY_MS = 86_400_000;
const TODAY = new Date(START).toISOString().slice(0, 10);
const dayAfter = (days: number): string => new Date(START + days * DAY_MS).toISOString().slice(0, 10);

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

/** Events of one visitor, each in a new group. */
const ofGroups = (from: number, count: number, fields: Partial<AdmittedEvent> = {}): AdmittedEvent[] =>
  Array.from({ length: count }, (_, at) => admitted(from + at, { group: `group${from + at}`, ...fields }));

const groupsOf = async (intake: Intake): Promise<string[]> => {
  const groups = new Set<string>();
  for await (const portion of intake.ledger()) for (const { group } of portion) groups.add(group);
  return [...groups];
};

const acceptance = (number: number, fields: { readonly content?: string; readonly group?: string } = {}) => ({
  id: eventId(number),
  content: 'accepted offer1',
  receivedAt: START,
  ...fields,
});

export const describeLedger = ({ open }: Bench): void => {
  describe('keeps a ledger', () => {
    it('counts what was taken, by day, group, type and reason', async () => {
      const intake = open();
      await intake.take([
        admitted(1, { group: 'summer' }),
        admitted(2),
        dismissed(3, 1, { group: 'summer', reason: 'escape' }),
        dismissed(4, 2, { reason: 'control' }),
        admitted(5, { group: 'summer', receivedAt: START + DAY_MS }),
      ]);
      expect(await ledgerOf(intake)).toEqual({
        [`${TODAY} (none) dismissed control`]: { taken: 1 },
        [`${TODAY} (none) viewed`]: { taken: 1 },
        [`${TODAY} summer dismissed escape`]: { taken: 1 },
        [`${TODAY} summer viewed`]: { taken: 1 },
        [`${dayAfter(1)} summer viewed`]: { taken: 1 },
      });
    });

    it('gives cells in the order of days, groups, types and reasons', async () => {
      const intake = open();
      await intake.take([
        admitted(1, { group: 'b', receivedAt: START + DAY_MS }),
        admitted(2, { group: 'b' }),
        admitted(3, { group: 'a.b' }),
        admitted(4, { group: 'a' }),
        dismissed(5, 4, { group: 'a', reason: 'swipe' }),
        dismissed(6, 4, { group: 'a', reason: 'api' }),
      ]);
      expect(Object.keys(await ledgerOf(intake))).toEqual([
        `${TODAY} a dismissed api`,
        `${TODAY} a dismissed swipe`,
        `${TODAY} a viewed`,
        `${TODAY} a.b viewed`,
        `${TODAY} b viewed`,
        `${dayAfter(1)} b viewed`,
      ]);
    });

    it('shows the group and reason of an event', async () => {
      const intake = open();
      await intake.take([dismissed(1, 1, { group: 'summer', reason: 'escape' })]);
      expect(await intake.list({ limit: 1 })).toMatchObject([{ group: 'summer', reason: 'escape' }]);
      expect((await begin(intake)).rows).toMatchObject([{ group: 'summer', reason: 'escape' }]);
    });

    it('counts an event once that comes several times, in the group that came first', async () => {
      const intake = open();
      await intake.take([admitted(1, { group: 'first' })]);
      await intake.take([admitted(1, { group: 'second' }), admitted(1)]);
      await intake.take([admitted(1, { offerId: 'conflict', group: 'third' })]);
      expect(await ledgerOf(intake)).toEqual({ [`${TODAY} first viewed`]: { taken: 1 } });
    });

    it('counts what became of each event, so that taken is the sum of what waits and the rest', async () => {
      const intake = open({ maxDelayMs: DAY_MS });
      await intake.take([1, 2, 3, 4, 5, 6].map((number) => admitted(number)));
      await begin(intake);
      await intake.finish(
        [
          { id: eventId(1), result: { kind: 'done' } },
          { id: eventId(2), result: { kind: 'dead', code: 'resource_not_found' } },
          { id: eventId(3), result: { kind: 'waiting', dueAt: START + 1 } },
          { id: eventId(4), result: { kind: 'waiting', dueAt: START + 1 } },
          { id: eventId(5), result: { kind: 'ambiguous', dueAt: START + 1 } },
        ],
        START,
      );
      await intake.purge([eventId(3)], START);
      expect(await ledgerOf(intake)).toEqual({
        [`${TODAY} (none) viewed`]: { taken: 6, delivered: 1, refused: 1, purged: 1 },
      });
      await begin(intake, START + DAY_MS + 2);
      expect(await ledgerOf(intake)).toMatchObject({
        [`${TODAY} (none) viewed`]: { taken: 6, givenUp: 2 },
      });
    });

    it('takes back what a dead letter counted when that is retried', async () => {
      const intake = open();
      await forward(intake, { kind: 'dead', code: 'refused' });
      await intake.retry(undefined, START);
      expect(await ledgerOf(intake)).toEqual({ [`${TODAY} (none) viewed`]: { taken: 1 } });
      await begin(intake, START + 1);
      await record(intake, 1, { kind: 'done' }, START + 1);
      expect(await ledgerOf(intake)).toEqual({ [`${TODAY} (none) viewed`]: { taken: 1, delivered: 1 } });
    });

    it('moves a purged dead letter from what was refused', async () => {
      const intake = open();
      await forward(intake, { kind: 'dead', code: 'refused' });
      await intake.purge([eventId(1)], START);
      expect(await ledgerOf(intake)).toEqual({ [`${TODAY} (none) viewed`]: { taken: 1, purged: 1 } });
    });

    it('does not count usage events', async () => {
      const intake = open();
      await intake.take([admitted(1, { usage: { subscriptionId: 'sub', properties: {} } })]);
      await intake.usage.begin({ now: START, limit: 1, perMinute: 10 });
      await record(intake.usage, 1, { kind: 'done' });
      expect(await ledgerOf(intake)).toEqual({ [`${TODAY} (none) viewed`]: { taken: 1 } });
    });

    it('shrinks by nothing when events are forgotten after a week, and forgets a day after 400 days', async () => {
      // With the bounds that nobody has set.
      const intake = open();
      const on = (days: number, fields: Partial<AdmittedEvent> = {}): Partial<AdmittedEvent> => ({
        receivedAt: START + days * DAY_MS,
        ...fields,
      });
      await intake.take([
        admitted(1, on(0, { group: 'summer' })),
        dismissed(2, 1, on(0, { group: 'summer', reason: 'swipe' })),
        admitted(3, on(0)),
        admitted(4, on(0)),
        dismissed(5, 4, on(0, { reason: 'escape' })),
        admitted(6, on(0, { group: 'winter' })),
        admitted(7, on(1, { group: 'summer' })),
      ]);
      await intake.accept([acceptance(8, { group: 'summer' })]);
      await intake.purge([eventId(6)], START);
      await begin(intake);
      await intake.finish(
        [1, 3, 7].map((number) => ({ id: eventId(number), result: { kind: 'done' as const } })),
        START,
      );
      await record(intake, 4, { kind: 'dead', code: 'resource_not_found' });
      await begin(intake, START + 1);
      await record(intake, 2, { kind: 'done' }, START + 1);
      const before = await ledgerOf(intake);
      expect(before).toEqual({
        [`${TODAY} (none) dismissed escape`]: { taken: 1, givenUp: 1 },
        [`${TODAY} (none) viewed`]: { taken: 2, delivered: 1, refused: 1 },
        [`${TODAY} summer accepted`]: { taken: 1, accepted: 1 },
        [`${TODAY} summer dismissed swipe`]: { taken: 1, delivered: 1 },
        [`${TODAY} summer viewed`]: { taken: 1, delivered: 1 },
        [`${TODAY} winter viewed`]: { taken: 1, purged: 1 },
        [`${dayAfter(1)} summer viewed`]: { taken: 1, delivered: 1 },
      });
      const wait = async (days: number): Promise<void> => {
        await intake.lead('leader', START + days * DAY_MS);
        await begin(intake, START + days * DAY_MS);
      };
      await wait(6);
      expect(await intake.list({ limit: 9 })).toHaveLength(7);
      await wait(8);
      expect(await intake.list({ limit: 9 })).toEqual([]);
      expect(await ledgerOf(intake)).toEqual(before);
      await wait(400);
      expect(await ledgerOf(intake)).toEqual(before);
      await wait(401);
      expect(Object.keys(await ledgerOf(intake))).toEqual([`${dayAfter(1)} summer viewed`]);
    });

    it('forgets a day after as many days as it is given', async () => {
      const intake = open({ ledgerDays: 31 });
      await intake.take([admitted(1), admitted(2, { receivedAt: START + DAY_MS })]);
      const later = START + 32 * DAY_MS;
      await intake.lead('leader', later);
      await begin(intake, later);
      expect(Object.keys(await ledgerOf(intake))).toEqual([`${dayAfter(1)} (none) viewed`]);
    });

    it('forgets no day because the clock of its process jumps ahead', async () => {
      const intake = open({ ledgerDays: 31 });
      await intake.take([admitted(1)]);
      const before = await ledgerOf(intake);
      await intake.lead('leader', START + 40 * DAY_MS);
      await begin(intake, START + 40 * DAY_MS, 9, 150, 40 * DAY_MS);
      expect(Object.keys(await ledgerOf(intake))).toEqual(Object.keys(before));
    });

    it('gives the days that are asked for', async () => {
      const intake = open();
      await intake.take([0, 1, 2, 3].map((day) => admitted(day, { receivedAt: START + day * DAY_MS })));
      expect(Object.keys(await ledgerOf(intake, { since: dayAfter(1), until: dayAfter(2) }))).toEqual([
        `${dayAfter(1)} (none) viewed`,
        `${dayAfter(2)} (none) viewed`,
      ]);
      expect(Object.keys(await ledgerOf(intake, { since: dayAfter(3) }))).toHaveLength(1);
      expect(Object.keys(await ledgerOf(intake, { until: TODAY }))).toHaveLength(1);
    });
  });

  describe('keeps 200 groups apart', () => {
    it('gives a day with many of them in portions, in order', async () => {
      const intake = open();
      const events = ofGroups(100, 501);
      intake.claim('acme', { groups: new Set(events.map(({ group }) => group ?? '')) });
      await intake.take(events);
      const portions: string[][] = [];
      for await (const portion of intake.ledger()) portions.push(portion.map(({ group }) => group));
      expect(portions.map(({ length }) => length)).toEqual([500, 1]);
      expect(portions.flat()).toEqual(events.map(({ group }) => group));
    });

    it('counts all but the first under (other), for ever, also of what was accepted (attack 68)', async () => {
      const intake = open();
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
      await intake.accept([acceptance(5, { group: 'group100' }), acceptance(6, { group: 'never' })]);
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

    it('keeps those apart that the host lists, no matter how many others were named before', async () => {
      const intake = open();
      await intake.take(ofGroups(100, 200));
      intake.claim('acme', { groups: new Set(['listed']) });
      await intake.take([admitted(1, { group: 'listed' }), admitted(2, { group: 'late' })]);
      await intake.accept([acceptance(3, { group: 'listed' })]);
      expect(await groupsOf(intake)).toEqual(expect.arrayContaining(['listed', '(other)']));
      expect(await groupsOf(intake)).not.toContain('late');
    });
  });

  describe('counts what the billing system reported', () => {
    it('counts an acceptance once, and only in the ledger', async () => {
      const intake = open();
      expect(await intake.accept([acceptance(1, { group: 'summer' }), acceptance(2)])).toEqual(
        new Map([
          [eventId(1), { kind: 'accepted' }],
          [eventId(2), { kind: 'accepted' }],
        ]),
      );
      expect(await intake.accept([acceptance(1, { group: 'winter' })])).toEqual(
        new Map([[eventId(1), { kind: 'duplicate' }]]),
      );
      expect(await ledgerOf(intake)).toEqual({
        [`${TODAY} (none) accepted`]: { taken: 1, accepted: 1 },
        [`${TODAY} summer accepted`]: { taken: 1, accepted: 1 },
      });
      expect(await intake.list({ limit: 10 })).toEqual([]);
      expect((await begin(intake)).rows).toEqual([]);
    });

    const reported = (number: number) => `019aa02f-3c00-8000-8000-${number.toString(16).padStart(12, '0')}`;
    const conflict = { kind: 'refused', code: 'conflict' };

    it('refuses an event with the id of an acceptance while it is full', async () => {
      const intake = open({ maxWaiting: 1 });
      await intake.accept([{ ...acceptance(1), id: reported(1) }]);
      await intake.take([admitted(2)]);
      expect((await intake.take([{ ...admitted(1), id: reported(1) }])).get(reported(1))).toEqual(conflict);
    });

    it('refuses an event with the id of an acceptance, and an acceptance with the id of an event', async () => {
      const intake = open();
      await intake.accept([{ ...acceptance(1), id: reported(1) }]);
      await intake.take([{ ...admitted(2), id: reported(2) }]);
      expect((await intake.take([{ ...admitted(1), id: reported(1) }])).get(reported(1))).toEqual(conflict);
      expect((await intake.accept([{ ...acceptance(2), id: reported(2) }])).get(reported(2))).toEqual(
        conflict,
      );
      expect(await ledgerOf(intake)).toEqual({
        [`${TODAY} (none) accepted`]: { taken: 1, accepted: 1 },
        [`${TODAY} (none) viewed`]: { taken: 1 },
      });
    });

    it('does not take what is only counted, so that nothing can ever forward it', async () => {
      const intake = open();
      // The types forbid it, so only a fault of the proxy itself could do this.
      const type = 'accepted' as AdmittedEvent['type'];
      await expect(intake.take([admitted(1), admitted(2, { type })])).rejects.toThrow(
        /only viewed and dismissed are ever forwarded/,
      );
      expect(await intake.list({ limit: 9 })).toEqual([]);
      expect(await ledgerOf(intake)).toEqual({});
    });

    it('refuses another acceptance with the same id', async () => {
      const intake = open();
      await intake.accept([acceptance(1)]);
      expect([...(await intake.accept([acceptance(1, { content: 'accepted offer2' })])).values()]).toEqual([
        { kind: 'refused', code: 'conflict' },
      ]);
    });
  });
};
