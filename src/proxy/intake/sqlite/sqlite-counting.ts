/**
 * How the ledger is kept in the intake's file: by triggers, so that no statement moves an event without it, not even one of
 * a release that does not know it and works on the same file. A cell is one number, since there may be a row for each day,
 * group, type and reason of more than a year.
 */
import type Database from 'libsql';
import { REASONS } from '../../../protocol/reasons.js';
import { DAY_MS, GIVEN_UP_CODES, type LedgerCell, NO_GROUP, OTHER_GROUPS } from '../ledger.js';
import { PURGED } from '../rules.js';

/** What a cell's events are, by the last four bits of its number. What is new is added at the end. */
const KINDS: readonly Pick<LedgerCell, 'type' | 'reason'>[] = [
  { type: 'viewed', reason: undefined },
  { type: 'dismissed', reason: undefined },
  { type: 'accepted', reason: undefined },
  ...REASONS.map((reason) => ({ type: 'dismissed', reason }) as const),
];
const GROUP_STEP = 16;
/** Room for a million groups. */
const DAY_STEP = GROUP_STEP * 2 ** 20;

/** The first number of a day's cells. */
export const firstCellOf = (day: number): number => day * DAY_STEP;

/** What a cell's number says. */
export const partsOf = (cell: number) => ({
  day: Math.floor(cell / DAY_STEP),
  group: Math.floor((cell % DAY_STEP) / GROUP_STEP),
  ...(KINDS[cell % GROUP_STEP] ?? { type: 'dismissed' as const, reason: undefined }),
});

/** The number of a cell, in SQL. */
const cellIn = (day: string, group: string, kind: string): string =>
  `(${day} * ${DAY_STEP} + coalesce((SELECT id FROM ledger_names WHERE name = ${group}), 0) * ${GROUP_STEP} + ${kind})`;

/** The number of the cell of what was accepted on day `?1` in group `?2`. */
export const ACCEPTED_CELL = cellIn('?1', '?2', `${KINDS.findIndex(({ type }) => type === 'accepted')}`);

const kindIn = (row: string): string => {
  const reasons = KINDS.flatMap(({ reason }, at) => (reason ? [`WHEN '${reason}' THEN ${at}`] : []));
  return `CASE ${row}type WHEN 'viewed' THEN 0 ELSE CASE ${row}reason ${reasons.join(' ')} ELSE 1 END END`;
};

const cellOf = (row: string): string =>
  cellIn(`CAST(${row}received_at / ${DAY_MS} AS INTEGER)`, `${row}group_name`, kindIn(row));

const textOf = (values: readonly string[]): string => values.map((value) => `'${value}'`).join();

/** How many of one row's events came to something: 0 or 1. */
const outcomesOf = (row: string) => ({
  delivered: `(${row}state = 'done')`,
  refused: `(${row}state = 'dead' AND ${row}code NOT IN (${textOf([...GIVEN_UP_CODES, PURGED])}))`,
  given_up: `(${row}state = 'dead' AND ${row}code IN (${textOf(GIVEN_UP_CODES)}))`,
  purged: `(${row}state = 'dead' AND ${row}code = '${PURGED}')`,
});

const [NEW, OLD, ROW] = [outcomesOf('NEW.'), outcomesOf('OLD.'), outcomesOf('')];
const COLUMNS = Object.keys(ROW) as (keyof typeof ROW)[];

const TABLES = `
  ALTER TABLE events ADD COLUMN group_name TEXT;
  ALTER TABLE events ADD COLUMN reason TEXT;
  CREATE TABLE ledger_groups (name TEXT PRIMARY KEY, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE ledger_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  INSERT INTO ledger_names (id, name) VALUES (0, '${NO_GROUP}'), (1, '${OTHER_GROUPS}');
  CREATE TABLE accepted (id TEXT PRIMARY KEY, content TEXT NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX accepted_day ON accepted (day);
  CREATE TABLE ledger (
    cell INTEGER PRIMARY KEY,
    taken INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    purged INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0
  );
  -- What a release without a ledger remembers.
  INSERT INTO ledger (cell, taken, ${COLUMNS.join()})
    SELECT ${cellOf('')}, count(*), ${COLUMNS.map((name) => `sum(coalesce(${ROW[name]}, 0))`).join()}
    FROM events GROUP BY 1;
  CREATE TRIGGER events_counted AFTER INSERT ON events BEGIN
    SELECT RAISE(ABORT, 'only viewed and dismissed are ever forwarded') WHERE NEW.type NOT IN ('viewed', 'dismissed');
    INSERT INTO ledger (cell, taken) VALUES (${cellOf('NEW.')}, 1)
      ON CONFLICT (cell) DO UPDATE SET taken = taken + 1;
  END;
  CREATE TRIGGER events_came_out AFTER UPDATE OF settled_at, code ON events
    WHEN OLD.settled_at IS NOT NEW.settled_at OR OLD.code IS NOT NEW.code
  BEGIN
    UPDATE ledger SET
      ${COLUMNS.map((name) => `${name} = ${name} + coalesce(${NEW[name]}, 0) - coalesce(${OLD[name]}, 0)`).join(',\n      ')}
    WHERE cell = ${cellOf('NEW.')};
  END;
`;

/**
 * Adds the ledger to a file that has none, with what the file remembers. Whoever opens the file beside this process waits,
 * or finds it there.
 */
export const addLedger = (database: Database.Database): void => {
  const find = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'ledger'`);
  if (find.get()) return;
  database
    .transaction(() => {
      if (!find.get()) database.exec(TABLES);
    })
    .immediate();
};
