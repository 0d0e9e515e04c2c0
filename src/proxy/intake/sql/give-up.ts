/** Gives up each `dismissed` together with its `viewed`: without it, it would lift the funnel over 100 %. */
import type { Dialect, Transaction } from './driver.js';
import { type LaneTable, PORTION, type Row } from './rows.js';

export const VIEWED_DEAD = 'viewed_dead';

/**
 * The condition that an offer has dead views, and no other views.
 * @param which Which of the other views count, as a further condition of `seen`. @default all
 */
export const allViewsDead = (table: LaneTable, offer: string, which = ''): string => `
  EXISTS (
    SELECT 1 FROM ${table} AS seen
    WHERE seen.offer_id = ${offer} AND seen.type = 'viewed' AND seen.state = 'dead')
  AND NOT EXISTS (
    SELECT 1 FROM ${table} AS seen
    WHERE seen.offer_id = ${offer} AND seen.type = 'viewed'
      -- By name: to find what is not dead, an index would be read past everything that is.
      AND seen.state IN ('waiting', 'forwarding', 'done') ${which})`;

/**
 * Gives up the waiting `dismissed` of each of these offers whose views are all dead. If there are many, the rest are
 * given up when their turn comes: see select-due.ts.
 * @returns The ids of those that it gave up.
 */
export type TakeAlong = (
  tx: Transaction,
  offerIds: readonly string[],
  now: number,
) => Promise<readonly string[]>;

export const createTakeAlong = (table: LaneTable, { texts }: Dialect): TakeAlong => {
  const statement = `UPDATE ${table} SET state = 'dead', code = '${VIEWED_DEAD}', settled_at = ?2, headers = NULL
    WHERE arrival IN (
      SELECT arrival FROM ${table}
      WHERE settled_at IS NULL AND state = 'waiting' AND type = 'dismissed' AND offer_id IN (
        -- An offer is judged once, and not again for each of its events.
        SELECT value FROM ${texts('offers')} AS given WHERE ${allViewsDead(table, 'given.value')})
      LIMIT ${PORTION})
    RETURNING id`;
  return async (tx, offerIds, now) => {
    if (!offerIds.length) return [];
    const rows = await tx.ask<Pick<Row, 'id'>>(statement, JSON.stringify({ offers: offerIds }), now);
    return rows.map(({ id }) => id);
  };
};
