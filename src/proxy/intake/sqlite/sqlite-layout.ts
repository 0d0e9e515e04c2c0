/** The layout of the intake's file. */
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { otherLayout } from '../rules.js';
import { LAYOUT, schemaOf, upgradeOf } from '../sql/schema.js';
import { SQLITE } from './sqlite-dialect.js';

/** “Offr” in ASCII, which SQLite keeps in the file's head. */
export const APPLICATION_ID = 0x4f_66_66_72;

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

/** One setting of the file. libsql has no plain value for it, unlike the driver whose interface it has. */
export const pragma = (database: Database.Database, name: string): unknown =>
  (database.prepare(`PRAGMA ${name}`).get() as Readonly<Record<string, unknown>>)[name];

/**
 * Runs work in one transaction. libsql's own way would hide what went wrong: if the disk is full, SQLite has rolled back
 * already, and libsql would complain of that.
 */
export const transact = <Result>(database: Database.Database, work: () => Result): Result => {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (cause) {
    try {
      database.exec('ROLLBACK');
    } catch {
      // SQLite has done it.
    }
    throw cause;
  }
};

/** @throws {OffersightError} `configuration` if this release cannot use it. */
const layoutOf = (database: Database.Database): number => {
  const layout = Number(pragma(database, 'user_version'));
  if (layout === 1 || layout > LAYOUT) throw otherLayout('The intake file', layout > LAYOUT);
  return layout;
};

/**
 * Checks that a file can be read as it is.
 * @throws {OffersightError} `configuration` if a proxy has to open it first.
 */
export const checkLayout = (database: Database.Database): void => {
  if (layoutOf(database) !== LAYOUT)
    throw configuration('No proxy of this release has opened the intake file: start the proxy first.');
};

/**
 * Gives a file this release's layout. Another process that opens the file at the same time waits, or finds that it is
 * done.
 */
export const layOut = (database: Database.Database): void => {
  if (layoutOf(database) === LAYOUT) return;
  transact(database, () => {
    const layout = layoutOf(database);
    if (layout === LAYOUT) return;
    const made = `PRAGMA application_id = ${APPLICATION_ID}; ${schemaOf(SQLITE)}`;
    database.exec(`${layout === 0 ? made : upgradeOf(SQLITE)} PRAGMA user_version = ${LAYOUT};`);
  });
};
