/**
 * The layout of the intake's file, and how a file of an earlier release gets it.
 *
 * One transaction renames the tables that every request and every call of version 0.1 needs, and puts views in their
 * place. So a 0.1 that still runs takes, forwards and records nothing more: its proxy answers 503, and its pages keep
 * their events. One that is just starting fails, since it cannot write into a view. The table of events
 * stays as it is, so all ids are known at once, and taking begins at once. Then steps follow, each in a transaction that
 * also stores how far it came: indexes, and the ledger. So it does not matter which process does them, or when one dies.
 * Forwarding begins when all are done.
 */
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { COUNT_IN, ledgerOf } from '../sql/counting.js';
import { deadLettersOf } from '../sql/dead-letters.js';
import { fairnessOf } from '../sql/fairness.js';
import { INDEXES, schemaOf } from '../sql/schema.js';
import { SQLITE } from './sqlite-dialect.js';
import { transact } from './sqlite-transaction.js';

/** The number of the file's layout, which a release writes into it. Version 0.1 wrote 1. */
const LAYOUT = 2;
/** “Offr” in ASCII, which SQLite keeps in the file's head. */
export const APPLICATION_ID = 0x4f_66_66_72;

/** Tables of version 0.1, and their names now. */
const RENAMED = { tally: 'open_counts', calls: 'paced_calls', leases: 'leads', notes: 'lane_notes' } as const;

/** Removes indexes of version 0.1 that others have replaced. */
const REPLACED = `
  DROP INDEX IF EXISTS events_open_offers;
  DROP INDEX IF EXISTS usage_open_offers;`;

/** So many events are counted at once, in a few milliseconds. */
const PORTION = 1_000;
/** A file with so few events gets everything in one transaction, so that it is ready when it is open. */
const FEW = 2_000;

/**
 * How far the steps have come: indexes made, and the arrival up to which events were counted, of those that an earlier
 * release took. Until all are counted, they must not change: they would be counted as what they became, and the change
 * once more.
 */
const PROGRESS = `
  CREATE TABLE upgrade (indexes INTEGER NOT NULL, counted INTEGER NOT NULL, last INTEGER NOT NULL);
  CREATE TRIGGER upgrade_first BEFORE UPDATE ON events WHEN OLD.arrival <= (SELECT last FROM upgrade)
    BEGIN SELECT RAISE(ABORT, 'this event is not counted yet'); END;`;

/** Says that the steps are not all done. */
export const STILL_MOVING =
  'The intake is still taking over the events of an earlier release: retry in a moment.';

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

/** One setting of the file. libsql has no plain value for it, unlike the driver whose interface it has. */
export const pragma = (database: Database.Database, name: string): unknown =>
  (database.prepare(`PRAGMA ${name}`).get() as Readonly<Record<string, unknown>>)[name];

const has = (database: Database.Database, name: string): boolean =>
  database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(name) !== undefined;

/** @returns Whether it is this release's, rather than that of an earlier one. */
const hasLayout = (database: Database.Database): boolean => {
  const layout = Number(pragma(database, 'user_version'));
  if (layout > LAYOUT)
    throw configuration(
      'The intake file was written by a newer release: run that one, or name another file.',
    );
  return layout === LAYOUT;
};

/**
 * Checks that a file can be read as it is.
 * @throws {OffersightError} `configuration` if a proxy has to open it first, or is not done with it.
 */
export const checkLayout = (database: Database.Database): void => {
  if (!hasLayout(database))
    throw configuration('No proxy of this release has opened the intake file: start the proxy first.');
  if (has(database, 'upgrade')) throw configuration(STILL_MOVING);
};

interface Progress {
  readonly indexes: number;
  readonly counted: number;
  readonly last: number;
}

/** Counts the next events of those that an earlier release took. */
const countSome = (database: Database.Database, { counted, last }: Progress): void => {
  const { next } = database
    .prepare(
      `SELECT coalesce(max(arrival), ?2) AS next FROM
         (SELECT arrival FROM events WHERE arrival > ?1 AND arrival <= ?2 ORDER BY arrival LIMIT ${PORTION})`,
    )
    .get(counted, last) as { next: number };
  database.prepare(COUNT_IN).run(counted, next);
  database.prepare('UPDATE upgrade SET counted = ?').run(next);
};

/** Whether steps are left. */
export const isUnfinished = (database: Database.Database): boolean => has(database, 'upgrade');

/** Does the next step, inside a transaction. Returns whether there may be more. */
export const step = (database: Database.Database): boolean => {
  if (!isUnfinished(database)) return false;
  const progress = database.prepare('SELECT indexes, counted, last FROM upgrade').get() as Progress;
  const index = INDEXES[progress.indexes];
  if (index !== undefined) database.exec(`${index}; UPDATE upgrade SET indexes = indexes + 1;`);
  else if (progress.counted < progress.last) countSome(database, progress);
  else database.exec('DROP TRIGGER upgrade_first; DROP TABLE upgrade;');
  return true;
};

const lastArrivalIn = (database: Database.Database): number =>
  (database.prepare('SELECT coalesce(max(arrival), 0) AS last FROM events').get() as { last: number }).last;

/** Makes the tables that do not exist yet, and takes over those that do. */
const takeOver = (database: Database.Database): void => {
  for (const [before, name] of Object.entries(RENAMED)) {
    if (has(database, before)) database.exec(`ALTER TABLE ${before} RENAME TO ${name}`);
    database.exec(`CREATE VIEW ${before} AS SELECT 1 AS renamed`);
  }
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; ${schemaOf(SQLITE)} ${REPLACED}`);
  // The process of 0.1 that led does not lead any more.
  database.exec('DELETE FROM leads');
  const last = lastArrivalIn(database);
  const isCounted = has(database, 'ledger');
  if (!isCounted) database.exec(ledgerOf(SQLITE));
  if (!has(database, 'lines')) database.exec(fairnessOf(SQLITE));
  if (!has(database, 'dead_codes')) database.exec(deadLettersOf(SQLITE));
  database.exec(PROGRESS);
  database
    .prepare('INSERT INTO upgrade (indexes, counted, last) VALUES (0, ?1, ?2)')
    .run(isCounted ? last : 0, last);
  database.exec(`PRAGMA user_version = ${LAYOUT}`);
  if (last <= FEW) while (step(database));
};

/**
 * Gives a file this release's layout, if it has an earlier one or none. Another process that opens the file at the same
 * time waits, or finds that it is done.
 */
export const layOut = (database: Database.Database): void => {
  if (hasLayout(database)) return;
  transact(database, () => {
    if (!hasLayout(database)) takeOver(database);
  });
};
