/** The ledger in the intake's file: what it says, who has a place in it, and what was accepted. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import { LRUCache } from 'lru-cache';
import type { Verdict } from '../../../protocol/batch.js';
import type { AdmittedEvent, Intake } from '../intake.js';
import {
  type Bookkeeping,
  CROWDED,
  dayNumberOf,
  dayOf,
  GROUP_DAYS,
  inOrder,
  isoDayOf,
  type LedgerCell,
  type LedgerFigures,
  NEW_GROUPS_A_VISITOR,
  NO_GROUP,
  OTHER_GROUPS,
} from '../ledger.js';
import type { LedgerBounds } from '../rules.js';
import { ACCEPTED_CELL, firstCellOf, partsOf } from './sqlite-counting.js';

/** A cell as the file has it. */
interface CellRow extends Omit<LedgerFigures, 'givenUp'> {
  readonly cell: number;
  readonly given_up: number;
}

/** The ledger, and what taking asks of it inside its own transaction. */
export interface SqliteLedger extends Pick<Intake, 'accept' | 'ledger'> {
  /** What was accepted under this id, whose event is never forwarded then. */
  acceptedAs(id: string): { readonly content: string } | undefined;
  /** The group that an event counts under; undefined without one. Inside a transaction. */
  placeOf(event: Pick<AdmittedEvent, 'group' | 'receivedAt' | 'visitor'>): string | undefined;
  /** Forgets the days that are over; once a day, since that is when there is one. */
  forget(now: number): void;
  /** Tells, once a day, that a group had no place. Outside of any transaction. */
  tell(): void;
  /** What the proxy has told of itself. */
  bookkeeping: Bookkeeping;
}

const VISITORS = 10_000;
/** Ids of what the host's own programs report are UUIDs of version 8. */
const [VERSION_AT, REPORTED] = [14, '8'];

/** Makes the ledger of a file. */
export const createLedger = (
  database: Database.Database,
  { maxGroups, newGroupsADay, ledgerDays }: LedgerBounds,
): SqliteLedger => {
  const prepare = (sql: string) => database.prepare(sql);
  const placed = prepare('SELECT last_day FROM ledger_groups WHERE name = ?');
  const named = prepare('UPDATE ledger_groups SET last_day = ?1 WHERE name = ?2');
  const vacate = prepare('DELETE FROM ledger_groups WHERE last_day < ?');
  const places = prepare(
    'SELECT count(*) AS all_of_them, coalesce(sum(first_day = ?), 0) AS today FROM ledger_groups',
  );
  const place = prepare('INSERT INTO ledger_groups (name, first_day, last_day) VALUES (?1, ?2, ?2)');
  // A name outlives its place: its figures stay.
  const nameIt = prepare('INSERT OR IGNORE INTO ledger_names (name) VALUES (?)');
  const nameOf = prepare('SELECT name FROM ledger_names WHERE id = ?');
  const cells = prepare('SELECT * FROM ledger WHERE cell >= ? AND cell < ?');
  const firstCell = prepare('SELECT min(cell) AS cell FROM ledger WHERE cell >= ?');
  const forgetCells = prepare('DELETE FROM ledger WHERE cell < ?');
  const forgetAccepted = prepare('DELETE FROM accepted WHERE day < ?');
  const accepted = prepare('SELECT content FROM accepted WHERE id = ?');
  // A name is one event's, also between what is forwarded and what is not.
  const reported = prepare('SELECT content FROM events WHERE id = ?');
  const remember = prepare('INSERT INTO accepted (id, content, day) VALUES (?, ?, ?)');
  const count = prepare(
    `INSERT INTO ledger (cell, taken, accepted) VALUES (${ACCEPTED_CELL}, 1, 1)
       ON CONFLICT (cell) DO UPDATE SET taken = taken + 1, accepted = accepted + 1`,
  );

  /** How many new groups each visitor has named on a day, by both. */
  const newcomers = new LRUCache<string, number>({ max: VISITORS });
  /** The day of the last group without a place, and the last one that was told of. */
  let crowdedOn: number | undefined;
  let toldOn: number | undefined;
  let forgotOn: number | undefined;
  /** The day on which no new group has a place any more, whoever names it. */
  let fullOn: number | undefined;

  /** Whether one more group has a place. A stranger may ask with every event, so that nothing is counted in vain. */
  const hasRoom = (day: number): boolean => {
    if (fullOn === day) return false;
    const count = () => places.get(day) as { all_of_them: number; today: number };
    // Only for want of room: a clock that is wrong for a moment takes no place away.
    if (count().all_of_them >= maxGroups) vacate.run(day - GROUP_DAYS);
    const { all_of_them: all, today } = count();
    if (all >= maxGroups || today >= newGroupsADay) fullOn = day;
    return fullOn !== day;
  };

  const placeOf: SqliteLedger['placeOf'] = ({ group, receivedAt, visitor }) => {
    if (group === undefined || group === OTHER_GROUPS) return group;
    if (ledger.bookkeeping.groups?.has(group)) {
      nameIt.run(group);
      return group;
    }
    const day = dayOf(receivedAt);
    const known = placed.get(group) as { last_day: number } | undefined;
    // One write a day is enough to know that it is in use.
    if (known && known.last_day !== day) named.run(day, group);
    if (known) return group;
    const key = visitor === undefined ? undefined : `${day} ${visitor}`;
    const before = (key !== undefined && newcomers.get(key)) || 0;
    if (before < NEW_GROUPS_A_VISITOR && hasRoom(day)) {
      place.run(group, day);
      nameIt.run(group);
      if (key !== undefined) newcomers.set(key, before + 1);
      return group;
    }
    crowdedOn = day;
    return OTHER_GROUPS;
  };

  const ledger: SqliteLedger = {
    placeOf,
    bookkeeping: {},

    acceptedAs: (id) =>
      id[VERSION_AT] === REPORTED ? (accepted.get(id) as { content: string } | undefined) : undefined,

    tell() {
      if (crowdedOn === undefined || crowdedOn === toldOn) return;
      toldOn = crowdedOn;
      ledger.bookkeeping.onAlert?.(CROWDED);
    },

    forget(now) {
      const today = dayOf(now);
      if (today === forgotOn) return;
      forgotOn = today;
      forgetCells.run(firstCellOf(today - ledgerDays));
      forgetAccepted.run(today - ledgerDays);
    },

    async accept(events) {
      const verdicts = new Map<string, Verdict>();
      database
        .transaction(() => {
          for (const { id, content, group, receivedAt } of events) {
            const earlier = (accepted.get(id) ?? reported.get(id)) as { content: string } | undefined;
            if (earlier) {
              const isSame = earlier.content === content;
              verdicts.set(id, isSame ? { kind: 'duplicate' } : { kind: 'refused', code: 'conflict' });
              continue;
            }
            const day = dayOf(receivedAt);
            const name = placeOf({ group, receivedAt }) ?? NO_GROUP;
            remember.run(id, content, day);
            count.run(day, name);
            verdicts.set(id, { kind: 'accepted' });
          }
        })
        .immediate();
      ledger.tell();
      return verdicts;
    },

    async *ledger({ since, until } = {}) {
      const names = new Map<number, string>();
      const groupOf = (id: number): string => {
        const name = names.get(id) ?? (nameOf.get(id) as { name: string }).name;
        names.set(id, name);
        return name;
      };
      const toCell = ({ cell, given_up: givenUp, ...rest }: CellRow): LedgerCell => {
        const { day, group, ...kind } = partsOf(cell);
        return { ...rest, ...kind, day: isoDayOf(day), group: groupOf(group), givenUp };
      };
      let day = since === undefined ? 0 : dayNumberOf(since);
      const last = until === undefined ? Infinity : dayNumberOf(until);
      for (; ; day++) {
        const { cell } = firstCell.get(firstCellOf(day)) as { cell: number | null };
        if (cell === null) return;
        ({ day } = partsOf(cell));
        if (day > last) return;
        const rows = cells.all(firstCellOf(day), firstCellOf(day + 1)) as CellRow[];
        yield inOrder(rows.map(toCell));
        await nextTurn();
      }
    },
  };
  return ledger;
};
