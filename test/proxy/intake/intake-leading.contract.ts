import { describe, expect, it } from 'vitest';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, begin, begun, record, rowOf } from './intake.contract.js';

const LEAD_MS = 30_000;

export const describeLeading = ({ open }: Bench): void => {
  describe('one process', () => {
    it('leads for 30 seconds after it last said so', async () => {
      const [left, right] = [open(), open()];
      expect(await left.lead('left', START)).toBe(true);
      expect(await right.lead('right', START + 29_999)).toBe(false);
      expect(await left.lead('left', START + 29_999)).toBe(true);
      expect(await right.lead('right', START + 29_999 + LEAD_MS - 1)).toBe(false);
      expect(await right.lead('right', START + 29_999 + LEAD_MS)).toBe(true);
      expect(await left.lead('left', START + 29_999 + LEAD_MS)).toBe(false);
    });

    it('leads until it resigns, and nobody else can resign for it', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await right.resign('right');
      expect(await right.lead('right', START + 1)).toBe(false);
      await left.resign('left');
      expect(await right.lead('right', START + 2)).toBe(true);
    });

    it('does not lead for longer because its clock was an hour ahead', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START + 3_600_000);
      expect(await right.lead('right', START)).toBe(true);
    });

    it('leads while another one asks that has waited five seconds for its turn', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START + 5_000);
      expect(await right.lead('right', START)).toBe(false);
    });

    it('leads even if the intake is closed and opened again', async () => {
      const first = open();
      await first.lead('first', START);
      await first.close();
      expect(await open().lead('second', START + LEAD_MS - 1)).toBe(false);
    });
  });

  describe('a process that takes over', () => {
    it('finds the whole note of the one before it: the alert, and what the upstream has ever shown', async () => {
      const note = { alert: 'Check the key.', hasDelivered: true, honouredKeys: 3 };
      const left = open();
      await left.note(note);
      await left.usage.note({ hasDelivered: true });
      await left.close();
      const right = open();
      expect((await right.status(START)).note).toEqual(note);
      expect((await right.usage.status(START)).note).toEqual({ hasDelivered: true });
    });

    it('makes events that were on their way ambiguous and due, and leaves waiting and settled ones alone (fault 61)', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([admitted(1), admitted(2), admitted(3), admitted(4)]);
      await begun(left, START, 3);
      await record(left, 2, { kind: 'done' });
      await record(left, 3, { kind: 'waiting', dueAt: START + 90_000 });
      expect(await right.lead('right', START + LEAD_MS)).toBe(true);
      expect([await rowOf(right, 1), await rowOf(right, 2), await rowOf(right, 3)]).toMatchObject([
        { state: 'forwarding', isAmbiguous: true },
        { state: 'done', isAmbiguous: false },
        { state: 'waiting', isAmbiguous: false },
      ]);
      expect(await begun(right, START + LEAD_MS)).toEqual([1, 4]);
      expect([await rowOf(right, 1), await rowOf(right, 4)]).toMatchObject([
        { isAmbiguous: true, attempts: 2 },
        { isAmbiguous: false, attempts: 1 },
      ]);
    });

    it('also does so after a resignation', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([admitted(1)]);
      await begun(left);
      await left.resign('left');
      await right.lead('right', START + 1);
      expect(await begun(right, START + 1)).toEqual([1]);
    });

    it('is the only one that begins events: the one before it begins nothing, even if it only stood still', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([admitted(1)]);
      await right.lead('right', START + LEAD_MS);
      expect(await begun(left, START + LEAD_MS + 5)).toEqual([]);
      expect(await begun(right, START + LEAD_MS + 10)).toEqual([1]);
    });

    it('learns from the one before it what came of a call, if that is known after all', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([admitted(1)]);
      await begun(left);
      await right.lead('right', START + LEAD_MS);
      await record(left, 1, { kind: 'done' }, START + LEAD_MS + 5);
      expect(await begun(right, START + LEAD_MS + 10)).toEqual([]);
      expect(await rowOf(right, 1)).toMatchObject({ state: 'done', isAmbiguous: true });
    });

    it('waits as the one before it was asked to, unless it has begun the event again', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([admitted(1), admitted(2), admitted(3)]);
      await begun(left);
      const at = START + LEAD_MS;
      await right.lead('right', at);
      const dueAt = at + 5_000;
      await left.finish([{ id: eventId(1), result: { kind: 'waiting', dueAt }, attempt: 1 }], at + 1);
      expect(await begun(right, at + 2)).toEqual([2, 3]);
      await left.finish(
        [
          { id: eventId(2), result: { kind: 'waiting', dueAt }, attempt: 1 },
          { id: eventId(3), result: { kind: 'ambiguous', dueAt }, attempt: 1 },
        ],
        at + 3,
      );
      expect(await begun(right, dueAt)).toEqual([1]);
    });
  });

  describe('a process that keeps leading', () => {
    it('counts the calls that were under way as its own of that moment, since they may still reach the upstream', async () => {
      const [left, right] = [open(), open()];
      await left.lead('left', START);
      await left.take([1, 2, 3, 4].map((number) => admitted(number)));
      expect((await begin(left, START, 9, 3)).rows).toHaveLength(3);
      expect(await right.lead('right', START + 50_000)).toBe(true);
      expect((await begin(right, START + 61_000, 9, 3)).rows).toEqual([]);
      expect((await begin(right, START + 110_001, 9, 3)).rows).toHaveLength(3);
    });

    it('does not make events ambiguous that are on their way', async () => {
      const intake = open();
      await intake.lead('only', START);
      await intake.take([admitted(1)]);
      await begun(intake);
      await intake.lead('only', START + 10_000);
      await intake.lead('only', START + 10_000 + LEAD_MS + 1);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'forwarding', isAmbiguous: false });
      expect(await begun(intake, START + 50_000)).toEqual([]);
    });
  });
};
