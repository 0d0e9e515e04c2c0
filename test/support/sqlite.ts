/** An intake over a file in the thread of the test: nothing happens while its clock stands still. */
import type { Intake } from '../../src/proxy/index.js';
import { resolveBounds } from '../../src/proxy/intake/rules.js';
import type { SqliteIntakeOptions } from '../../src/proxy/intake/sqlite/sqlite.js';
import { openSqliteIntake } from '../../src/proxy/intake/sqlite/sqlite-intake.js';

/** Opens it, as `sqliteIntake` opens one in a thread of its own. */
export const intakeHere = ({ file, ...bounds }: SqliteIntakeOptions): Intake =>
  openSqliteIntake({ file, bounds: resolveBounds(bounds) });

/** Removes the ledger, so that the file is as a release without one leaves it. */
export const WITHOUT_LEDGER = `
  DROP TRIGGER events_counted; DROP TRIGGER events_came_out;
  DROP TABLE ledger; DROP TABLE ledger_groups; DROP TABLE ledger_names; DROP TABLE accepted;
  ALTER TABLE events DROP COLUMN group_name; ALTER TABLE events DROP COLUMN reason;
`;
