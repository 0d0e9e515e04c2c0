/** One lane of an intake: what waits for one destination, and who forwards it. */
import type { Lane, LaneNote } from '../intake.js';
import type { LaneRules } from '../rules.js';
import { createBeginning, paceOf } from './beginning.js';
import { chooseInTurn, chooseOldest } from './choosing.js';
import type { Dialect } from './dialect.js';
import { createFinishing } from './finishing.js';
import { createTakeAlong, takeNothing } from './giving-up.js';
import { createLeading } from './leading.js';
import { createListing } from './listing.js';
import { createReviving } from './reviving.js';
import type { LaneTable } from './rows.js';
import { ask, type SqlDriver, type Steps } from './steps.js';

const statementsOf = (table: LaneTable) => ({
  setNote: `INSERT INTO notes (lane, note) VALUES ('${table}', ?1) ON CONFLICT (lane) DO UPDATE SET note = excluded.note`,
  standing: `SELECT (SELECT open FROM tally WHERE lane = '${table}') AS waiting,
    (SELECT min(waiting_since) FROM ${table} WHERE settled_at IS NULL) AS oldest,
    (SELECT note FROM notes WHERE lane = '${table}') AS note`,
});

interface Standing {
  readonly waiting: number;
  readonly oldest: number | null;
  readonly note: string | null;
}

/**
 * Makes the lane over its table.
 * @param table A name of ours.
 */
export const createLane = (driver: SqlDriver, dialect: Dialect, table: LaneTable, rules: LaneRules): Lane => {
  const statements = statementsOf(table);
  const parts = rules.isOrdered
    ? { table, rules, takeAlong: createTakeAlong(table, dialect), choosing: chooseInTurn(dialect) }
    : { table, rules, takeAlong: takeNothing, choosing: chooseOldest(table) };
  const leading = createLeading(driver, table);
  const begin = createBeginning({ ...parts, leading }, dialect);
  const finish = createFinishing(parts, dialect);

  function* stand(now: number): Steps<Standing & { readonly lastMinute: number }> {
    const [pace] = yield* paceOf(table, now);
    const [standing] = yield* ask<Standing>(statements.standing);
    return { lastMinute: pace?.calls ?? 0, ...(standing ?? { waiting: 0, oldest: null, note: null }) };
  }

  return {
    ...createListing(driver, table),
    ...createReviving(driver, dialect, parts),
    lead: leading.lead,
    resign: leading.resign,
    begin: (options) => driver.write(() => begin(options)),
    finish: (finished, now) => driver.write(() => finish(finished, now)),

    async note(next) {
      await driver.write(() => ask(statements.setNote, JSON.stringify(next)));
    },

    async status(now) {
      const { waiting, oldest, lastMinute, note } = await driver.read(() => stand(now));
      return {
        waiting,
        oldestAt: oldest ?? undefined,
        lastMinute,
        note: note === null ? {} : (JSON.parse(note) as LaneNote),
      };
    },
  };
};
