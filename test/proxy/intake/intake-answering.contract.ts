/**
 * What every intake promises to those who report, no matter where it keeps events: a verdict for each, once, in order.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/protocol/batch.js';
import type { AdmittedEvent } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';

/** An intake as a request meets it. */
export interface Answering {
  take(events: readonly AdmittedEvent[]): Promise<ReadonlyMap<string, Verdict>>;
  knows(events: readonly AdmittedEvent[]): Promise<ReadonlySet<string>>;
  /** Numbers of the events in the order in which the upstream had them, once it had all that were accepted. */
  reached(): Promise<number[]>;
  end(): Promise<void>;
}

const kindsOf = (verdicts: ReadonlyMap<string, Verdict>): string[] =>
  [...verdicts.values()].map((verdict) => ('code' in verdict ? verdict.code : verdict.kind));

/** The `dismissed` of the offer that `admitted(of)` views. */
const dismissed = (number: number, of: number): AdmittedEvent =>
  admitted(number, { type: 'dismissed', offerId: `offer${of}` });

/**
 * Tests what every intake promises.
 * @param start Starts an intake that is empty.
 */
export const describeAnswering = (name: string, start: () => Answering): void => {
  describe(`the intake ${name}, as every intake,`, () => {
    let intake: Answering;

    beforeEach(() => {
      intake = start();
    });

    afterEach(() => intake.end());

    it('gives one verdict for each event, in the order of the batch', async () => {
      const verdicts = await intake.take([admitted(4), dismissed(9, 4), admitted(2), admitted(7)]);
      expect([...verdicts]).toEqual([4, 9, 2, 7].map((number) => [eventId(number), { kind: 'accepted' }]));
    });

    it('gives no verdicts for no events', async () => {
      expect([...(await intake.take([]))]).toEqual([]);
      expect(await intake.reached()).toEqual([]);
    });

    it('answers duplicate to known events, also beside new ones, and forwards them once (fault 62)', async () => {
      await intake.take([admitted(1), admitted(2)]);
      expect(kindsOf(await intake.take([admitted(3), admitted(2), admitted(1)]))).toEqual([
        'accepted',
        'duplicate',
        'duplicate',
      ]);
      expect((await intake.reached()).sort()).toEqual([1, 2, 3]);
      expect(kindsOf(await intake.take([admitted(1), admitted(2), admitted(3)]))).toEqual(
        Array.from({ length: 3 }, () => 'duplicate'),
      );
      expect((await intake.reached()).sort()).toEqual([1, 2, 3]);
    });

    it('answers conflict to other content under a known id, and forwards the first', async () => {
      await intake.take([admitted(1)]);
      const others = [
        admitted(1, { type: 'dismissed' }),
        admitted(1, { offerId: 'other' }),
        admitted(1, { occurredAt: START - 1 }),
      ];
      for (const other of others) {
        expect([...(await intake.take([other]))]).toEqual([
          [eventId(1), { kind: 'refused', code: 'conflict' }],
        ]);
      }
      expect(kindsOf(await intake.take([admitted(1)]))).toEqual(['duplicate']);
      expect(await intake.reached()).toEqual([1]);
    });

    it('compares events by what they say, not by when they came', async () => {
      await intake.take([admitted(1)]);
      const later = { ...admitted(1), receivedAt: START + 60_000, headers: { 'x-a': 'b' } };
      expect(kindsOf(await intake.take([later]))).toEqual(['duplicate']);
    });

    it('accepts at most one of 100 parallel copies, and forwards one (attack 41)', async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => intake.take([admitted(1)])));
      const kinds = answers.flatMap((verdicts) => [...verdicts.values()].map(({ kind }) => kind));
      expect(kinds.filter((kind) => kind === 'accepted')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'duplicate' || kind === 'deferred')).toHaveLength(99);
      expect(await intake.reached()).toEqual([1]);
    });

    it('forwards each id once if batches overlap', async () => {
      const numbers = [1, 2, 3, 4, 5, 6];
      await Promise.all([
        intake.take([1, 2, 3, 4].map((number) => admitted(number))),
        intake.take([4, 3, 5, 6].map((number) => admitted(number))),
        intake.take([6, 1].map((number) => admitted(number))),
      ]);
      await intake.take(numbers.map((number) => admitted(number)));
      expect((await intake.reached()).sort()).toEqual(numbers);
    });

    it('says whether it knows an event, by what the event says', async () => {
      await intake.take([admitted(1), admitted(2)]);
      await intake.reached();
      const asked = [admitted(1), admitted(2, { offerId: 'other' }), admitted(3)];
      expect([...(await intake.knows(asked))]).toEqual([eventId(1)]);
      expect([...(await intake.knows([]))]).toEqual([]);
      expect(await intake.reached()).toHaveLength(2);
    });

    it('forwards `viewed` before `dismissed` of an offer, no matter how the batch lists them', async () => {
      await intake.take([dismissed(1, 5), dismissed(2, 6), admitted(6), admitted(3), admitted(5)]);
      const order = await intake.reached();
      expect([...order].sort()).toEqual([1, 2, 3, 5, 6]);
      expect(order.indexOf(5)).toBeLessThan(order.indexOf(1));
      expect(order.indexOf(6)).toBeLessThan(order.indexOf(2));
    });

    it('forwards events of one type and offer in the order of the batch', async () => {
      const event = (number: number): AdmittedEvent => admitted(number, { offerId: 'same' });
      await intake.take([event(8), event(3), event(5), event(1)]);
      expect(await intake.reached()).toEqual([8, 3, 5, 1]);
    });
  });
};
