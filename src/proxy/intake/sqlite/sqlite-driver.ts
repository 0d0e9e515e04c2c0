/** Runs transactions over a file, one transaction after the other, without blocking the process. */

import { createRequire } from 'node:module';
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import type { Dialect, SqlDriver, Transaction, Value, Work } from '../sql/driver.js';

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

const NO_LOCKS =
  'The file system of the intake’s file has no locks and no shared memory that SQLite can use, as those of other machines: put the file on a local disk, such as a named volume.';

/** What an operator has to do, by the code. */
const REMEDIES: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'The disk of the intake’s file is full: make room on it.',
  SQLITE_BUSY: 'Another program holds the intake’s file: close what else has it open.',
  SQLITE_READONLY: 'The intake’s file can only be read: check its owner and rights, and those of its folder.',
  SQLITE_IOERR: 'The disk of the intake’s file fails: check it.',
  SQLITE_CORRUPT:
    'The intake’s file is damaged: stop the proxy, keep the file, and restore a copy or name another file.',
};

/** SQLite's code of a failure, such as `SQLITE_FULL`. */
export const codeOf = (cause: unknown): string => String((Object(cause) as { readonly code?: unknown }).code);

/** What to do about what went wrong with the file; undefined if that is not known. */
export const remedyForFile = (cause: unknown): string | undefined => {
  const code = codeOf(cause);
  if (/^SQLITE_IOERR_(LOCK|RDLOCK|SHM)/.test(code)) return NO_LOCKS;
  // Such as SQLITE_IOERR_WRITE.
  return REMEDIES[code.split('_', 2).join('_')];
};

export const inWords = (cause: unknown): unknown => {
  const remedy = remedyForFile(cause);
  return remedy === undefined ? cause : new OffersightError('configuration', remedy, cause);
};

/** Whether another program's lock has prevented it. */
export const isBusy = (cause: unknown): boolean => codeOf(cause).startsWith('SQLITE_BUSY');

/** Whether it may be the fault of one request, so that others beside it may be taken. */
export const isOwnFault = (cause: unknown): boolean => {
  const { code } = Object(cause) as { readonly code?: unknown };
  // A lock, memory, or the file itself, also in words: the next request would fail too.
  return typeof code !== 'string' || /^SQLITE_(?!BUSY|LOCKED|NOMEM|CANTOPEN|NOTADB)/.test(code);
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
        if (!isBusy(cause) || elapsed() >= givesUpAt) throw inWords(cause);
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
