/** One lane of an intake: what waits for one destination, and who forwards it. */
import type { BeginOptions, Begun, Finished, Lane, LaneNote, LaneStatus } from '../intake.js';
import type { LaneRules } from '../rules.js';
import { createClaim, paceOf } from './claim.js';
import type { Dialect, SqlDriver, Transaction } from './driver.js';
import { createTakeAlong } from './give-up.js';
import { createLease } from './lease.js';
import { createList } from './list.js';
import { createRetry } from './retry.js';
import type { LaneTable } from './rows.js';
import { selectInTurn, selectOldest } from './select-due.js';
import { createSettle } from './settle.js';

const statementsOf = (table: LaneTable) => ({
  setNote: `INSERT INTO lane_notes (lane, note) VALUES ('${table}', ?1) ON CONFLICT (lane) DO UPDATE SET note = excluded.note`,
  standing: `SELECT (SELECT open FROM open_counts WHERE lane = '${table}') AS waiting,
    (SELECT min(waiting_since) FROM ${table} WHERE settled_at IS NULL) AS oldest,
    (SELECT note FROM lane_notes WHERE lane = '${table}') AS note`,
  dead: `SELECT code, count(*) AS events FROM ${table} WHERE state = 'dead' GROUP BY code`,
});

/**
 * What came of an event, with its times in the database's clock. An event that goes ahead of all others has no time.
 */
const shifted = ({ result, ...finished }: Finished, aheadMs: number): Finished => ({
  ...finished,
  result: 'dueAt' in result && result.dueAt > 0 ? { ...result, dueAt: result.dueAt + aheadMs } : result,
});

/** A note with its times in another clock. */
const noteIn = ({ pausedUntil, ...note }: LaneNote, aheadMs: number): LaneNote => ({
  ...note,
  ...(pausedUntil !== undefined && { pausedUntil: pausedUntil + aheadMs }),
});

interface Standing {
  readonly waiting: number;
  readonly oldest: number | null;
  readonly note: string | null;
}

/** @param table One of our own names, since it becomes part of statements. */
export const createLane = (driver: SqlDriver, dialect: Dialect, table: LaneTable, rules: LaneRules): Lane => {
  const statements = statementsOf(table);
  const parts = rules.isOrdered
    ? { table, rules, takeAlong: createTakeAlong(table, dialect), selection: selectInTurn(dialect) }
    : { table, rules, takeAlong: async () => [], selection: selectOldest(table) };
  const lease = createLease(driver, table);
  const claim = createClaim({ ...parts, lease }, dialect);
  const settle = createSettle(parts, dialect);

  /** Looks by the database's clock, and says by this process's when more may be begun. */
  const lookBy =
    <Found extends Begun | undefined>(
      look: (tx: Transaction, options: BeginOptions) => Promise<Found>,
      options: BeginOptions,
    ) =>
    async (tx: Transaction): Promise<Found> => {
      const graceMs = Math.max(options.graceMs ?? 0, tx.jumpedMs);
      const found = await look(tx, { ...options, graceMs, now: options.now + tx.aheadMs });
      return found?.nextAt === undefined ? found : { ...found, nextAt: found.nextAt - tx.aheadMs };
    };

  async function stand(tx: Transaction, now: number): Promise<LaneStatus> {
    const [pace] = await paceOf(tx, table, now + tx.aheadMs);
    const [standing] = await tx.ask<Standing>(statements.standing);
    const codes = await tx.ask<{ readonly code: string; readonly events: number }>(statements.dead);
    const { waiting, oldest, note } = standing ?? { waiting: 0, oldest: null, note: null };
    return {
      waiting,
      oldestAt: oldest === null ? undefined : oldest - tx.aheadMs,
      lastMinute: pace?.calls ?? 0,
      note: note === null ? {} : noteIn(JSON.parse(note) as LaneNote, -tx.aheadMs),
      dead: Object.fromEntries(codes.map(({ code, events }) => [code, events])),
    };
  }

  return {
    ...createList(driver, table),
    ...createRetry(driver, dialect, parts),
    lead: lease.lead,
    resign: lease.resign,

    // An idle process looks every two seconds, and a read does not delay the others.
    begin: (options) => driver.write(lookBy(claim.begin, options), lookBy(claim.glance, options)),

    finish: (finished, now) =>
      driver.write((tx) =>
        settle(
          tx,
          finished.map((one) => shifted(one, tx.aheadMs)),
          now + tx.aheadMs,
        ),
      ),

    async note(next) {
      await driver.write((tx) => tx.ask(statements.setNote, JSON.stringify(noteIn(next, tx.aheadMs))));
    },

    status: (now) => driver.read((tx) => stand(tx, now)),
  };
};
