/** Reads what a lane holds. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Lane, ListFilter, OfferTally } from '../intake.js';
import { PURGED } from '../ledger.js';
import type { SqlDriver, Transaction, Value } from './driver.js';
import { createNaming } from './lines.js';
import { type LaneTable, type Row, toIntakeRow } from './rows.js';

/** So many rows are counted at once, in a few milliseconds. */
const PORTION_ROWS = 1_000;

const listOf = (
  table: LaneTable,
  { limit, id, offerId, visitor, states, since, before }: ListFilter,
): { readonly sql: string; readonly params: readonly Value[] } => {
  const params: Value[] = [limit];
  const given = (value: Value): string => `?${params.push(value)}`;
  const conditions: string[] = [];
  if (id !== undefined) conditions.push(`id = ${given(id)}`);
  if (offerId !== undefined) conditions.push(`offer_id = ${given(offerId)}`);
  // Only an event that is not settled has a line. Saying so lets the database use the index of lines.
  if (visitor !== undefined)
    conditions.push(
      `settled_at IS NULL AND line IN (SELECT line FROM lines WHERE lines.visitor = ${given(visitor)})`,
    );
  // Written as this condition, since nothing else makes the database use the index of dead letters.
  if (states?.join() === 'dead') conditions.push(`state = 'dead'`);
  else if (states) conditions.push(`state IN (${states.map(given).join()})`);
  if (since !== undefined) conditions.push(`received_at >= ${given(since)}`);
  if (before !== undefined) conditions.push(`arrival < ${given(Number(before))}`);
  const where = conditions.length ? `WHERE ${conditions.join(' AND ')}` : '';
  return { sql: `SELECT * FROM ${table} ${where} ORDER BY arrival DESC LIMIT ?1`, params };
};

export const createList = (driver: SqlDriver, table: LaneTable): Pick<Lane, 'list' | 'tally'> => {
  // What is too old is counted as none, not left out: a look for so many newer rows could go through the whole table.
  const tallied = `SELECT offer_id, type, state, sum(CASE WHEN received_at >= ?2 THEN 1 ELSE 0 END) AS events,
       sum(CASE WHEN received_at >= ?2 AND code = '${PURGED}' THEN 1 ELSE 0 END) AS purged, max(arrival) AS last
     FROM (SELECT offer_id, type, state, code, received_at, arrival FROM ${table}
       WHERE arrival > ?1 ORDER BY arrival LIMIT ${PORTION_ROWS}) AS portion
     GROUP BY offer_id, type, state`;
  type Tallied = Pick<OfferTally, 'type' | 'state' | 'events'> & {
    readonly offer_id: string;
    readonly purged: number;
    readonly last: number;
  };

  const nameVisitor = createNaming();

  async function find(tx: Transaction, { visitor: given, ...filter }: ListFilter): Promise<readonly Row[]> {
    const visitor = given === undefined ? undefined : await nameVisitor(tx, given);
    const { sql, params } = listOf(table, { ...filter, visitor });
    return await tx.ask<Row>(sql, ...params);
  }

  return {
    async list(filter) {
      // Usage events have no line, so they have no visitor.
      if (filter.visitor !== undefined && table === 'usage') return [];
      return (await driver.read((tx) => find(tx, filter))).map(toIntakeRow);
    },

    async *tally({ since = 0 } = {}) {
      for (let after = 0; ; await nextTurn()) {
        const portion = await driver.read((tx) => tx.ask<Tallied>(tallied, after, since));
        if (!portion.length) return;
        after = Math.max(...portion.map(({ last }) => last));
        yield portion
          .filter(({ events }) => events > 0)
          .map(({ offer_id: offerId, last: _, purged, ...tally }) => ({
            ...{ offerId, ...tally },
            ...(purged > 0 && { purged }),
          }));
      }
    },
  };
};
