import { describe, expect } from 'vitest';
import type { ForwardResult, Intake } from '../../../src/proxy/index.js';
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
  verdictsOf,
  waiting,
} from './intake.contract.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const describeAging = ({ it, open }: Bench): void => {
  describe('a `viewed` that becomes a dead letter', () => {
    it('takes its waiting `dismissed` along, but no other event', async ({ intake }) => {
      await intake.take([admitted(1), dismissed(2, 1), admitted(3), dismissed(4, 3), dismissed(5, 1)]);
      await begun(intake);
      await record(intake, 1, dead(), START + 9);
      expect(await statesOf(intake, 2, 4, 5)).toEqual(['dead viewed_dead', 'waiting', 'dead viewed_dead']);
      expect(await rowOf(intake, 2)).toMatchObject({ settledAt: START + 9 });
    });

    it('does not take its `dismissed` along while another `viewed` of the offer waits or is done', async ({
      intake,
    }) => {
      const view = (number: number) => admitted(number, { offerId: 'offer1' });
      await intake.take([view(1), view(2), view(3), dismissed(4, 1)]);
      await begun(intake);
      await record(intake, 1, dead());
      expect(await statesOf(intake, 2, 4)).toEqual(['waiting', 'waiting']);
      await begun(intake);
      await record(intake, 2, DONE);
      await begun(intake);
      await record(intake, 3, dead());
      expect(await statesOf(intake, 3, 4)).toEqual(['dead refused', 'waiting']);
    });

    it('leaves a `dismissed` of another visitor that is on its way', async ({ intake }) => {
      await intake.take([dismissed(1, 2, { visitor: 'one' })]);
      expect(await begun(intake)).toEqual([1]);
      await intake.take([admitted(2, { visitor: 'two' }), dismissed(3, 2, { visitor: 'two' })]);
      expect(await begun(intake)).toEqual([2]);
      await record(intake, 2, dead());
      expect(await statesOf(intake, 1, 3)).toEqual(['forwarding', 'dead viewed_dead']);
    });

    it('takes a `dismissed` along, but one `dismissed` does not take another along', async ({ intake }) => {
      await intake.take([dismissed(1, 1), dismissed(2, 1), admitted(3, { offerId: 'offer1' })]);
      expect(await begun(intake)).toEqual([3]);
      await record(intake, 3, DONE);
      expect(await begun(intake)).toEqual([1]);
      await record(intake, 1, dead());
      expect(await statesOf(intake, 2)).toEqual(['waiting']);
    });

    it('also takes along what comes later, until a new `viewed` of the offer comes, even in the same request', async ({
      intake,
    }) => {
      await forward(intake, dead());
      await intake.take([
        dismissed(2, 1),
        dismissed(3, 1, { receivedAt: START + 1 }),
        admitted(4),
        dismissed(5, 4),
        admitted(6, { offerId: 'offer1' }),
        dismissed(7, 1),
      ]);
      const gone = 'dead viewed_dead';
      expect(await statesOf(intake, 2, 3, 5, 6, 7)).toEqual([gone, gone, 'waiting', 'waiting', 'waiting']);
      expect(await rowOf(intake, 3)).toMatchObject({ settledAt: START + 1 });
    });

    it('also takes its `dismissed` along when it has expired', async () => {
      const intake = open({ maxDelayMs: HOUR_MS });
      await intake.take([admitted(1), dismissed(2, 1, { receivedAt: START + 4_000 })]);
      expect(await begun(intake, START + HOUR_MS + 2_000)).toEqual([]);
      expect(await statesOf(intake, 1, 2)).toEqual(['dead expired', 'dead viewed_dead']);
    });
  });

  describe('an event', () => {
    it('expires after maxDelayMs, with its reason, and not a millisecond before', async () => {
      const intake = open({ maxDelayMs: 5 * HOUR_MS });
      await intake.take([admitted(1), admitted(2, { receivedAt: START + 10 })]);
      await begin(intake, START + 5 * HOUR_MS, 0);
      expect(await statesOf(intake, 1)).toEqual(['waiting']);
      expect(await begun(intake, START + 5 * HOUR_MS + 1)).toEqual([2]);
      expect(await rowOf(intake, 1)).toMatchObject({ code: 'expired', settledAt: START + 5 * HOUR_MS + 1 });
    });

    it('also expires while nothing is due', async () => {
      const intake = open({ maxDelayMs: HOUR_MS });
      await forward(intake, waiting(START + HOUR_MS + 30 * MINUTE_MS));
      expect(await begin(intake, START + HOUR_MS + 1)).toMatchObject({ rows: [], expired: 1 });
      expect(await statesOf(intake, 1)).toEqual(['dead expired']);
    });

    it('expires in the usage lane too while nothing is due', async ({ intake }) => {
      const { usage } = intake;
      const occurredAt = START - 11 * HOUR_MS;
      await intake.take([admitted(1, { occurredAt, usage: { subscriptionId: 'sub1', properties: {} } })]);
      await usage.begin({ now: START, limit: 1, perMinute: 10 });
      await record(usage, 1, waiting(START + HOUR_MS + 30 * MINUTE_MS));
      const now = START + HOUR_MS;
      expect((await usage.begin({ now, limit: 1, perMinute: 10 })).rows).toEqual([]);
      expect((await usage.status(now)).dead).toEqual({ expired: 1 });
    });

    it('does not wait for hours because its next try was set by a clock that was ahead', async ({
      intake,
    }) => {
      await forward(intake, waiting(START + 5 * HOUR_MS), START + 5 * HOUR_MS);
      expect(await begun(intake, START + 1)).toEqual([1]);
    });

    it('does not expire because the clock has jumped ahead', async () => {
      const intake = open({ maxDelayMs: 5 * HOUR_MS });
      await intake.take([admitted(1)]);
      const now = START + 30 * HOUR_MS;
      await begin(intake, now, 0, 10_000, 25 * HOUR_MS);
      expect(await statesOf(intake, 1)).toEqual(['waiting']);
      await begin(intake, now, 0, 10_000, 25 * HOUR_MS - 1);
      expect(await rowOf(intake, 1)).toMatchObject({ code: 'expired', settledAt: now });
    });

    it.for(['atLeastOnce', 'atMostOnce'] as const)(
      'is not given up while a call of it is under way, %s',
      async (policy) => {
        const intake = open({ maxDelayMs: HOUR_MS, ambiguous: policy });
        await forward(intake, ambiguous(START + 1_000));
        expect(await begun(intake, START + 1_000)).toEqual([1]);
        await begin(intake, START + 2 * HOUR_MS);
        expect(await rowOf(intake, 1)).toMatchObject({ state: 'forwarding', settledAt: undefined });
        await record(intake, 1, DONE, START + 2 * HOUR_MS);
        expect(await statesOf(intake, 1)).toEqual(['done']);
      },
    );

    it('also expires when nobody ever learns what came of it, so that it does not delay its offer for ever', async () => {
      const intake = open({ maxDelayMs: HOUR_MS });
      await intake.take([admitted(1), admitted(2, { offerId: 'offer1', receivedAt: START + HOUR_MS })]);
      await begun(intake);
      await record(intake, 1, ambiguous(START + 5_000));
      expect(await begun(intake, START + HOUR_MS + MINUTE_MS)).toEqual([2]);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'dead', isAmbiguous: true });
    });
  });

  describe('an event whose outcome is unknown', () => {
    const given = { state: 'dead', code: 'unknown_outcome' };
    const WINDOW_MS = 25 * MINUTE_MS;

    interface Case {
      readonly policy: 'atLeastOnce' | 'atMostOnce';
      readonly result: ForwardResult;
      readonly laterMs: number;
      readonly graceMs?: number;
    }
    it.for<[string, Case, object]>([
      [
        'is forwarded again without a mark while the upstream remembers its key',
        { policy: 'atMostOnce', result: ambiguous(START + WINDOW_MS), laterMs: WINDOW_MS },
        { state: 'forwarding', attempts: 2, maybeDuplicate: false },
      ],
      [
        'is forwarded again after that and marked, if at least once is asked for',
        { policy: 'atLeastOnce', result: ambiguous(START + WINDOW_MS), laterMs: WINDOW_MS + 1 },
        { state: 'forwarding', attempts: 2, maybeDuplicate: true },
      ],
      [
        'is a dead letter after that, if at most once is asked for',
        { policy: 'atMostOnce', result: ambiguous(START + 9_000), laterMs: WINDOW_MS + 1 },
        { ...given, settledAt: START + WINDOW_MS + 1 },
      ],
      [
        'is also given up if the clock has jumped ahead, since the upstream may have forgotten its key',
        { policy: 'atMostOnce', result: ambiguous(START + 1), laterMs: HOUR_MS, graceMs: 6 * HOUR_MS },
        given,
      ],
      [
        'is not an event that was only postponed for longer than that, so such an event is forwarded',
        { policy: 'atMostOnce', result: waiting(START + 40 * MINUTE_MS), laterMs: 40 * MINUTE_MS },
        { state: 'forwarding', isAmbiguous: false, maybeDuplicate: false },
      ],
    ])('%s', async ([, { policy, result, laterMs, graceMs }, row]) => {
      const intake = open({ ambiguous: policy });
      await forward(intake, result);
      await begin(intake, START + laterMs, 100, 10_000, graceMs);
      expect(await rowOf(intake, 1)).toMatchObject(row);
    });

    it('is also a dead letter after a later call that surely did not reach the upstream, and stays marked if it is retried', async () => {
      const intake = open({ ambiguous: 'atMostOnce' });
      await forward(intake, ambiguous(START + 1_000));
      expect(await begun(intake, START + 1_000)).toEqual([1]);
      await record(intake, 1, waiting(START + 9_000), START + 2_000);
      expect(await begun(intake, START + 26 * MINUTE_MS)).toEqual([]);
      expect(await statesOf(intake, 1)).toEqual(['dead unknown_outcome']);
      expect(await intake.retry([eventId(1)], START + 26 * MINUTE_MS)).toBe(1);
      expect(await rowOf(intake, 1)).toMatchObject({ isAmbiguous: false, maybeDuplicate: true });
    });

    it('does not wait again for a late result of an earlier call', async ({ intake }) => {
      await intake.take([admitted(1)]);
      await begun(intake);
      const finish = (attempt: number, dueAt: number) =>
        intake.finish([{ id: eventId(1), result: ambiguous(dueAt), attempt }], START);
      await finish(1, START + 1_000);
      expect(await begun(intake, START + 1_000)).toEqual([1]);
      await finish(1, START + 2_000);
      expect(await begun(intake, START + 9_000)).toEqual([]);
      await finish(2, START + 10_000);
      expect(await begun(intake, START + 10_000)).toEqual([1]);
    });

    it.for<[string, ForwardResult]>([
      ['a dead letter is retried', dead()],
      ['a call surely did not reach the upstream', waiting(START + HOUR_MS)],
    ])('is counted from the next call once %s', async ([, result], { intake }) => {
      await forward(intake, result);
      const later = START + HOUR_MS;
      await intake.retry([eventId(1)], later);
      expect(await begun(intake, later)).toEqual([1]);
      await record(intake, 1, ambiguous(later + 1_000), later);
      expect(await begun(intake, later + 1_000)).toEqual([1]);
      // That call was a second ago, so the upstream still remembers the key.
      expect(await rowOf(intake, 1)).toMatchObject({ attempts: 3, maybeDuplicate: false });
    });
  });

  describe('a settled event', () => {
    /** What the forwarder does again and again. */
    const lookAt = async (intake: Intake, now: number): Promise<void> => {
      await intake.lead('a', now);
      await begin(intake, now, 0);
    };

    it('is remembered for 7 days and then forgotten', async ({ intake }) => {
      await forward(intake, DONE);
      await lookAt(intake, START + 7 * DAY_MS - 1);
      expect(await verdictsOf(intake.take([admitted(1)]))).toEqual(['duplicate']);
      await lookAt(intake, START + 7 * DAY_MS + 1);
      expect(await verdictsOf(intake.take([admitted(1)]))).toEqual(['accepted']);
    });

    it('is forgotten, and an event that is still open never is', async () => {
      const intake = open({ maxDelayMs: 30 * DAY_MS });
      await intake.take([admitted(1), admitted(2)]);
      await begun(intake, START, 1);
      await lookAt(intake, START + 8 * DAY_MS);
      expect(await statesOf(intake, 1, 2)).toEqual(['forwarding', 'waiting']);
    });
  });
};
