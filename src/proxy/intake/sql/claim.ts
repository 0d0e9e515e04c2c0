/** Handles the events of a lane that are due: they expire, or they begin at the pace that is allowed. */
import type { BeginOptions, Begun } from '../intake.js';
import { KEY_WINDOW_MS, type LaneRules, LONGEST_WAIT_MS, MEMORY_MS } from '../rules.js';
import type { Dialect, Transaction } from './driver.js';
import type { TakeAlong } from './give-up.js';
import type { LaneLease } from './lease.js';
import { AGAIN_MS, IN_FLIGHT, type LaneTable, PORTION, type Row, toIntakeRow } from './rows.js';
import type { Selection, SelectionChores } from './select-due.js';

const MINUTE_MS = 60_000;
/** So many events are forgotten in one transaction. */
const FORGET_ROWS = 100;

/** So often it looks past lines that may not go yet. Then others who need the database have their turn. */
const LOOKS = 10;

export interface LaneParts {
  readonly table: LaneTable;
  readonly rules: LaneRules;
  readonly takeAlong: TakeAlong;
  readonly selection: Selection;
}

export type LedParts = LaneParts & { readonly lease: LaneLease };

interface Chores extends SelectionChores {
  readonly is_ahead?: unknown;
  readonly is_delayed?: unknown;
  readonly is_ended?: unknown;
  readonly is_unknown?: unknown;
  readonly is_old?: unknown;
}

interface Tidied {
  readonly expired: number;
  /** More events may have to be given up, and none begins before they are. */
  readonly isOverdue: boolean;
  readonly isUnfinished: boolean;
}

interface Pace {
  readonly calls: number;
  readonly oldest: number | null;
}

/** Counts calls of the last minute. Calls in the far future were made under another clock, so they do not count. */
export const paceOf = (tx: Transaction, table: LaneTable, now: number): Promise<readonly Pace[]> =>
  tx.ask<Pace>(
    `SELECT count(*) AS calls, min(at) AS oldest FROM paced_calls WHERE lane = '${table}' AND at > ?1 AND at <= ?2`,
    now - MINUTE_MS,
    now + MINUTE_MS,
  );

const statementsOf = ({ table, rules, selection }: LaneParts, { larger, texts }: Dialect) => {
  const isOpen = 'settled_at IS NULL';
  // An event that is on its way is not given up during its call: the outcome decides.
  const isHere = `${isOpen} AND due_at < ${IN_FLIGHT}`;
  // If the clock has been set back since, a due time from before would delay its offer for too long.
  const isAhead = `${isHere} AND due_at > ?1 AND (attempts = 0 OR due_at > ?1 + ${LONGEST_WAIT_MS})`;
  const isDelayed = `${isHere} AND waiting_since < ?2`;
  const isEnded = `${isHere} AND expires_at <= ?3`;
  const isUnknown = `${isOpen} AND is_ambiguous = 1 AND due_at <= ?1 AND first_forward_at < ?4`;
  const isOld = 'settled_at < ?5';
  const portionOf = (which: string, order: string, rows = PORTION): string =>
    `arrival IN (SELECT arrival FROM ${table} WHERE ${which} ORDER BY ${order} LIMIT ${rows})`;
  const giveUp = (code: string, which: string, order: string): string =>
    `UPDATE ${table} SET state = 'dead', code = '${code}', settled_at = ?1, headers = NULL
     WHERE ${portionOf(which, order)} RETURNING offer_id`;
  const has = (which: string): string => `EXISTS (SELECT 1 FROM ${table} WHERE ${which})`;
  return {
    chores: `SELECT ${has(isAhead)} AS is_ahead, ${has(isDelayed)} AS is_delayed, ${has(isEnded)} AS is_ended,
      ${rules.ambiguous === 'atMostOnce' ? has(isUnknown) : '0'} AS is_unknown,
      ${has(isOld)} AS is_old${selection.chores}`,
    putRight: `UPDATE ${table} SET due_at = ?1 WHERE ${portionOf(isAhead, 'due_at')} RETURNING 1 AS one`,
    expireDelayed: giveUp('expired', isDelayed, 'waiting_since'),
    expireEnded: giveUp('expired', isEnded, 'expires_at'),
    giveUpUnknown: giveUp('unknown_outcome', isUnknown, 'first_forward_at'),
    called: `INSERT INTO paced_calls (lane, event, at) SELECT '${table}', value, ?2 FROM ${texts('ids')} AS begun`,
    begin: `UPDATE ${table} SET state = 'forwarding', due_at = ${IN_FLIGHT}, attempts = attempts + 1,
        first_forward_at = coalesce(first_forward_at, ?2),
        maybe_duplicate = ${larger(
          'maybe_duplicate',
          'CASE WHEN is_ambiguous = 1 AND first_forward_at < ?3 THEN 1 ELSE 0 END',
        )}
      WHERE id IN ${texts('ids')} RETURNING *`,
    forget: `DELETE FROM ${table} WHERE ${portionOf(isOld, 'settled_at', FORGET_ROWS)} RETURNING 1 AS one`,
  };
};

export const createClaim = (parts: LedParts, dialect: Dialect) => {
  const { table, rules, lease, takeAlong, selection } = parts;
  const { maxDelayMs } = rules;
  const statements = statementsOf(parts, dialect);

  /** The values of every statement that looks for chores. */
  const timesOf = (now: number, graceMs: number) => {
    const past = now - graceMs;
    return [now, past - maxDelayMs, past, now - KEY_WINDOW_MS, past - MEMORY_MS] as const;
  };
  type Times = ReturnType<typeof timesOf>;

  async function find(tx: Transaction, times: Times): Promise<Chores> {
    const [chores = {}] = await tx.ask<Chores>(statements.chores, ...times);
    return chores;
  }

  async function nextDue(tx: Transaction, now: number): Promise<number | undefined> {
    const [next] = await tx.ask<{ readonly at: number | null }>(selection.nextDue, now);
    return next?.at ?? undefined;
  }

  /** Puts the lane in order before anything begins. */
  async function tidy(tx: Transaction, times: Times): Promise<Tidied> {
    const [now] = times;
    const chores = await find(tx, times);
    const change = async (isNeeded: unknown, statement: string) =>
      isNeeded ? tx.ask<Pick<Row, 'offer_id'>>(statement, ...times) : [];
    const ahead = await change(chores.is_ahead, statements.putRight);
    const expired = await change(chores.is_delayed, statements.expireDelayed);
    const ended = await change(chores.is_ended, statements.expireEnded);
    const unknown = await change(chores.is_unknown, statements.giveUpUnknown);
    const offers = new Set([...expired, ...ended, ...unknown].map(({ offer_id }) => offer_id));
    await takeAlong(tx, [...offers], now);
    const forgotten = await change(chores.is_old, statements.forget);
    // A due time that was corrected may have made its line ripe.
    const isMore = await selection.prepare(
      tx,
      { ...chores, is_ripe: chores.is_ripe || chores.is_ahead },
      now,
    );
    return {
      expired: expired.length,
      isOverdue: [expired, ended, unknown].some(({ length }) => length === PORTION),
      isUnfinished: isMore || ahead.length === PORTION || forgotten.length === FORGET_ROWS,
    };
  }

  async function start(tx: Transaction, ids: readonly string[], now: number): Promise<readonly Row[]> {
    if (!ids.length) return [];
    const begun = JSON.stringify({ ids });
    await tx.ask(statements.called, begun, now);
    const rows = await tx.ask<Row>(statements.begin, begun, now, now - KEY_WINDOW_MS);
    // The database returns them in any order.
    const places = new Map(ids.map((id, at) => [id, at]));
    return rows.toSorted((one, other) => (places.get(one.id) ?? 0) - (places.get(other.id) ?? 0));
  }

  /** Begins what may go. The next look finds the rest of what is due. */
  async function beginDue(
    tx: Transaction,
    now: number,
    room: number,
  ): Promise<{ readonly rows: readonly Row[]; readonly isOver: boolean }> {
    const rows: Row[] = [];
    for (let look = 0; look < LOOKS && rows.length < room; look++) {
      const { ids, isOver, isEnough } = await selection.select(tx, now, room - rows.length, look > 0);
      rows.push(...(await start(tx, ids, now)));
      if (isOver || isEnough) return { rows, isOver };
    }
    return { rows, isOver: rows.length === room };
  }

  /** Finds out, without a change, whether there is anything to do: undefined if there is. */
  async function glance(tx: Transaction, { now, graceMs = 0 }: BeginOptions): Promise<Begun | undefined> {
    const chores = await find(tx, timesOf(now, graceMs));
    if (Object.values(chores).some(Boolean)) return undefined;
    return { rows: [], nextAt: await nextDue(tx, now), expired: 0 };
  }

  async function begin(
    tx: Transaction,
    { now, limit, perMinute, graceMs = 0 }: BeginOptions,
  ): Promise<Begun> {
    // This process may have stood still for so long that another one has taken over.
    if (await lease.isDeposed(tx)) return { rows: [], nextAt: undefined, expired: 0 };
    const { expired, isOverdue, isUnfinished } = await tidy(tx, timesOf(now, graceMs));
    if (isOverdue) return { rows: [], nextAt: now + AGAIN_MS, expired };
    const [{ calls, oldest } = { calls: 0, oldest: null }] = await paceOf(tx, table, now);
    const room = Math.max(0, Math.min(limit, perMinute - calls));
    const { rows, isOver } = await beginDue(tx, now, room);
    const isDone = isOver && !isUnfinished;
    const next = isDone ? await nextDue(tx, now) : now + AGAIN_MS;
    // The pace is used up: the oldest call has to leave the window first.
    const nextAt =
      rows.length === room && calls + rows.length >= perMinute ? (oldest ?? now) + MINUTE_MS + 1 : next;
    return { rows: rows.map(toIntakeRow), nextAt, expired };
  }

  return { glance, begin };
};
