/** Records what came of the calls of a lane. */
import type { Finished } from '../intake.js';
import type { LaneParts } from './claim.js';
import type { Dialect, Transaction } from './driver.js';
import type { LaneTable, Row } from './rows.js';

const statementsOf = (table: LaneTable, { given, larger, row, texts }: Dialect) => ({
  // The upstream counts a call at some time between its beginning and its end, so the end is the safe assumption.
  answered: `UPDATE paced_calls SET at = ?2 WHERE ${row} IN (
    SELECT (
      SELECT ${row} FROM paced_calls AS made
      WHERE made.lane = '${table}' AND made.event = ended.value AND made.at < ?2 ORDER BY made.at DESC LIMIT 1)
    FROM ${texts('ids')} AS ended)`,
  // A refusal of an earlier call says nothing of a later one, which may be under way.
  settle: `UPDATE ${table} SET state = given.state, code = given.code, settled_at = ?2, due_at = 0, headers = NULL
    FROM ${given({ id: 'text', state: 'text', code: 'text', attempt: 'integer' })} AS given
    WHERE ${table}.id = given.id AND ${table}.settled_at IS NULL
      AND (given.state = 'done' OR ${table}.attempts = coalesce(given.attempt, ${table}.attempts))
    RETURNING ${table}.offer_id, ${table}.state`,
  // Also by a leader that was deposed, unless the new one has begun the event again. The upstream can remember a key only
  // from a call that may have reached it.
  postpone: `UPDATE ${table} SET state = given.state, due_at = given.due_at,
      is_ambiguous = ${larger(`${table}.is_ambiguous`, 'given.unsure')},
      first_forward_at = CASE WHEN ${table}.is_ambiguous = 1 OR given.unsure = 1 THEN first_forward_at END
    FROM ${given({ id: 'text', state: 'text', due_at: 'integer', unsure: 'integer', attempt: 'integer' })} AS given
    WHERE ${table}.id = given.id AND ${table}.settled_at IS NULL
      AND ${table}.attempts = coalesce(given.attempt, ${table}.attempts)`,
});

/** Sorts the results of events by what has to be written. */
const sorted = (finished: readonly Finished[]) => {
  const settled: object[] = [];
  const postponed: object[] = [];
  for (const { id, result, attempt = null } of finished)
    if (result.kind === 'waiting')
      postponed.push({ id, attempt, state: 'waiting', due_at: result.dueAt, unsure: 0 });
    else if (result.kind === 'ambiguous')
      postponed.push({ id, attempt, state: 'forwarding', due_at: result.dueAt, unsure: 1 });
    else settled.push({ id, attempt, state: result.kind, code: result.kind === 'dead' ? result.code : null });
  return { settled, postponed };
};

export const createSettle = (
  { table, takeAlong }: LaneParts,
  dialect: Dialect,
): ((tx: Transaction, finished: readonly Finished[], now: number) => Promise<void>) => {
  const statements = statementsOf(table, dialect);

  return async function settle(tx: Transaction, finished, now) {
    const { settled, postponed } = sorted(finished);
    await tx.ask(statements.answered, JSON.stringify({ ids: finished.map(({ id }) => id) }), now);
    if (settled.length) {
      const rows = await tx.ask<Pick<Row, 'offer_id' | 'state'>>(
        statements.settle,
        JSON.stringify(settled),
        now,
      );
      const refused = rows.filter(({ state }) => state === 'dead').map(({ offer_id }) => offer_id);
      await takeAlong(tx, refused, now);
    }
    if (postponed.length) await tx.ask(statements.postpone, JSON.stringify(postponed));
  };
};
