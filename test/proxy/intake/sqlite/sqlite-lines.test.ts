/** What an intake's file says about visitors, and how many statements a request takes. */
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';
import { recordStatements } from '../../../support/statements.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, DONE, record } from '../intake.contract.js';

let folder: ReturnType<typeof temporaryFolder>;
const opened: Intake[] = [];

const open = (name = 'intake.db'): Intake => {
  const intake = intakeHere({ file: join(folder.path, name) });
  opened.push(intake);
  return intake;
};

/** Asks the file as another program. */
const rowsOf = (sql: string, name = 'intake.db'): unknown[] => {
  const database = new Database(join(folder.path, name));
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
};

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
  folder.remove();
});

it('makes the lines of many events that are retried in several transactions, and all of them begin', async () => {
  const intake = open();
  const events = Array.from({ length: 250 }, (_, at) => admitted(at + 1));
  const ids = events.map(({ id }) => id);
  await intake.take(events);
  await intake.purge(ids, START);
  expect(await intake.retry(ids, START)).toBe(250);
  const steps: unknown[] = [];
  for (let step = 0; step < 3; step++) {
    const { rows, nextAt } = await begin(intake, START, 1_000);
    steps.push([rows.length, nextAt]);
  }
  expect(steps).toEqual([
    [100, START + 100],
    [100, START + 100],
    [50, undefined],
  ]);
});

it.each<[string, (intake: Intake) => Promise<unknown>]>([
  ['delivered', async (intake) => record(intake, (await begin(intake)).rows, DONE)],
  ['purged', (intake) => intake.purge([1, 2].map(eventId), START)],
  ['expired', (intake) => begin(intake, START + 25 * 3_600_000)],
])('names a visitor with the file’s own secret, and not at all once the event is %s', async (_, settle) => {
  const VISITORS = 'SELECT visitor FROM lines ORDER BY line';
  const event = admitted(1, { visitor: 'somebody@example.com' });
  const intake = open();
  await intake.take([event, admitted(2)]);
  await open('other.db').take([event]);
  const named = { visitor: expect.stringMatching(/^[\w-]{22}$/) as string };
  expect(rowsOf(VISITORS)).toEqual([named, { visitor: '' }]);
  expect(rowsOf(VISITORS, 'other.db')).not.toEqual(rowsOf(VISITORS).slice(0, 1));
  await settle(intake);
  expect(rowsOf(VISITORS)).toEqual([]);
  expect(rowsOf('SELECT line FROM events')).toEqual([{ line: null }, { line: null }]);
});

it('takes a request of 500 events by at most eight statements, no matter what the events say', async () => {
  const executed = recordStatements();
  const intake = open();
  intake.claim('acme', { groups: new Set(['listed']) });
  const usage = { subscriptionId: 's', properties: {} };
  const someOf = (from: number) =>
    Array.from({ length: 500 }, (_, at) =>
      admitted(from + at, {
        type: at % 3 ? 'viewed' : 'dismissed',
        visitor: `visitor${at % 7}`,
        group: at % 2 ? `group${from + at}` : 'listed',
        offerId: `offer${at % 50}`,
        ...(at % 5 === 0 && { usage }),
      }),
    );
  await intake.take(someOf(1));
  executed.length = 0;
  expect((await intake.take(someOf(251))).size).toBe(500);
  expect(executed.length).toBeGreaterThan(4);
  expect(executed.length).toBeLessThanOrEqual(8);
});
