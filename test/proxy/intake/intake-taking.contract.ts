import { describe, expect } from 'vitest';
import type { Lane } from '../../../src/proxy/index.js';
import { admitted, tallyOf } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import {
  ambiguous,
  type Bench,
  begun,
  DONE,
  dead,
  dismissed,
  numbers,
  record,
  verdictsOf,
} from './intake.contract.js';

export const describeTaking = ({ it, open }: Bench): void => {
  describe('takes an event once', () => {
    it('accepts a new event and keeps it as it came, and lists the latest first', async ({ intake }) => {
      await intake.take([admitted(1), dismissed(2, 1, { occurredAt: START - 77, receivedAt: START + 5 })]);
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
      await intake.take([admitted(9), admitted(6)]);
      expect(numbers(await intake.list({ limit: 2 }))).toEqual([6, 9]);
    });

    it('keeps the headers of an event and of its usage event until each is settled, and the business entity for a retry', async ({
      intake: first,
    }) => {
      const [intake, usage] = [open(), { subscriptionId: 'sub', properties: {}, businessEntityId: 'be-1' }];
      const headers = { 'chargebee-request-origin-ip': '203.0.113.9' };
      await first.take([admitted(1, { usage, headers }), admitted(2, { usage })]);
      const headersOf = async (lane: Lane) => (await lane.list({ limit: 9 })).map((row) => row.headers);
      for (const lane of [intake, intake.usage]) expect(await headersOf(lane)).toEqual([undefined, headers]);
      const due = { now: START, limit: 9, perMinute: 10_000 };
      expect((await intake.usage.begin(due)).rows.map((row) => row.headers)).toEqual([headers, undefined]);
      await record(intake.usage, 1, dead());
      expect(await headersOf(intake)).toEqual([undefined, headers]);
      expect(await headersOf(intake.usage)).toEqual([undefined, undefined]);
      await intake.usage.retry([eventId(1)], START);
      const { rows } = await intake.usage.begin(due);
      expect(rows.map((row) => [row.usage, row.headers])).toEqual([[usage, undefined]]);
    });

    it('tallies each event once, no matter how many there are', async ({ intake }) => {
      const all = Array.from({ length: 2_200 }, (_, at) =>
        admitted(at + 1, { offerId: `offer${at % 1_100}` }),
      );
      for (let from = 0; from < all.length; from += 500) await intake.take(all.slice(from, from + 500));
      const tallies = await tallyOf(intake);
      expect(tallies).toHaveLength(1_100);
      expect(new Set(tallies.map(({ events }) => events))).toEqual(new Set([2]));
    });
  });

  describe('is bounded', () => {
    it('defers new events beyond maxWaiting, and still answers for those that it knows', async () => {
      const intake = open({ maxWaiting: 2 });
      expect(await verdictsOf(intake.take([admitted(1), dismissed(2, 1)]))).toEqual(['accepted', 'accepted']);
      const verdicts = await intake.take([admitted(3), admitted(1), dismissed(2, 1, { offerId: 'other' })]);
      expect([...verdicts]).toEqual([
        [eventId(3), { kind: 'deferred', code: 'overloaded', retryAfterMs: 60_000 }],
        [eventId(1), { kind: 'duplicate' }],
        [eventId(2), { kind: 'refused', code: 'conflict' }],
      ]);
      expect(numbers(await intake.list({ limit: 9 }))).toEqual([2, 1]);
    });

    it('keeps the last places for the views of a request, so that none is closed without being seen', async () => {
      const intake = open({ maxWaiting: 2 });
      expect(
        await verdictsOf(intake.take([dismissed(1, 2), admitted(2), dismissed(3, 2), dismissed(4, 2)])),
      ).toEqual(['accepted', 'accepted', 'overloaded', 'overloaded']);
      const narrow = () => verdictsOf(intake.take([dismissed(5, 6), admitted(6), admitted(7)]));
      expect(await narrow()).toEqual(['overloaded', 'overloaded', 'overloaded']);
      // What is on its way counts too.
      await begun(intake);
      expect(await narrow()).toEqual(['overloaded', 'overloaded', 'overloaded']);
      await record(intake, 2, DONE);
      expect(await narrow()).toEqual(['overloaded', 'accepted', 'overloaded']);
    });
  });

  describe('is shared and durable', () => {
    it('has the same events, states and marks after it was closed and opened again', async ({ intake }) => {
      await intake.take([1, 2, 3, 4].map((number) => admitted(number)));
      await begun(intake, START, 3);
      await record(intake, 1, DONE, START + 1);
      await record(intake, 2, dead(), START + 2);
      await record(intake, 3, ambiguous(START + 9), START + 3);
      const before = await intake.list({ limit: 9 });
      await intake.close();
      const second = open();
      expect(await second.list({ limit: 9 })).toEqual(before);
      expect(await verdictsOf(second.take([1, 2, 3, 4].map((number) => admitted(number))))).toEqual(
        Array(4).fill('duplicate'),
      );
      expect(await begun(second, START + 8)).toEqual([4]);
    });

    it('accepts an id once when two connections take it at the same time (fault 63)', async ({ intake }) => {
      const both = [intake, open()];
      const events = Array.from({ length: 50 }, (_, at) => admitted(at + 1));
      const answers = await Promise.all(both.flatMap((each) => events.map((event) => each.take([event]))));
      const kinds = events.map(({ id }) => answers.flatMap((answer) => answer.get(id)?.kind ?? []).sort());
      expect(kinds).toEqual(events.map(() => ['accepted', 'duplicate']));
    });

    it('begins an event on one of two connections only', async ({ intake }) => {
      await intake.take([admitted(1), admitted(2), admitted(3)]);
      const both = await Promise.all([begun(intake, START, 2), begun(open(), START, 2)]);
      expect(both.flat().sort()).toEqual([1, 2, 3]);
    });
  });
};
