/** Transactions over a file. */
import type Database from 'libsql';

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
