import { describe, expect, it } from 'vitest';
import type { EventState, ForwardResult } from '../../../src/proxy/index.js';
import { purge } from '../../../src/proxy/operator/purging.js';
import { admitted, tallyOf } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, begin, begun, dismissed, numbers, record, rowOf } from './intake.contract.js';

export const describeOperator = ({ open }: Bench): void => {
  describe('answers an operator', () => {
    it('lists one event by its id, no matter what came after it', async () => {
      const intake = open();
      await intake.take([admitted(1), admitted(2), dismissed(3, 2)]);
      expect(numbers(await intake.list({ limit: 9, id: eventId(2) }))).toEqual([2]);
      expect(await intake.list({ limit: 9, id: eventId(4) })).toEqual([]);
    });

    it('lists nothing if the event with this id does not fit the rest of the filter', async () => {
      const intake = open();
      await intake.take([admitted(1)]);
      const of = { limit: 9, id: eventId(1) };
      expect(await intake.list({ ...of, offerId: 'offer2' })).toEqual([]);
      expect(await intake.list({ ...of, states: ['dead'] })).toEqual([]);
      expect(await intake.list({ ...of, since: START + 1_000 })).toEqual([]);
      expect(numbers(await intake.list({ ...of, offerId: 'offer1', states: ['waiting'] }))).toEqual([1]);
    });

    it('gives names of reported events one secret in every process, and none to who only reads', async () => {
      const [intake, other] = [open(), open()];
      await intake.take([admitted(1)]);
      const key = await intake.nameKey();
      expect(key).toMatch(/^[\w-]{32,}$/);
      expect(await other.nameKey()).toBe(key);
      await expect(open({ readOnly: true }).nameKey()).rejects.toMatchObject({ code: 'configuration' });
    });

    it('finds the events of one visitor until they are settled, in every process, also one that only reads', async () => {
      const [intake, other] = [open(), open()];
      const ada = { visitor: 'ada' };
      const usage = { subscriptionId: 'sub', properties: {} };
      await intake.take([admitted(1, { ...ada, usage }), admitted(2, { visitor: 'bo' }), admitted(3)]);
      await other.take([dismissed(4, 1, ada), admitted(5, { ...ada, offerId: 'offer2' })]);
      for (const each of [intake, other, open({ readOnly: true })]) {
        expect(numbers(await each.list({ limit: 9, visitor: 'ada' }))).toEqual([5, 4, 1]);
        expect(numbers(await each.list({ limit: 9, visitor: 'bo' }))).toEqual([2]);
        for (const visitor of ['', 'ad', 'ada ', 'ADA'])
          expect(await each.list({ limit: 9, visitor })).toEqual([]);
        expect(await each.usage.list({ limit: 9, visitor: 'ada' })).toEqual([]);
      }
      const [newest] = await intake.list({ limit: 1, visitor: 'ada' });
      const older = { limit: 1, visitor: 'ada', before: newest?.cursor };
      expect(numbers(await intake.list(older))).toEqual([4]);
      expect(numbers(await intake.list({ limit: 9, visitor: 'ada', offerId: 'offer1' }))).toEqual([4, 1]);
      expect(await begun(intake, START, 1)).toEqual([1]);
      const inState = (state: EventState) => intake.list({ limit: 9, visitor: 'ada', states: [state] });
      expect([numbers(await inState('forwarding')), numbers(await inState('waiting'))]).toEqual([
        [1],
        [5, 4],
      ]);
      await record(intake, 1, { kind: 'dead', code: 'x' });
      // The dismissal became a dead letter with its view.
      expect(numbers(await intake.list({ limit: 9, visitor: 'ada' }))).toEqual([5]);
      expect(await inState('dead')).toEqual([]);
    });

    it('gives up what waits of one visitor, and leaves what is on its way', async () => {
      const [intake, user] = [open(), { visitor: 'ada' }];
      const offer = { offerId: 'offer9' };
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
      const dead = await intake.list({ limit: 9, states: ['dead'] });
      expect([numbers(dead), [...new Set(dead.map(({ code }) => code))]]).toEqual([[6, 4, 3, 2], ['purged']]);
      expect([...(await intake.take([admitted(2, offer)])).values()]).toEqual([{ kind: 'duplicate' }]);
    });

    it('settles what it gives up then, and leaves the time of what was a dead letter before', async () => {
      const intake = open();
      await intake.take([admitted(1), admitted(2)]);
      expect(await begun(intake, START, 1)).toEqual([1]);
      await record(intake, 1, { kind: 'dead', code: 'refused' });
      expect(await intake.purge([eventId(1), eventId(2)], START + 5_000)).toBe(2);
      expect([await rowOf(intake, 1), await rowOf(intake, 2)]).toMatchObject([
        { code: 'purged', settledAt: START },
        { code: 'purged', settledAt: START + 5_000 },
      ]);
    });

    it('is not undone by a retry whose ids were chosen before, only by one that names them', async () => {
      const intake = open();
      const ids = [1, 2].map(eventId);
      await intake.take([admitted(1), admitted(2)]);
      await begun(intake);
      await intake.finish(
        ids.map((id) => ({ id, result: { kind: 'dead', code: 'refused' } })),
        START,
      );
      await intake.purge([eventId(1)], START);
      expect(await intake.retry(ids, START, true)).toBe(1);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'dead', code: 'purged' });
      expect(await intake.retry(ids, START)).toBe(1);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'waiting' });
    });

    it('leaves an event that may have arrived, though it waits again', async () => {
      const intake = open();
      await intake.take([admitted(1), dismissed(2, 1)]);
      const again = async (at: number, result: ForwardResult): Promise<void> => {
        expect(await begun(intake, at, 1)).toEqual([1]);
        await intake.finish([{ id: eventId(1), result }], at);
      };
      await again(START, { kind: 'ambiguous', dueAt: START + 1_000 });
      // Its repetition was answered 429.
      await again(START + 1_000, { kind: 'waiting', dueAt: START + 60_000 });
      const giveUp = () => purge(intake, { what: 'waiting', isMeant: true }, () => START + 2_000);
      expect(await giveUp()).toEqual({ events: 1, offers: 1, left: 1 });
      expect(await intake.purge([eventId(1)], START + 2_000)).toBe(0);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'waiting', isAmbiguous: true });
      expect(await rowOf(intake, 2)).toMatchObject({ state: 'dead', code: 'purged' });
    });

    it('counts only events that were received since a time, if one is given', async () => {
      const intake = open();
      await intake.take([admitted(1), admitted(2, { receivedAt: START + 1 }), dismissed(3, 2)]);
      const tallied = async (since?: number): Promise<number> => {
        let events = 0;
        for await (const portion of intake.tally({ since }))
          for (const each of portion) events += each.events;
        return events;
      };
      expect([
        await tallied(),
        await tallied(START),
        await tallied(START + 1),
        await tallied(START + 9),
      ]).toEqual([3, 3, 1, 0]);
    });

    it('counts what an operator gave up of an offer apart from its other dead letters', async () => {
      const intake = open();
      const offer = { offerId: 'storm' };
      await intake.take([admitted(1), admitted(2, offer), admitted(3, offer)]);
      await intake.purge([eventId(2), eventId(3)], START);
      expect(await tallyOf(intake)).toEqual([
        { offerId: 'offer1', type: 'viewed', state: 'waiting', events: 1 },
        { offerId: 'storm', type: 'viewed', state: 'dead', events: 2, purged: 2 },
      ]);
    });

    it('counts dead letters by their code, in each lane, as they come, change, wait again and are forgotten', async () => {
      const intake = open();
      const deadOf = async (at = START): Promise<Record<string, number>> =>
        Object.fromEntries(
          Object.entries((await intake.status(at)).dead ?? {}).filter(([, events]) => events),
        );
      await intake.take([admitted(1), dismissed(2, 1), admitted(3), admitted(4), admitted(5)]);
      expect(await deadOf()).toEqual({});
      const { rows } = await begin(intake, START, 3);
      expect(numbers(rows)).toEqual([1, 3, 4]);
      await intake.finish(
        [
          { id: eventId(1), result: { kind: 'dead', code: 'resource_not_found' } },
          { id: eventId(3), result: { kind: 'dead', code: 'param_wrong_value' } },
          { id: eventId(4), result: { kind: 'done' } },
        ],
        START,
      );
      expect(await deadOf()).toEqual({ resource_not_found: 1, param_wrong_value: 1, viewed_dead: 1 });
      await intake.purge([eventId(3), eventId(5)], START);
      expect(await deadOf()).toEqual({ resource_not_found: 1, viewed_dead: 1, purged: 2 });
      await intake.retry([eventId(1), eventId(2)], START);
      expect(await deadOf()).toEqual({ purged: 2 });
      const later = START + 2 * 86_400_000;
      await begin(intake, later, 0);
      expect(await deadOf(later)).toEqual({ purged: 2, expired: 2 });
      const forgotten = later + 8 * 86_400_000;
      await begin(intake, forgotten, 0);
      expect(await deadOf(forgotten)).toEqual({});
      expect((await intake.usage.status(START)).dead).toEqual({});
    });

    it('says how often sessions were ended, in each process and for good', async () => {
      const [one, other] = [open(), open()];
      expect(await one.sessionsEnded()).toBe(0);
      await one.endSessions();
      await other.endSessions();
      await one.endSessions();
      expect([await one.sessionsEnded(), await other.sessionsEnded(), await open().sessionsEnded()]).toEqual([
        3, 3, 3,
      ]);
      expect((await one.status(START)).note).toEqual({});
    });

    it('retries all dead letters, also a view that came long after its dismissal', async () => {
      const intake = open();
      const others = Array.from({ length: 350 }, (_, at) => admitted(at + 10));
      await intake.take([dismissed(1, 2), ...others.slice(0, 300)]);
      await intake.take([admitted(2), ...others.slice(300)]);
      for (;;) {
        const { rows } = await begin(intake, START, 500);
        if (!rows.length) break;
        await record(intake, rows, { kind: 'dead', code: 'x' });
      }
      expect(await intake.retry(undefined, START)).toBe(352);
      expect(await intake.list({ limit: 9, states: ['dead'] })).toEqual([]);
    });

    it('does not retry a dismissal without its view, and does not count it', async () => {
      const intake = open();
      await intake.take([dismissed(1, 9), admitted(9)]);
      // The view goes first, becomes a dead letter and takes the dismissal along.
      const { rows } = await begin(intake, START, 9);
      await record(intake, rows, { kind: 'dead', code: 'x' });
      await intake.take([dismissed(3, 9)]);
      expect(await intake.retry([eventId(1), eventId(3)], START)).toBe(0);
      expect(await intake.list({ limit: 9, states: ['waiting'] })).toEqual([]);
      expect(await intake.retry([eventId(9)], START)).toBe(1);
      expect(await intake.retry([eventId(1), eventId(1), eventId(3)], START)).toBe(2);
    });
  });
};
