/** How much room the ledger of a year takes in each intake. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Intake, LedgerCell } from '../../../src/proxy/index.js';
import { dayOf, isoDayOf } from '../../../src/proxy/intake/ledger.js';
import { postgresIntake } from '../../../src/proxy/intake/postgres/postgres.js';
import { firstCellOf } from '../../../src/proxy/intake/sql/ledger.js';
import { temporaryFolder } from '../../support/intake.js';
import { hasPostgres, startPostgres } from '../../support/postgres.js';
import { intakeHere } from '../../support/sqlite.js';
import { START } from '../../support/wire.js';

const [DAYS, GROUPS] = [400, 100];
const FIRST_DAY = dayOf(START) - DAYS;
/** A cell's kind, and its number in SQL. */
const KINDS = [
  [0, 'viewed', undefined],
  [2, 'accepted', undefined],
  [3, 'dismissed', 'control'],
  [4, 'dismissed', 'escape'],
  [6, 'dismissed', 'swipe'],
] as const;
const MEGABYTE = 1_000_000;

/** As long as an offer's name usually is. */
const groupName = (group: number): string => `campaign/winter-${group}`;

/** What a plan of 150 calls a minute forwards in a day. */
const EVENTS_A_DAY = 150 * 60 * 24;
/** How much of a group each kind of cell has. */
const SHARES: Readonly<Record<number, number>> = { 0: 0.7, 2: 0.01, 3: 0.2, 4: 0.05, 6: 0.04 };
const WHOLE = Array.from({ length: GROUPS }, (_, group) => 1 / (group + 1)).reduce((sum, one) => sum + one);

/** The figures of a cell: all calls of the plan are used up, and the n-th group has an n-th of the first one's events. */
const figuresOf = (day: number, group: number, kind: number) => {
  const share = (SHARES[kind] ?? 0) / (group + 1) / WHOLE;
  const taken = Math.ceil(EVENTS_A_DAY * share * (0.8 + (day % 5) / 10));
  const isAccepted = kind === 2;
  const refused = isAccepted ? 0 : Math.floor(taken / 100);
  return {
    ...{ taken, refused, givenUp: 0, purged: 0 },
    delivered: isAccepted ? 0 : taken - refused,
    accepted: isAccepted ? taken : 0,
  };
};

/** A day's cells, in the order in which their first events may have come. */
const cellsOf = (day: number) => {
  const cells = Array.from({ length: GROUPS }, (_, group) =>
    KINDS.map(([kind, type, reason]) => ({ group, kind, type, reason, ...figuresOf(day, group, kind) })),
  ).flat();
  // 500 and 197 have no divisor in common, so each comes once.
  return cells.map((_, at) => cells[(at * 197) % cells.length] as (typeof cells)[number]);
};

/** Reads the ledger, so that a size is that of cells which the product understands. */
const expectCells = async (intake: Intake): Promise<void> => {
  const days = new Map<string, LedgerCell[]>();
  for await (const portion of intake.ledger()) days.set(portion[0]?.day ?? '', [...portion]);
  expect(days.size).toBe(DAYS);
  for (const day of [0, 17, DAYS - 1]) {
    const cells = days.get(isoDayOf(FIRST_DAY + day)) ?? [];
    expect(cells).toHaveLength(GROUPS * KINDS.length);
    for (const { kind: _, group, ...cell } of cellsOf(day).slice(0, 5))
      expect(cells).toContainEqual({ ...cell, group: groupName(group), day: isoDayOf(FIRST_DAY + day) });
  }
};

const expectAtMost = (bytes: number, megabytes: number): void =>
  expect(
    bytes,
    `${DAYS} days of ${GROUPS} groups and ${KINDS.length} kinds take ${(bytes / MEGABYTE).toFixed(2)} MB`,
  ).toBeLessThanOrEqual(megabytes * MEGABYTE);

/** A day's cells as an SQL statement gets them. */
const cellRowsOf = (day: number) =>
  cellsOf(day).map(({ group, kind, givenUp: given_up, ...figures }) => ({
    ...figures,
    given_up,
    // The numbers 0 and 1 are those of (none) and (other).
    cell: firstCellOf(FIRST_DAY + day) + (group + 2) * 16 + kind,
  }));
const rowsOf = (day: number): string => JSON.stringify(cellRowsOf(day));

/** Postgres clears up by itself once in a while, since its autovacuum looks at every table each minute. */
const VACUUM_DAYS = 20;
/**
 * Makes cells of the figures that are not in the ledger yet. A cell grows in several transactions: only if they are
 * small, Postgres uses the room of a row's old versions again.
 */
const GROW = `DO $$ DECLARE most INTEGER; BEGIN
  SET synchronous_commit = off;
  -- It knows nothing of the tables' sizes yet, and would read the whole ledger for each portion.
  SET enable_seqscan = off;
  SET enable_hashjoin = off;
  SET enable_mergejoin = off;
  SELECT max(at) INTO most FROM figures;
  FOR begun IN 0..most - 1 BY 50 LOOP
    INSERT INTO sized.ledger (cell, taken) SELECT cell, 1 FROM figures WHERE at > begun AND at <= begun + 50;
    COMMIT;
    FOR part IN REVERSE 3..1 LOOP
      UPDATE sized.ledger AS held SET taken = new.taken / part, delivered = new.delivered / part,
        refused = new.refused / part, accepted = new.accepted / part
        FROM figures AS new WHERE held.cell = new.cell AND at > begun AND at <= begun + 50;
      COMMIT;
    END LOOP;
  END LOOP;
  TRUNCATE figures RESTART IDENTITY;
END $$`;

describe('the ledger of 400 days, 100 groups and 5 kinds of cells', { timeout: 300_000 }, () => {
  it('takes at most 5 MB in a file', async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    const file = join(folder.path, 'intake.db');
    const sizeOf = (): number => statSync(file).size;
    await intakeHere({ file }).close();
    const database = new Database(file);
    // Nobody pulls the plug here.
    database.pragma('synchronous = OFF');
    const emptyBytes = sizeOf();
    const name = database.prepare('INSERT INTO ledger_names (name) VALUES (?)');
    for (let group = 0; group < GROUPS; group++) name.run(groupName(group));
    // Each cell begins with one event, and grows.
    const begin = database.prepare(
      `INSERT INTO ledger (cell, taken) SELECT value ->> 'cell', 1 FROM json_each(?)`,
    );
    const grow = database.prepare(
      `UPDATE ledger SET taken = new.value ->> 'taken', delivered = new.value ->> 'delivered',
        refused = new.value ->> 'refused', accepted = new.value ->> 'accepted'
      FROM json_each(?) AS new WHERE ledger.cell = new.value ->> 'cell'`,
    );
    for (let day = 0; day < DAYS; day++) for (const statement of [begin, grow]) statement.run(rowsOf(day));
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    const intake = intakeHere({ file });
    await expectCells(intake);
    await intake.close();
    expectAtMost(sizeOf() - emptyBytes, 5);
  });

  it.skipIf(!hasPostgres)('takes at most 25 MB in Postgres', async () => {
    const postgres = await startPostgres();
    onTestFinished(() => postgres.remove());
    const intake = postgresIntake({ connection: postgres.url, name: 'sized' });
    onTestFinished(() => intake.close());
    intake.claim('acme');
    // Makes the tables.
    await intake.take([]);
    await intake.status(START);
    await postgres.ask(`INSERT INTO sized.ledger_names (name) SELECT unnest($1::text[])`, [
      Array.from({ length: GROUPS }, (_, group) => groupName(group)),
    ]);
    await postgres.ask(
      'CREATE TABLE figures (at BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, LIKE sized.ledger)',
    );
    const columns = 'cell, taken, delivered, refused, given_up, purged, accepted';
    for (let day = 0; day < DAYS; day += VACUUM_DAYS) {
      const cells = Array.from({ length: VACUUM_DAYS }, (_, after) => cellRowsOf(day + after)).flat();
      await postgres.ask(
        `INSERT INTO figures (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::sized.ledger, $1::json)`,
        [JSON.stringify(cells)],
      );
      await postgres.ask(GROW);
      await postgres.ask('VACUUM sized.ledger');
    }
    await expectCells(intake);
    const [size] = await postgres.ask<{ bytes: string }>(
      `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class
        WHERE relnamespace = 'sized'::regnamespace AND relname IN ('ledger', 'ledger_names')`,
    );
    expectAtMost(Number(size?.bytes), 25);
  });
});
