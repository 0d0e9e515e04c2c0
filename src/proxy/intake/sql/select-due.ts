/** Which events of a lane are begun next. */
import type { Dialect, Transaction } from './driver.js';
import { allViewsDead, createTakeAlong } from './give-up.js';
import { BLOCKED, NOBODY, openLines } from './lines.js';
import { IN_FLIGHT, type LaneTable, PORTION, type Row } from './rows.js';

/** So many events get a line in one transaction. */
const ADOPT_ROWS = 100;
/** After a look in vain, the next one takes in so many more lines. */
const LOOK_ROWS = 100;

export interface SelectionChores {
  readonly is_ripe?: unknown;
  readonly is_unlined?: unknown;
  readonly is_due?: unknown;
}

interface Selected {
  readonly ids: readonly string[];
  readonly isOver: boolean;
  /** The transaction has changed enough, so the next one looks further. */
  readonly isEnough?: boolean;
}

export interface Selection {
  /** Further columns of a statement whose first value is the time. */
  readonly chores: string;
  /** Does these chores. @returns Whether there is more to do. */
  prepare(tx: Transaction, chores: SelectionChores, now: number): Promise<boolean>;
  /**
   * The ids of events that may be begun now, the next one first.
   * @param isAgain Whether an earlier look in the same transaction was in vain.
   * @returns Also whether there are no more of these events.
   */
  select(tx: Transaction, now: number, most: number, isAgain: boolean): Promise<Selected>;
  /** A statement that finds as `at` when more is due. Its value is the time. */
  readonly nextDue: string;
}

/** Selects the events that have waited longest, for a lane without order. */
export const selectOldest = (table: LaneTable): Selection => {
  const isDue = 'settled_at IS NULL AND due_at <= ?1';
  const due = `SELECT id FROM ${table} WHERE ${isDue} ORDER BY due_at, arrival LIMIT ?2`;
  return {
    chores: `, EXISTS (SELECT 1 FROM ${table} WHERE ${isDue}) AS is_due`,
    prepare: async () => false,
    async select(tx, now, most) {
      const rows = await tx.ask<Pick<Row, 'id'>>(due, now, most);
      return { ids: rows.map(({ id }) => id), isOver: true };
    },
    nextDue: `SELECT min(due_at) AS at FROM ${table} WHERE settled_at IS NULL AND due_at > ?1 AND due_at < ${IN_FLIGHT}`,
  };
};

/** The head of a line, whose turn is next. */
interface Candidate {
  readonly line: number;
  readonly turn: number;
  /** The id of its head; null if the line is empty. */
  readonly id: string | null;
  readonly offer_id: string;
  readonly arrival: number;
  readonly due_at: number;
  /** Whether it waits for views of other visitors: 0 or 1. */
  readonly is_blocked: unknown;
  /** Whether it is a `dismissed` that was left when the offer's views were given up: 0 or 1. */
  readonly is_unseen: unknown;
}

/** A line whose head may not be begun yet. */
interface SetAside {
  readonly line: number;
  readonly due_at: number;
  readonly barrier: number | null;
}

const headOf = (type: Row['type']): string =>
  `(SELECT arrival FROM events
    WHERE line = lines.line AND type = '${type}' AND settled_at IS NULL ORDER BY arrival LIMIT 1)`;

/** In a line views go first, no matter when they came. */
const HEADS = [headOf('viewed'), headOf('dismissed')];

const statementsOf = (dialect: Dialect) => ({
  // Views first, all of them: a `dismissed` that has a line may begin, and waits only for views that have one.
  unlined: `SELECT arrival, offer_id FROM events WHERE settled_at IS NULL AND line IS NULL
    ORDER BY type DESC, arrival LIMIT ${ADOPT_ROWS}`,
  open: openLines(dialect),
  // If nobody knows the visitor of a `dismissed`, it waits for all views ahead of it.
  adopt: `UPDATE events SET is_lone = 1,
      line = (SELECT line FROM lines WHERE lines.offer_id = events.offer_id AND visitor = '${NOBODY}')
    WHERE arrival IN (SELECT arrival FROM ${dialect.given({ arrival: 'integer' })} AS given)`,
  ripen: `UPDATE lines SET due_at = 0 WHERE line IN
    (SELECT line FROM lines WHERE due_at > 0 AND due_at <= ?1 ORDER BY due_at LIMIT ${PORTION}) RETURNING 1 AS one`,
  next: `SELECT head.line, head.turn, events.id, events.offer_id, events.arrival, events.due_at,
      CASE WHEN events.is_lone = 1 AND events.type = 'dismissed' AND EXISTS (
        SELECT 1 FROM events AS ahead
        WHERE ahead.offer_id = events.offer_id AND ahead.type = 'viewed' AND ahead.settled_at IS NULL
          AND ahead.arrival < events.arrival
      ) THEN 1 ELSE 0 END AS is_blocked,
      CASE WHEN events.type = 'dismissed' AND events.state = 'waiting' AND ${allViewsDead('events', 'events.offer_id')}
        THEN 1 ELSE 0 END AS is_unseen
    FROM (
      SELECT line, turn, coalesce(${HEADS.join()}) AS arrival
      FROM lines WHERE due_at = 0 ORDER BY turn, line LIMIT ?1
    ) AS head
    LEFT JOIN events ON events.arrival = head.arrival ORDER BY head.turn, head.line`,
  turn: `UPDATE turns SET turn = ?1 WHERE one = 1 AND turn < ?1`,
  setAside: `UPDATE lines SET due_at = given.due_at, barrier = given.barrier
    FROM ${dialect.given({ line: 'integer', due_at: 'integer', barrier: 'integer' })} AS given
    WHERE lines.line = given.line`,
  drop: `DELETE FROM lines WHERE line IN (SELECT line FROM ${dialect.given({ line: 'integer' })} AS given)`,
});

/** Sorts candidates: which may be begun, which are given up, and what becomes of the other lines. */
const sorted = (candidates: readonly Candidate[], now: number, most: number) => {
  const begun: (Candidate & { readonly id: string })[] = [];
  const unseen = new Set<string>();
  const aside: SetAside[] = [];
  const empty: Pick<Candidate, 'line'>[] = [];
  for (const candidate of candidates) {
    if (begun.length >= most) break;
    const { line, id, offer_id, arrival, due_at, is_blocked, is_unseen } = candidate;
    if (id === null) empty.push({ line });
    else if (is_unseen) unseen.add(offer_id);
    else if (due_at > now) aside.push({ line, due_at, barrier: null });
    else if (is_blocked) aside.push({ line, due_at: BLOCKED, barrier: arrival });
    else begun.push({ ...candidate, id });
  }
  return { begun, unseen, aside, empty };
};

/** Selects in the order of turns. */
export const selectInTurn = (dialect: Dialect): Selection => {
  const statements = statementsOf(dialect);
  const takeAlong = createTakeAlong('events', dialect);

  /** Gives lines to events that are retried. */
  async function adopt(tx: Transaction): Promise<boolean> {
    const events = await tx.ask<Pick<Row, 'arrival' | 'offer_id'>>(statements.unlined);
    const offers = [...new Set(events.map(({ offer_id }) => offer_id))];
    const asked = offers.map((offer_id, place) => ({ offer_id, visitor: NOBODY, place }));
    await tx.ask(statements.open, JSON.stringify(asked));
    await tx.ask(statements.adopt, JSON.stringify(events));
    return events.length === ADOPT_ROWS;
  }

  return {
    chores: `,
      EXISTS (SELECT 1 FROM lines WHERE due_at > 0 AND due_at <= ?1) AS is_ripe,
      EXISTS (SELECT 1 FROM events WHERE settled_at IS NULL AND line IS NULL) AS is_unlined,
      EXISTS (SELECT 1 FROM lines WHERE due_at = 0) AS is_due`,

    async prepare(tx, { is_ripe, is_unlined }, now) {
      const ripe = is_ripe ? await tx.ask(statements.ripen, now) : [];
      const isMore = is_unlined ? await adopt(tx) : false;
      return isMore || ripe.length === PORTION;
    },

    async select(tx, now, most, isAgain) {
      const looked = isAgain ? most + LOOK_ROWS : most;
      const rows = await tx.ask<Candidate>(statements.next, looked);
      const { begun, unseen, aside, empty } = sorted(rows, now, most);
      await takeAlong(tx, [...unseen], now);
      if (aside.length) await tx.ask(statements.setAside, JSON.stringify(aside));
      if (empty.length) await tx.ask(statements.drop, JSON.stringify(empty));
      const turn = Math.max(0, ...begun.map((candidate) => candidate.turn));
      if (turn) await tx.ask(statements.turn, turn);
      // A line whose event was given up may have another one.
      const isEnough = unseen.size > 0;
      return { ids: begun.map(({ id }) => id), isOver: rows.length < looked && !isEnough, isEnough };
    },

    nextDue: `SELECT min(due_at) AS at FROM lines WHERE due_at > 0 AND due_at > ?1 AND due_at < ${BLOCKED}`,
  };
};
