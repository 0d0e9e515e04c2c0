/** Runs transactions over a file, one transaction after the other, without blocking the process. */

import { createRequire } from 'node:module';
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import type { Dialect, SqlDriver, Transaction, Value, Work } from '../sql/driver.js';
import { isBusy } from './sqlite-failures.js';

export const SQLITE: Dialect = {
  arrival: 'INTEGER PRIMARY KEY',
  integer: 'INTEGER',
  keyed: 'WITHOUT ROWID',
  row: 'rowid',
  secret: 'lower(hex(randomblob(32)))',
  given: (columns) =>
    `(SELECT ${Object.keys(columns)
      .map((name) => `value ->> '${name}' AS ${name}`)
      .join(', ')} FROM json_each(?1))`,
  texts: (name) => `(SELECT value FROM json_each(?1, '$.${name}'))`,
  larger: (one, other) => `max(${one}, ${other})`,
  refuse: (message, when) => `SELECT RAISE(ABORT, '${message}') WHERE ${when}`,
  trigger: ({ name, table, after, when, body }) =>
    `CREATE TRIGGER ${name} AFTER ${after} ON ${table} ${when ? `WHEN ${when}` : ''}
      BEGIN ${body}; END;`,
  dropTrigger: (name) => `DROP TRIGGER ${name};`,
};

export interface Prepared {
  all(params: readonly Value[]): Promise<readonly unknown[]>;
}

/** A connection that does not block: libsql runs its statements in threads of its own. */
export interface Connection {
  exec(sql: string): Promise<unknown>;
  prepare(sql: string): Promise<Prepared>;
  close(): void;
}

interface Libsql {
  readonly Blocking: typeof Database;
  readonly Connection: new (path: string, options: { readonly timeout: number }) => Connection;
}

const NOT_INSTALLED = 'This intake needs a package that is not installed. Add it with: npm install libsql';

const NOT_LOADED =
  "The intake cannot load libsql: see what broke. If the server is bundled, leave the package offersight out of the bundle, so that it is loaded from node_modules. In Next, set serverExternalPackages: ['offersight'] in next.config.ts.";

/**
 * Loads it. An import at the top of a file would end a host in Node's words, before the proxy is created and says what
 * is wrong.
 * @throws {OffersightError} `configuration` if it is not there.
 */
export const loadLibsql = (): Libsql => {
  try {
    const require = createRequire(import.meta.url);
    return {
      Blocking: require('libsql') as Libsql['Blocking'],
      Connection: require('libsql/promise') as Libsql['Connection'],
    };
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    throw new OffersightError('configuration', isMissing ? NOT_INSTALLED : NOT_LOADED, cause);
  }
};

/** A transaction waits so long for a file that another program holds. */
const BUSY_MS = 5_000;

/**
 * libsql does only the first step of a statement in a thread of its own, and the others in this one. So the first step
 * has to find all rows.
 */
const inOneStep = (sql: string): string =>
  /^\s*SELECT/.test(sql) ? `WITH found AS MATERIALIZED (${sql}) SELECT * FROM found` : sql;

/**
 * Makes the driver of a connection.
 * @param settings What the connection is set to, in SQL.
 */
export const createDriver = (connection: Connection, settings: string): SqlDriver => {
  const { elapsed } = platformRuntime();
  const statements = new Map<string, Prepared>();
  let isSet = false;
  let isClosed = false;
  let lastTurn: Promise<unknown> = Promise.resolve();

  const tx: Transaction = {
    async ask<Row>(sql: string, ...params: readonly Value[]) {
      const known = statements.get(sql) ?? (await connection.prepare(inOneStep(sql)));
      statements.set(sql, known);
      // The statement is our own, so the type of its rows is known.
      return (await known.all(params)) as readonly Row[];
    },
    // Processes that share a file share a clock.
    aheadMs: 0,
    jumpedMs: 0,
  };

  const transact = async <Result>(work: Work<Result>): Promise<Result> => {
    await connection.exec('BEGIN IMMEDIATE');
    try {
      const result = await work(tx);
      await connection.exec('COMMIT');
      return result;
    } catch (cause) {
      // It fails if the disk is full: then SQLite has done it.
      await connection.exec('ROLLBACK').catch(() => undefined);
      throw cause;
    }
  };

  /** Repeats what another program's lock has prevented. SQLite itself would wait in a thread that other files need. */
  const untilFree = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (isClosed) throw new Error('The intake is closed.');
    for (const givesUpAt = elapsed() + BUSY_MS; ; )
      try {
        if (!isSet) await connection.exec(settings);
        isSet = true;
        return await work();
      } catch (cause) {
        if (!isBusy(cause) || elapsed() >= givesUpAt) throw cause;
      }
  };

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = lastTurn.then(() => untilFree(work));
    lastTurn = turn.catch(() => undefined);
    return turn;
  };

  return {
    write: (work, glance) => inTurn(async () => (await glance?.(tx)) ?? transact(work)),
    read: (work) => inTurn(() => work(tx)),
    async close() {
      await lastTurn;
      if (isClosed) return;
      isClosed = true;
      // The connection ends when its statements are collected. From here on the file alone has everything.
      await connection.exec('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => undefined);
      statements.clear();
      connection.close();
    },
  };
};
