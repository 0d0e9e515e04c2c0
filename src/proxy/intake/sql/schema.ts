/** The tables of an intake. */

import type { Dialect } from './driver.js';
import { ledgerOf } from './ledger.js';
import { fairnessOf } from './lines.js';
import type { LaneTable } from './rows.js';

/** The number of this layout, which a release writes into the file or schema. */
export const LAYOUT = 3;
const LANES: readonly LaneTable[] = ['events', 'usage'];

/** Counts dead letters by their code without reading them. */
const deadCodesOf = (table: LaneTable): string =>
  `CREATE INDEX ${table}_codes ON ${table} (code) WHERE state = 'dead';`;

/** The columns of offer events, which are counted by group and reason, and have turns. */
const columnsOf = ({ integer }: Dialect): string => `,
    group_name TEXT,
    reason TEXT,
    line ${integer},
    is_lone ${integer} NOT NULL DEFAULT 0`;

const laneOf = (table: LaneTable, { arrival, integer, trigger }: Dialect, columns = ''): string => {
  const opens = `UPDATE open_counts SET open = open + 1 WHERE lane = '${table}'`;
  return `
  CREATE TABLE ${table} (
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
    usage TEXT${columns}
  );
  CREATE INDEX ${table}_open ON ${table} (due_at, arrival) WHERE settled_at IS NULL;
  CREATE INDEX ${table}_since ON ${table} (waiting_since) WHERE settled_at IS NULL;
  CREATE INDEX ${table}_expiring ON ${table} (expires_at)
    WHERE settled_at IS NULL AND expires_at IS NOT NULL;
  CREATE INDEX ${table}_offers ON ${table} (offer_id, arrival);
  CREATE INDEX ${table}_settled ON ${table} (settled_at) WHERE settled_at IS NOT NULL;
  CREATE INDEX ${table}_dead ON ${table} (arrival) WHERE state = 'dead';
  ${deadCodesOf(table)}
  INSERT INTO open_counts (lane, open) VALUES ('${table}', 0);
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

export const schemaOf = (dialect: Dialect): string => {
  const { integer } = dialect;
  return `
  CREATE TABLE open_counts (lane TEXT PRIMARY KEY, open ${integer} NOT NULL);
  CREATE TABLE paced_calls (lane TEXT NOT NULL, event TEXT NOT NULL, at ${integer} NOT NULL);
  CREATE INDEX calls_at ON paced_calls (lane, at);
  CREATE INDEX calls_event ON paced_calls (lane, event, at);
  CREATE TABLE leads (
    lane TEXT PRIMARY KEY, token TEXT NOT NULL, host TEXT NOT NULL, pid ${integer} NOT NULL, until ${integer} NOT NULL);
  CREATE TABLE site (one ${integer} PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL);
  CREATE TABLE lane_notes (lane TEXT PRIMARY KEY, note TEXT NOT NULL);
  ${laneOf('events', dialect, columnsOf(dialect))}
  ${laneOf('usage', dialect)}
  -- Find an offer's next event and its views without reading its history. Usage events have no order.
  CREATE INDEX events_next ON events (offer_id, type, arrival) WHERE settled_at IS NULL;
  CREATE INDEX events_views ON events (offer_id, state) WHERE type = 'viewed';
  ${ledgerOf(dialect)}
  ${fairnessOf(dialect)}`;
};

/** Turns the tables of 0.2.0, whose layout is 2, into those of this release. */
export const upgradeOf = ({ dropTrigger }: Dialect): string => `
  ${LANES.flatMap((table) =>
    ['died', 'came_dead', 'forgot_dead'].map((name) => dropTrigger(`${table}_${name}`, table)),
  ).join(' ')}
  ${LANES.map(deadCodesOf).join(' ')}
  DROP TABLE dead_codes;
  DROP TABLE ledger_groups;
  DROP TABLE IF EXISTS budgets;
  ${['tally', 'calls', 'leases', 'notes'].map((view) => `DROP VIEW IF EXISTS ${view};`).join(' ')}`;
