/** An intake over a file that answers at once: nothing happens while the clock of its test stands still. */
import type Database from 'libsql';
import type { Intake } from '../../src/proxy/index.js';
import { resolveBounds } from '../../src/proxy/intake/rules.js';
import type { SqlDriver, Transaction, Value, Work } from '../../src/proxy/intake/sql/driver.js';
import type { SqliteIntakeOptions } from '../../src/proxy/intake/sqlite/sqlite.js';
import * as opening from '../../src/proxy/intake/sqlite/sqlite-file.js';
import * as making from '../../src/proxy/intake/sqlite/sqlite-intake.js';

/** The parts of the product that it is made of, from any copy of its source. */
type Parts = Pick<typeof opening & typeof making, 'openFile' | 'createSqliteIntake'>;

/** The last transaction of any file: while one is open, a connection that blocks would wait for it in vain. */
let lastTurn: Promise<unknown> = Promise.resolve();

const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
  const turn = lastTurn.then(work);
  lastTurn = turn.catch(() => undefined);
  return turn;
};

/** A driver whose statements are done at once. */
export const createDriverHere = (database: Database.Database): SqlDriver => {
  const prepared = new Map<string, Database.Statement>();

  const tx: Transaction = {
    async ask<Row>(sql: string, ...params: readonly Value[]) {
      const known = prepared.get(sql) ?? database.prepare(sql);
      prepared.set(sql, known);
      return known.all(params) as readonly Row[];
    },
    aheadMs: 0,
    jumpedMs: 0,
  };

  const transact = async <Result>(work: Work<Result>): Promise<Result> => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = await work(tx);
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
    write: (work, glance) => inTurn(async () => (await glance?.(tx)) ?? transact(work)),
    read: (work) => inTurn(() => work(tx)),
    close: () =>
      inTurn(async () => {
        database.close();
      }),
  };
};

/** Opens an intake over a file, made of these parts. */
export const openHere = (
  { openFile, createSqliteIntake }: Parts,
  { file, bounds, isReading }: Pick<making.IntakeParts, 'file' | 'bounds'> & { readonly isReading?: boolean },
): Intake => {
  const database = openFile(file, isReading);
  return createSqliteIntake({ file, bounds, database, driver: createDriverHere(database), isReading });
};

/** Opens one, as `sqliteIntake` opens one that does not block. */
export const intakeHere = ({ file, readOnly = false, ...bounds }: SqliteIntakeOptions): Intake =>
  openHere({ ...opening, ...making }, { file, bounds: resolveBounds(bounds), isReading: readOnly });
