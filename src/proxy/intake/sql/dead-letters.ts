/**
 * Triggers count the dead letters of each lane by their code, so that a look at a lane does not read all of them.
 */
import type { Dialect } from './dialect.js';
import type { LaneTable } from './rows.js';

const LANES: readonly LaneTable[] = ['events', 'usage'];

const add = (table: LaneTable, row: 'NEW' | 'OLD', by: 1 | -1): string => `
  INSERT INTO dead_codes (lane, code, events) SELECT '${table}', coalesce(${row}.code, ''), ${by} WHERE ${row}.state = 'dead'
    ON CONFLICT (lane, code) DO UPDATE SET events = dead_codes.events + ${by}`;

const laneOf = (table: LaneTable, { trigger }: Dialect): string => `
  ${trigger({
    name: `${table}_died`,
    table,
    after: 'UPDATE OF state, code',
    when: `(OLD.state = 'dead' OR NEW.state = 'dead')
      AND (OLD.state <> NEW.state OR OLD.code IS DISTINCT FROM NEW.code)`,
    body: `${add(table, 'OLD', -1)};${add(table, 'NEW', 1)}`,
  })}
  ${trigger({
    name: `${table}_came_dead`,
    table,
    after: 'INSERT',
    when: `NEW.state = 'dead'`,
    body: add(table, 'NEW', 1),
  })}
  ${trigger({
    name: `${table}_forgot_dead`,
    table,
    after: 'DELETE',
    when: `OLD.state = 'dead'`,
    body: add(table, 'OLD', -1),
  })}`;

/** Makes the counts. */
export const deadLettersOf = (dialect: Dialect): string => `
  CREATE TABLE dead_codes (
    lane TEXT NOT NULL, code TEXT NOT NULL, events ${dialect.integer} NOT NULL, PRIMARY KEY (lane, code)) ${dialect.keyed};
  ${LANES.map((table) => laneOf(table, dialect)).join('')}
`;

/** The counts of a lane. */
export const deadCodesOf = (table: LaneTable): string =>
  `SELECT code, events FROM dead_codes WHERE lane = '${table}' AND events > 0`;
