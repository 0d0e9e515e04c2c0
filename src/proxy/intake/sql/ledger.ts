/** The ledger: reads its cells, and counts what was accepted. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Verdict } from '../../../protocol/batch.js';
import type { Intake } from '../intake.js';
import {
  type AcceptedEvent,
  dayNumberOf,
  dayOf,
  isoDayOf,
  type LedgerCell,
  type LedgerFigures,
  NO_GROUP,
} from '../ledger.js';
import { acceptedCellIn, firstCellOf, GROUP_OF_CELL, partsOf } from './counting.js';
import type { Dialect } from './dialect.js';
import { ask, type SqlDriver, type Steps } from './driver.js';
import type { GroupFact, Groups } from './groups.js';
import { PORTION } from './rows.js';

/** A cell as its table has it. */
interface CellRow extends Omit<LedgerFigures, 'givenUp'> {
  readonly cell: number;
  readonly name: string;
  readonly given_up: number;
}

/** The ledger, and what forwarding asks of it. */
export interface SqlLedger extends Pick<Intake, 'accept' | 'ledger'> {
  /**
   * Forgets a portion of the days that are too old, in the database's clock. After the last portion it does nothing until
   * the next day.
   * @param graceMs How far this process's clock has jumped ahead.
   * @returns Whether there is more to forget.
   */
  forget(now: number, graceMs: number): Promise<boolean>;
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

/** Makes the ledger of an intake. */
export const createLedger = (
  driver: SqlDriver,
  dialect: Dialect,
  { groups, ledgerDays }: { readonly groups: Groups; readonly ledgerDays: number },
): SqlLedger => {
  const statements = statementsOf(dialect);
  let forgotOn: number | undefined;

  function* write(events: readonly AcceptedEvent[]): Steps<void> {
    const asked = JSON.stringify({ groups: groups.unlisted(events) });
    const placed = yield* groups.place(events, yield* ask<GroupFact>(groups.facts, asked));
    const rows = events.map(({ id, content, receivedAt }, at) => {
      const place = placed[at] ?? NO_GROUP;
      return { id, content, day: dayOf(receivedAt), place };
    });
    yield* ask(statements.remember, JSON.stringify(rows));
    yield* ask(statements.count, JSON.stringify(rows));
  }

  function* accept(events: readonly AcceptedEvent[]): Steps<Map<string, Verdict>> {
    const verdicts = new Map<string, Verdict>();
    const ids = JSON.stringify({ ids: events.map(({ id }) => id) });
    const rows = yield* ask<Pick<AcceptedEvent, 'id' | 'content'>>(statements.earlier, ids);
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
    if (accepted.length) yield* write(accepted);
    return verdicts;
  }

  return {
    async forget(now, graceMs) {
      const today = dayOf(now - graceMs);
      if (today === forgotOn) return false;
      const forgotten = await driver.write(function* (aheadMs = 0, jumpedMs = 0) {
        const first = dayOf(now + aheadMs - Math.max(graceMs, jumpedMs)) - ledgerDays;
        const { length } = yield* ask(statements.forgetCells, firstCellOf(first), PORTION);
        const room = PORTION - length;
        return length + (room ? yield* ask(statements.forgetAccepted, first, room) : []).length;
      });
      const isMore = forgotten === PORTION;
      if (!isMore) forgotOn = today;
      return isMore;
    },

    accept: (events) => driver.write(() => accept(events)),

    async *ledger({ since, until } = {}) {
      let day = since === undefined ? 0 : dayNumberOf(since);
      const last = until === undefined ? Infinity : dayNumberOf(until);
      for (; ; day++) {
        const from = firstCellOf(day);
        const [first] = await driver.read(() => ask<{ cell: number | null }>(statements.firstCell, from));
        if (typeof first?.cell !== 'number') return;
        ({ day } = partsOf(first.cell));
        if (day > last) return;
        const [begins, ends] = [firstCellOf(day), firstCellOf(day + 1)];
        const rows = await driver.read(() => ask<CellRow>(statements.cells, begins, ends));
        for (const portion of inOrder(rows.map(toCell))) {
          yield portion;
          await nextTurn();
        }
      }
    },
  };
};
