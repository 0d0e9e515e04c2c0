/**
 * Intake on this machine: one SQLite file. It stores events durably before it answers, and remembers them across
 * restarts. Several processes may share the file, and one of them forwards. No statement, lock or disk blocks the
 * process that answers.
 * @module offersight/proxy/sqlite
 */
import '../../needs-node.js';
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import { checkOptionNames } from '../../option-names.js';
import { inTime } from '../../patience.js';
import type { Intake } from '../intake.js';
import { BOUND_NAMES, type IntakeBounds, type ReadOnlyOption, resolveBounds } from '../rules.js';
import { DEADLINE_MS, inGroups } from '../sql/group-commit.js';
import { createDriver, isOwnFault, loadLibsql } from './sqlite-driver.js';
import { openFile, surroundingsOf, unsafePlace } from './sqlite-file.js';
import { createSqliteIntake } from './sqlite-intake.js';

/** Options of `sqliteIntake`. */
export interface SqliteIntakeOptions extends IntakeBounds, ReadOnlyOption {
  /**
   * Path of the database file. It is created if it does not exist. Name the whole path: a process that starts in another
   * folder would have another file, and the events that wait in the first one would stay there.
   * @range a path on a local disk whose folder exists
   * @example `'/var/lib/offersight/intake.db'`
   */
  readonly file: string;
}

/** So long SQLite itself waits for another program. */
const TIMEOUT_MS = 20;

/**
 * Opens an intake in a file. Creates the file if it does not exist, unless `readOnly` is set. Blocks for up to 5 s while
 * another program holds the file.
 * @throws {OffersightError} `configuration` if an option is wrong, or the file cannot be opened.
 */
export const sqliteIntake = (options: SqliteIntakeOptions): Intake => {
  checkOptionNames('sqliteIntake', options, { ...BOUND_NAMES, file: true, readOnly: true });
  const { file, readOnly = false, ...given } = options;
  // SQLite would take an empty name for a file that is gone when it is closed, and libsql an address for a server.
  if (typeof file !== 'string' || !/^(?!:|(?:file|libsql|https?|wss?):)[^\0]+$/i.test(file))
    throw new OffersightError(
      'configuration',
      'Set file to the path of a file on a local disk, such as /var/lib/offersight/intake.db.',
    );
  const bounds = resolveBounds(given);
  const runtime = platformRuntime();
  const { Connection } = loadLibsql();
  const database = openFile(file, readOnly);
  const driver = createDriver(
    new Connection(file, { timeout: TIMEOUT_MS }),
    // An accepted event must outlive the machine's power, not only this process.
    readOnly ? 'PRAGMA query_only = ON' : 'PRAGMA synchronous = FULL',
  );
  const intake = createSqliteIntake({ file, bounds, database, driver, isReading: readOnly });
  // Files of tests are where nothing has to stay.
  const where = process.env.NODE_ENV === 'test' ? undefined : unsafePlace(surroundingsOf(file));
  return {
    ...intake,
    ...inGroups(intake, { runtime, isOwnFault }),
    // Requests also wait for this.
    accept: (events) => inTime(runtime, DEADLINE_MS, intake.accept(events)),
    claim(site, bookkeeping = {}) {
      intake.claim(site, bookkeeping);
      if (where !== undefined) bookkeeping.onAlert?.('unsafePlace', { where });
    },
  };
};
