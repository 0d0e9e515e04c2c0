/**
 * Intake on this machine: one SQLite file, durable before it answers, remembered across restarts. Several
 * processes may share the file; one of them forwards.
 * @module
 */
import { hostname } from 'node:os';
import type { Verdict } from '../../protocol/batch.js';
import { MAX_RETENTION_MS } from '../../protocol/retention.js';
import type { AdmittedEvent, BeginOptions, Begun, Intake, OfferTally } from './intake.js';
import { isOver, type Lease, openFile, type Row, toIntakeRow } from './sqlite-file.js';

/** Options of {@link sqliteIntake}. */
export interface SqliteIntakeOptions {
  /** Path of the database file; its folder must exist. */
  readonly file: string;
  /** Most events that may wait; beyond it new ones are deferred at the door. @default 200000 */
  readonly maxWaiting?: number;
  /** How long an event may wait for the upstream, milliseconds; then it is a dead letter. @default 86400000 (24 h) */
  readonly maxDelayMs?: number;
  /**
   * What to do with an event whose outcome is unknown once the upstream may have forgotten its key: forward it
   * again and mark it, or make it a dead letter. @default 'atLeastOnce'
   */
  readonly ambiguous?: 'atLeastOnce' | 'atMostOnce';
}

const MINUTE_MS = 60_000;
/** How long one process leads without renewing. */
const LEAD_MS = 30_000;
/** Inside it the upstream surely remembers a key: its documented 30 minutes less a margin for clocks. */
const KEY_WINDOW_MS = 25 * MINUTE_MS;
/** A client may send an event again for as long as it keeps it; then nobody asks any more. */
const MEMORY_MS = MAX_RETENTION_MS + 24 * 60 * MINUTE_MS;
/** Due at no time: on its way, and only its outcome or a new leader moves it. */
const IN_FLIGHT = Number.MAX_SAFE_INTEGER;
const DEFER_MS = 60_000;
/** Nothing is postponed for longer. */
const LONGEST_WAIT_MS = 60 * MINUTE_MS;

/**
 * Opens an intake in a file, creating it if need be.
 * @throws {OffersightError} `configuration` if the file cannot be opened.
 */
export const sqliteIntake = ({
  file,
  maxWaiting = 200_000,
  maxDelayMs = 24 * 60 * MINUTE_MS,
  ambiguous = 'atLeastOnce',
}: SqliteIntakeOptions): Intake => {
  const database = openFile(file);
  const prepare = (sql: string) => database.prepare(sql);

  const known = prepare('SELECT content FROM events WHERE id = ?');
  const insert = prepare(
    `INSERT INTO events (id, content, type, offer_id, state, occurred_at, expires_at, received_at, due_at)
     VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?)`,
  );
  const open = prepare('SELECT open FROM tally');
  const lease = prepare('SELECT token, host, pid, until FROM lease');
  const takeLease = prepare(
    'INSERT OR REPLACE INTO lease (only, token, host, pid, until) VALUES (1, ?, ?, ?, ?)',
  );
  const dropLease = prepare('DELETE FROM lease WHERE token = ?');
  const orphan = prepare(
    `UPDATE events SET due_at = 0, is_ambiguous = 1 WHERE settled_at IS NULL AND state = 'forwarding'`,
  );
  const forget = prepare('DELETE FROM events WHERE settled_at < ?');
  const forgetCalls = prepare('DELETE FROM calls WHERE at <= ?');
  // Calls of the far future were made under another clock.
  const callsBetween = prepare('SELECT count(*) AS n, min(at) AS oldest FROM calls WHERE at > ? AND at <= ?');
  const called = prepare('INSERT INTO calls (at) VALUES (?)');
  // What is on its way is not given up under its call; its outcome decides.
  const expire = (overdue: string) =>
    prepare(
      `UPDATE events SET state = 'dead', code = 'expired', settled_at = ?1
       WHERE settled_at IS NULL AND due_at < ${IN_FLIGHT} AND ${overdue}`,
    );
  const expireDelayed = expire('received_at < ?2');
  const expireEnded = expire('expires_at <= ?1');
  const giveUpUnknown = prepare(
    `UPDATE events SET state = 'dead', code = 'unknown_outcome', settled_at = ?1
     WHERE settled_at IS NULL AND is_ambiguous AND due_at <= ?1 AND first_forward_at < ?2`,
  );
  // A time to wait until, from a clock that has been put right since, would hold its offer back.
  const putRight = prepare(
    `UPDATE events SET due_at = ?1 WHERE settled_at IS NULL AND due_at > ?1 + ${LONGEST_WAIT_MS} AND due_at < ${IN_FLIGHT}`,
  );
  // One event of an offer at a time: `viewed` before `dismissed`, else as they came.
  const isNext = `settled_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM events AS other
    WHERE other.offer_id = events.offer_id AND other.settled_at IS NULL AND other.id <> events.id
      AND (other.due_at = ${IN_FLIGHT}
        OR (other.type = events.type AND other.arrival < events.arrival)
        OR (other.type = 'viewed' AND events.type = 'dismissed')))`;
  const due = prepare(
    `SELECT * FROM events WHERE due_at <= ? AND ${isNext} ORDER BY due_at, arrival LIMIT ?`,
  );
  const nextDue = prepare(
    `SELECT min(due_at) AS at FROM events WHERE due_at > ? AND due_at < ? AND ${isNext}`,
  );
  const begin = prepare(
    `UPDATE events SET state = 'forwarding', due_at = ?, attempts = attempts + 1,
       first_forward_at = coalesce(first_forward_at, ?),
       maybe_duplicate = maybe_duplicate OR (is_ambiguous AND first_forward_at < ?)
     WHERE id = ? RETURNING *`,
  );
  const settle = prepare(
    'UPDATE events SET state = ?, code = ?, settled_at = ?, due_at = 0 WHERE id = ? AND settled_at IS NULL',
  );
  // A `dismissed` without its `viewed` would lift the funnel over 100 %.
  const takeAlong = (which: string) =>
    prepare(
      `UPDATE events SET state = 'dead', code = 'viewed_dead', settled_at = ?1
       WHERE settled_at IS NULL AND state = 'waiting' AND type = 'dismissed' ${which}
         AND EXISTS (
           SELECT 1 FROM events AS seen
           WHERE seen.offer_id = events.offer_id AND seen.type = 'viewed' AND seen.state = 'dead')
         AND NOT EXISTS (
           SELECT 1 FROM events AS seen
           WHERE seen.offer_id = events.offer_id AND seen.type = 'viewed' AND seen.state <> 'dead')`,
    );
  const takeAlongAll = takeAlong('');
  const takeAlongOf = takeAlong('AND offer_id = (SELECT offer_id FROM events WHERE id = ?2)');
  // The upstream can have remembered a key only from a call that may have reached it.
  const postpone = prepare(
    `UPDATE events SET state = ?, due_at = ?, is_ambiguous = is_ambiguous OR ?,
       first_forward_at = CASE WHEN is_ambiguous OR ? THEN first_forward_at END
     WHERE id = ? AND settled_at IS NULL`,
  );
  const latest = prepare('SELECT * FROM events ORDER BY arrival DESC LIMIT ?');
  const tallied = prepare(
    'SELECT offer_id, type, state, count(*) AS n FROM events GROUP BY offer_id, type, state ORDER BY offer_id, type, state',
  );

  const takeOne = (event: AdmittedEvent): Verdict => {
    const earlier = known.get(event.id) as { content: string } | undefined;
    if (earlier) {
      return earlier.content === event.content
        ? { kind: 'duplicate' }
        : { kind: 'refused', code: 'conflict' };
    }
    const { id, content, type, offerId, occurredAt, expiresAt, receivedAt } = event;
    insert.run(id, content, type, offerId, occurredAt, expiresAt ?? null, receivedAt, receivedAt);
    return { kind: 'accepted' };
  };

  return {
    async take(events) {
      const verdicts = new Map<string, Verdict>();
      database
        .transaction(() => {
          let free = maxWaiting - (open.get() as { open: number }).open;
          for (const event of events) {
            const isFull = free <= 0 && !known.get(event.id);
            const verdict: Verdict = isFull
              ? { kind: 'deferred', code: 'overloaded', retryAfterMs: DEFER_MS }
              : takeOne(event);
            if (verdict.kind === 'accepted') {
              free--;
              // Its `viewed` may have died before it came.
              if (event.type === 'dismissed') takeAlongOf.run(event.receivedAt, event.id);
            }
            verdicts.set(event.id, verdict);
          }
        })
        .immediate();
      return verdicts;
    },

    lead: async (token, now) =>
      database
        .transaction(() => {
          const held = lease.get() as Lease | undefined;
          const isOurs = held?.token === token;
          // A lease further ahead than any that is given out was made under another clock.
          const isFresh = held && held.until > now && held.until <= now + LEAD_MS;
          if (isFresh && !isOurs && !isOver(held)) return false;
          if (!isOurs) orphan.run();
          takeLease.run(token, hostname(), process.pid, now + LEAD_MS);
          forget.run(now - MEMORY_MS);
          forgetCalls.run(now - MINUTE_MS);
          return true;
        })
        .immediate(),

    async resign(token) {
      dropLease.run(token);
    },

    begin: async (options) => database.transaction(() => beginDue(options)).immediate(),

    async finish(id, result, now) {
      database
        .transaction(() => {
          switch (result.kind) {
            case 'done':
              settle.run('done', null, now, id);
              break;
            case 'dead':
              settle.run('dead', result.code, now, id);
              takeAlongOf.run(now, id);
              break;
            case 'waiting':
              postpone.run('waiting', result.dueAt, 0, 0, id);
              break;
            case 'ambiguous':
              postpone.run('forwarding', result.dueAt, 1, 1, id);
              break;
            default:
              result satisfies never;
          }
        })
        .immediate();
    },

    list: async (limit) => (latest.all(limit) as Row[]).map(toIntakeRow),

    tally: async () =>
      (tallied.all() as (Pick<Row, 'offer_id' | 'type' | 'state'> & { n: number })[]).map(
        ({ offer_id, type, state, n }): OfferTally => ({ offerId: offer_id, type, state, events: n }),
      ),

    async close() {
      database.close();
    },
  };

  function beginDue({ now, limit, perMinute }: BeginOptions): Begun {
    putRight.run(now);
    let given = expireDelayed.run(now, now - maxDelayMs).changes + expireEnded.run(now).changes;
    if (ambiguous === 'atMostOnce') given += giveUpUnknown.run(now, now - KEY_WINDOW_MS).changes;
    if (given) takeAlongAll.run(now);
    const counted = callsBetween.get(now - MINUTE_MS, now + MINUTE_MS);
    const { n: calls, oldest } = counted as { n: number; oldest: number | null };
    const room = Math.max(0, Math.min(limit, perMinute - calls));
    const rows = (due.all(now, room) as Row[]).map(({ id }) => {
      called.run(now);
      return begin.get(IN_FLIGHT, now, now - KEY_WINDOW_MS, id) as Row;
    });
    const { at } = nextDue.get(now, IN_FLIGHT) as { at: number | null };
    // Out of pace: the oldest call has to leave the window first.
    const nextAt =
      rows.length === room && calls + rows.length >= perMinute ? (oldest ?? now) + MINUTE_MS + 1 : at;
    return { rows: rows.map(toIntakeRow), nextAt: nextAt ?? undefined };
  }
};
