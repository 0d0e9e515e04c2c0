/** The SQL of SQLite. */
import type { Dialect } from '../sql/dialect.js';

/** SQLite's fragments. */
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
