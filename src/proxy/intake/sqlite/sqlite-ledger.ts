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
  isoDayOf,
  type LedgerCell,
  NEW_GROUPS_A_VISITOR,
  NO_GROUP,
  OTHER_GROUPS,
} from '../ledger.js';
import type { LedgerBounds } from '../rules.js';

/** A cell as the file has it. */
interface CellRow extends Omit<LedgerCell, 'day' | 'group' | 'reason' | 'givenUp'> {
  readonly day: number;
  readonly group_name: string;
  readonly reason: LedgerCell['reason'] | '';
  readonly given_up: number;
}

const toCell = ({ day, group_name: group, reason, given_up: givenUp, ...rest }: CellRow): LedgerCell => ({
  ...rest,
  day: isoDayOf(day),
  group,
  reason: reason || undefined,
  givenUp,
});

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
  const cells = prepare('SELECT * FROM ledger WHERE day = ? ORDER BY group_name, type, reason');
  const nextDay = prepare('SELECT min(day) AS day FROM ledger WHERE day > ? AND day <= ?');
  const forgetCells = prepare('DELETE FROM ledger WHERE day < ?');
  const forgetAccepted = prepare('DELETE FROM accepted WHERE day < ?');
  const accepted = prepare('SELECT content FROM accepted WHERE id = ?');
  // A name is one event's, also between what is forwarded and what is not.
  const reported = prepare('SELECT content FROM events WHERE id = ?');
  const remember = prepare('INSERT INTO accepted (id, content, day) VALUES (?, ?, ?)');
  const openCell = prepare(
    `INSERT OR IGNORE INTO ledger (day, group_name, type, reason) VALUES (?, ?, 'accepted', '')`,
  );
  const count = prepare(
    `UPDATE ledger SET taken = taken + 1, accepted = accepted + 1
     WHERE day = ? AND group_name = ? AND type = 'accepted' AND reason = ''`,
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
    if (group === undefined || group === OTHER_GROUPS || ledger.bookkeeping.groups?.has(group)) return group;
    const day = dayOf(receivedAt);
    const known = placed.get(group) as { last_day: number } | undefined;
    // One write a day is enough to know that it is in use.
    if (known && known.last_day !== day) named.run(day, group);
    if (known) return group;
    const key = visitor === undefined ? undefined : `${day} ${visitor}`;
    const before = (key !== undefined && newcomers.get(key)) || 0;
    if (before < NEW_GROUPS_A_VISITOR && hasRoom(day)) {
      place.run(group, day);
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
      forgetCells.run(today - ledgerDays);
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
            openCell.run(day, name);
            count.run(day, name);
            verdicts.set(id, { kind: 'accepted' });
          }
        })
        .immediate();
      ledger.tell();
      return verdicts;
    },

    async *ledger({ since, until } = {}) {
      let day = since === undefined ? -1 : dayNumberOf(since) - 1;
      const last = until === undefined ? Number.MAX_SAFE_INTEGER : dayNumberOf(until);
      for (;;) {
        const next = (nextDay.get(day, last) as { day: number | null }).day;
        if (next === null) return;
        day = next;
        yield (cells.all(day) as CellRow[]).map(toCell);
        await nextTurn();
      }
    },
  };
  return ledger;
};
