/** What every intake promises, with a suite for each promise. Each opens intakes in a place that outlives them. */
import { afterEach, beforeEach, describe, test } from 'vitest';
import type { Verdict } from '../../../src/protocol/batch.js';
import type {
  AdmittedEvent,
  Begun,
  ForwardResult,
  Intake,
  IntakeRow,
  Lane,
} from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { eventId, START } from '../../support/wire.js';
import { describeAging } from './intake-aging.contract.js';
import { describeDoor } from './intake-door.contract.js';
import { describeFairness } from './intake-fairness.contract.js';
import { describeForwarding } from './intake-forwarding.contract.js';
import { describeLeading } from './intake-leading.contract.js';
import { describeLedger } from './intake-ledger.contract.js';
import { describeOperator } from './intake-operator.contract.js';
import { describePortions } from './intake-portions.contract.js';
import { describeReading } from './intake-reading.contract.js';
import { describeTaking } from './intake-taking.contract.js';

/** The bounds and the policy of every intake. */
export interface IntakeOptions {
  readonly maxWaiting?: number;
  readonly maxDelayMs?: number;
  readonly ambiguous?: 'atLeastOnce' | 'atMostOnce';
  readonly ledgerDays?: number;
  readonly readOnly?: boolean;
}

/** Where intakes keep their events. Two intakes in one place have the same events. */
export interface IntakePlace {
  open(options?: IntakeOptions): Intake;
  remove(): void | Promise<void>;
}

const benchOf = (open: (options?: IntakeOptions) => Intake) => ({
  /** A test that gets an intake without options. */
  it: test.extend('intake', () => open()),
  /** Opens an intake in the test's place; it is closed after the test. */
  open,
});

/** What a suite has. */
export type Bench = ReturnType<typeof benchOf>;

/** Begins what is due, by default without a bound that matters. */
export const begin = (
  intake: Intake,
  now = START,
  limit = 100,
  perMinute = 10_000,
  graceMs = 0,
): Promise<Begun> => intake.begin({ now, limit, perMinute, graceMs });

/** Which events, in short: their ids' numbers. */
export const numbers = (rows: readonly { readonly id: string }[]): number[] =>
  rows.map(({ id }) => Number.parseInt(id.slice(-12), 16));

/** Begins what is due, and returns the numbers of these events. */
export const begun = async (intake: Intake, now = START, limit?: number, perMinute?: number) =>
  numbers((await begin(intake, now, limit, perMinute)).rows);

export const DONE: ForwardResult = { kind: 'done' };
export const dead = (code = 'refused'): ForwardResult => ({ kind: 'dead', code });
export const waiting = (dueAt: number): ForwardResult => ({ kind: 'waiting', dueAt });
export const ambiguous = (dueAt: number): ForwardResult => ({ kind: 'ambiguous', dueAt });

/** Records what came of the calls for events, by their numbers or rows. */
export const record = (
  lane: Pick<Lane, 'finish'>,
  events: number | readonly Pick<IntakeRow, 'id'>[],
  result: ForwardResult,
  at = START,
): Promise<void> =>
  lane.finish(
    (typeof events === 'number' ? [{ id: eventId(events) }] : events).map(({ id }) => ({ id, result })),
    at,
  );

/** Takes event 1, begins it, and records what came of its call. */
export const forward = async (intake: Intake, result: ForwardResult, at = START): Promise<void> => {
  await intake.take([admitted(1)]);
  await begin(intake);
  await record(intake, 1, result, at);
};

/** The row of an event, by its number. */
export const rowOf = async (intake: Intake, number: number): Promise<IntakeRow | undefined> =>
  (await intake.list({ limit: 1_000 })).find((row) => numbers([row])[0] === number);

/** The states of events, by their numbers, each with its code if it has one. */
export const statesOf = async (lane: Pick<Lane, 'list'>, ...of: readonly number[]): Promise<string[]> => {
  const rows = await lane.list({ limit: 1_000 });
  return of.map((number) => {
    const row = rows.find(({ id }) => id === eventId(number));
    return [row?.state, row?.code].filter(Boolean).join(' ');
  });
};

/** The kind of each verdict, or the code of one that is not good. */
export const verdictsOf = async (verdicts: Promise<ReadonlyMap<string, Verdict>>): Promise<string[]> =>
  [...(await verdicts).values()].map((verdict) => ('code' in verdict ? verdict.code : verdict.kind));

/** A `dismissed` of the offer that `admitted(of)` views. */
export const dismissed = (number: number, of: number, fields: Partial<AdmittedEvent> = {}): AdmittedEvent =>
  admitted(number, { type: 'dismissed', offerId: `offer${of}`, ...fields });

/**
 * Tests the promises of an intake.
 * @param makePlace Makes a new, empty place.
 */
export const describeIntake = (name: string, makePlace: () => IntakePlace): void => {
  describe(`the intake ${name}`, () => {
    let place: IntakePlace;
    const opened: Intake[] = [];
    const bench = benchOf((options) => {
      const intake = place.open(options);
      opened.push(intake);
      return intake;
    });

    beforeEach(() => {
      place = makePlace();
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((intake) => intake.close()));
      await place.remove();
    });

    describeTaking(bench);
    describeForwarding(bench);
    describeAging(bench);
    describeLeading(bench);
    describeLedger(bench);
    describeOperator(bench);
    describeReading(bench);
    describeFairness(bench);
    describeDoor(bench);
    describePortions(bench);
  });
};
