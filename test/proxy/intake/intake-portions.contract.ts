/** What an intake that holds much does in small steps, so that it takes events between two of them. */
import { describe, expect, it } from 'vitest';
import type { AdmittedEvent, Intake } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { type Bench, begin, begun, dismissed, numbers, record } from './intake.contract.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How many cells the ledger has: fewer than there are events, since all of them are read after each step. */
const MANY_CELLS = 5_000;
/** No step may change more events or cells than this. */
const MOST = 1_000;
const REQUEST_EVENTS = 500;
/** How soon the intake may ask for the next step. */
const SOON_MS = 1_000;
/** The first number of the events that are taken between steps. */
const BETWEEN = 1_000_000;

const inRequests = async <T>(
  events: readonly T[],
  send: (some: readonly T[]) => Promise<unknown>,
): Promise<void> => {
  for (let from = 0; from < events.length; from += REQUEST_EVENTS)
    await send(events.slice(from, from + REQUEST_EVENTS));
};

const TIMEOUT_MS = 120_000;

const manyOf = <T>(length: number, make: (at: number) => T): T[] =>
  Array.from({ length }, (_, at) => make(at));

/** What {@link stepThrough} found. */
interface Steps {
  /** The events that were begun, by their numbers. */
  readonly begun: readonly number[];
  /** The events that were taken between the steps, by their numbers. */
  readonly between: readonly number[];
}

/**
 * Takes one step after the other until nothing is left, and an event between any two of them. Each step has to do
 * something, and not too much.
 * @param left How many events or cells are left to do.
 */
const stepThrough = async (intake: Intake, from: number, left: () => Promise<number>): Promise<Steps> => {
  const [all, between]: [number[], number[]] = [[], []];
  let now = from;
  for (let before = await left(); before > 0; now++) {
    const { rows, nextAt = Infinity } = await begin(intake, now);
    all.push(...numbers(rows));
    const after = await left();
    expect(before - after).toBeGreaterThan(0);
    expect(before - after).toBeLessThanOrEqual(MOST);
    if (after > 0) expect(nextAt - now).toBeLessThanOrEqual(SOON_MS);
    const number = BETWEEN + between.length;
    const fresh = admitted(number, { receivedAt: now });
    expect([...(await intake.take([fresh])).values()]).toEqual([{ kind: 'accepted' }]);
    between.push(number);
    before = after;
  }
  all.push(...(await begun(intake, now)));
  return { begun: all, between };
};

/** How many events wait, without those that were taken between steps. */
const waitingIn = async (intake: Intake, events: readonly AdmittedEvent[]): Promise<number> => {
  const { dead } = await intake.status(START);
  return events.length - Object.values(dead).reduce((sum, count) => sum + count, 0);
};

/**
 * Tests that an intake works in portions.
 * @param many How many events it holds.
 */
export const describePortions = ({ open }: Bench, many: number): void => {
  describe('works in small steps, and takes events in between', { timeout: TIMEOUT_MS }, () => {
    it('when many events have waited too long, and begins no event before all of them are given up', async () => {
      const intake = open({ maxDelayMs: HOUR_MS });
      const events = manyOf(many, (at) => admitted(at));
      await inRequests(events, (some) => intake.take(some));
      const steps = await stepThrough(intake, START + 2 * HOUR_MS, () => waitingIn(intake, events));
      expect((await intake.status(START)).dead).toEqual({ expired: many });
      expect(steps.between.length).toBeGreaterThanOrEqual(many / MOST);
      expect(steps.begun).toEqual(steps.between);
    });

    it('when an offer is refused that many have closed, and begins none of what goes with it', async () => {
      const intake = open();
      const events = [admitted(0), ...manyOf(many, (at) => dismissed(at + 1, 0))];
      await inRequests(events, (some) => intake.take(some));
      expect(await begun(intake)).toEqual([0]);
      await record(intake, 0, { kind: 'dead', code: 'resource_not_found' });
      const left = await waitingIn(intake, events);
      expect(left).toBeGreaterThanOrEqual(many - MOST);
      const steps = await stepThrough(intake, START, () => waitingIn(intake, events));
      expect((await intake.status(START)).dead).toEqual({ resource_not_found: 1, viewed_dead: many });
      expect(steps.begun.toSorted((one, other) => one - other)).toEqual(steps.between);
    });

    it('when many cells of the ledger are too old', async () => {
      const groups = 500;
      const intake = open({ ledgerDays: 31 });
      intake.claim('acme', { groups: new Set(manyOf(groups, (at) => `group${at}`)) });
      const reported = manyOf(MANY_CELLS, (at) => ({
        id: eventId(at),
        content: 'accepted',
        group: `group${at % groups}`,
        receivedAt: START + Math.floor(at / groups) * DAY_MS,
      }));
      await inRequests(reported, (some) => intake.accept(some));
      const until = new Date(START + (MANY_CELLS * DAY_MS) / groups).toISOString().slice(0, 10);
      const left = async (): Promise<number> => {
        let cells = 0;
        for await (const portion of intake.ledger({ until })) cells += portion.length;
        return cells;
      };
      expect(await left()).toBe(MANY_CELLS);
      const { between } = await stepThrough(intake, START + 60 * DAY_MS, left);
      expect(between.length).toBeGreaterThanOrEqual(MANY_CELLS / MOST);
    });
  });
};
