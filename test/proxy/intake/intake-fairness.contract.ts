/**
 * Whose turn it is: visitors share the pace, no matter what one of them sends, and each keeps the order of his own
 * events.
 */
import { describe, expect } from 'vitest';
import type { AdmittedEvent, Intake, IntakeRow } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import {
  ambiguous,
  type Bench,
  begin,
  begun,
  DONE,
  dead,
  numbers,
  record,
  waiting,
} from './intake.contract.js';

const SECOND_MS = 1_000;
const GREEDY_EVENTS = 6_000;
const OTHERS = 99;
/** The pace of a small plan. */
const PER_MINUTE = 150;

/** An event of a visitor at an offer. */
const of = (number: number, visitor: string, fields: Partial<AdmittedEvent> = {}): AdmittedEvent =>
  admitted(number, { offerId: 'static', visitor, ...fields });

const closing = (number: number, visitor: string): AdmittedEvent =>
  of(number, visitor, { type: 'dismissed' });

const takeAll = async (intake: Intake, events: readonly AdmittedEvent[]): Promise<void> => {
  for (let from = 0; from < events.length; from += 500) await intake.take(events.slice(from, from + 500));
};

/** Begins so many events one after another, whose calls end at once. Returns the numbers of what began, in order. */
const forwardEach = async (intake: Intake, count: number): Promise<number[]> => {
  const all: number[] = [];
  for (let call = 0; call < count; call++) {
    const { rows } = await begin(intake, START, 1);
    all.push(...numbers(rows));
    await record(intake, rows, DONE);
  }
  return all;
};

/** The same for so many simulated seconds, at the pace of the plan. */
const forwardFor = async (intake: Intake, from: number, seconds: number): Promise<number[]> => {
  const all: number[] = [];
  for (let now = from; now < from + seconds * SECOND_MS; now += SECOND_MS) {
    const { rows } = await begin(intake, now, 10, PER_MINUTE);
    all.push(...numbers(rows));
    await record(intake, rows, DONE, now);
  }
  return all;
};

export const describeFairness = ({ it, open }: Bench): void => {
  describe('shares the pace between visitors', () => {
    it.for<[string, (number: number) => string]>([
      ['each visitor has offers of his own', (number) => `offer${number}`],
      ['all visitors see one offer', () => 'static'],
    ])(
      'lets none of them wait for two minutes because one has 6,000 events, if %s',
      async ([, offerOf], { intake }) => {
        const from = (visitor: string, number: number, receivedAt: number) =>
          of(number, visitor, { offerId: offerOf(number), receivedAt });
        await takeAll(
          intake,
          Array.from({ length: GREEDY_EVENTS }, (_, at) => from('greedy', at + 1, START)),
        );
        expect((await forwardFor(intake, START, 30)).length).toBeGreaterThan(0);
        const others = Array.from({ length: OTHERS }, (_, at) => GREEDY_EVENTS + at + 1);
        const later = START + 30 * SECOND_MS;
        await takeAll(
          intake,
          others.map((number) => from(`visitor${number}`, number, later)),
        );
        const all = await forwardFor(intake, later, 120);
        expect(all).toEqual(expect.arrayContaining(others));
        // Nobody else has anything left, so the pace is the greedy one's again.
        expect(all.length).toBeGreaterThan(OTHERS);
      },
    );

    it('begins one event of each in turn, and the events of each as they came', async ({ intake }) => {
      await intake.take([of(1, 'a'), of(2, 'a'), of(3, 'a')]);
      await intake.take([of(4, 'b'), of(5, 'b'), of(6, 'c')]);
      expect(await forwardEach(intake, 6)).toEqual([1, 4, 6, 2, 5, 3]);
    });

    it('begins what others have before it tries an event of one visitor again', async ({ intake }) => {
      await intake.take([of(1, 'a'), of(2, 'b')]);
      expect(await begun(intake, START, 1)).toEqual([1]);
      await record(intake, 1, waiting(START + 1_000));
      expect(await begun(intake, START + 1_000, 1)).toEqual([2]);
    });

    it('gives nobody credit for the time in which he sent nothing', async ({ intake }) => {
      const forty = (visitor: string, first: number) =>
        Array.from({ length: 40 }, (_, at) => of(first + at, visitor, { offerId: `${visitor}${at}` }));
      await intake.take(forty('steady', 1));
      await forwardEach(intake, 20);
      await intake.take(forty('late', 101));
      const next = await begun(intake, START, 20);
      expect(next.filter((number) => number > 100)).toHaveLength(10);
    });

    it('counts all events without a visitor as those of one visitor', async ({ intake }) => {
      await intake.take([admitted(1), admitted(2), admitted(3), admitted(4)]);
      await intake.take([of(5, 'a')]);
      expect((await begun(intake, START, 2)).sort()).toEqual([1, 5]);
    });
  });

  describe('keeps the order of each visitor at each offer', () => {
    it('begins one event at a time, beside those of other visitors of the offer', async ({ intake }) => {
      await intake.take([of(1, 'a'), of(2, 'a'), of(3, 'b')]);
      expect((await begun(intake)).sort()).toEqual([1, 3]);
      expect(await begun(intake)).toEqual([]);
      await record(intake, 1, DONE);
      expect(await begun(intake)).toEqual([2]);
    });

    it('begins no `viewed` while a `dismissed` is on its way, whatever the clock or an operator does', async ({
      intake,
    }) => {
      await intake.take([closing(1, 'a')]);
      expect(await begun(intake)).toEqual([1]);
      // A clock was an hour ahead, and another event is purged.
      await intake.take([of(2, 'a', { receivedAt: START + 3_600_000 })]);
      expect(await begun(intake)).toEqual([]);
      await intake.take([of(3, 'a')]);
      expect(await intake.purge([eventId(3)], START)).toBe(1);
      expect(await begun(intake)).toEqual([]);
      await record(intake, 1, DONE);
      expect(await begun(intake)).toEqual([2]);
    });

    it('begins a `dismissed` once the views of its own visitor are settled', async ({ intake }) => {
      await intake.take([of(1, 'a'), of(2, 'b'), closing(3, 'a'), closing(4, 'b')]);
      expect((await begun(intake)).sort()).toEqual([1, 2]);
      await record(intake, 1, DONE);
      expect(await begun(intake)).toEqual([3]);
      await record(intake, 2, DONE);
      expect(await begun(intake)).toEqual([4]);
    });

    it('begins a `dismissed` after its visitor’s `viewed` that came later', async ({ intake }) => {
      await intake.take([closing(1, 'a')]);
      await intake.take([of(2, 'a'), of(3, 'b')]);
      expect((await begun(intake)).sort()).toEqual([2, 3]);
      await record(intake, 2, DONE);
      expect(await begun(intake)).toEqual([1]);
    });

    it('lets a `dismissed` by a visitor without an open view wait for every older one of the offer: a phone may have changed its network', async ({
      intake,
    }) => {
      await intake.take([of(1, 'home'), of(2, 'neighbour')]);
      await intake.take([closing(3, 'mobile')]);
      await intake.take([of(4, 'late'), of(5, 'elsewhere', { offerId: 'other' })]);
      expect((await begun(intake)).sort()).toEqual([1, 2, 4, 5]);
      await record(intake, 1, DONE);
      expect(await begun(intake)).toEqual([]);
      await record(intake, 2, DONE);
      // A view that came later is still on its way, and does not delay anything.
      expect(await begun(intake)).toEqual([3]);
    });

    it.for<[string, (intake: Intake) => Promise<unknown>]>([
      ['given up', (intake) => record(intake, 2, dead())],
      ['purged', (intake) => intake.purge([eventId(2)], START)],
    ])(
      'lets such a `dismissed` also go when the view that it waited for is %s',
      async ([, end], { intake }) => {
        await intake.take([of(1, 'home'), of(2, 'neighbour')]);
        await forwardEach(intake, 1);
        await intake.take([closing(3, 'mobile')]);
        expect(await begun(intake)).toEqual([2]);
        await record(intake, 2, waiting(START + 60_000));
        expect(await begun(intake)).toEqual([]);
        await end(intake);
        expect(await begun(intake)).toEqual([3]);
      },
    );

    it('never gives the upstream more dismissals of an offer than views, no matter in which order calls end', async ({
      intake,
    }) => {
      const visitors = ['a', 'b', 'c', 'd'];
      await intake.take(visitors.map((visitor, at) => of(at + 1, visitor)));
      await intake.take([...visitors, 'moved'].slice(1).map((visitor, at) => closing(at + 11, visitor)));
      const balance: number[] = [0];
      const underWay: Pick<IntakeRow, 'id' | 'type'>[] = [];
      for (let step = 0; step < 20; step++) {
        underWay.push(...(await begin(intake, START, 2)).rows);
        // The youngest call ends first.
        const ended = underWay.pop();
        if (!ended) break;
        balance.push((balance.at(-1) ?? 0) + (ended.type === 'viewed' ? 1 : -1));
        await record(intake, [ended], DONE);
      }
      expect(balance).toHaveLength(9);
      expect(Math.min(...balance)).toBe(0);
    });
  });

  describe('does not delay other lines', () => {
    it.for([
      ['waits for its back-off', waiting(START + 5_000)],
      ['has an unknown outcome', ambiguous(START + 5_000)],
    ] as const)('while one event %s', async ([, result], { intake }) => {
      await intake.take([of(1, 'a'), closing(2, 'a'), of(3, 'b'), closing(4, 'b')]);
      await begun(intake);
      await intake.finish(
        [
          { id: eventId(1), result },
          { id: eventId(3), result: DONE },
        ],
        START,
      );
      expect(await begun(intake, START + 1)).toEqual([4]);
      expect(await begun(intake, START + 4_999)).toEqual([]);
      expect(await begun(intake, START + 5_000)).toEqual([1]);
    });

    it('nor the views of its own line while a `dismissed` waits for its back-off', async ({ intake }) => {
      await intake.take([closing(1, 'a')]);
      await begun(intake);
      await record(intake, 1, waiting(START + 30_000));
      await intake.take([of(2, 'a')]);
      expect(await begun(intake, START + 1)).toEqual([2]);
    });

    it('when many are retried at once: no `dismissed` goes before its `viewed`', async ({ intake }) => {
      const between = Array.from({ length: 150 }, (_, at) => admitted(10 + at));
      await intake.take([closing(1, 'a'), ...between, of(2, 'a')]);
      const all = [eventId(1), eventId(2), ...between.map(({ id }) => id)];
      expect(await intake.purge(all, START)).toBe(152);
      expect(await intake.retry(all, START)).toBe(152);
      const order: number[] = [];
      for (let at = START; order.length < 152; at += SECOND_MS) {
        const { rows } = await begin(intake, at, 40);
        order.push(...numbers(rows));
        await record(intake, rows, DONE, at);
      }
      expect(order.indexOf(1)).toBeGreaterThan(order.indexOf(2));
    });

    it('when another process takes over: it begins what was on its way, and then the rest', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([of(1, 'a'), closing(2, 'a'), of(3, 'b'), closing(4, 'b'), closing(5, 'moved')]);
      expect((await begun(left)).sort()).toEqual([1, 3]);
      await record(left, 1, DONE);
      expect(await begun(left)).toEqual([2]);
      expect(await right.lead('right', START + 30_000)).toBe(true);
      expect((await begun(right, START + 30_000)).sort()).toEqual([2, 3]);
      await record(right, [{ id: eventId(2) }, { id: eventId(3) }], DONE, START + 30_000);
      expect((await begun(right, START + 30_000)).sort()).toEqual([4, 5]);
    });
  });

  it('shows neither in lists nor to the forwarder who sent an event', async ({ intake }) => {
    await intake.take([of(1, 'somebody-with-a-name')]);
    const text = JSON.stringify([await intake.list({ limit: 9 }), (await begin(intake)).rows]);
    expect(text.match(/"id"/g)).toHaveLength(2);
    expect(text).not.toMatch(/somebody|visitor|line|turn/);
  });
};
