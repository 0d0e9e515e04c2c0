/** The intake's file: its tables, how it is opened, and what its rows are in TypeScript. */
import { hostname } from 'node:os';
import Database from 'libsql';
import { OffersightError } from '../../errors.js';
import type { IntakeRow } from './intake.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    arrival INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    type TEXT NOT NULL,
    offer_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'forwarding', 'done', 'dead')),
    occurred_at INTEGER NOT NULL,
    expires_at INTEGER,
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    first_forward_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    is_ambiguous INTEGER NOT NULL DEFAULT 0,
    maybe_duplicate INTEGER NOT NULL DEFAULT 0,
    code TEXT,
    settled_at INTEGER
  );
  CREATE INDEX IF NOT EXISTS open_events ON events (due_at, arrival) WHERE settled_at IS NULL;
  CREATE INDEX IF NOT EXISTS open_received ON events (received_at) WHERE settled_at IS NULL;
  CREATE INDEX IF NOT EXISTS open_expiring ON events (expires_at) WHERE settled_at IS NULL AND expires_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS offers ON events (offer_id, arrival);
  CREATE INDEX IF NOT EXISTS settled_events ON events (settled_at) WHERE settled_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS calls (at INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS calls_at ON calls (at);
  CREATE TABLE IF NOT EXISTS tally (only INTEGER PRIMARY KEY CHECK (only = 1), open INTEGER NOT NULL);
  INSERT OR IGNORE INTO tally (only, open) VALUES (1, 0);
  CREATE TRIGGER IF NOT EXISTS opened AFTER INSERT ON events
    BEGIN UPDATE tally SET open = open + 1; END;
  CREATE TRIGGER IF NOT EXISTS closed AFTER UPDATE OF settled_at ON events
    WHEN OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL
    BEGIN UPDATE tally SET open = open - 1; END;
  CREATE TABLE IF NOT EXISTS lease (only INTEGER PRIMARY KEY CHECK (only = 1), token TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, until INTEGER NOT NULL);
`;

/** An event as the file has it. */
export interface Row {
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
}

/** Who leads, and until when, epoch milliseconds. */
export interface Lease {
  token: string;
  host: string;
  pid: number;
  until: number;
}

/** Whether the holder surely ended: after a crash its successor need not wait for the lease to run out. */
export const isOver = ({ host, pid }: Lease): boolean => {
  // Process ids of another machine or container say nothing here.
  if (host !== hostname()) return false;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
};

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
});

/**
 * Opens the file, creating it and its tables if need be.
 * @throws {OffersightError} `configuration` if it cannot be opened.
 */
export const openFile = (file: string): Database.Database => {
  try {
    const database = new Database(file, { timeout: 5_000 });
    database.pragma('journal_mode = WAL');
    // An accepted event must outlive the machine's power, not only this process.
    database.pragma('synchronous = FULL');
    database.exec(SCHEMA);
    return database;
  } catch (cause) {
    throw new OffersightError(
      'configuration',
      'The intake file cannot be opened: create its folder and let this process write there.',
      cause,
    );
  }
};
