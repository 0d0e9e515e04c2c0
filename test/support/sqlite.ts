/** An intake over a file in the thread of the test: nothing happens while its clock stands still. */
import type { Intake } from '../../src/proxy/index.js';
import { resolveBounds } from '../../src/proxy/intake/rules.js';
import type { SqliteIntakeOptions } from '../../src/proxy/intake/sqlite/sqlite.js';
import { openSqliteIntake } from '../../src/proxy/intake/sqlite/sqlite-intake.js';

/** Opens it, as `sqliteIntake` opens one in a thread of its own. */
export const intakeHere = ({ file, ...bounds }: SqliteIntakeOptions): Intake =>
  openSqliteIntake({ file, bounds: resolveBounds(bounds) });

/** Gives the tables their names of before the release, so that the file has an earlier layout. */
export const EARLIER_LAYOUT = `
  DROP VIEW tally; DROP VIEW calls; DROP VIEW leases; DROP VIEW notes;
  ALTER TABLE open_counts RENAME TO tally; ALTER TABLE paced_calls RENAME TO calls;
  ALTER TABLE leads RENAME TO leases; ALTER TABLE lane_notes RENAME TO notes;
  PRAGMA user_version = 1;
`;

/** Removes the ledger, so that the file is as a release without one leaves it. */
export const WITHOUT_LEDGER = `
  ${EARLIER_LAYOUT}
  DROP TRIGGER events_counted; DROP TRIGGER events_came_out;
  DROP TABLE ledger; DROP TABLE ledger_groups; DROP TABLE ledger_names; DROP TABLE accepted;
  ALTER TABLE events DROP COLUMN group_name; ALTER TABLE events DROP COLUMN reason;
`;
