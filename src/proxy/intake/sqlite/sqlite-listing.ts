/** What a lane of the intake's file holds, for whoever looks. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import type { Lane, ListFilter, OfferTally } from '../intake.js';
import { type Row, toIntakeRow } from './sqlite-file.js';

/** So many rows are counted at once, a few milliseconds' work. */
const PORTION_ROWS = 1_000;

/**
 * Makes the part of a lane that only reads.
 * @param table A name of ours: `events` or `usage`.
 */
export const createListing = (
  database: Database.Database,
  table: 'events' | 'usage',
): Pick<Lane, 'list' | 'tally'> => {
  const tallied = database.prepare(
    `SELECT offer_id AS offerId, type, state, count(*) AS events, max(arrival) AS last
     FROM (SELECT offer_id, type, state, arrival FROM ${table} WHERE arrival > ? ORDER BY arrival LIMIT ${PORTION_ROWS})
     GROUP BY offer_id, type, state`,
  );

  return {
    async list({ limit, id, offerId, states, since, before }: ListFilter) {
      const conditions: [sql: string, ...values: (string | number)[]][] = [];
      if (id !== undefined) conditions.push(['id = ?', id]);
      if (offerId !== undefined) conditions.push(['offer_id = ?', offerId]);
      // By name, since an index of dead letters alone is found by nothing else.
      if (states?.join() === 'dead') conditions.push([`state = 'dead'`]);
      else if (states) conditions.push([`state IN (${states.map(() => '?').join()})`, ...states]);
      if (since !== undefined) conditions.push(['received_at >= ?', since]);
      if (before !== undefined) conditions.push(['arrival < ?', Number(before)]);
      const where = conditions.map(([sql]) => sql).join(' AND ') || '1';
      const rows = database
        .prepare(`SELECT * FROM ${table} WHERE ${where} ORDER BY arrival DESC LIMIT ?`)
        .all(...conditions.flatMap(([, ...values]) => values), limit);
      return (rows as Row[]).map(toIntakeRow);
    },

    async *tally() {
      for (let after = 0; ; await nextTurn()) {
        const portion = tallied.all(after) as (OfferTally & { readonly last: number })[];
        if (!portion.length) return;
        after = Math.max(...portion.map(({ last }) => last));
        yield portion.map(({ last: _, ...tally }) => tally);
      }
    },
  };
};
