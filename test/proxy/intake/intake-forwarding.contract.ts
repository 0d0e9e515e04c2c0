import { describe, expect } from 'vitest';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import {
  ambiguous,
  type Bench,
  begin,
  begun,
  DONE,
  dead,
  dismissed,
  forward,
  record,
  rowOf,
  statesOf,
  waiting,
} from './intake.contract.js';

const MINUTE_MS = 60_000;

export const describeForwarding = ({ it, open }: Bench): void => {
  describe('begins events in order', () => {
    it('takes the one that waited longest first, and no more than the limit', async ({ intake }) => {
      await intake.take([admitted(5), admitted(6)]);
      await intake.take([admitted(2, { receivedAt: START + 10 })]);
      expect(await begun(intake, START + 20, 2)).toEqual([5, 6]);
      expect(await begun(intake, START + 20, 2)).toEqual([2]);
      // It is recorded that they are on their way before they are handed out.
      expect(await rowOf(intake, 2)).toMatchObject({ state: 'forwarding', attempts: 1, isAmbiguous: false });
      expect(await begun(intake, START + MINUTE_MS)).toEqual([]);
    });

    it('lets a `dismissed` wait until the `viewed` of the same offer is settled', async ({ intake }) => {
      await intake.take([dismissed(2, 1), admitted(1), admitted(3), dismissed(4, 3)]);
      expect(await begun(intake)).toEqual([1, 3]);
      await record(intake, 1, waiting(START + 500));
      await record(intake, 3, ambiguous(START + 900));
      expect(await begun(intake, START + 499)).toEqual([]);
      expect(await begun(intake, START + 500)).toEqual([1]);
      expect(await begun(intake, START + 900)).toEqual([3]);
      await record(intake, 1, DONE, START + 940);
      expect(await begun(intake, START + 940)).toEqual([2]);
    });

    it('begins one event of an offer at a time, also when an older id comes later', async ({ intake }) => {
      await intake.take([admitted(9, { offerId: 'same' })]);
      expect(await begun(intake)).toEqual([9]);
      await intake.take([admitted(4, { offerId: 'same', receivedAt: START + 5 })]);
      expect(await begun(intake, START + 10)).toEqual([]);
      await record(intake, 9, DONE, START + 20);
      expect(await begun(intake, START + 20)).toEqual([4]);
    });

    it('says when to look again', async ({ intake }) => {
      expect((await begin(intake)).nextAt).toBeUndefined();
      await intake.take([admitted(1), admitted(2)]);
      expect((await begin(intake)).nextAt).toBeUndefined();
      await record(intake, 1, waiting(START + 8_000));
      await record(intake, 2, ambiguous(START + 5_000));
      expect((await begin(intake)).nextAt).toBe(START + 5_000);
    });
  });

  describe('keeps the pace', () => {
    const events = Array.from({ length: 7 }, (_, at) => admitted(at + 1));

    it('counts the calls of the last 60 seconds, no matter what came of them', async ({ intake }) => {
      await intake.take(events);
      expect(await begun(intake, START, 2, 3)).toEqual([1, 2]);
      await record(intake, 1, DONE);
      await record(intake, 2, waiting(START + 600_000));
      expect(await begun(intake, START + 20_000, 2, 3)).toEqual([3]);
      expect(await begun(intake, START + 59_999, 2, 3)).toEqual([]);
      expect(await begun(intake, START + MINUTE_MS + 1, 9, 3)).toEqual([4, 5]);
      expect(await begun(intake, START + 79_999, 9, 3)).toEqual([]);
      expect(await begun(intake, START + 80_001, 9, 3)).toEqual([6]);
    });

    it('counts a call from its end, also after a restart, since the upstream may have counted it only then', async () => {
      const first = open();
      await first.take(events);
      expect(await begun(first, START, 1, 1)).toEqual([1]);
      await record(first, 1, DONE, START + 30_000);
      await first.close();
      const second = open();
      await second.lead('successor', START + 50_000);
      expect(await begun(second, START + MINUTE_MS + 1, 9, 1)).toEqual([]);
      expect(await begun(second, START + 90_001, 9, 1)).toEqual([2]);
    });

    it('counts the calls of every connection, and says when there is room again', async ({ intake }) => {
      const other = open();
      await intake.take(events);
      expect(await begun(other, START, 1, 2)).toEqual([1]);
      const { rows, nextAt } = await begin(intake, START + 15_000, 9, 2);
      expect(rows).toHaveLength(1);
      expect(nextAt).toBeGreaterThanOrEqual(START + MINUTE_MS);
      expect(nextAt).toBeLessThan(START + MINUTE_MS + 50);
      expect(await begun(intake, nextAt, 9, 2)).toEqual([3]);
    });

    it('begins again a minute after a clock that was an hour ahead was set right', async ({ intake }) => {
      await intake.take([admitted(1, { receivedAt: START - 9 }), admitted(2, { receivedAt: START - 9 })]);
      await begun(intake, START + 3_600_000, 9, 2);
      await intake.take([admitted(3)]);
      expect(await begun(intake, START + MINUTE_MS + 1, 9, 2)).toEqual([3]);
    });
  });

  describe('records what came of a call', () => {
    it('settles a done event for good, without a code, and nothing for an unknown id', async ({ intake }) => {
      await forward(intake, DONE, START + 321);
      const row = { state: 'done', settledAt: START + 321, code: undefined, attempts: 1 };
      for (const result of [DONE, dead('late'), waiting(START), ambiguous(START)]) {
        expect(await rowOf(intake, 1)).toMatchObject(row);
        await record(intake, 1, result, START + 999);
        await record(intake, 404, result, START + 999);
      }
      expect(await intake.list({ limit: 9 })).toMatchObject([row]);
      expect(await begun(intake, START + MINUTE_MS)).toEqual([]);
    });

    it('begins a waiting event again when it is due and not before, and does not mark it', async ({
      intake,
    }) => {
      await forward(intake, waiting(START + 4_000));
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'waiting', isAmbiguous: false });
      expect(await begun(intake, START + 3_999)).toEqual([]);
      expect(await begun(intake, START + 4_000)).toEqual([1]);
      const row = { state: 'forwarding', attempts: 2, isAmbiguous: false, maybeDuplicate: false };
      expect(await rowOf(intake, 1)).toMatchObject(row);
    });

    it('begins an ambiguous event again when it is due, as forwarding, and marks it for good', async ({
      intake,
    }) => {
      await forward(intake, ambiguous(START + 4_000));
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'forwarding', isAmbiguous: true });
      expect(await begun(intake, START + 3_999)).toEqual([]);
      expect(await begun(intake, START + 4_000)).toEqual([1]);
      await record(intake, 1, DONE, START + 4_100);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'done', isAmbiguous: true, attempts: 2 });
    });

    it('leaves an event to its later call if an earlier one is refused, and believes an earlier one that was done', async ({
      intake,
    }) => {
      await intake.take([admitted(1), admitted(2)]);
      const later = START + 60 * MINUTE_MS;
      await begun(intake);
      await record(
        intake,
        [1, 2].map((at) => ({ id: eventId(at) })),
        waiting(later),
      );
      expect(await begun(intake, later)).toEqual([1, 2]);
      await intake.finish(
        [
          { id: eventId(1), result: dead('late'), attempt: 1 },
          { id: eventId(2), result: DONE, attempt: 1 },
        ],
        later,
      );
      expect(await statesOf(intake, 1, 2)).toEqual(['forwarding', 'done']);
      await intake.finish([{ id: eventId(1), result: dead('right'), attempt: 2 }], later + 1);
      expect(await statesOf(intake, 1)).toEqual(['dead right']);
    });
  });
};
