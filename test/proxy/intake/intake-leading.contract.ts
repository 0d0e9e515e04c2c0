import { describe, expect } from 'vitest';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { ambiguous, type Bench, begin, begun, DONE, record, rowOf, waiting } from './intake.contract.js';

const LEAD_MS = 30_000;
/** When the lead of a process ends that led at the start. */
const OVER = START + LEAD_MS;

export const describeLeading = ({ it, open }: Bench): void => {
  describe('one process', () => {
    it('leads for 30 seconds after it last said so', async ({ intake: left }) => {
      const right = open();
      expect(await left.lead('left', START)).toBe(true);
      expect(await right.lead('right', START + 29_999)).toBe(false);
      expect(await left.lead('left', START + 29_999)).toBe(true);
      expect(await right.lead('right', START + 29_999 + LEAD_MS - 1)).toBe(false);
      expect(await right.lead('right', START + 29_999 + LEAD_MS)).toBe(true);
      expect(await left.lead('left', START + 29_999 + LEAD_MS)).toBe(false);
    });

    it('leads until it resigns, and nobody else can resign for it', async ({ intake: left }) => {
      const right = open();
      await left.lead('left', START);
      await right.resign('right');
      expect(await right.lead('right', START + 1)).toBe(false);
      await left.resign('left');
      expect(await right.lead('right', START + 2)).toBe(true);
    });

    it('does not lead for longer because its clock was an hour ahead', async ({ intake }) => {
      await intake.lead('left', START + 3_600_000);
      expect(await open().lead('right', START)).toBe(true);
    });

    it('leads while another one asks that has waited five seconds for its turn', async ({ intake }) => {
      await intake.lead('left', START + 5_000);
      expect(await open().lead('right', START)).toBe(false);
    });

    it('leads even if the intake is closed and opened again', async ({ intake }) => {
      await intake.lead('first', START);
      await intake.close();
      expect(await open().lead('second', OVER - 1)).toBe(false);
    });
  });

  describe('a process that takes over', () => {
    it('finds the whole note of the one before it, in each lane', async ({ intake: left }) => {
      const note = { alert: 'Check the key.', hasDelivered: true, honouredKeys: 3 };
      await left.note(note);
      await left.usage.note({ hasDelivered: true });
      await left.close();
      const right = open();
      expect((await right.status(START)).note).toEqual(note);
      expect((await right.usage.status(START)).note).toEqual({ hasDelivered: true });
    });

    it('makes events that were on their way ambiguous and due, and leaves waiting and settled ones alone (fault 61)', async ({
      intake: left,
    }) => {
      const right = open();
      await left.lead('left', START);
      await left.take([1, 2, 3, 4].map((number) => admitted(number)));
      await begun(left, START, 3);
      await record(left, 2, DONE);
      await record(left, 3, waiting(START + 90_000));
      expect(await right.lead('right', OVER)).toBe(true);
      expect(await rowOf(right, 1)).toMatchObject({ state: 'forwarding', isAmbiguous: true });
      expect(await rowOf(right, 2)).toMatchObject({ state: 'done', isAmbiguous: false });
      expect(await rowOf(right, 3)).toMatchObject({ state: 'waiting', isAmbiguous: false });
      expect(await begun(right, OVER)).toEqual([1, 4]);
      expect(await rowOf(right, 1)).toMatchObject({ isAmbiguous: true, attempts: 2 });
      expect(await rowOf(right, 4)).toMatchObject({ isAmbiguous: false, attempts: 1 });
    });

    it('also does so after a resignation', async ({ intake: left }) => {
      const right = open();
      await left.lead('left', START);
      await left.take([admitted(1)]);
      await begun(left);
      await left.resign('left');
      await right.lead('right', START + 1);
      expect(await begun(right, START + 1)).toEqual([1]);
    });

    it('is the only one that begins events, even if the one before it only stood still', async ({
      intake: left,
    }) => {
      const right = open();
      await left.lead('left', START);
      await left.take([admitted(1)]);
      await right.lead('right', OVER);
      expect(await begun(left, OVER + 5)).toEqual([]);
      expect(await begun(right, OVER + 10)).toEqual([1]);
    });

    it('learns from the one before it what came of a call, and waits as that one was asked to, unless it has begun the event again', async ({
      intake: left,
    }) => {
      const right = open();
      await left.lead('left', START);
      await left.take([1, 2, 3, 4].map((number) => admitted(number)));
      await begun(left);
      await right.lead('right', OVER);
      const dueAt = OVER + 5_000;
      const finish = (number: number, result: typeof DONE, at: number) =>
        left.finish([{ id: eventId(number), result, attempt: 1 }], at);
      await finish(1, waiting(dueAt), OVER + 1);
      await finish(4, DONE, OVER + 1);
      expect(await rowOf(right, 4)).toMatchObject({ state: 'done', isAmbiguous: true });
      expect(await begun(right, OVER + 2)).toEqual([2, 3]);
      await finish(2, waiting(dueAt), OVER + 3);
      await finish(3, ambiguous(dueAt), OVER + 3);
      expect(await begun(right, dueAt)).toEqual([1]);
    });

    it('counts the calls that were under way as its own of that moment, since they may still reach the upstream', async ({
      intake: left,
    }) => {
      const right = open();
      await left.lead('left', START);
      await left.take([1, 2, 3, 4].map((number) => admitted(number)));
      expect((await begin(left, START, 9, 3)).rows).toHaveLength(3);
      expect(await right.lead('right', START + 50_000)).toBe(true);
      expect((await begin(right, START + 61_000, 9, 3)).rows).toEqual([]);
      expect((await begin(right, START + 110_001, 9, 3)).rows).toHaveLength(3);
    });
  });

  it('does not make events ambiguous while the same process keeps leading', async ({ intake }) => {
    await intake.lead('only', START);
    await intake.take([admitted(1)]);
    await begun(intake);
    await intake.lead('only', START + 10_000);
    await intake.lead('only', START + 10_000 + LEAD_MS + 1);
    expect(await rowOf(intake, 1)).toMatchObject({ state: 'forwarding', isAmbiguous: false });
    expect(await begun(intake, START + 50_000)).toEqual([]);
  });
};
