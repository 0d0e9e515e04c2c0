/**
 * What every intake promises to those who report, no matter where it keeps events: a verdict for each, once, in order.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Verdict } from '../../../src/protocol/batch.js';
import type { AdmittedEvent } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { dismissed, verdictsOf } from './intake.contract.js';

/** An intake as a request meets it. */
export interface Answering {
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  knows(events: readonly AdmittedEvent[]): Promise<ReadonlySet<string>>;
  /** Numbers of the events in the order in which the upstream had them, once it had all that were accepted. */
  reached(): Promise<number[]>;
  end(): Promise<void>;
}

const viewed = (...numbers: readonly number[]): AdmittedEvent[] => numbers.map((number) => admitted(number));

/**
 * Tests what every intake promises.
 * @param start Starts an intake that is empty.
 */
export const describeAnswering = (name: string, start: () => Answering): void => {
  const it = test.extend('intake', () => {
    const intake = start();
    onTestFinished(() => intake.end());
    return intake;
  });

  describe(`the intake ${name}, as every intake,`, () => {
    it('gives one verdict for each event, in the order of the batch', async ({ intake }) => {
      const verdicts = await intake.take([admitted(4), dismissed(9, 4), admitted(2), admitted(7)]);
      expect([...verdicts]).toEqual([4, 9, 2, 7].map((number) => [eventId(number), { kind: 'accepted' }]));
      expect(await verdictsOf(intake.take([]))).toEqual([]);
    });

    it('answers duplicate to known events, also beside new ones, and forwards them once (fault 62)', async ({
      intake,
    }) => {
      await intake.take(viewed(1, 2));
      const later = { ...admitted(1), receivedAt: START + 60_000, headers: { 'x-a': 'b' } };
      expect(await verdictsOf(intake.take([admitted(3), admitted(2), later]))).toEqual([
        'accepted',
        'duplicate',
        'duplicate',
      ]);
      expect((await intake.reached()).sort()).toEqual([1, 2, 3]);
      expect(await verdictsOf(intake.take(viewed(1, 2, 3)))).toEqual(Array(3).fill('duplicate'));
      expect((await intake.reached()).sort()).toEqual([1, 2, 3]);
    });

    it('answers conflict to other content under a known id, and forwards the first', async ({ intake }) => {
      await intake.take([admitted(1)]);
      for (const other of [{ type: 'dismissed' }, { offerId: 'other' }, { occurredAt: START - 1 }] as const)
        expect([...(await intake.take([admitted(1, other)]))]).toEqual([
          [eventId(1), { kind: 'refused', code: 'conflict' }],
        ]);
      expect(await verdictsOf(intake.take([admitted(1)]))).toEqual(['duplicate']);
      expect(await intake.reached()).toEqual([1]);
    });

    it('accepts at most one of 100 parallel copies, and forwards one (attack 41)', async ({ intake }) => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => intake.take([admitted(1)])));
      const kinds = answers.flatMap((verdicts) => [...verdicts.values()].map(({ kind }) => kind));
      expect(kinds.filter((kind) => kind === 'accepted')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'duplicate' || kind === 'deferred')).toHaveLength(99);
      expect(await intake.reached()).toEqual([1]);
    });

    it('forwards each id once if batches overlap', async ({ intake }) => {
      await Promise.all([viewed(1, 2, 3, 4), viewed(4, 3, 5, 6), viewed(6, 1)].map(intake.take));
      await intake.take(viewed(1, 2, 3, 4, 5, 6));
      expect((await intake.reached()).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('says whether it knows an event, by what the event says', async ({ intake }) => {
      await intake.take(viewed(1, 2));
      await intake.reached();
      const asked = [admitted(1), admitted(2, { offerId: 'other' }), admitted(3)];
      expect([...(await intake.knows(asked))]).toEqual([eventId(1)]);
      expect([...(await intake.knows([]))]).toEqual([]);
      expect(await intake.reached()).toHaveLength(2);
    });

    it('forwards `viewed` before `dismissed` of an offer, no matter how the batch lists them', async ({
      intake,
    }) => {
      await intake.take([dismissed(1, 5), dismissed(2, 6), ...viewed(6, 3, 5)]);
      const order = await intake.reached();
      expect([...order].sort()).toEqual([1, 2, 3, 5, 6]);
      expect(order.indexOf(5)).toBeLessThan(order.indexOf(1));
      expect(order.indexOf(6)).toBeLessThan(order.indexOf(2));
    });

    it('forwards events of one type and offer in the order of the batch', async ({ intake }) => {
      await intake.take([8, 3, 5, 1].map((number) => admitted(number, { offerId: 'same' })));
      expect(await intake.reached()).toEqual([8, 3, 5, 1]);
    });
  });
};
