import { describe, expect } from 'vitest';
import type { EventState } from '../../../src/proxy/index.js';
import { purge } from '../../../src/proxy/operator/purging.js';
import { admitted, tallyOf } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import {
  ambiguous,
  type Bench,
  begin,
  begun,
  DONE,
  dead,
  dismissed,
  numbers,
  record,
  rowOf,
  statesOf,
  verdictsOf,
  waiting,
} from './intake.contract.js';

export const describeOperator = ({ it, open }: Bench): void => {
  describe('answers an operator', () => {
    it('lists one event by its id, if it fits the rest of the filter', async ({ intake }) => {
      await intake.take([admitted(1), admitted(2), dismissed(3, 2)]);
      const listed = async (id: number, rest = {}) =>
        numbers(await intake.list({ limit: 9, id: eventId(id), ...rest }));
      expect([await listed(2), await listed(4)]).toEqual([[2], []]);
      expect(await listed(1, { offerId: 'offer1', states: ['waiting'] })).toEqual([1]);
      for (const rest of [{ offerId: 'offer2' }, { states: ['dead'] }, { since: START + 1_000 }])
        expect(await listed(1, rest)).toEqual([]);
    });

    it('gives names of reported events one secret in every process, and none to who only reads', async ({
      intake,
    }) => {
      const key = await intake.nameKey();
      expect(key).toMatch(/^[\w-]{32,}$/);
      expect(await open().nameKey()).toBe(key);
      await expect(open({ readOnly: true }).nameKey()).rejects.toMatchObject({ code: 'configuration' });
    });

    it('finds the events of one visitor until they are settled, in every process, also one that only reads', async ({
      intake,
    }) => {
      const [other, ada] = [open(), { visitor: 'ada' }];
      const usage = { subscriptionId: 'sub', properties: {} };
      await intake.take([admitted(1, { ...ada, usage }), admitted(2, { visitor: 'bo' }), admitted(3)]);
      await other.take([dismissed(4, 1, ada), admitted(5, { ...ada, offerId: 'offer2' })]);
      for (const each of [intake, other, open({ readOnly: true })]) {
        expect(numbers(await each.list({ limit: 9, visitor: 'ada' }))).toEqual([5, 4, 1]);
        for (const visitor of ['', 'ad', 'ada ', 'ADA'])
          expect(await each.list({ limit: 9, visitor })).toEqual([]);
        expect(await each.usage.list({ limit: 9, visitor: 'ada' })).toEqual([]);
      }
      const [newest] = await intake.list({ limit: 1, ...ada });
      expect(numbers(await intake.list({ limit: 1, ...ada, before: newest?.cursor }))).toEqual([4]);
      expect(numbers(await intake.list({ limit: 9, ...ada, offerId: 'offer1' }))).toEqual([4, 1]);
      expect(await begun(intake, START, 1)).toEqual([1]);
      const inState = async (state: EventState) =>
        numbers(await intake.list({ limit: 9, ...ada, states: [state] }));
      expect([await inState('forwarding'), await inState('waiting')]).toEqual([[1], [5, 4]]);
      await record(intake, 1, dead());
      // The dismissal became a dead letter with its view.
      expect(numbers(await intake.list({ limit: 9, ...ada }))).toEqual([5]);
      expect(await inState('dead')).toEqual([]);
    });

    it('gives up what waits of one visitor, and leaves what is on its way', async ({ intake }) => {
      const [user, offer] = [{ visitor: 'ada' }, { offerId: 'offer9' }];
      // An address is known by the key that the door makes of it.
      const address = { visitor: '2001:db8:0:1::/64' };
      await intake.take([admitted(1, user), admitted(2, { ...user, ...offer }), admitted(3, address)]);
      await intake.take([dismissed(4, 9, user), admitted(5, offer), dismissed(6, 1, user)]);
      expect(await begun(intake, START, 1)).toEqual([1]);
      const giveUp = (visitor: string, isMeant: boolean) =>
        purge(intake, { what: 'waiting', visitor, isMeant }, () => START);
      expect(await giveUp('ada', false)).toEqual({ events: 3, offers: 2, left: 1 });
      expect(await intake.list({ limit: 9, states: ['dead'] })).toEqual([]);
      expect(await giveUp('ada', true)).toEqual({ events: 3, offers: 2, left: 1 });
      expect(await giveUp('2001:DB8:0:1::7', true)).toEqual({ events: 1, offers: 1, left: 0 });
      const gone = 'dead purged';
      expect(await statesOf(intake, 1, 2, 3, 4, 5, 6)).toEqual([
        ...['forwarding', gone, gone, gone, 'waiting', gone],
      ]);
      expect(await verdictsOf(intake.take([admitted(2, offer)]))).toEqual(['duplicate']);
    });

    it('keeps the time of a dead letter that it purges, and a retry of what was chosen before leaves it', async ({
      intake,
    }) => {
      const ids = [1, 2, 3].map(eventId);
      await intake.take([1, 2, 3].map((number) => admitted(number)));
      expect(await begun(intake, START, 2)).toEqual([1, 2]);
      await record(
        intake,
        [1, 2].map((number) => ({ id: eventId(number) })),
        dead(),
      );
      expect(await intake.purge([eventId(1), eventId(3)], START + 5_000)).toBe(2);
      expect(await rowOf(intake, 1)).toMatchObject({ code: 'purged', settledAt: START });
      expect(await rowOf(intake, 3)).toMatchObject({ code: 'purged', settledAt: START + 5_000 });
      expect(await intake.retry(ids, START, true)).toBe(1);
      expect(await statesOf(intake, 1, 2, 3)).toEqual(['dead purged', 'waiting', 'dead purged']);
      expect(await intake.retry(ids, START)).toBe(2);
      expect(await statesOf(intake, 1, 3)).toEqual(['waiting', 'waiting']);
    });

    it('leaves an event that may have arrived, though it waits again', async ({ intake }) => {
      await intake.take([admitted(1), dismissed(2, 1)]);
      expect(await begun(intake, START, 1)).toEqual([1]);
      await record(intake, 1, ambiguous(START + 1_000));
      expect(await begun(intake, START + 1_000, 1)).toEqual([1]);
      // Its repetition was answered 429.
      await record(intake, 1, waiting(START + 60_000), START + 1_000);
      const found = await purge(intake, { what: 'waiting', isMeant: true }, () => START + 2_000);
      expect(found).toEqual({ events: 1, offers: 1, left: 1 });
      expect(await intake.purge([eventId(1)], START + 2_000)).toBe(0);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'waiting', isAmbiguous: true });
      expect(await statesOf(intake, 2)).toEqual(['dead purged']);
    });

    it('tallies by offer, type and state, and what was purged apart, also since a time', async ({
      intake,
    }) => {
      const [storm, late] = [{ offerId: 'storm' }, { receivedAt: START + 1 }];
      await intake.take([admitted(1), dismissed(2, 1), admitted(3, { offerId: 'offer1', ...late })]);
      await intake.take([admitted(4, storm), admitted(5, storm), admitted(6, storm)]);
      await begun(intake, START, 2);
      await record(intake, 1, DONE);
      await record(intake, 4, dead());
      await intake.purge([eventId(5), eventId(6)], START);
      expect(await tallyOf(intake)).toEqual([
        { offerId: 'offer1', type: 'dismissed', state: 'waiting', events: 1 },
        { offerId: 'offer1', type: 'viewed', state: 'done', events: 1 },
        { offerId: 'offer1', type: 'viewed', state: 'waiting', events: 1 },
        { offerId: 'storm', type: 'viewed', state: 'dead', events: 3, purged: 2 },
      ]);
      const since: unknown[] = [];
      for await (const portion of intake.tally({ since: START + 1 })) since.push(...portion);
      expect(since).toEqual([{ offerId: 'offer1', type: 'viewed', state: 'waiting', events: 1 }]);
    });

    it('counts dead letters by their code, in each lane, as they come, change, wait again and are forgotten', async ({
      intake,
    }) => {
      const deadOf = async (at = START) =>
        Object.entries((await intake.status(at)).dead)
          .map(([code, events]) => `${events} ${code}`)
          .sort();
      await intake.take([admitted(1), dismissed(2, 1), admitted(3), admitted(4), admitted(5)]);
      expect(await deadOf()).toEqual([]);
      expect(await begun(intake, START, 3)).toEqual([1, 3, 4]);
      await record(intake, 1, dead('one'));
      await record(intake, 3, dead('other'));
      await record(intake, 4, DONE);
      expect(await deadOf()).toEqual(['1 one', '1 other', '1 viewed_dead']);
      await intake.purge([eventId(3), eventId(5)], START);
      expect(await deadOf()).toEqual(['1 one', '1 viewed_dead', '2 purged']);
      await intake.retry([eventId(1), eventId(2)], START);
      expect(await deadOf()).toEqual(['2 purged']);
      const later = START + 2 * 86_400_000;
      await begin(intake, later, 0);
      expect(await deadOf(later)).toEqual(['2 expired', '2 purged']);
      await begin(intake, later + 8 * 86_400_000, 0);
      expect(await deadOf(later)).toEqual([]);
      expect((await intake.usage.status(START)).dead).toEqual({});
    });

    it('says how often sessions were ended, in each process and for good', async ({ intake }) => {
      const other = open();
      expect(await intake.sessionsEnded()).toBe(0);
      for (const each of [intake, other, intake]) await each.endSessions();
      for (const each of [intake, other, open()]) expect(await each.sessionsEnded()).toBe(3);
      expect((await intake.status(START)).note).toEqual({});
    });

    it('retries all dead letters, also a view that came long after its dismissal', async ({ intake }) => {
      const others = Array.from({ length: 350 }, (_, at) => admitted(at + 10));
      await intake.take([dismissed(1, 2), ...others.slice(0, 300)]);
      await intake.take([admitted(2), ...others.slice(300)]);
      const { rows } = await begin(intake, START, 500);
      await record(intake, rows, dead());
      expect(await intake.retry(undefined, START)).toBe(352);
      expect(await intake.list({ limit: 9, states: ['dead'] })).toEqual([]);
    });

    it('does not retry a dismissal without its view, and does not count it', async ({ intake }) => {
      await intake.take([dismissed(1, 9), admitted(9)]);
      // The view goes first, becomes a dead letter and takes the dismissal along.
      await begun(intake);
      await record(intake, 9, dead());
      await intake.take([dismissed(3, 9)]);
      expect(await intake.retry([eventId(1), eventId(3)], START)).toBe(0);
      expect(await intake.list({ limit: 9, states: ['waiting'] })).toEqual([]);
      expect(await intake.retry([eventId(9)], START)).toBe(1);
      expect(await intake.retry([eventId(1), eventId(1), eventId(3)], START)).toBe(2);
    });
  });
};
