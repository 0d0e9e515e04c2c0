import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/proxy/index.js';
import { admitted, tallyOf } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, begun, dismissed, numbers, record } from './intake.contract.js';

export const describeTaking = ({ open }: Bench): void => {
  describe('takes an event once', () => {
    it('accepts a new event and keeps it as it came', async () => {
      const intake = open();
      const event = dismissed(2, 1, { occurredAt: START - 77, receivedAt: START + 5 });
      expect([...(await intake.take([admitted(1), event]))]).toEqual([
        [eventId(1), { kind: 'accepted' }],
        [eventId(2), { kind: 'accepted' }],
      ]);
      expect(await intake.list({ limit: 10 })).toEqual([
        {
          id: eventId(2),
          type: 'dismissed',
          offerId: 'offer1',
          state: 'waiting',
          occurredAt: START - 77,
          receivedAt: START + 5,
          attempts: 0,
          isAmbiguous: false,
          maybeDuplicate: false,
          code: undefined,
          settledAt: undefined,
          headers: undefined,
          usage: undefined,
          group: undefined,
          reason: undefined,
          cursor: expect.any(String) as string,
        },
        expect.objectContaining({ id: eventId(1), type: 'viewed', occurredAt: START - 3_700 }),
      ]);
    });

    it('keeps the headers of an event and of its usage event until each is settled', async () => {
      const [first, usage] = [open(), { subscriptionId: 'sub', properties: {} }];
      const headers = { 'chargebee-business-entity-id': 'be-1' };
      await first.take([admitted(1, { usage, headers }), admitted(2, { usage })]);
      const intake = open();
      const headersOf = async (lane: Lane): Promise<unknown> =>
        (await lane.list({ limit: 9 })).map((row) => row.headers);
      expect([await headersOf(intake), await headersOf(intake.usage)]).toEqual([
        [undefined, headers],
        [undefined, headers],
      ]);
      const due = { now: START, limit: 9, perMinute: 10_000 };
      expect((await intake.usage.begin(due)).rows.map((row) => row.headers)).toEqual([headers, undefined]);
      await record(intake.usage, 1, { kind: 'done' });
      expect([await headersOf(intake), await headersOf(intake.usage)]).toEqual([
        [undefined, headers],
        [undefined, undefined],
      ]);
    });

    it('keeps the business entity of a usage event that became a dead letter, for its retry, and no header', async () => {
      const intake = open();
      const usage = { subscriptionId: 'sub', properties: {}, businessEntityId: 'be-1' };
      await intake.take([admitted(1, { usage, headers: { 'chargebee-request-origin-ip': '203.0.113.9' } })]);
      const due = { now: START, limit: 9, perMinute: 10_000 };
      await intake.usage.begin(due);
      await record(intake.usage, 1, { kind: 'dead', code: 'x' });
      await intake.usage.retry([eventId(1)], START);
      const { rows } = await intake.usage.begin(due);
      expect(rows.map((row) => [row.usage, row.headers])).toEqual([[usage, undefined]]);
    });

    it.each(['done', 'dead'] as const)('knows an event that is %s', async (kind) => {
      const intake = open();
      await intake.take([admitted(1)]);
      await begun(intake);
      await intake.finish(
        [{ id: eventId(1), result: kind === 'done' ? { kind } : { kind, code: 'x' } }],
        START,
      );
      expect([...(await intake.take([admitted(1)])).values()]).toEqual([{ kind: 'duplicate' }]);
      expect(await begun(intake, START + 60_000)).toEqual([]);
    });

    it('lists the latest events first, and not more than asked for', async () => {
      const intake = open();
      await intake.take([admitted(4), admitted(9), admitted(6)]);
      expect(numbers(await intake.list({ limit: 2 }))).toEqual([6, 9]);
    });

    it('tallies by offer, type and state', async () => {
      const intake = open();
      await intake.take([admitted(1), dismissed(2, 1), admitted(3, { offerId: 'offer1' }), admitted(4)]);
      await begun(intake);
      await record(intake, 1, { kind: 'done' });
      await record(intake, 4, { kind: 'dead', code: 'x' });
      expect(await tallyOf(intake)).toEqual([
        { offerId: 'offer1', type: 'dismissed', state: 'waiting', events: 1 },
        { offerId: 'offer1', type: 'viewed', state: 'done', events: 1 },
        { offerId: 'offer1', type: 'viewed', state: 'waiting', events: 1 },
        { offerId: 'offer4', type: 'viewed', state: 'dead', events: 1 },
      ]);
    });
  });

  it('tallies each event once, no matter how many there are', async () => {
    const intake = open();
    const all = Array.from({ length: 2_200 }, (_, at) => admitted(at + 1, { offerId: `offer${at % 1_100}` }));
    for (let from = 0; from < all.length; from += 500) await intake.take(all.slice(from, from + 500));
    const tallies = await tallyOf(intake);
    expect(tallies).toHaveLength(1_100);
    expect(new Set(tallies.map(({ events }) => events))).toEqual(new Set([2]));
  });

  describe('is bounded', () => {
    const overloaded = {
      kind: 'deferred',
      code: 'overloaded',
      retryAfterMs: expect.any(Number) as number,
    };

    it('defers new events beyond maxWaiting, and keeps nothing of them', async () => {
      const intake = open({ maxWaiting: 2 });
      const verdicts = await intake.take([admitted(1), admitted(2), admitted(3)]);
      expect([...verdicts.values()]).toEqual([{ kind: 'accepted' }, { kind: 'accepted' }, overloaded]);
      expect(numbers(await intake.list({ limit: 9 }))).toEqual([2, 1]);
    });

    it('still answers for events that it knows while it is full', async () => {
      const intake = open({ maxWaiting: 2 });
      await intake.take([admitted(1), admitted(2)]);
      const verdicts = await intake.take([admitted(3), admitted(1), admitted(2, { offerId: 'other' })]);
      expect([...verdicts]).toEqual([
        [eventId(3), overloaded],
        [eventId(1), { kind: 'duplicate' }],
        [eventId(2), { kind: 'refused', code: 'conflict' }],
      ]);
    });

    it('gives a `dismissed` the last place once no view is behind it in its request', async () => {
      const intake = open({ maxWaiting: 2 });
      expect([...(await intake.take([admitted(1), dismissed(2, 1)])).values()]).toEqual([
        { kind: 'accepted' },
        { kind: 'accepted' },
      ]);
    });

    it('keeps the last places for the views of a request, so that none is closed without being seen', async () => {
      const intake = open({ maxWaiting: 2 });
      const verdicts = await intake.take([dismissed(1, 2), admitted(2), dismissed(3, 2), dismissed(4, 2)]);
      expect([...verdicts]).toEqual([
        [eventId(1), { kind: 'accepted' }],
        [eventId(2), { kind: 'accepted' }],
        [eventId(3), overloaded],
        [eventId(4), overloaded],
      ]);
      const narrow = await intake.take([dismissed(5, 6), admitted(6)]);
      expect([...narrow.values()]).toEqual([overloaded, overloaded]);
      await begun(intake);
      await record(intake, 2, { kind: 'done' });
      expect([...(await intake.take([dismissed(5, 6), admitted(6)]))]).toEqual([
        [eventId(5), overloaded],
        [eventId(6), { kind: 'accepted' }],
      ]);
    });

    it('counts events on their way, and has room again once one is settled', async () => {
      const intake = open({ maxWaiting: 2 });
      await intake.take([admitted(1), admitted(2)]);
      await begun(intake);
      expect([...(await intake.take([admitted(3)])).values()]).toEqual([overloaded]);
      await record(intake, 1, { kind: 'done' });
      expect([...(await intake.take([admitted(3), admitted(4)])).values()]).toEqual([
        { kind: 'accepted' },
        overloaded,
      ]);
    });
  });

  describe('is shared and durable', () => {
    it('has the same events, states and marks after it was closed and opened again', async () => {
      const first = open();
      await first.take([admitted(1), admitted(2), admitted(3), admitted(4)]);
      await begun(first, START, 3);
      await record(first, 1, { kind: 'done' }, START + 1);
      await record(first, 2, { kind: 'dead', code: 'resource_not_found' }, START + 2);
      await record(first, 3, { kind: 'ambiguous', dueAt: START + 9 }, START + 3);
      const before = await first.list({ limit: 9 });
      await first.close();
      const second = open();
      expect(await second.list({ limit: 9 })).toEqual(before);
      expect([...(await second.take([admitted(1), admitted(4)])).values()]).toEqual([
        { kind: 'duplicate' },
        { kind: 'duplicate' },
      ]);
    });

    it('accepts an id once when two connections take it at the same time (fault 63)', async () => {
      const [left, right] = [open(), open()];
      const events = Array.from({ length: 50 }, (_, at) => admitted(at + 1));
      const answers = await Promise.all(
        [
          ...events.map((event) => [left, event] as const),
          ...events.map((event) => [right, event] as const),
        ].map(([intake, event]) => intake.take([event])),
      );
      const kinds = events.map(({ id }) => answers.flatMap((answer) => answer.get(id)?.kind ?? []).sort());
      expect(kinds).toEqual(events.map(() => ['accepted', 'duplicate']));
    });

    it('begins an event on one of two connections only', async () => {
      const [left, right] = [open(), open()];
      await left.take([admitted(1), admitted(2), admitted(3)]);
      const both = await Promise.all([begun(left, START, 2), begun(right, START, 2)]);
      expect(both.flat().sort()).toEqual([1, 2, 3]);
    });
  });
};
