/** The ledger: keeps groups apart, reads its cells, and counts what was accepted. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Verdict } from '../../../protocol/batch.js';
import { REASONS } from '../../../protocol/reasons.js';
import {
  type AcceptedEvent,
  DAY_MS,
  dayNumberOf,
  dayOf,
  GIVEN_UP_CODES,
  isoDayOf,
  type LedgerCell,
  type LedgerFigures,
  type LedgerFilter,
  MOST_GROUPS,
  NO_GROUP,
  OTHER_GROUPS,
  PURGED,
} from '../ledger.js';
import type { Dialect, SqlDriver, Transaction } from './driver.js';
import { PORTION } from './rows.js';

/**
 * What a cell's events are, by the last four bits of its number. Add new ones at the end: stored numbers stay as they
 * are.
 */
const KINDS: readonly Pick<LedgerCell, 'type' | 'reason'>[] = [
  { type: 'viewed', reason: undefined },
  { type: 'dismissed', reason: undefined },
  { type: 'accepted', reason: undefined },
  ...REASONS.map((reason) => ({ type: 'dismissed', reason }) as const),
];
const GROUP_STEP = 16;
/** Room for a million groups. */
const DAY_STEP = GROUP_STEP * 2 ** 20;

/** The first number of a day's cells. */
const firstCellOf = (day: number): number => day * DAY_STEP;

/** Splits a cell's number into its parts. */
const partsOf = (cell: number) => ({
  day: Math.floor(cell / DAY_STEP),
  group: Math.floor((cell % DAY_STEP) / GROUP_STEP),
  ...(KINDS[cell % GROUP_STEP] ?? { type: 'dismissed' as const, reason: undefined }),
});

/** The number of a cell's group, in SQL. */
const GROUP_OF_CELL = `cell % ${DAY_STEP} / ${GROUP_STEP}`;

/** The number of a cell, in SQL. */
const cellIn = (day: string, group: string, kind: string): string =>
  `(${day} * ${DAY_STEP} + coalesce((SELECT id FROM ledger_names WHERE name = ${group}), 0) * ${GROUP_STEP} + ${kind})`;

/** The number of the cell of what was accepted on a day in a group. */
const acceptedCellIn = (day: string, group: string): string =>
  cellIn(day, group, `${KINDS.findIndex(({ type }) => type === 'accepted')}`);

const kindIn = (row: string): string => {
  const reasons = KINDS.flatMap(({ reason }, at) => (reason ? [`WHEN '${reason}' THEN ${at}`] : []));
  return `CASE ${row}type WHEN 'viewed' THEN 0 ELSE CASE ${row}reason ${reasons.join(' ')} ELSE 1 END END`;
};

const cellOf = (row: string): string =>
  cellIn(`(${row}received_at / ${DAY_MS})`, `${row}group_name`, kindIn(row));

const textOf = (values: readonly string[]): string => values.map((value) => `'${value}'`).join();

/** Which outcome one row's event has: 0 or 1 for each. */
const outcomesOf = (row: string) => {
  const count = (condition: string): string => `CASE WHEN ${row}state = ${condition} THEN 1 ELSE 0 END`;
  return {
    delivered: count(`'done'`),
    refused: count(`'dead' AND ${row}code NOT IN (${textOf([...GIVEN_UP_CODES, PURGED])})`),
    given_up: count(`'dead' AND ${row}code IN (${textOf(GIVEN_UP_CODES)})`),
    purged: count(`'dead' AND ${row}code = '${PURGED}'`),
  };
};

const [NEW, OLD] = [outcomesOf('NEW.'), outcomesOf('OLD.')];
const COLUMNS = Object.keys(NEW) as (keyof typeof NEW)[];

export const ledgerOf = ({ arrival, integer, keyed, refuse, trigger }: Dialect): string => `
  CREATE TABLE ledger_names (id ${arrival}, name TEXT NOT NULL UNIQUE);
  INSERT INTO ledger_names (id, name) VALUES (0, '${NO_GROUP}'), (1, '${OTHER_GROUPS}');
  CREATE TABLE accepted (id TEXT PRIMARY KEY, content TEXT NOT NULL, day ${integer} NOT NULL) ${keyed};
  CREATE INDEX accepted_day ON accepted (day);
  -- A day has fewer than two thousand million events, so four bytes are enough where SQL gives a column a width.
  CREATE TABLE ledger (
    cell ${integer} PRIMARY KEY,
    taken INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    purged INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0
  );
  ${trigger({
    name: 'events_counted',
    table: 'events',
    after: 'INSERT',
    body: `${refuse('only viewed and dismissed are ever forwarded', `NEW.type NOT IN ('viewed', 'dismissed')`)};
    INSERT INTO ledger (cell, taken) VALUES (${cellOf('NEW.')}, 1)
      ON CONFLICT (cell) DO UPDATE SET taken = ledger.taken + 1`,
  })}
  ${trigger({
    name: 'events_came_out',
    table: 'events',
    after: 'UPDATE OF settled_at, code',
    when: 'OLD.settled_at IS DISTINCT FROM NEW.settled_at OR OLD.code IS DISTINCT FROM NEW.code',
    body: `UPDATE ledger SET
      ${COLUMNS.map((name) => `${name} = ${name} + ${NEW[name]} - ${OLD[name]}`).join(',\n      ')}
    WHERE cell = ${cellOf('NEW.')}`,
  })}
`;

interface Grouped {
  readonly group?: string | undefined;
}

/** A group that the ledger keeps apart, or how many there are. */
export type GroupFact =
  | { readonly fact: 'group'; readonly name: string }
  | { readonly fact: 'groups'; readonly many: number };

const namingOf = ({ texts }: Dialect) => ({
  facts: `SELECT 'group' AS fact, name, 0 AS many FROM ledger_names WHERE name IN ${texts('groups')}
    UNION ALL SELECT 'groups', '', count(*) FROM ledger_names WHERE id > 1`,
  // Existing names are left out: a conflict would use up a number.
  name: `INSERT INTO ledger_names (name) SELECT value FROM ${texts('names')} AS named
    WHERE NOT EXISTS (SELECT 1 FROM ledger_names AS known WHERE known.name = named.value) ON CONFLICT DO NOTHING`,
});

/**
 * Which groups the ledger keeps apart: those that the host lists, or else the first ones that are named. Strangers may
 * name any, so all others count as one.
 */
export const createGroups = (dialect: Dialect) => {
  const statements = namingOf(dialect);
  let listed: ReadonlySet<string> | undefined;

  return {
    /** Finds what {@link place} has to know, given the groups that are {@link unlisted}. */
    facts: statements.facts,

    list(groups: ReadonlySet<string> | undefined): void {
      listed = groups;
    },

    unlisted(events: readonly Grouped[]): readonly string[] {
      const names = new Set<string>();
      for (const { group } of events)
        if (group !== undefined && group !== OTHER_GROUPS && !listed?.has(group)) names.add(group);
      return [...names];
    },

    /** Gives the groups that events count under, in order; undefined for those without one. */
    async place(
      tx: Transaction,
      events: readonly Grouped[],
      facts: readonly GroupFact[],
    ): Promise<readonly (string | undefined)[]> {
      const kept = new Set(listed);
      let free = MOST_GROUPS;
      for (const fact of facts)
        if (fact.fact === 'group') kept.add(fact.name);
        else free -= fact.many;
      const names = new Set<string>();
      const placed = events.map(({ group }) => {
        if (group === undefined || group === OTHER_GROUPS) return group;
        if (!kept.has(group)) {
          if (free <= 0) return OTHER_GROUPS;
          free--;
          kept.add(group);
          names.add(group);
        } else if (listed?.has(group)) names.add(group);
        return group;
      });
      if (names.size) await tx.ask(statements.name, JSON.stringify({ names: [...names] }));
      return placed;
    },
  };
};

export type Groups = ReturnType<typeof createGroups>;

/** A cell as its table has it. */
interface CellRow extends Omit<LedgerFigures, 'givenUp'> {
  readonly cell: number;
  readonly name: string;
  readonly given_up: number;
}

const statementsOf = ({ given, texts }: Dialect) => ({
  // A name belongs to one event, no matter whether that is forwarded or only counted.
  earlier: `SELECT id, content FROM events WHERE id IN ${texts('ids')}
    UNION ALL SELECT id, content FROM accepted WHERE id IN ${texts('ids')}`,
  remember: `INSERT INTO accepted (id, content, day)
    SELECT id, content, day FROM ${given({ id: 'text', content: 'text', day: 'integer' })} AS new`,
  count: `INSERT INTO ledger (cell, taken, accepted)
    SELECT ${acceptedCellIn('day', 'place')}, count(*), count(*)
    FROM ${given({ day: 'integer', place: 'text' })} AS new WHERE true GROUP BY 1
    ON CONFLICT (cell) DO UPDATE SET
      taken = ledger.taken + excluded.taken, accepted = ledger.accepted + excluded.accepted`,
  forgetCells: `DELETE FROM ledger WHERE cell IN
    (SELECT cell FROM ledger WHERE cell < ?1 ORDER BY cell LIMIT ?2) RETURNING 1 AS one`,
  forgetAccepted: `DELETE FROM accepted WHERE id IN
    (SELECT id FROM accepted WHERE day < ?1 ORDER BY day LIMIT ?2) RETURNING 1 AS one`,
  firstCell: 'SELECT min(cell) AS cell FROM ledger WHERE cell >= ?1',
  cells: `SELECT ledger.*, ledger_names.name FROM ledger
    JOIN ledger_names ON ledger_names.id = ${GROUP_OF_CELL}
    WHERE cell >= ?1 AND cell < ?2`,
});

const toCell = ({ cell, name, given_up: givenUp, ...figures }: CellRow): LedgerCell => {
  const { day, group: _, ...kind } = partsOf(cell);
  return { ...figures, ...kind, day: isoDayOf(day), group: name, givenUp };
};

const orderOf = ({ group, type, reason }: LedgerCell): string => `${group}\0${type}\0${reason ?? ''}`;

/** Puts a day's cells in order, by group, type and reason, and gives them in portions: a day may have thousands. */
function* inOrder(cells: readonly LedgerCell[]): Generator<readonly LedgerCell[], void> {
  const ordered = cells
    .map((cell) => ({ cell, order: orderOf(cell) }))
    .sort((one, other) => (one.order < other.order ? -1 : 1))
    .map(({ cell }) => cell);
  for (let at = 0; at < ordered.length; at += PORTION) yield ordered.slice(at, at + PORTION);
}

export const createLedger = (
  driver: SqlDriver,
  dialect: Dialect,
  { groups, ledgerDays }: { readonly groups: Groups; readonly ledgerDays: number },
) => {
  const statements = statementsOf(dialect);
  let forgotOn: number | undefined;

  async function write(tx: Transaction, events: readonly AcceptedEvent[]): Promise<void> {
    const asked = JSON.stringify({ groups: groups.unlisted(events) });
    const placed = await groups.place(tx, events, await tx.ask<GroupFact>(groups.facts, asked));
    const rows = events.map(({ id, content, receivedAt }, at) => {
      const place = placed[at] ?? NO_GROUP;
      return { id, content, day: dayOf(receivedAt), place };
    });
    await tx.ask(statements.remember, JSON.stringify(rows));
    await tx.ask(statements.count, JSON.stringify(rows));
  }

  async function accept(tx: Transaction, events: readonly AcceptedEvent[]): Promise<Map<string, Verdict>> {
    const verdicts = new Map<string, Verdict>();
    const ids = JSON.stringify({ ids: events.map(({ id }) => id) });
    const rows = await tx.ask<Pick<AcceptedEvent, 'id' | 'content'>>(statements.earlier, ids);
    const earlier = new Map(rows.map(({ id, content }) => [id, content]));
    const accepted: AcceptedEvent[] = [];
    for (const event of events) {
      const { id, content } = event;
      const known = earlier.get(id);
      if (known === undefined) {
        accepted.push(event);
        earlier.set(id, content);
        verdicts.set(id, { kind: 'accepted' });
      } else
        verdicts.set(id, known === content ? { kind: 'duplicate' } : { kind: 'refused', code: 'conflict' });
    }
    if (accepted.length) await write(tx, accepted);
    return verdicts;
  }

  return {
    /**
     * Forgets a portion of the days that are too old, in the database's clock. After the last portion it does nothing until
     * the next day.
     * @param graceMs The jump ahead of this process's clock.
     * @returns Whether there is more to forget.
     */
    async forget(now: number, graceMs: number): Promise<boolean> {
      const today = dayOf(now - graceMs);
      if (today === forgotOn) return false;
      const forgotten = await driver.write(async (tx) => {
        const first = dayOf(now + tx.aheadMs - Math.max(graceMs, tx.jumpedMs)) - ledgerDays;
        const { length } = await tx.ask(statements.forgetCells, firstCellOf(first), PORTION);
        const room = PORTION - length;
        return length + (room ? await tx.ask(statements.forgetAccepted, first, room) : []).length;
      });
      const isMore = forgotten === PORTION;
      if (!isMore) forgotOn = today;
      return isMore;
    },

    accept: (events: readonly AcceptedEvent[]) => driver.write((tx) => accept(tx, events)),

    async *ledger({ since, until }: LedgerFilter = {}): AsyncIterable<readonly LedgerCell[]> {
      let day = since === undefined ? 0 : dayNumberOf(since);
      const last = until === undefined ? Infinity : dayNumberOf(until);
      for (; ; day++) {
        const from = firstCellOf(day);
        const [first] = await driver.read((tx) =>
          tx.ask<{ cell: number | null }>(statements.firstCell, from),
        );
        if (typeof first?.cell !== 'number') return;
        ({ day } = partsOf(first.cell));
        if (day > last) return;
        const [begins, ends] = [firstCellOf(day), firstCellOf(day + 1)];
        const rows = await driver.read((tx) => tx.ask<CellRow>(statements.cells, begins, ends));
        for (const portion of inOrder(rows.map(toCell))) {
          yield portion;
          await nextTurn();
        }
      }
    },
  };
};
