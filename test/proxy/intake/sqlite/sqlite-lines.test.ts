/** The lines in an intake's file: together with programs that do not know them, and what they say about visitors. */
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';
import { recordStatements } from '../../../support/statements.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, record } from '../intake.contract.js';

const folder = { path: '', remove: (): void => undefined };
const opened: Intake[] = [];
const file = (): string => join(folder.path, 'intake.db');

const open = (): Intake => {
  const intake = intakeHere({ file: file() });
  opened.push(intake);
  return intake;
};

/** Works on the file as another program. */
const inFile = <Result>(work: (database: Database.Database) => Result): Result => {
  const database = new Database(file());
  try {
    return work(database);
  } finally {
    database.close();
  }
};

const linesOf = (): { visitor: string }[] =>
  inFile(
    (database) => database.prepare('SELECT visitor FROM lines ORDER BY line').all() as { visitor: string }[],
  );

beforeEach(() => Object.assign(folder, temporaryFolder()));

afterEach(async () => {
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
  folder.remove();
});

describe('lines of events that are retried', () => {
  it('are made in several transactions if these are many, and all of them begin', async () => {
    const intake = open();
    const numbers = Array.from({ length: 250 }, (_, at) => at + 1);
    await intake.take(numbers.map((number) => admitted(number)));
    await intake.purge(numbers.map(eventId), START);
    expect(await intake.retry(numbers.map(eventId), START)).toBe(250);
    const first = await begin(intake, START, 1_000);
    expect([first.rows.length, first.nextAt]).toEqual([100, START + 100]);
    await begin(intake, START, 1_000);
    const last = await begin(intake, START, 1_000);
    expect([last.rows.length, last.nextAt]).toEqual([50, undefined]);
  });
});

describe('what a file says about visitors', () => {
  const VISITOR = 'somebody@example.com';

  it('is a name made with the file’s own secret, and nothing once the event is settled', async () => {
    const intake = open();
    await intake.take([admitted(1, { visitor: VISITOR }), admitted(2)]);
    const [named, nobody] = linesOf();
    expect(nobody).toEqual({ visitor: '' });
    expect(named?.visitor).toMatch(/^[\w-]{22}$/);
    const other = temporaryFolder();
    const elsewhere = intakeHere({ file: join(other.path, 'intake.db') });
    await elsewhere.take([admitted(1, { visitor: VISITOR })]);
    await elsewhere.close();
    const database = new Database(join(other.path, 'intake.db'));
    expect(database.prepare('SELECT visitor FROM lines').all()).not.toEqual([named]);
    database.close();
    other.remove();
    const { rows } = await begin(intake);
    await record(intake, rows, { kind: 'done' });
    expect(linesOf()).toEqual([]);
    expect(inFile((of) => of.prepare('SELECT line FROM events').all())).toEqual([
      { line: null },
      { line: null },
    ]);
  });

  it.each(['purged', 'expired'] as const)('is nothing once the event is %s', async (how) => {
    const intake = open();
    await intake.take([admitted(1, { visitor: VISITOR })]);
    if (how === 'purged') await intake.purge([eventId(1)], START);
    else await begin(intake, START + 25 * 3_600_000);
    expect(linesOf()).toEqual([]);
  });
});

describe('a request', () => {
  it('of 500 events is taken by at most eight statements, no matter what the events say', async () => {
    const executed = recordStatements();
    const intake = intakeHere({ file: file() });
    opened.push(intake);
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
    const verdicts = await intake.take([...someOf(251)]);
    expect(verdicts.size).toBe(500);
    expect(executed.length).toBeGreaterThan(4);
    expect(executed.length).toBeLessThanOrEqual(8);
  });
});
