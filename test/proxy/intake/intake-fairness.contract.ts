/**
 * Whose turn it is: visitors share the pace, no matter what one of them sends, and each keeps the order of his own
 * events.
 */
import { describe, expect, it } from 'vitest';
import type { AdmittedEvent, Intake, IntakeRow } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, begin, begun, numbers, record } from './intake.contract.js';

const SECOND_MS = 1_000;
const GREEDY_EVENTS = 6_000;
const OTHERS = 99;
/** The pace of a small plan. */
const PER_MINUTE = 150;
const CONCURRENT = 10;

/** An event of a visitor at an offer. */
const of = (
  number: number,
  visitor: string | undefined,
  fields: Partial<AdmittedEvent> = {},
): AdmittedEvent => admitted(number, { offerId: 'static', visitor, ...fields });

const closing = (
  number: number,
  visitor: string | undefined,
  fields: Partial<AdmittedEvent> = {},
): AdmittedEvent => of(number, visitor, { type: 'dismissed', ...fields });

const takeAll = async (intake: Intake, events: readonly AdmittedEvent[]): Promise<void> => {
  for (let from = 0; from < events.length; from += 500) await intake.take(events.slice(from, from + 500));
};

const settle = (intake: Intake, rows: readonly Pick<IntakeRow, 'id'>[], now: number): Promise<void> =>
  record(intake, rows, { kind: 'done' }, now);

/** Forwards for so many simulated seconds, with calls that end at once. Returns the numbers of what began, in order. */
const forwardFor = async (intake: Intake, from: number, seconds: number): Promise<number[]> => {
  const all: number[] = [];
  for (let second = 0; second < seconds; second++) {
    const now = from + second * SECOND_MS;
    const { rows } = await begin(intake, now, CONCURRENT, PER_MINUTE);
    all.push(...numbers(rows));
    await settle(intake, rows, now);
  }
  return all;
};

export const describeFairness = ({ open }: Bench): void => {
  describe('shares the pace between visitors', () => {
    it.each([
      ['each visitor has offers of his own', (number: number) => `offer${number}`],
      ['all visitors see one offer', () => 'static'],
    ])(
      'lets none of them wait for two minutes because one has 6,000 events, if %s',
      async (_, offerOf) => {
        const intake = open();
        const greedy = Array.from({ length: GREEDY_EVENTS }, (_, at) =>
          of(at + 1, 'greedy', { offerId: offerOf(at + 1) }),
        );
        await takeAll(intake, greedy);
        const early = await forwardFor(intake, START, 30);
        expect(early.length).toBeGreaterThan(0);
        const others = Array.from({ length: OTHERS }, (_, at) => GREEDY_EVENTS + at + 1);
        await takeAll(
          intake,
          others.map((number) =>
            of(number, `visitor${number}`, { offerId: offerOf(number), receivedAt: START + 30 * SECOND_MS }),
          ),
        );
        const later = await forwardFor(intake, START + 30 * SECOND_MS, 120);
        expect(later).toEqual(expect.arrayContaining(others));
        // Nobody else has anything left, so the pace is the greedy one's again.
        expect(later.length).toBeGreaterThan(OTHERS);
      },
      60_000,
    );

    it('begins one event of each in turn, and the events of each as they came', async () => {
      const intake = open();
      await intake.take([of(1, 'a'), of(2, 'a'), of(3, 'a')]);
      await intake.take([of(4, 'b'), of(5, 'b'), of(6, 'c')]);
      const order: number[] = [];
      for (let call = 0; call < 6; call++) {
        const { rows } = await begin(intake, START, 1);
        order.push(...numbers(rows));
        await settle(intake, rows, START);
      }
      expect(order).toEqual([1, 4, 6, 2, 5, 3]);
    });

    it('begins what others have before it tries an event of one visitor again', async () => {
      const intake = open();
      await intake.take([of(1, 'a'), of(2, 'b')]);
      expect(await begun(intake, START, 1)).toEqual([1]);
      await record(intake, 1, { kind: 'waiting', dueAt: START + 1_000 });
      expect(await begun(intake, START + 1_000, 1)).toEqual([2]);
    });

    it('gives nobody credit for the time in which he sent nothing', async () => {
      const intake = open();
      await takeAll(
        intake,
        Array.from({ length: 40 }, (_, at) => of(at + 1, 'steady', { offerId: `offer${at}` })),
      );
      for (let call = 0; call < 20; call++) await settle(intake, (await begin(intake, START, 1)).rows, START);
      await takeAll(
        intake,
        Array.from({ length: 40 }, (_, at) => of(at + 101, 'late', { offerId: `late${at}` })),
      );
      const next = await begun(intake, START, 20);
      expect(next.filter((number) => number > 100)).toHaveLength(10);
    });

    it('counts all events without a visitor as those of one visitor', async () => {
      const intake = open();
      await intake.take([admitted(1), admitted(2), admitted(3), admitted(4)]);
      await intake.take([of(5, 'a')]);
      expect((await begun(intake, START, 2)).sort()).toEqual([1, 5]);
    });
  });

  describe('keeps the order of each visitor at each offer', () => {
    it('begins one event at a time, while other visitors’ events of the same offer go at the same time', async () => {
      const intake = open();
      await intake.take([of(1, 'a'), of(2, 'a'), of(3, 'b')]);
      expect((await begun(intake)).sort()).toEqual([1, 3]);
      expect(await begun(intake)).toEqual([]);
      await settle(intake, [{ id: eventId(1) }], START);
      expect(await begun(intake)).toEqual([2]);
    });

    it('begins no `viewed` while a `dismissed` is on its way, even if it came while a clock was an hour ahead', async () => {
      const intake = open();
      await intake.take([closing(1, 'a')]);
      expect(await begun(intake)).toEqual([1]);
      await intake.take([of(2, 'a', { receivedAt: START + 3_600_000 })]);
      expect(await begun(intake)).toEqual([]);
      await settle(intake, [{ id: eventId(1) }], START);
      expect(await begun(intake)).toEqual([2]);
    });

    it('begins no `viewed` while a `dismissed` is on its way, even if an operator purges another one', async () => {
      const intake = open();
      await intake.take([closing(1, 'a')]);
      expect(await begun(intake)).toEqual([1]);
      await intake.take([of(2, 'a'), of(3, 'a')]);
      expect(await intake.purge([eventId(3)], START)).toBe(1);
      expect(await begun(intake)).toEqual([]);
      await settle(intake, [{ id: eventId(1) }], START);
      expect(await begun(intake)).toEqual([2]);
    });

    it('lets a `dismissed` go once the views of its own visitor are settled, even if other visitors have some open', async () => {
      const intake = open();
      await intake.take([of(1, 'a'), of(2, 'b'), closing(3, 'a'), closing(4, 'b')]);
      expect((await begun(intake)).sort()).toEqual([1, 2]);
      await settle(intake, [{ id: eventId(1) }], START);
      expect(await begun(intake)).toEqual([3]);
      await settle(intake, [{ id: eventId(2) }], START);
      expect(await begun(intake)).toEqual([4]);
    });

    it('lets a `dismissed` wait for its visitor’s `viewed` that came after it', async () => {
      const intake = open();
      await intake.take([closing(1, 'a')]);
      await intake.take([of(2, 'a'), of(3, 'b')]);
      expect((await begun(intake)).sort()).toEqual([2, 3]);
      await settle(intake, [{ id: eventId(2) }], START);
      expect(await begun(intake)).toEqual([1]);
    });

    it('lets a `dismissed` by a visitor without an open view wait for every older one of the offer: a phone may have changed its network', async () => {
      const intake = open();
      await intake.take([of(1, 'home'), of(2, 'neighbour')]);
      await intake.take([closing(3, 'mobile')]);
      await intake.take([of(4, 'late'), of(5, 'elsewhere', { offerId: 'other' })]);
      expect((await begun(intake)).sort()).toEqual([1, 2, 4, 5]);
      await settle(intake, [{ id: eventId(1) }], START);
      expect(await begun(intake)).toEqual([]);
      await settle(intake, [{ id: eventId(2) }], START);
      // A view that came later is still on its way, and does not delay anything.
      expect(await begun(intake)).toEqual([3]);
    });

    it('lets a `dismissed` without a view also go when the view that it waited for is given up', async () => {
      const intake = open();
      await intake.take([of(1, 'home'), of(2, 'neighbour')]);
      await settle(intake, (await begin(intake, START, 1)).rows, START);
      await intake.take([closing(3, 'mobile')]);
      expect(await begun(intake)).toEqual([2]);
      await record(intake, 2, { kind: 'dead', code: 'refused' });
      expect(await begun(intake)).toEqual([3]);
    });

    it('lets a `dismissed` without a view also go when an operator purges the view that it waited for', async () => {
      const intake = open();
      await intake.take([of(1, 'home'), of(2, 'neighbour')]);
      await settle(intake, (await begin(intake, START, 1)).rows, START);
      await intake.take([closing(3, 'mobile')]);
      const { rows } = await begin(intake, START);
      await record(intake, 2, { kind: 'waiting', dueAt: START + 60_000 });
      expect(numbers(rows)).toEqual([2]);
      expect(await begun(intake)).toEqual([]);
      expect(await intake.purge([eventId(2)], START)).toBe(1);
      expect(await begun(intake)).toEqual([3]);
    });

    it('never gives the upstream more dismissals of an offer than views, no matter in which order calls end', async () => {
      const intake = open();
      const visitors = ['a', 'b', 'c', 'd'];
      await intake.take(visitors.map((visitor, at) => of(at + 1, visitor)));
      await intake.take([...visitors, 'moved'].slice(1).map((visitor, at) => closing(at + 11, visitor)));
      const balance: number[] = [0];
      const open_: Pick<IntakeRow, 'id' | 'type'>[] = [];
      for (let step = 0; step < 20; step++) {
        open_.push(...(await begin(intake, START, 2)).rows);
        // The youngest call ends first.
        const ended = open_.pop();
        if (!ended) break;
        balance.push((balance.at(-1) ?? 0) + (ended.type === 'viewed' ? 1 : -1));
        await settle(intake, [ended], START);
      }
      expect(balance).toHaveLength(9);
      expect(Math.min(...balance)).toBe(0);
    });
  });

  describe('does not delay other lines', () => {
    it('while one waits for its back-off', async () => {
      const intake = open();
      await intake.take([of(1, 'a'), of(2, 'a'), of(3, 'b')]);
      await begun(intake, START, 1);
      await record(intake, 1, { kind: 'waiting', dueAt: START + 30_000 });
      expect(await begun(intake, START + 1)).toEqual([3]);
      expect(await begun(intake, START + 29_999)).toEqual([]);
      expect(await begun(intake, START + 30_000)).toEqual([1]);
    });

    it('while the outcome of one is unknown', async () => {
      const intake = open();
      await intake.take([of(1, 'a'), closing(2, 'a'), of(3, 'b'), closing(4, 'b')]);
      await begun(intake);
      await intake.finish(
        [
          { id: eventId(1), result: { kind: 'ambiguous', dueAt: START + 5_000 } },
          { id: eventId(3), result: { kind: 'done' } },
        ],
        START,
      );
      expect(await begun(intake, START + 1)).toEqual([4]);
      expect(await begun(intake, START + 5_000)).toEqual([1]);
    });

    it('nor the views of its own line while a `dismissed` waits for its back-off', async () => {
      const intake = open();
      await intake.take([closing(1, 'a')]);
      await begun(intake);
      await record(intake, 1, { kind: 'waiting', dueAt: START + 30_000 });
      await intake.take([of(2, 'a')]);
      expect(await begun(intake, START + 1)).toEqual([2]);
    });

    it('when many are retried at once: no `dismissed` goes before its `viewed`, though many others came between them', async () => {
      const intake = open();
      const between = Array.from({ length: 150 }, (_, at) => admitted(10 + at));
      await takeAll(intake, [closing(1, 'a'), ...between, of(2, 'a')]);
      const all = [eventId(1), eventId(2), ...between.map(({ id }) => id)];
      expect(await intake.purge(all, START)).toBe(152);
      expect(await intake.retry(all, START)).toBe(152);
      const order: number[] = [];
      for (let at = START; order.length < 152; at += SECOND_MS) {
        const { rows } = await begin(intake, at, 40, 10_000);
        order.push(...numbers(rows));
        await settle(intake, rows, at);
      }
      expect(order.indexOf(1)).toBeGreaterThan(order.indexOf(2));
    });

    it('when another process takes over: it begins what was on its way, and then the rest in turn', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([of(1, 'a'), closing(2, 'a'), of(3, 'b'), closing(4, 'b'), closing(5, 'moved')]);
      expect((await begun(left)).sort()).toEqual([1, 3]);
      await record(left, 1, { kind: 'done' });
      expect(await begun(left)).toEqual([2]);
      expect(await right.lead('right', START + 30_000)).toBe(true);
      expect((await begun(right, START + 30_000)).sort()).toEqual([2, 3]);
      await settle(right, [{ id: eventId(2) }, { id: eventId(3) }], START + 30_000);
      expect((await begun(right, START + 30_000)).sort()).toEqual([4, 5]);
    });
  });

  describe('does not show who sent an event', () => {
    it('neither in lists nor when events begin', async () => {
      const intake = open();
      await intake.take([of(1, 'somebody-with-a-name')]);
      const listed = await intake.list({ limit: 9 });
      const { rows } = await begin(intake);
      expect(rows).toHaveLength(1);
      for (const text of [JSON.stringify(listed), JSON.stringify(rows)]) {
        expect(text).not.toContain('somebody');
        expect(text).not.toMatch(/visitor|line|turn/);
      }
    });
  });
};
