/** What operators do to the dead letters of a lane, and to events that wait there. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Lane } from '../intake.js';
import { PURGED } from '../ledger.js';
import type { Dialect, SqlDriver, Transaction } from './driver.js';
import type { TakeAlong } from './give-up.js';
import type { LaneTable, Row } from './rows.js';

/** So many dead letters are retried in one transaction. */
const RETRY_ROWS = 100;

const statementsOf = (table: LaneTable, { larger, texts }: Dialect) => ({
  retry: `UPDATE ${table} SET state = 'waiting', code = NULL, settled_at = NULL, due_at = ?2, waiting_since = ?2,
       first_forward_at = NULL, maybe_duplicate = ${larger('maybe_duplicate', 'is_ambiguous')}, is_ambiguous = 0
     WHERE state = 'dead' AND id IN ${texts('ids')} AND (?3 = 0 OR code <> '${PURGED}') RETURNING id, offer_id, type`,
  deadAfter: `SELECT id, arrival FROM ${table}
     WHERE state = 'dead' AND arrival > ?1 AND type = ?2 AND code <> '${PURGED}' ORDER BY arrival LIMIT ${RETRY_ROWS}`,
  purge: `UPDATE ${table}
     SET state = 'dead', code = '${PURGED}', settled_at = coalesce(settled_at, ?2), due_at = 0, headers = NULL
     WHERE id IN ${texts('ids')} AND ((state = 'waiting' AND is_ambiguous = 0) OR (state = 'dead' AND code <> '${PURGED}')) RETURNING offer_id`,
});

export const createRetry = (
  driver: SqlDriver,
  dialect: Dialect,
  { table, takeAlong }: { readonly table: LaneTable; readonly takeAlong: TakeAlong },
): Pick<Lane, 'retry' | 'purge'> => {
  const statements = statementsOf(table, dialect);

  async function retrySome(
    tx: Transaction,
    ids: readonly string[],
    now: number,
    isChosen: boolean,
  ): Promise<number> {
    const rows = await tx.ask<Pick<Row, 'id' | 'offer_id' | 'type'>>(
      statements.retry,
      JSON.stringify({ ids }),
      now,
      isChosen ? 1 : 0,
    );
    const retried = new Set(rows.map(({ id }) => id));
    const closed = rows.filter(({ type }) => type === 'dismissed');
    // A `dismissed` that was retried without its `viewed` becomes a dead letter again.
    for (const id of await takeAlong(
      tx,
      closed.map(({ offer_id }) => offer_id),
      now,
    ))
      retried.delete(id);
    return retried.size;
  }

  /**
   * Retries the next dead letters of a type. It finds them inside the transaction, so that nobody purges one in
   * between.
   */
  async function retryNext(
    tx: Transaction,
    after: number,
    type: Row['type'],
    now: number,
  ): Promise<{ retried: number; next?: number }> {
    const some = await tx.ask<Pick<Row, 'id' | 'arrival'>>(statements.deadAfter, after, type);
    const ids = some.map(({ id }) => id);
    const retried = ids.length ? await retrySome(tx, ids, now, true) : 0;
    const last = some[RETRY_ROWS - 1];
    return { retried, ...(last && { next: last.arrival }) };
  }

  return {
    async retry(ids, now, isChosen = false) {
      if (ids) return driver.write((tx) => retrySome(tx, ids, now + tx.aheadMs, isChosen));
      let total = 0;
      // Views first: otherwise a `dismissed` would stay a dead letter because its `viewed` has not been retried yet.
      for (const type of ['viewed', 'dismissed'] as const)
        for (let after: number | undefined = 0; after !== undefined; await nextTurn()) {
          const from: number = after;
          const { retried, next } = await driver.write((tx) => retryNext(tx, from, type, now + tx.aheadMs));
          total += retried;
          after = next;
        }
      return total;
    },

    purge: (ids, now) =>
      driver.write(async (tx) => {
        const at = now + tx.aheadMs;
        const purged = await tx.ask<Pick<Row, 'offer_id'>>(statements.purge, JSON.stringify({ ids }), at);
        await takeAlong(
          tx,
          purged.map(({ offer_id }) => offer_id),
          at,
        );
        return purged.length;
      }),
  };
};
