/** The intake over its file, in the thread that calls it: every statement, lock and fsync blocks that thread. */
import type { Intake } from '../intake.js';
import type { resolveBounds } from '../rules.js';
import { createSqlIntake } from '../sql/intake.js';
import { SQLITE } from './sqlite-dialect.js';
import { createDriver } from './sqlite-driver.js';
import { claimFile, openFile } from './sqlite-file.js';

/** What an intake is opened with. */
export interface IntakeFile {
  readonly file: string;
  readonly bounds: ReturnType<typeof resolveBounds>;
}

/**
 * Opens an intake in a file. Creates the file if it does not exist.
 * @throws {OffersightError} `configuration` if the file cannot be opened.
 */
export const openSqliteIntake = ({ file, bounds }: IntakeFile): Intake => {
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
