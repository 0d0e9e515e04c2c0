/** What an intake that holds much does in small steps, so that it takes events between two of them. */
import { describe, expect } from 'vitest';
import type { AdmittedEvent, Intake } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { START } from '../../support/wire.js';
import { type Bench, begin, begun, dead, dismissed, numbers, record, verdictsOf } from './intake.contract.js';

const HOUR_MS = 3_600_000;
const MANY = 4_000;
/** No step may change more events than this. */
const MOST = 1_000;
/** How soon the intake may ask for the next step. */
const SOON_MS = 1_000;
/** The first number of the events that are taken between steps. */
const BETWEEN = 1_000_000;

const takeAll = async (intake: Intake, events: readonly AdmittedEvent[]): Promise<void> => {
  for (let from = 0; from < events.length; from += 500) await intake.take(events.slice(from, from + 500));
};

/**
 * Takes one step after the other until none of these events waits, and an event between any two of them. Each step has
 * to do something, and not too much.
 * @returns The numbers of the events that were begun, and of those that were taken between the steps.
 */
const stepThrough = async (intake: Intake, from: number, events: number) => {
  const [all, between]: [number[], number[]] = [[], []];
  const left = async (): Promise<number> => {
    const { dead: gone } = await intake.status(START);
    return events - Object.values(gone).reduce((sum, count) => sum + count, 0);
  };
  let now = from;
  for (let before = await left(); before > 0; now++) {
    const { rows, nextAt = Infinity } = await begin(intake, now);
    all.push(...numbers(rows));
    const after = await left();
    expect(before - after).toBeGreaterThan(0);
    expect(before - after).toBeLessThanOrEqual(MOST);
    if (after > 0) expect(nextAt - now).toBeLessThanOrEqual(SOON_MS);
    const number = BETWEEN + between.length;
    expect(await verdictsOf(intake.take([admitted(number, { receivedAt: now })]))).toEqual(['accepted']);
    between.push(number);
    before = after;
  }
  all.push(...(await begun(intake, now)));
  return { begun: all.toSorted((one, other) => one - other), between };
};

export const describePortions = ({ it, open }: Bench): void => {
  describe('works in small steps, and takes events in between', { timeout: 120_000 }, () => {
    it('when many events have waited too long, and begins no event before all of them are given up', async () => {
      const intake = open({ maxDelayMs: HOUR_MS });
      await takeAll(
        intake,
        Array.from({ length: MANY }, (_, at) => admitted(at)),
      );
      const steps = await stepThrough(intake, START + 2 * HOUR_MS, MANY);
      expect((await intake.status(START)).dead).toEqual({ expired: MANY });
      expect(steps.between.length).toBeGreaterThanOrEqual(MANY / MOST);
      expect(steps.begun).toEqual(steps.between);
    });

    it('when an offer is refused that many have closed, and begins none of what goes with it', async ({
      intake,
    }) => {
      await takeAll(intake, [admitted(0), ...Array.from({ length: MANY }, (_, at) => dismissed(at + 1, 0))]);
      expect(await begun(intake)).toEqual([0]);
      await record(intake, 0, dead());
      const steps = await stepThrough(intake, START, MANY + 1);
      expect((await intake.status(START)).dead).toEqual({ refused: 1, viewed_dead: MANY });
      expect(steps.between.length).toBeGreaterThan(1);
      expect(steps.begun).toEqual(steps.between);
    });
  });
};
