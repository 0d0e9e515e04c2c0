/**
 * How the ledger is kept in the intake's file: by triggers, so that no statement moves an event without it, not even one of
 * a release that does not know it and works on the same file.
 */
import type Database from 'libsql';
import { GIVEN_UP_CODES, NO_GROUP } from '../ledger.js';
import { PURGED } from '../rules.js';

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

const dayIn = (row: string): string => `CAST(${row}received_at / 86400000 AS INTEGER)`;

/** The row's cell. */
const CELL = `day = ${dayIn('NEW.')} AND group_name = coalesce(NEW.group_name, '${NO_GROUP}')
    AND type = NEW.type AND reason = coalesce(NEW.reason, '')`;

const TABLES = `
  ALTER TABLE events ADD COLUMN group_name TEXT;
  ALTER TABLE events ADD COLUMN reason TEXT;
  CREATE TABLE ledger_groups (name TEXT PRIMARY KEY, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE accepted (id TEXT PRIMARY KEY, content TEXT NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX accepted_day ON accepted (day);
  CREATE TABLE ledger (
    day INTEGER NOT NULL,
    group_name TEXT NOT NULL,
    type TEXT NOT NULL,
    reason TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    purged INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, group_name, type, reason)
  ) WITHOUT ROWID;
  -- What a release without a ledger remembers.
  INSERT INTO ledger (day, group_name, type, reason, taken, ${COLUMNS.join()})
    SELECT ${dayIn('')}, '${NO_GROUP}', type, '', count(*), ${COLUMNS.map((name) => `sum(coalesce(${ROW[name]}, 0))`).join()}
    FROM events GROUP BY 1, type;
  CREATE TRIGGER events_counted AFTER INSERT ON events BEGIN
    SELECT RAISE(ABORT, 'only viewed and dismissed are ever forwarded') WHERE NEW.type NOT IN ('viewed', 'dismissed');
    INSERT INTO ledger (day, group_name, type, reason, taken)
      VALUES (${dayIn('NEW.')}, coalesce(NEW.group_name, '${NO_GROUP}'), NEW.type, coalesce(NEW.reason, ''), 1)
      ON CONFLICT (day, group_name, type, reason) DO UPDATE SET taken = taken + 1;
  END;
  CREATE TRIGGER events_came_out AFTER UPDATE OF settled_at, code ON events
    WHEN OLD.settled_at IS NOT NEW.settled_at OR OLD.code IS NOT NEW.code
  BEGIN
    UPDATE ledger SET
      ${COLUMNS.map((name) => `${name} = ${name} + coalesce(${NEW[name]}, 0) - coalesce(${OLD[name]}, 0)`).join(',\n      ')}
    WHERE ${CELL};
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
