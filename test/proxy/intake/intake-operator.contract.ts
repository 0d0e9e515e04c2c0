import { describe, expect, it } from 'vitest';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, dismissed, numbers } from './intake.contract.js';

export const describeOperator = ({ open }: Bench): void => {
  describe('answers an operator', () => {
    it('who asks for one event by its id, whatever came after it', async () => {
      const intake = open();
      await intake.take([admitted(1), admitted(2), dismissed(3, 2)]);
      expect(numbers(await intake.list({ limit: 9, id: eventId(2) }))).toEqual([2]);
      expect(await intake.list({ limit: 9, id: eventId(4) })).toEqual([]);
    });

    it('who asks for an id and for something else that is not so', async () => {
      const intake = open();
      await intake.take([admitted(1)]);
      const of = { limit: 9, id: eventId(1) };
      expect(await intake.list({ ...of, offerId: 'offer2' })).toEqual([]);
      expect(await intake.list({ ...of, states: ['dead'] })).toEqual([]);
      expect(await intake.list({ ...of, since: START + 1_000 })).toEqual([]);
      expect(numbers(await intake.list({ ...of, offerId: 'offer1', states: ['waiting'] }))).toEqual([1]);
    });

    it('that no session was ended so far', async () => {
      expect(await open().sessionsEndedAt()).toBe(0);
    });

    it('until when sessions were ended, in each process and for good', async () => {
      const [one, other] = [open(), open()];
      await one.endSessions(START);
      expect(await other.sessionsEndedAt()).toBe(START);
      await other.endSessions(START + 5);
      // A process whose clock is behind lets none of them live again.
      await one.endSessions(START + 1);
      expect([await one.sessionsEndedAt(), await open().sessionsEndedAt()]).toEqual([START + 5, START + 5]);
      expect((await one.status(START)).note).toEqual({});
    });
  });
};
