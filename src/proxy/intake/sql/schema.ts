/** The tables of an intake, except its ledger. */
import type { Dialect } from './dialect.js';
import { LINE_INDEXES } from './fairness.js';
import type { LaneTable } from './rows.js';

const laneOf = (table: LaneTable, { arrival, integer, trigger }: Dialect): string => {
  const opens = `UPDATE open_counts SET open = open + 1 WHERE lane = '${table}'`;
  return `
  CREATE TABLE IF NOT EXISTS ${table} (
    arrival ${arrival},
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    type TEXT NOT NULL,
    offer_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'forwarding', 'done', 'dead')),
    occurred_at ${integer} NOT NULL,
    expires_at ${integer},
    received_at ${integer} NOT NULL,
    waiting_since ${integer} NOT NULL,
    due_at ${integer} NOT NULL,
    first_forward_at ${integer},
    attempts ${integer} NOT NULL DEFAULT 0,
    is_ambiguous ${integer} NOT NULL DEFAULT 0,
    maybe_duplicate ${integer} NOT NULL DEFAULT 0,
    code TEXT,
    settled_at ${integer},
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
  INSERT INTO open_counts (lane, open) VALUES ('${table}', 0) ON CONFLICT DO NOTHING;
  ${trigger({ name: `${table}_opened`, table, after: 'INSERT', body: opens })}
  ${trigger({
    name: `${table}_closed`,
    table,
    after: 'UPDATE OF settled_at',
    when: 'OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL',
    body: `UPDATE open_counts SET open = open - 1 WHERE lane = '${table}'`,
  })}
  ${trigger({
    name: `${table}_reopened`,
    table,
    after: 'UPDATE OF settled_at',
    when: 'OLD.settled_at IS NOT NULL AND NEW.settled_at IS NULL',
    body: opens,
  })}`;
};

/** Indexes that find an offer's next event and its views without reading its history. Usage events have no order. */
const ORDER = [
  'CREATE INDEX IF NOT EXISTS events_next ON events (offer_id, type, arrival) WHERE settled_at IS NULL',
  `CREATE INDEX IF NOT EXISTS events_views ON events (offer_id, state) WHERE type = 'viewed'`,
];

/** Indexes that version 0.1 lacks, the most needed first. Each reads all events, so they are made one by one. */
export const INDEXES: readonly string[] = [...LINE_INDEXES, ...ORDER];

/** Makes the tables that do not exist yet. */
export const schemaOf = (dialect: Dialect): string => {
  const { integer } = dialect;
  return `
  CREATE TABLE IF NOT EXISTS open_counts (lane TEXT PRIMARY KEY, open ${integer} NOT NULL);
  CREATE TABLE IF NOT EXISTS paced_calls (lane TEXT NOT NULL, event TEXT NOT NULL, at ${integer} NOT NULL);
  CREATE INDEX IF NOT EXISTS calls_at ON paced_calls (lane, at);
  CREATE INDEX IF NOT EXISTS calls_event ON paced_calls (lane, event, at);
  CREATE TABLE IF NOT EXISTS leads (
    lane TEXT PRIMARY KEY, token TEXT NOT NULL, host TEXT NOT NULL, pid ${integer} NOT NULL, until ${integer} NOT NULL);
  CREATE TABLE IF NOT EXISTS site (one ${integer} PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS lane_notes (lane TEXT PRIMARY KEY, note TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS budgets (
    arrival ${dialect.arrival}, process TEXT NOT NULL, at ${integer} NOT NULL, spent TEXT NOT NULL);
  ${laneOf('events', dialect)}
  ${laneOf('usage', dialect)}`;
};
