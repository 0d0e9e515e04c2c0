/** The intake's file: its tables, how it is opened, and what its rows are in TypeScript. */
import Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import type { IntakeRow } from '../intake.js';
import { otherSite } from '../rules.js';
import { addLedger } from './sqlite-counting.js';

/** What a release that wrote the file calls its layout. */
const LAYOUT = 1;
/** “Offr” in ASCII, which SQLite keeps in the file's head. */
const APPLICATION_ID = 0x4f_66_66_72;

const laneOf = (table: string): string => `
  CREATE TABLE IF NOT EXISTS ${table} (
    arrival INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    type TEXT NOT NULL,
    offer_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'forwarding', 'done', 'dead')),
    occurred_at INTEGER NOT NULL,
    expires_at INTEGER,
    received_at INTEGER NOT NULL,
    waiting_since INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    first_forward_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    is_ambiguous INTEGER NOT NULL DEFAULT 0,
    maybe_duplicate INTEGER NOT NULL DEFAULT 0,
    code TEXT,
    settled_at INTEGER,
    headers TEXT,
    usage TEXT
  );
  CREATE INDEX IF NOT EXISTS ${table}_open ON ${table} (due_at, arrival) WHERE settled_at IS NULL;
  CREATE INDEX IF NOT EXISTS ${table}_since ON ${table} (waiting_since) WHERE settled_at IS NULL;
  CREATE INDEX IF NOT EXISTS ${table}_expiring ON ${table} (expires_at)
    WHERE settled_at IS NULL AND expires_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS ${table}_offers ON ${table} (offer_id, arrival);
  CREATE INDEX IF NOT EXISTS ${table}_settled ON ${table} (settled_at) WHERE settled_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS ${table}_dead ON ${table} (arrival) WHERE state = 'dead';
  INSERT OR IGNORE INTO tally (lane, open) VALUES ('${table}', 0);
  CREATE TRIGGER IF NOT EXISTS ${table}_opened AFTER INSERT ON ${table}
    BEGIN UPDATE tally SET open = open + 1 WHERE lane = '${table}'; END;
  CREATE TRIGGER IF NOT EXISTS ${table}_closed AFTER UPDATE OF settled_at ON ${table}
    WHEN OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL
    BEGIN UPDATE tally SET open = open - 1 WHERE lane = '${table}'; END;
  CREATE TRIGGER IF NOT EXISTS ${table}_reopened AFTER UPDATE OF settled_at ON ${table}
    WHEN OLD.settled_at IS NOT NULL AND NEW.settled_at IS NULL
    BEGIN UPDATE tally SET open = open + 1 WHERE lane = '${table}'; END;
`;

/** What finds an offer's next event and its views without a look at its history; usage events have no order. */
const ORDER = `
  CREATE INDEX IF NOT EXISTS events_next ON events (offer_id, type, arrival) WHERE settled_at IS NULL;
  CREATE INDEX IF NOT EXISTS events_views ON events (offer_id, state) WHERE type = 'viewed';
  -- What an earlier release had in their place.
  DROP INDEX IF EXISTS events_open_offers;
  DROP INDEX IF EXISTS usage_open_offers;
`;

const SCHEMA = `
  PRAGMA application_id = ${APPLICATION_ID};
  CREATE TABLE IF NOT EXISTS tally (lane TEXT PRIMARY KEY, open INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS calls (lane TEXT NOT NULL, event TEXT NOT NULL, at INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS calls_at ON calls (lane, at);
  CREATE INDEX IF NOT EXISTS calls_event ON calls (lane, event, at);
  CREATE TABLE IF NOT EXISTS leases (
    lane TEXT PRIMARY KEY, token TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, until INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS site (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS notes (lane TEXT PRIMARY KEY, note TEXT NOT NULL);
  ${laneOf('events')}
  ${laneOf('usage')}
  ${ORDER}
  PRAGMA user_version = ${LAYOUT};
`;

/** An event as the file has it. */
export interface Row {
  arrival: number;
  id: string;
  type: IntakeRow['type'];
  offer_id: string;
  state: IntakeRow['state'];
  occurred_at: number;
  received_at: number;
  attempts: number;
  is_ambiguous: number;
  maybe_duplicate: number;
  code: string | null;
  settled_at: number | null;
  headers: string | null;
  usage: string | null;
  /** The lane of usage events has neither. */
  group_name?: string | null;
  reason?: string | null;
}

const parsed = <T>(text: string | null): T | undefined =>
  text === null ? undefined : (JSON.parse(text) as T);

/** What the rest of the proxy sees of a row. */
export const toIntakeRow = (row: Row): IntakeRow => ({
  id: row.id,
  type: row.type,
  offerId: row.offer_id,
  state: row.state,
  occurredAt: row.occurred_at,
  receivedAt: row.received_at,
  attempts: row.attempts,
  isAmbiguous: row.is_ambiguous === 1,
  maybeDuplicate: row.maybe_duplicate === 1,
  code: row.code ?? undefined,
  settledAt: row.settled_at ?? undefined,
  headers: parsed<IntakeRow['headers']>(row.headers),
  usage: parsed<IntakeRow['usage']>(row.usage),
  group: row.group_name ?? undefined,
  reason: (row.reason ?? undefined) as IntakeRow['reason'],
  cursor: `${row.arrival}`,
});

const BUSY_MS = 5_000;

const isBusy = (cause: unknown): boolean =>
  (cause as { code?: unknown } | undefined)?.code?.toString().startsWith('SQLITE_BUSY') ?? false;

const held = (cause: unknown): OffersightError =>
  new OffersightError(
    'configuration',
    'The intake file is held by another program: close what else has it open.',
    cause,
  );

/** One setting of the file. libsql has no plain value for it, unlike the driver whose interface it has. */
const pragma = (database: Database.Database, name: string): unknown =>
  (database.prepare(`PRAGMA ${name}`).get() as Readonly<Record<string, unknown>>)[name];

/** Whose a file is must be known before anything is written into it. */
const checkOwner = (database: Database.Database): void => {
  const owner = pragma(database, 'application_id');
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as {
    tables: number;
  };
  if (owner === APPLICATION_ID || (owner === 0 && tables === 0)) return;
  throw new OffersightError(
    'configuration',
    'The intake file belongs to another program: name a file of its own.',
  );
};

const configure = (database: Database.Database): void => {
  // Switching takes the file for itself alone, which a second process that runs already would refuse.
  if (pragma(database, 'journal_mode') !== 'wal') database.pragma('journal_mode = WAL');
  // An accepted event must outlive the machine's power, not only this process.
  database.pragma('synchronous = FULL');
  checkOwner(database);
  const layout = Number(pragma(database, 'user_version'));
  if (layout > LAYOUT)
    throw new OffersightError(
      'configuration',
      'The intake file was written by a newer release: run that one, or name another file.',
    );
  database.exec(SCHEMA);
  addLedger(database);
};

/**
 * Opens the file, creating it and its tables if need be. Blocks for up to 5 s while another process is creating or
 * recovering it: SQLite's own waiting does not cover these.
 * @throws {OffersightError} `configuration` if it cannot be opened.
 */
export const openFile = (file: string): Database.Database => {
  const { elapsed } = platformRuntime();
  const givesUpAt = elapsed() + BUSY_MS;
  for (;;) {
    let database: Database.Database | undefined;
    try {
      database = new Database(file, { timeout: BUSY_MS });
      configure(database);
      return database;
    } catch (cause) {
      database?.close();
      if (cause instanceof OffersightError) throw cause;
      if ((cause as { code?: unknown } | undefined)?.code === 'SQLITE_NOTADB')
        throw new OffersightError(
          'configuration',
          'The intake file is no database: name a file of its own.',
          cause,
        );
      if (isBusy(cause)) {
        if (elapsed() < givesUpAt) continue;
        throw held(cause);
      }
      throw new OffersightError(
        'configuration',
        'The intake file cannot be opened: create its folder and let this process write there.',
        cause,
      );
    }
  }
};

/**
 * Writes a site's name into the file, where none stands yet.
 * @throws {OffersightError} `configuration` if another site's name stands there.
 */
export const claimFile = (database: Database.Database, site: string): void => {
  const ownerOf = database.prepare('SELECT name FROM site');
  try {
    // One statement, so that of two processes which open a new file at the same moment one finds the other's name.
    if (!ownerOf.get()) database.prepare('INSERT OR IGNORE INTO site (one, name) VALUES (1, ?)').run(site);
  } catch (cause) {
    throw isBusy(cause) ? held(cause) : cause;
  }
  const { name } = ownerOf.get() as { name: string };
  if (name !== site) throw otherSite('file', name, site, 'name a file of its own for each site.');
};
