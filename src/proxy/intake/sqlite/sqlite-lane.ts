/** One lane of the intake's file: what waits for one destination, and who forwards it. */
import type Database from 'libsql';
import type { BeginOptions, Begun, Finished, Lane, LaneNote } from '../intake.js';
import { isOver, LEAD_MS, type Lease, WHEREABOUTS } from '../lease.js';
import { KEY_WINDOW_MS, type LaneRules, LONGEST_WAIT_MS, MEMORY_MS, SLACK_MS } from '../rules.js';
import { type Row, toIntakeRow } from './sqlite-file.js';
import { createListing } from './sqlite-listing.js';
import { createReviving, type TakeAlong } from './sqlite-reviving.js';

const MINUTE_MS = 60_000;
/** Due at no time: on its way, and only its outcome or a new leader moves it. */
const IN_FLIGHT = Number.MAX_SAFE_INTEGER;
const VIEWED_DEAD = 'viewed_dead';
/** So many rows are forgotten at once, a few milliseconds' work; more after this long, so that the process stays free. */
const FORGET_ROWS = 100;
const FORGET_AGAIN_MS = 100;

/** A lane, and what taking does to it inside a transaction of its own. */
interface SqliteLane {
  readonly lane: Lane;
  /**
   * Gives up what waits of an offer's `dismissed`, if all its views are dead.
   * @returns Whether there was any.
   */
  giveUpWithViewed(offerId: string, now: number): boolean;
  /** Gives up one `dismissed` of an offer whose views are all dead. */
  giveUp(id: string, now: number): void;
}

/**
 * Makes the lane over its table.
 * @param table A name of ours: `events` or `usage`.
 */
export const createLane = (
  database: Database.Database,
  table: 'events' | 'usage',
  { maxDelayMs, isOrdered, ambiguous }: LaneRules,
): SqliteLane => {
  const prepare = (sql: string) => database.prepare(sql.replaceAll('LANE', table));

  const lease = prepare(`SELECT token, host, pid, until FROM leases WHERE lane = 'LANE'`);
  const takeLease = prepare(
    `INSERT OR REPLACE INTO leases (lane, token, host, pid, until) VALUES ('LANE', ?, ?, ?, ?)`,
  );
  const dropLease = prepare(`DELETE FROM leases WHERE lane = 'LANE' AND token = ?`);
  const orphan = prepare(
    `UPDATE LANE SET due_at = 0, is_ambiguous = 1 WHERE settled_at IS NULL AND state = 'forwarding'`,
  );
  // Nobody knows when the upstream counted what the process that ended had begun.
  const recount = prepare(
    `UPDATE calls SET at = ?1 WHERE lane = 'LANE' AND at < ?1 AND event IN
       (SELECT id FROM LANE WHERE settled_at IS NULL AND due_at = ${IN_FLIGHT})`,
  );
  const forget = prepare(
    `DELETE FROM LANE WHERE arrival IN
       (SELECT arrival FROM LANE WHERE settled_at < ? ORDER BY settled_at LIMIT ${FORGET_ROWS})`,
  );
  const forgetCalls = prepare(`DELETE FROM calls WHERE lane = 'LANE' AND at <= ?`);
  // Calls of the far future were made under another clock.
  const callsBetween = prepare(
    `SELECT count(*) AS n, min(at) AS oldest FROM calls WHERE lane = 'LANE' AND at > ? AND at <= ?`,
  );
  const called = prepare(`INSERT INTO calls (lane, event, at) VALUES ('LANE', ?, ?)`);
  // The upstream counts a call some time between its beginning and its end.
  const answered = prepare(`UPDATE calls SET at = ?1 WHERE rowid =
       (SELECT rowid FROM calls WHERE lane = 'LANE' AND event = ?2 AND at < ?1 ORDER BY at DESC LIMIT 1)`);
  // What is on its way is not given up under its call; its outcome decides.
  const expire = (overdue: string) =>
    prepare(
      `UPDATE LANE SET state = 'dead', code = 'expired', settled_at = ?1, headers = NULL
       WHERE settled_at IS NULL AND due_at < ${IN_FLIGHT} AND ${overdue}`,
    );
  const expireDelayed = expire('waiting_since < ?2');
  const expireEnded = expire('expires_at <= ?2');
  const giveUpUnknown = prepare(
    `UPDATE LANE SET state = 'dead', code = 'unknown_outcome', settled_at = ?1, headers = NULL
     WHERE settled_at IS NULL AND is_ambiguous AND due_at <= ?1 AND first_forward_at < ?2`,
  );
  // A time to wait until, from a clock that has been put right since, would hold its offer back.
  const putRight = prepare(
    `UPDATE LANE SET due_at = ?1 WHERE settled_at IS NULL AND due_at > ?1 AND due_at < ${IN_FLIGHT}
       AND (attempts = 0 OR due_at > ?1 + ${LONGEST_WAIT_MS})`,
  );
  // One event of an offer at a time: `viewed` before `dismissed`, else as they came. Each look is one step in an index,
  // since a stranger may send as many events of one offer as budgets allow.
  const isNext = isOrdered
    ? `settled_at IS NULL
        AND offer_id NOT IN (SELECT offer_id FROM LANE WHERE settled_at IS NULL AND due_at = ${IN_FLIGHT})
        AND NOT EXISTS (
          SELECT 1 FROM LANE AS other
          WHERE other.settled_at IS NULL AND other.offer_id = LANE.offer_id AND other.type = LANE.type
            AND other.arrival < LANE.arrival)
        AND (type <> 'dismissed' OR NOT EXISTS (
          SELECT 1 FROM LANE AS other
          WHERE other.settled_at IS NULL AND other.offer_id = LANE.offer_id AND other.type = 'viewed'))`
    : 'settled_at IS NULL';
  const due = prepare(`SELECT id FROM LANE WHERE due_at <= ? AND ${isNext} ORDER BY due_at, arrival LIMIT ?`);
  const nextDue = prepare(`SELECT min(due_at) AS at FROM LANE WHERE due_at > ? AND due_at < ? AND ${isNext}`);
  const begin = prepare(
    `UPDATE LANE SET state = 'forwarding', due_at = ?, attempts = attempts + 1,
       first_forward_at = coalesce(first_forward_at, ?),
       maybe_duplicate = maybe_duplicate OR (is_ambiguous AND coalesce(first_forward_at < ?, 0))
     WHERE id = ? RETURNING *`,
  );
  const settle = prepare(
    `UPDATE LANE SET state = ?, code = ?, settled_at = ?, due_at = 0, headers = NULL
     WHERE id = ? AND settled_at IS NULL RETURNING offer_id`,
  );
  // A `dismissed` without its `viewed` would lift the funnel over 100 %.
  const takingAlong = (which: string, offer: string) =>
    prepare(
      `UPDATE LANE SET state = 'dead', code = '${VIEWED_DEAD}', settled_at = ?1, headers = NULL
       WHERE settled_at IS NULL AND state = 'waiting' AND type = 'dismissed' ${which}
         AND EXISTS (
           SELECT 1 FROM LANE AS seen
           WHERE seen.offer_id = ${offer} AND seen.type = 'viewed' AND seen.state = 'dead')
         AND NOT EXISTS (
           SELECT 1 FROM LANE AS seen
           WHERE seen.offer_id = ${offer} AND seen.type = 'viewed'
             -- By name: to find what is not dead, an index would be read past everything that is.
             AND seen.state IN ('waiting', 'forwarding', 'done'))
       RETURNING id`,
    );
  const takeAlongAll = takingAlong('', 'LANE.offer_id');
  const takeAlongOf = takingAlong('AND offer_id = ?2', '?2');
  // The upstream can have remembered a key only from a call that may have reached it.
  const postpone = prepare(
    `UPDATE LANE SET state = ?, due_at = ?, is_ambiguous = is_ambiguous OR ?,
       first_forward_at = CASE WHEN is_ambiguous OR ? THEN first_forward_at END
     WHERE id = ? AND settled_at IS NULL AND attempts = coalesce(?, attempts)`,
  );
  const setNote = prepare(`INSERT OR REPLACE INTO notes (lane, note) VALUES ('LANE', ?)`);
  const getNote = prepare(`SELECT note FROM notes WHERE lane = 'LANE'`);
  const oldest = prepare('SELECT min(waiting_since) AS at FROM LANE WHERE settled_at IS NULL');
  const open = prepare(`SELECT open FROM tally WHERE lane = 'LANE'`);
  const note = (): LaneNote => {
    const row = getNote.get() as { note: string } | undefined;
    return row ? (JSON.parse(row.note) as LaneNote) : {};
  };

  /** Whose lead was taken through this lane. */
  let leader: string | undefined;

  const beginDue = ({ now, limit, perMinute, graceMs = 0 }: BeginOptions): Begun => {
    // Another process may have taken over since, from one that stood still.
    if (leader !== undefined && (lease.get() as Lease | undefined)?.token !== leader)
      return { rows: [], nextAt: undefined, expired: 0 };
    putRight.run(now);
    const past = now - graceMs;
    const expired = expireDelayed.run(now, past - maxDelayMs).changes;
    let given = expired + expireEnded.run(now, past).changes;
    if (ambiguous === 'atMostOnce') given += giveUpUnknown.run(now, now - KEY_WINDOW_MS).changes;
    if (isOrdered && given) takeAlongAll.all(now);
    const counted = callsBetween.get(now - MINUTE_MS, now + MINUTE_MS);
    const { n: calls, oldest: oldestCall } = counted as { n: number; oldest: number | null };
    const room = Math.max(0, Math.min(limit, perMinute - calls));
    const rows = (due.all(now, room) as Row[]).map(({ id }) => {
      called.run(id, now);
      return begin.get(IN_FLIGHT, now, now - KEY_WINDOW_MS, id) as Row;
    });
    const isForgetting = forget.run(past - MEMORY_MS).changes === FORGET_ROWS;
    const { at } = isForgetting
      ? { at: now + FORGET_AGAIN_MS }
      : (nextDue.get(now, IN_FLIGHT) as { at: number | null });
    // Out of pace: the oldest call has to leave the window first.
    const nextAt =
      rows.length === room && calls + rows.length >= perMinute ? (oldestCall ?? now) + MINUTE_MS + 1 : at;
    return { rows: rows.map(toIntakeRow), nextAt: nextAt ?? undefined, expired };
  };

  const settleOne = (id: string, state: 'done' | 'dead', code: string | null, now: number) =>
    settle.get(state, code, now, id) as Pick<Row, 'offer_id'> | undefined;

  const takeAlong: TakeAlong = (offerId, now) =>
    (takeAlongOf.all(now, offerId) as Pick<Row, 'id'>[]).map(({ id }) => id);

  const giveUpWithViewed = (offerId: string, now: number): boolean => takeAlong(offerId, now).length > 0;

  const finishOne = ({ id, result, attempt: given }: Finished, now: number): void => {
    const attempt = given ?? null;
    answered.run(now, id);
    switch (result.kind) {
      case 'done':
        settleOne(id, 'done', null, now);
        break;
      case 'dead': {
        const settled = settleOne(id, 'dead', result.code, now);
        if (isOrdered && settled) giveUpWithViewed(settled.offer_id, now);
        break;
      }
      case 'waiting':
        postpone.run('waiting', result.dueAt, 0, 0, id, attempt);
        break;
      case 'ambiguous':
        postpone.run('forwarding', result.dueAt, 1, 1, id, attempt);
        break;
      default:
        result satisfies never;
    }
  };

  const lane: Lane = {
    ...createListing(database, table),
    ...createReviving(database, table, isOrdered ? takeAlong : undefined),

    lead: async (token, now) =>
      database
        .transaction(() => {
          const held = lease.get() as Lease | undefined;
          const isOurs = held?.token === token;
          // A lease further ahead than any that is given out was made under another clock; one that was renewed while
          // this transaction waited for the file is a little ahead.
          const isFresh = held && held.until > now && held.until <= now + LEAD_MS + SLACK_MS;
          if (isFresh && !isOurs && !isOver(held)) return false;
          if (!isOurs) {
            recount.run(now);
            orphan.run();
          }
          takeLease.run(token, WHEREABOUTS, process.pid, now + LEAD_MS);
          forgetCalls.run(now - MINUTE_MS);
          leader = token;
          return true;
        })
        .immediate(),

    async resign(token) {
      dropLease.run(token);
    },

    begin: async (options) => database.transaction(() => beginDue(options)).immediate(),

    async finish(finished, now) {
      database
        .transaction(() => {
          for (const one of finished) finishOne(one, now);
        })
        .immediate();
    },

    async note(next) {
      setNote.run(JSON.stringify(next));
    },

    async status(now) {
      const { n: lastMinute } = callsBetween.get(now - MINUTE_MS, now + MINUTE_MS) as { n: number };
      const { at } = oldest.get() as { at: number | null };
      const { open: waiting } = open.get() as { open: number };
      return { waiting, oldestAt: at ?? undefined, lastMinute, note: note() };
    },
  };

  return {
    lane,
    giveUpWithViewed,
    giveUp(id, now) {
      settleOne(id, 'dead', VIEWED_DEAD, now);
    },
  };
};
