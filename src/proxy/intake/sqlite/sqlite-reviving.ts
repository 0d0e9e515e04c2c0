/** What operators do to the dead letters of a lane's file, and to what waits there. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import type { Lane } from '../intake.js';
import { PURGED } from '../rules.js';
import type { Row } from './sqlite-file.js';

/**
 * Gives up what waits of an offer's `dismissed`, if all its views are dead; inside a transaction.
 * @returns The ids of those.
 */
export type TakeAlong = (offerId: string, now: number) => string[];

/** So many dead letters wait anew in one transaction. */
const RETRY_ROWS = 100;

/**
 * Makes the part of a lane that retries and gives up.
 * @param table A name of ours: `events` or `usage`.
 * @param takeAlong Undefined where events have no order.
 */
export const createReviving = (
  database: Database.Database,
  table: 'events' | 'usage',
  takeAlong: TakeAlong | undefined,
): Pick<Lane, 'retry' | 'purge'> => {
  const prepare = (sql: string) => database.prepare(sql.replaceAll('LANE', table));
  const waitAnew = `UPDATE LANE SET state = 'waiting', code = NULL, settled_at = NULL, due_at = ?1, waiting_since = ?1,
       first_forward_at = NULL, maybe_duplicate = maybe_duplicate OR is_ambiguous, is_ambiguous = 0
     WHERE state = 'dead' AND `;
  const retryOne = prepare(`${waitAnew} id = ?2 RETURNING offer_id, type`);
  const deadAfter = prepare(
    `SELECT id, arrival FROM LANE WHERE state = 'dead' AND arrival > ? AND type = ? AND code <> '${PURGED}'
     ORDER BY arrival LIMIT ${RETRY_ROWS}`,
  );
  const purge = prepare(
    `UPDATE LANE SET state = 'dead', code = '${PURGED}', settled_at = coalesce(settled_at, ?1), due_at = 0, headers = NULL
     WHERE id = ?2 AND (state = 'waiting' OR (state = 'dead' AND code <> '${PURGED}')) RETURNING offer_id`,
  );

  /** @param idsOf Inside the transaction, so that nobody gives one of them up in between. */
  const retrySome = (idsOf: () => readonly string[], now: number): number =>
    database
      .transaction(() => {
        const retried = new Set<string>();
        const offers = new Set<string>();
        for (const id of idsOf())
          for (const { offer_id, type } of retryOne.all(now, id) as Pick<Row, 'offer_id' | 'type'>[]) {
            retried.add(id);
            if (type === 'dismissed') offers.add(offer_id);
          }
        // A `dismissed` alone stays with its `viewed`.
        for (const offerId of offers) for (const id of takeAlong?.(offerId, now) ?? []) retried.delete(id);
        return retried.size;
      })
      .immediate();

  return {
    async retry(ids, now) {
      if (ids) return retrySome(() => ids, now);
      let retried = 0;
      // Views first, so that what was closed does not stay behind with a view that is about to wait anew.
      for (const type of ['viewed', 'dismissed'])
        for (let after = 0, isOver = false; !isOver; await nextTurn())
          retried += retrySome(() => {
            const some = deadAfter.all(after, type) as Pick<Row, 'id' | 'arrival'>[];
            after = some.at(-1)?.arrival ?? after;
            isOver = some.length < RETRY_ROWS;
            return some.map(({ id }) => id);
          }, now);
      return retried;
    },

    purge: async (ids, now) =>
      database
        .transaction(() => {
          const purged = ids.flatMap((id) => purge.all(now, id) as Pick<Row, 'offer_id'>[]);
          for (const offerId of new Set(purged.map(({ offer_id }) => offer_id))) takeAlong?.(offerId, now);
          return purged.length;
        })
        .immediate(),
  };
};
