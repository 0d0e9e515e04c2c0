/** An intake over a file that answers at once: nothing happens while the clock of its test stands still. */
import type Database from 'libsql';
import type { Intake } from '../../src/proxy/index.js';
import { resolveBounds } from '../../src/proxy/intake/rules.js';
import type { SqlDriver, Statement, Steps, Value } from '../../src/proxy/intake/sql/driver.js';
import type { SqliteIntakeOptions } from '../../src/proxy/intake/sqlite/sqlite.js';
import * as opening from '../../src/proxy/intake/sqlite/sqlite-file.js';
import * as making from '../../src/proxy/intake/sqlite/sqlite-intake.js';

/** The parts of the product that it is made of, from any copy of its source. */
type Parts = Pick<typeof opening & typeof making, 'openFile' | 'createSqliteIntake'>;

/** A driver that runs each transaction to its end in one go. */
export const createDriverHere = (database: Database.Database): SqlDriver => {
  const prepared = new Map<string, (params: readonly Value[]) => readonly unknown[]>();

  const prepare = (sql: string): ((params: readonly Value[]) => readonly unknown[]) => {
    const statement = database.prepare(sql);
    return (params) => statement.all(params);
  };

  const execute = ({ sql, params }: Statement): readonly unknown[] => {
    const known = prepared.get(sql) ?? prepare(sql);
    prepared.set(sql, known);
    return known(params);
  };

  const run = <Result>(steps: Steps<Result>): Result => {
    let step = steps.next();
    while (!step.done) step = steps.next(execute(step.value));
    return step.value;
  };

  const transact = <Result>(steps: Steps<Result>): Result => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = run(steps);
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

  return {
    write: async (steps, glance) => (glance && run(glance())) ?? transact(steps()),
    read: async (steps) => run(steps()),
    async close() {
      database.close();
    },
  };
};

/** Opens an intake over a file, made of these parts. */
export const openHere = (
  { openFile, createSqliteIntake }: Parts,
  { file, bounds, isReading }: Pick<making.IntakeParts, 'file' | 'bounds'> & { readonly isReading?: boolean },
): Intake => {
  const database = openFile(file, isReading);
  return createSqliteIntake({ file, bounds, database, driver: createDriverHere(database) });
};

/** Opens one, as `sqliteIntake` opens one that does not block. */
export const intakeHere = ({ file, readOnly = false, ...bounds }: SqliteIntakeOptions): Intake =>
  openHere({ ...opening, ...making }, { file, bounds: resolveBounds(bounds), isReading: readOnly });
