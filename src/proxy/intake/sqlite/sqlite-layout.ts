/** The layout of the intake's file. */
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { schemaOf } from '../sql/schema.js';
import { SQLITE } from './sqlite-dialect.js';

/** The number of the file's layout, which a release writes into it. */
const LAYOUT = 2;
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

/** @returns Whether it has this release's. A new file has none. */
const hasLayout = (database: Database.Database): boolean => {
  const layout = Number(pragma(database, 'user_version'));
  if (layout === 0 || layout === LAYOUT) return layout === LAYOUT;
  throw configuration(
    layout > LAYOUT
      ? 'The intake file was written by a newer release: run that one, or name another file.'
      : 'The intake file was written before the release of this version: name another file.',
  );
};

/**
 * Checks that a file can be read as it is.
 * @throws {OffersightError} `configuration` if a proxy has to open it first.
 */
export const checkLayout = (database: Database.Database): void => {
  if (!hasLayout(database))
    throw configuration('No proxy has opened the intake file: start the proxy first.');
};

/**
 * Gives a new file this release's layout. Another process that opens the file at the same time waits, or finds that it is
 * done.
 */
export const layOut = (database: Database.Database): void => {
  if (hasLayout(database)) {
    // Processes of 0.2.0 left hashes of visitors there, which nobody would forget any more.
    database.exec('DROP TABLE IF EXISTS budgets');
    return;
  }
  transact(database, () => {
    if (!hasLayout(database))
      database.exec(`
        PRAGMA application_id = ${APPLICATION_ID};
        ${schemaOf(SQLITE)}
        PRAGMA user_version = ${LAYOUT};`);
  });
};
