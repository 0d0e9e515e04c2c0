/** The places that groups have in the ledger. Groups are named by strangers, so there are only so many. */
import { createRecent } from '../../recent.js';
import type { AdmittedEvent } from '../admitted.js';
import {
  type Bookkeeping,
  CROWDED,
  dayOf,
  GROUP_DAYS,
  NEW_GROUPS_A_VISITOR,
  OTHER_GROUPS,
} from '../ledger.js';
import type { LedgerBounds } from '../rules.js';
import type { Dialect } from './dialect.js';
import { ask, type Steps } from './steps.js';

/** What a group's place depends on. */
export type Placed = Pick<AdmittedEvent, 'group' | 'isGroupSigned' | 'receivedAt' | 'visitor'>;

/**
 * What {@link Places.facts} finds: a group that has a place, with the day of its last use, or how many were new on a
 * day.
 */
export interface PlaceFact {
  readonly fact: 'group' | 'newcomers';
  /** The group. */
  readonly name: string;
  readonly day: number;
  readonly many: number;
}

/** Places as transactions ask for them. */
export interface Places {
  /**
   * The part of a statement that finds what {@link Places.place} has to know, with the columns of a {@link PlaceFact}.
   */
  readonly facts: string;
  /** What that part needs, besides what the rest of the statement needs. */
  asked(events: readonly Placed[]): {
    readonly groups: readonly string[];
    readonly hopeful: readonly string[];
  };
  /** The groups that events count under, in order; undefined for those without one. */
  place(events: readonly Placed[], facts: readonly PlaceFact[]): Steps<readonly (string | undefined)[]>;
  /** Remembers what the transaction has placed, and alerts if a group had no place. Call it once that is written. */
  written(): void;
  /** What the proxy has given to the ledger. */
  bookkeeping: Bookkeeping;
}

const VISITORS = 10_000;

const statementsOf = ({ given, texts }: Dialect) => ({
  // Places are counted only if a group is new and may have one: a stranger may name a new group with every event.
  facts: `SELECT 'group' AS fact, name, last_day AS day, 1 AS many FROM ledger_groups WHERE name IN ${texts('groups')}
    UNION ALL
    SELECT 'newcomers', '', first_day, count(*) FROM ledger_groups WHERE EXISTS (
      SELECT 1 FROM ${texts('hopeful')} AS asked
      WHERE NOT EXISTS (SELECT 1 FROM ledger_groups AS known WHERE known.name = asked.value))
    GROUP BY first_day`,
  vacate: `DELETE FROM ledger_groups WHERE last_day < ?2 AND name NOT IN ${texts('groups')} RETURNING 1 AS one`,
  // One write a day is enough to know that a group is in use.
  write: `INSERT INTO ledger_groups (name, first_day, last_day)
    SELECT name, day, day FROM ${given({ name: 'text', day: 'integer' })} AS named WHERE true
    ON CONFLICT (name) DO UPDATE SET last_day = excluded.last_day`,
  // A name outlives its place, since its figures stay. Existing names are left out: a conflict would use up a number.
  name: `INSERT INTO ledger_names (name) SELECT value FROM ${texts('names')} AS named
    WHERE NOT EXISTS (SELECT 1 FROM ledger_names AS known WHERE known.name = named.value) ON CONFLICT DO NOTHING`,
});

/** The counts of places inside one transaction. */
const createRoom = (facts: readonly PlaceFact[]) => {
  const newcomers = new Map<number, number>();
  for (const { fact, day, many } of facts) if (fact === 'newcomers') newcomers.set(day, many);
  let all = [...newcomers.values()].reduce((sum, many) => sum + many, 0);
  return {
    all: (): number => all,
    on: (day: number): number => newcomers.get(day) ?? 0,
    add(day: number): void {
      all++;
      newcomers.set(day, (newcomers.get(day) ?? 0) + 1);
    },
    vacate(many: number): void {
      all -= many;
    },
  };
};

/** What is known only once a transaction is written. */
interface Draft {
  readonly newcomers: Map<string, number>;
  fullOn: number | undefined;
  isCrowded: boolean;
}

/** Makes the places of a ledger. */
export const createPlaces = (
  dialect: Dialect,
  { maxGroups, newGroupsADay }: Pick<LedgerBounds, 'maxGroups' | 'newGroupsADay'>,
): Places => {
  const statements = statementsOf(dialect);
  /** How many new groups each visitor has named on a day, by day and visitor. */
  const newcomers = createRecent<number>(VISITORS);
  /** The day on which no new group gets a place any more, no matter who names it. */
  let fullOn: number | undefined;
  /** What the transaction under way adds to that, and only if it is written. */
  let draft: Draft = { newcomers: new Map(), fullOn, isCrowded: false };

  const isListed = (group: string): boolean => places.bookkeeping.groups?.has(group) ?? false;
  const needsPlace = ({ group }: Placed): boolean =>
    group !== undefined && group !== OTHER_GROUPS && !isListed(group);

  /** Whether one more group has a place. */
  function* hasRoom(
    day: number,
    room: ReturnType<typeof createRoom>,
    groups: readonly string[],
  ): Steps<boolean> {
    if (draft.fullOn === day) return false;
    // Only if room is needed, so that a clock that is wrong for a moment does not take a place away.
    if (room.all() >= maxGroups) {
      const vacated = yield* ask(statements.vacate, JSON.stringify({ groups }), day - GROUP_DAYS);
      room.vacate(vacated.length);
    }
    if (room.all() >= maxGroups || room.on(day) >= newGroupsADay) draft.fullOn = day;
    return draft.fullOn !== day;
  }

  /** Whose share a new group takes from; empty for nobody's. */
  const newcomerOf = ({ isGroupSigned, visitor, receivedAt }: Placed): string =>
    isGroupSigned || visitor === undefined ? '' : `${dayOf(receivedAt)} ${visitor}`;

  /** Whether a visitor may name one more new group today. */
  const isModest = (event: Placed): boolean => {
    const key = newcomerOf(event);
    return (draft.newcomers.get(key) ?? newcomers.get(key) ?? 0) < NEW_GROUPS_A_VISITOR;
  };

  const countNewcomer = (event: Placed): void => {
    const key = newcomerOf(event);
    if (key) draft.newcomers.set(key, (draft.newcomers.get(key) ?? newcomers.get(key) ?? 0) + 1);
  };

  function* place(
    events: readonly Placed[],
    facts: readonly PlaceFact[],
  ): Steps<readonly (string | undefined)[]> {
    const known = new Map<string, number>();
    for (const { fact, name, day } of facts) if (fact === 'group') known.set(name, day);
    const room = createRoom(facts);
    const { groups } = places.asked(events);
    const used = new Map<string, number>();
    const names = new Set<string>();
    const placed: (string | undefined)[] = [];
    for (const event of events) {
      const { group } = event;
      const day = dayOf(event.receivedAt);
      if (group === undefined || !needsPlace(event)) {
        if (group !== undefined && group !== OTHER_GROUPS) names.add(group);
        placed.push(group);
      } else if (known.has(group) || (isModest(event) && (yield* hasRoom(day, room, groups)))) {
        if (!known.has(group)) {
          room.add(day);
          countNewcomer(event);
          names.add(group);
        }
        if (known.get(group) !== day) used.set(group, day);
        known.set(group, day);
        placed.push(group);
      } else {
        draft.isCrowded = true;
        placed.push(OTHER_GROUPS);
      }
    }
    const uses = [...used].map(([name, day]) => ({ name, day }));
    if (uses.length) yield* ask(statements.write, JSON.stringify(uses));
    if (names.size) yield* ask(statements.name, JSON.stringify({ names: [...names] }));
    return placed;
  }

  const places: Places = {
    facts: statements.facts,
    place,
    bookkeeping: {},

    asked(events) {
      // A transaction begins with this. What one has placed that was not written is forgotten.
      draft = { newcomers: new Map(), fullOn, isCrowded: false };
      const asking = events.filter(needsPlace);
      const groups = [...new Set(asking.map(({ group }) => group ?? ''))];
      const isHopeful = asking.some(({ receivedAt }) => dayOf(receivedAt) !== fullOn);
      return { groups, hopeful: isHopeful ? groups : [] };
    },

    written() {
      for (const [key, many] of draft.newcomers) newcomers.set(key, many);
      ({ fullOn } = draft);
      const { isCrowded } = draft;
      draft = { newcomers: new Map(), fullOn, isCrowded: false };
      if (isCrowded) places.bookkeeping.onAlert?.(CROWDED);
    },
  };
  return places;
};
