/**
 * Intake on this machine: one SQLite file, durable before it answers, remembered across restarts. Several
 * processes may share the file; one of them forwards.
 * @module offersight/proxy/sqlite
 */
import { checkOptionNames } from '../../option-names.js';
import type { Intake } from '../intake.js';
import { BOUND_NAMES, type IntakeBounds, resolveBounds } from '../rules.js';
import { createSqlIntake } from '../sql/intake.js';
import { SQLITE } from './sqlite-dialect.js';
import { createDriver } from './sqlite-driver.js';
import { claimFile, openFile } from './sqlite-file.js';

/** Options of {@link sqliteIntake}. */
export interface SqliteIntakeOptions extends IntakeBounds {
  /**
   * Path of the database file. It is created if it is not there.
   * @range a path on a local disk whose folder exists
   * @example `'/var/lib/offersight/intake.db'`
   */
  readonly file: string;
}

/**
 * Opens an intake in a file, creating it if need be.
 * @throws {OffersightError} `configuration` if an option is wrong or the file cannot be opened.
 */
export const sqliteIntake = (options: SqliteIntakeOptions): Intake => {
  checkOptionNames('sqliteIntake', options, { ...BOUND_NAMES, file: true });
  const { file, ...given } = options;
  const bounds = resolveBounds(given);
  const database = openFile(file);
  const { keepBooks, ...intake } = createSqlIntake(createDriver(database), SQLITE, bounds);
  return {
    ...intake,
    claim(site, bookkeeping = {}) {
      claimFile(database, site);
      keepBooks(bookkeeping);
    },
  };
};
