/** Who forwards the events of a lane. */
import type { Lane } from '../intake.js';
import { isOver, LEAD_MS, type Lease, WHEREABOUTS } from '../lease.js';
import { SLACK_MS } from '../rules.js';
import { IN_FLIGHT, type LaneTable } from './rows.js';
import { ask, type SqlDriver, type Steps } from './steps.js';

const MINUTE_MS = 60_000;

/** Leading, and what the rest of the lane asks about it. */
export interface Leading extends Pick<Lane, 'lead' | 'resign'> {
  /** Whether the lead that was taken here is another's now. */
  isDeposed(): Steps<boolean>;
}

const statementsOf = (table: LaneTable) => ({
  lease: `SELECT token, host, pid, until FROM leases WHERE lane = '${table}'`,
  take: `INSERT INTO leases (lane, token, host, pid, until) VALUES ('${table}', ?1, ?2, ?3, ?4)
    ON CONFLICT (lane) DO UPDATE
    SET token = excluded.token, host = excluded.host, pid = excluded.pid, until = excluded.until`,
  drop: `DELETE FROM leases WHERE lane = '${table}' AND token = ?1`,
  orphan: `UPDATE ${table} SET due_at = 0, is_ambiguous = 1 WHERE settled_at IS NULL AND state = 'forwarding'`,
  // Nobody knows when the upstream counted what the process that ended had begun.
  recount: `UPDATE calls SET at = ?1 WHERE lane = '${table}' AND at < ?1 AND event IN
    (SELECT id FROM ${table} WHERE settled_at IS NULL AND due_at = ${IN_FLIGHT})`,
  forgetCalls: `DELETE FROM calls WHERE lane = '${table}' AND at <= ?1`,
});

/** Makes the part of a lane that leads. */
export const createLeading = (driver: SqlDriver, table: LaneTable): Leading => {
  const statements = statementsOf(table);
  /** Whose lead was taken through this lane. */
  let leader: string | undefined;

  function* take(token: string, now: number): Steps<boolean> {
    const [held] = yield* ask<Lease>(statements.lease);
    const isOurs = held?.token === token;
    // A lease further ahead than any that is given out was made under another clock; one that was renewed while
    // this transaction waited for its turn is a little ahead.
    const isFresh = held && held.until > now && held.until <= now + LEAD_MS + SLACK_MS;
    if (isFresh && !isOurs && !isOver(held)) return false;
    if (!isOurs) {
      yield* ask(statements.recount, now);
      yield* ask(statements.orphan);
    }
    yield* ask(statements.take, token, WHEREABOUTS, process.pid, now + LEAD_MS);
    yield* ask(statements.forgetCalls, now - MINUTE_MS);
    return true;
  }

  return {
    async lead(token, now) {
      const leads = await driver.write(() => take(token, now));
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
