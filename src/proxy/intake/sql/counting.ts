/**
 * Triggers keep the ledger, so that no statement changes an event without it. That includes statements of other
 * programs, which do not know the ledger. A cell is one number to save space: there may be a row
 * for each day, group, type and reason of more than a year.
 */
import { REASONS } from '../../../protocol/reasons.js';
import { GIVEN_UP_CODES, PURGED } from '../../telling/dead-codes.js';
import { DAY_MS, type LedgerCell, NO_GROUP, OTHER_GROUPS } from '../ledger.js';

import type { Dialect } from './dialect.js';

/**
 * What a cell's events are, by the last four bits of its number. Add new ones at the end: stored numbers stay as they
 * are.
 */
const KINDS: readonly Pick<LedgerCell, 'type' | 'reason'>[] = [
  { type: 'viewed', reason: undefined },
  { type: 'dismissed', reason: undefined },
  { type: 'accepted', reason: undefined },
  ...REASONS.map((reason) => ({ type: 'dismissed', reason }) as const),
];
const GROUP_STEP = 16;
/** Room for a million groups. */
const DAY_STEP = GROUP_STEP * 2 ** 20;

/** The first number of a day's cells. */
export const firstCellOf = (day: number): number => day * DAY_STEP;

/** Splits a cell's number into its parts. */
export const partsOf = (cell: number) => ({
  day: Math.floor(cell / DAY_STEP),
  group: Math.floor((cell % DAY_STEP) / GROUP_STEP),
  ...(KINDS[cell % GROUP_STEP] ?? { type: 'dismissed' as const, reason: undefined }),
});

/** The number of a cell's group, in SQL. */
export const GROUP_OF_CELL = `cell % ${DAY_STEP} / ${GROUP_STEP}`;

/** The number of a cell, in SQL. */
const cellIn = (day: string, group: string, kind: string): string =>
  `(${day} * ${DAY_STEP} + coalesce((SELECT id FROM ledger_names WHERE name = ${group}), 0) * ${GROUP_STEP} + ${kind})`;

/** The number of the cell of what was accepted on a day in a group. */
export const acceptedCellIn = (day: string, group: string): string =>
  cellIn(day, group, `${KINDS.findIndex(({ type }) => type === 'accepted')}`);

const kindIn = (row: string): string => {
  const reasons = KINDS.flatMap(({ reason }, at) => (reason ? [`WHEN '${reason}' THEN ${at}`] : []));
  return `CASE ${row}type WHEN 'viewed' THEN 0 ELSE CASE ${row}reason ${reasons.join(' ')} ELSE 1 END END`;
};

const cellOf = (row: string): string =>
  cellIn(`(${row}received_at / ${DAY_MS})`, `${row}group_name`, kindIn(row));

const textOf = (values: readonly string[]): string => values.map((value) => `'${value}'`).join();

/** Which outcome one row's event has: 0 or 1 for each. */
const outcomesOf = (row: string) => {
  const count = (condition: string): string => `CASE WHEN ${row}state = ${condition} THEN 1 ELSE 0 END`;
  return {
    delivered: count(`'done'`),
    refused: count(`'dead' AND ${row}code NOT IN (${textOf([...GIVEN_UP_CODES, PURGED])})`),
    given_up: count(`'dead' AND ${row}code IN (${textOf(GIVEN_UP_CODES)})`),
    purged: count(`'dead' AND ${row}code = '${PURGED}'`),
  };
};

const [NEW, OLD] = [outcomesOf('NEW.'), outcomesOf('OLD.')];
const COLUMNS = Object.keys(NEW) as (keyof typeof NEW)[];

/** Makes the ledger. */
export const ledgerOf = ({ arrival, integer, keyed, refuse, trigger }: Dialect): string => `
  CREATE TABLE ledger_names (id ${arrival}, name TEXT NOT NULL UNIQUE);
  INSERT INTO ledger_names (id, name) VALUES (0, '${NO_GROUP}'), (1, '${OTHER_GROUPS}');
  CREATE TABLE accepted (id TEXT PRIMARY KEY, content TEXT NOT NULL, day ${integer} NOT NULL) ${keyed};
  CREATE INDEX accepted_day ON accepted (day);
  -- A day has fewer than two thousand million events, so four bytes are enough where SQL gives a column a width.
  CREATE TABLE ledger (
    cell ${integer} PRIMARY KEY,
    taken INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    purged INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0
  );
  ${trigger({
    name: 'events_counted',
    table: 'events',
    after: 'INSERT',
    body: `${refuse('only viewed and dismissed are ever forwarded', `NEW.type NOT IN ('viewed', 'dismissed')`)};
    INSERT INTO ledger (cell, taken) VALUES (${cellOf('NEW.')}, 1)
      ON CONFLICT (cell) DO UPDATE SET taken = ledger.taken + 1`,
  })}
  ${trigger({
    name: 'events_came_out',
    table: 'events',
    after: 'UPDATE OF settled_at, code',
    when: 'OLD.settled_at IS DISTINCT FROM NEW.settled_at OR OLD.code IS DISTINCT FROM NEW.code',
    body: `UPDATE ledger SET
      ${COLUMNS.map((name) => `${name} = ${name} + ${NEW[name]} - ${OLD[name]}`).join(',\n      ')}
    WHERE cell = ${cellOf('NEW.')}`,
  })}
`;
