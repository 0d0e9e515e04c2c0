/**
 * Intake on this machine: one SQLite file. It stores events durably before it answers, and remembers them across
 * restarts. Several processes may share the file, and one of them forwards. A thread of its own works on the file, so
 * that no statement, lock or disk blocks the process that answers.
 * @module offersight/proxy/sqlite
 */
import '../../needs-node.js';
import type { Intake } from '../intake.js';
import { openHost } from './sqlite-host.js';
import { fileOf, intakeOver, type SqliteIntakeOptions } from './sqlite-opening.js';

export type { SqliteIntakeOptions };

/**
 * Opens an intake in a file. Creates the file if it does not exist, unless `readOnly` is set. A thread of its own works
 * on the file, and does not keep the process alive.
 * @throws {OffersightError} `configuration` if an option is wrong, the file cannot be opened, or the thread cannot be
 * started.
 */
export const sqliteIntake = (options: SqliteIntakeOptions): Intake =>
  intakeOver(openHost(fileOf(options)), options);
