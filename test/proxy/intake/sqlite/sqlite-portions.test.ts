/** What one transaction of the file changes at most, counted in the file itself. */
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, DONE, record } from '../intake.contract.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MANY = 4_000;
/** How soon the next step follows. */
const AGAIN_MS = 100;
/** No step may change more rows than this. */
const MOST = 1_000;
const GROUPS = 200;

describe('a file with many rows that are too old or due too late', () => {
  const folder = { path: '', remove: (): void => undefined };
  let intake: Intake;
  let database: Database.Database;

  beforeEach(() => {
    Object.assign(folder, temporaryFolder());
    const file = join(folder.path, 'intake.db');
    intake = intakeHere({ file, ledgerDays: 31 });
    intake.claim('acme', { groups: new Set(Array.from({ length: GROUPS }, (_, at) => `group${at}`)) });
    database = new Database(file);
  });

  afterEach(async () => {
    database.close();
    await intake.close();
    folder.remove();
  });

  const numberOf = (rows: string): number =>
    (database.prepare(`SELECT count(*) AS many FROM ${rows}`).get() as { many: number }).many;

  /** How many rows each step changes, until none are left. While some are left, the next step has to be soon. */
  const stepsOf = async (rows: string, now: number): Promise<number[]> => {
    const steps: number[] = [];
    for (let before = numberOf(rows); before > 0; ) {
      const { nextAt } = await begin(intake, now, 0);
      const after = numberOf(rows);
      expect(after).toBeLessThan(before);
      if (after > 0) expect(nextAt).toBe(now + AGAIN_MS);
      steps.push(before - after);
      before = after;
    }
    return steps;
  };

  const expectPortions = (steps: readonly number[]): void => {
    expect(Math.max(...steps)).toBeLessThanOrEqual(MOST);
    expect(steps.reduce((sum, count) => sum + count)).toBe(MANY);
  };

  it('forgets its cells, and then what was accepted, a portion at a time', async () => {
    const reported = Array.from({ length: MANY }, (_, at) => ({
      id: eventId(at),
      content: 'accepted',
      group: `group${at % GROUPS}`,
      receivedAt: START + Math.floor(at / GROUPS) * DAY_MS,
    }));
    await intake.accept(reported);
    expect([numberOf('ledger'), numberOf('accepted')]).toEqual([MANY, MANY]);
    const now = START + 60 * DAY_MS;
    expectPortions(await stepsOf('ledger', now));
    expectPortions(await stepsOf('accepted', now));
  });

  it('forgets nothing more on a day on which it has forgotten everything, and goes on the next day', async () => {
    const report = (number: number, receivedAt: number) =>
      intake.accept([{ id: eventId(number), content: 'accepted', receivedAt }]);
    await begin(intake, START + 60 * DAY_MS, 0);
    await report(1, START);
    await begin(intake, START + 60 * DAY_MS, 0);
    expect([numberOf('ledger'), numberOf('accepted')]).toEqual([1, 1]);
    await begin(intake, START + 61 * DAY_MS, 0);
    expect([numberOf('ledger'), numberOf('accepted')]).toEqual([0, 0]);
  });

  it('forgets events in steps of 100, soon after each other, but not because a clock jumped ahead', async () => {
    const events = Array.from({ length: 250 }, (_, at) => admitted(at + 1));
    await intake.take(events);
    await record(intake, events, DONE);
    const now = START + 8 * DAY_MS;
    await begin(intake, now, 0, 10_000, 2 * DAY_MS);
    expect(numberOf('events')).toBe(250);
    expect(await stepsOf('events', now)).toEqual([100, 100, 50]);
    expect((await begin(intake, now)).nextAt).toBeUndefined();
  });

  it.each([
    ['of an offer each', undefined],
    ['of one offer', { offerId: 'offer1' }],
  ])(
    'puts due times right that a wrong clock has set for events %s, a portion at a time',
    async (_, offer) => {
      const wrong = { receivedAt: START + HOUR_MS, ...offer };
      await intake.take(Array.from({ length: MANY }, (_, at) => admitted(at, wrong)));
      expectPortions(await stepsOf(`events WHERE due_at > ${START}`, START));
    },
  );

  it('lets lines continue whose time has come, a portion at a time', async () => {
    await intake.take(Array.from({ length: MANY }, (_, at) => admitted(at)));
    database.exec(`UPDATE lines SET due_at = ${START + HOUR_MS}`);
    expectPortions(await stepsOf('lines WHERE due_at > 0', START + HOUR_MS));
  });
});
