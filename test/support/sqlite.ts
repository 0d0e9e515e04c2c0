/** An intake over a file in the thread of the test: nothing happens while its clock stands still. */
import type { Intake } from '../../src/proxy/index.js';
import { resolveBounds } from '../../src/proxy/intake/rules.js';
import type { SqliteIntakeOptions } from '../../src/proxy/intake/sqlite/sqlite.js';
import { openSqliteIntake } from '../../src/proxy/intake/sqlite/sqlite-intake.js';

/** Opens it, as `sqliteIntake` opens one in a thread of its own. */
export const intakeHere = ({ file, ...bounds }: SqliteIntakeOptions): Intake =>
  openSqliteIntake({ file, bounds: resolveBounds(bounds) });
