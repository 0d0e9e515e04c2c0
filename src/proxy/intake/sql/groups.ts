/**
 * Which groups the ledger keeps apart: those that the host lists, or else the first ones that are named. Strangers may
 * name any, so all others count as one.
 */
import { MOST_GROUPS, OTHER_GROUPS } from '../ledger.js';
import type { Dialect, Transaction } from './driver.js';

interface Grouped {
  readonly group?: string | undefined;
}

/** A group that the ledger keeps apart, or how many there are. */
export type GroupFact =
  | { readonly fact: 'group'; readonly name: string }
  | { readonly fact: 'groups'; readonly many: number };

const statementsOf = ({ texts }: Dialect) => ({
  facts: `SELECT 'group' AS fact, name, 0 AS many FROM ledger_names WHERE name IN ${texts('groups')}
    UNION ALL SELECT 'groups', '', count(*) FROM ledger_names WHERE id > 1`,
  // Existing names are left out: a conflict would use up a number.
  name: `INSERT INTO ledger_names (name) SELECT value FROM ${texts('names')} AS named
    WHERE NOT EXISTS (SELECT 1 FROM ledger_names AS known WHERE known.name = named.value) ON CONFLICT DO NOTHING`,
});

export const createGroups = (dialect: Dialect) => {
  const statements = statementsOf(dialect);
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
