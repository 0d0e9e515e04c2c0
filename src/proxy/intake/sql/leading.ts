/** Who forwards the events of a lane. */
import type { Lane } from '../intake.js';
import { isOver, LEAD_MS, type Lease, whereabouts } from '../lease.js';
import { SLACK_MS } from '../rules.js';
import { IN_FLIGHT, type LaneTable } from './rows.js';
import { ask, type SqlDriver, type Steps } from './steps.js';

const MINUTE_MS = 60_000;

/** Leading, and what the rest of the lane asks about it. */
export interface Leading extends Pick<Lane, 'lead' | 'resign'> {
  /** Whether the lead that was taken here belongs to another process now. */
  isDeposed(): Steps<boolean>;
}

const statementsOf = (table: LaneTable) => ({
  lease: `SELECT token, host, pid, until FROM leads WHERE lane = '${table}'`,
  take: `INSERT INTO leads (lane, token, host, pid, until) VALUES ('${table}', ?1, ?2, ?3, ?4)
    ON CONFLICT (lane) DO UPDATE
    SET token = excluded.token, host = excluded.host, pid = excluded.pid, until = excluded.until`,
  drop: `DELETE FROM leads WHERE lane = '${table}' AND token = ?1`,
  orphan: `UPDATE ${table} SET due_at = 0, is_ambiguous = 1 WHERE settled_at IS NULL AND state = 'forwarding'`,
  // Nobody knows when the upstream counted the calls that the former leader had begun.
  recount: `UPDATE paced_calls SET at = ?1 WHERE lane = '${table}' AND at < ?1 AND event IN
    (SELECT id FROM ${table} WHERE settled_at IS NULL AND due_at = ${IN_FLIGHT})`,
  forgetCalls: `DELETE FROM paced_calls WHERE lane = '${table}' AND at <= ?1`,
});

/** Makes the part of a lane that leads. */
export const createLeading = (driver: SqlDriver, table: LaneTable): Leading => {
  const statements = statementsOf(table);
  /** Whose lead was taken through this lane. */
  let leader: string | undefined;

  /** Whether somebody else leads. */
  function* isAnothers(token: string, now: number): Steps<boolean> {
    const [held] = yield* ask<Lease>(statements.lease);
    // No lease is given out for so long ahead: one that ends later was made under another clock. The slack is for a
    // lease that was renewed while this transaction waited for its turn.
    const isFresh = held && held.until > now && held.until <= now + LEAD_MS + SLACK_MS;
    return isFresh === true && held.token !== token && !isOver(held);
  }

  /** Does not lead if somebody else does. */
  function* giveWay(token: string, now: number): Steps<false | undefined> {
    return (yield* isAnothers(token, now)) ? false : undefined;
  }

  function* take(token: string, now: number): Steps<boolean> {
    if (yield* isAnothers(token, now)) return false;
    const [held] = yield* ask<Lease>(statements.lease);
    if (held?.token !== token) {
      yield* ask(statements.recount, now);
      yield* ask(statements.orphan);
    }
    yield* ask(statements.take, token, whereabouts(), process.pid, now + LEAD_MS);
    yield* ask(statements.forgetCalls, now - MINUTE_MS);
    return true;
  }

  return {
    async lead(token, now) {
      const leads = await driver.write(
        (aheadMs = 0) => take(token, now + aheadMs),
        // A process that does not lead asks with each event that it takes, and a read does not delay the others.
        (aheadMs = 0) => giveWay(token, now + aheadMs),
      );
      if (leads) leader = token;
      return leads;
    },

    async resign(token) {
      await driver.write(() => ask(statements.drop, token));
    },

    *isDeposed() {
      if (leader === undefined) return false;
      const [held] = yield* ask<Lease>(statements.lease);
      return held?.token !== leader;
    },
  };
};
