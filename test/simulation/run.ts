/** Runs many schedules in a row, sums up their results, and finds the smallest one that breaks the promise. */
import fc from 'fast-check';
import { type Checked, check, explain, INVARIANT_NAMES, type InvariantName } from '../history/checker.js';
import { createChronicle } from '../history/chronicle.js';
import { type Doubles, doublesOf, tellDoubles } from '../history/doubles.js';
import type { History } from '../history/row.js';
import type { Rooms } from './rooms.js';
import { type Focus, type Schedule, schedules } from './schedule.js';
import { runSchedule } from './world.js';

/** The results of many runs together. */
export interface Totals {
  schedules: number;
  /** How many of them delivered at least half of the events that were created. */
  lively: number;
  steps: number;
  /** Virtual time, milliseconds. */
  elapsedMs: number;
  created: number;
  committed: number;
  effects: number;
  /** Effects beyond the first one of an event. */
  extras: number;
  /** What lost answers came to where keys were ignored. */
  readonly ignored: Doubles;
  /** Rows of intakes that are marked as ambiguous. */
  ambiguous: number;
  requests: number;
  /** Requests by which a page sent another endpoint the events that waited for it. */
  brought: number;
  /** Events that another endpoint than their own took, since nobody answered at their own. */
  moved: number;
  forwards: number;
  /** Acceptances that a ledger counted. */
  accepted: number;
  /** Events of ambiguous outcome that count otherwise upstream than in a ledger. */
  listed: number;
  /** How many created events ended up where. */
  readonly whereabouts: Record<string, number>;
  readonly discarded: Record<string, number>;
  readonly faults: Record<string, number>;
  readonly examined: Record<InvariantName, number>;
  readonly excused: Record<string, number>;
}

/** A schedule that breaks the promise, made as small as possible. */
export interface Broken {
  readonly schedule: Schedule;
  readonly invariants: readonly InvariantName[];
  readonly explanation: string;
  /** Together with the seed, this repeats exactly this schedule. */
  readonly path: string;
  /** The number of this schedule in its campaign, from 1. */
  readonly number: number;
}

/** What {@link simulate} gives. */
export interface Simulated {
  readonly totals: Totals;
  readonly broken: Broken | undefined;
}

/** How many schedules, and which. */
export interface Campaign {
  readonly schedules: number;
  readonly seed: number;
  readonly focus?: Focus;
  /** The path of one failure, to repeat only that one. */
  readonly path?: string;
  /** Whether a failure is made small, which takes long. @default true */
  readonly isShrunk?: boolean;
}

const add = (into: Record<string, number>, name: string, by = 1): void => {
  into[name] = (into[name] ?? 0) + by;
};

const count = (totals: Totals, history: History, checked: Checked): void => {
  totals.schedules++;
  const counted = new Set<string | undefined>();
  const { endpointOf } = createChronicle(history);
  const owners = new Map<string, string>();
  const moved = new Set<string>();
  let created = 0;
  for (const row of history) {
    if (row.kind === 'created') {
      created++;
      owners.set(row.id, row.tab);
    } else if (row.kind === 'committed') totals.committed++;
    else if (row.kind === 'requested') {
      totals.requests++;
      if (row.endpoint !== endpointOf(row.tab)) totals.brought++;
    } else if (row.kind === 'taken') {
      const own = endpointOf(owners.get(row.id));
      if (own !== undefined && own !== endpointOf(row.proxy)) moved.add(row.id);
    } else if (row.kind === 'forwarded') totals.forwards++;
    else if (row.kind === 'accepted') {
      if (row.verdict.kind === 'accepted') totals.accepted++;
    } else if (row.kind === 'discarded') add(totals.discarded, row.reason);
    else if (row.kind === 'fault') add(totals.faults, `${row.where}: ${row.what}`);
    else if (row.kind === 'killed') add(totals.faults, `killed: ${row.what}`);
    else if (row.kind === 'wiped' || row.kind === 'clock') add(totals.faults, row.kind);
    else if (row.kind === 'effect') {
      if (counted.has(row.id)) totals.extras++;
      else totals.effects++;
      counted.add(row.id);
    } else if (row.kind === 'final-intake')
      totals.ambiguous += row.rows.filter(({ isAmbiguous }) => isAmbiguous).length;
  }
  totals.created += created;
  totals.moved += moved.size;
  const { lostAnswers, doubles } = doublesOf(history);
  totals.ignored.lostAnswers += lostAnswers;
  totals.ignored.doubles += doubles;
  if (created > 0 && counted.size * 2 >= created) totals.lively++;
  for (const [where, events] of Object.entries(checked.tally)) add(totals.whereabouts, where, events);
  for (const name of INVARIANT_NAMES) {
    totals.examined[name] += checked.invariants[name].examined;
    totals.listed += checked.invariants[name].listed?.length ?? 0;
    for (const [why, times] of Object.entries(checked.invariants[name].excused ?? {}))
      add(totals.excused, `${name} ${why}`, times);
  }
};

const noTotals = (): Totals => ({
  schedules: 0,
  lively: 0,
  steps: 0,
  elapsedMs: 0,
  created: 0,
  committed: 0,
  effects: 0,
  extras: 0,
  ignored: { lostAnswers: 0, doubles: 0 },
  ambiguous: 0,
  requests: 0,
  brought: 0,
  moved: 0,
  forwards: 0,
  accepted: 0,
  listed: 0,
  whereabouts: {},
  discarded: {},
  faults: {},
  examined: Object.fromEntries(INVARIANT_NAMES.map((name) => [name, 0])) as Record<InvariantName, number>,
  excused: {},
});

/** A closed database keeps its files open until its statements are collected, and a process may have only so many. */
const RUNS_PER_COLLECTION = 50;

/** Runs one schedule and judges it. */
export const judge = async (rooms: Rooms, schedule: Schedule): Promise<Checked> =>
  check((await runSchedule(rooms, schedule)).history);

/**
 * Runs schedules until one breaks the promise, and makes that one small.
 * @throws {Error} If a schedule did not end, such as by an exception.
 */
export const simulate = async (rooms: Rooms, campaign: Campaign): Promise<Simulated> => {
  const totals = noTotals();
  /** The broken schedule that was seen last: in the end, the smallest one. */
  let found: Checked | undefined;
  let runs = 0;
  const property = fc.asyncProperty(schedules(campaign.focus), async (schedule) => {
    // What is being made small has been judged; that a smaller one throws is another matter.
    const run = await runSchedule(rooms, schedule).catch((cause: unknown) => {
      if (!found) throw cause;
    });
    if (!run) return true;
    const { history, steps, elapsed } = run;
    const checked = check(history);
    if (++runs % RUNS_PER_COLLECTION === 0) globalThis.gc?.();
    if (!found) {
      count(totals, history, checked);
      totals.steps += steps;
      totals.elapsedMs += elapsed;
    }
    if (!checked.isKept) found = checked;
    return checked.isKept;
  });
  const { path, isShrunk = true } = campaign;
  const details = await fc.check(property, {
    seed: campaign.seed,
    numRuns: path === undefined ? campaign.schedules : 1,
    ...(path !== undefined && { path }),
    endOnFailure: !isShrunk,
  });
  const [schedule] = details.counterexample ?? [];
  // A run that ended by itself has not been judged.
  if (details.failed && !found)
    throw new Error(
      `A schedule did not end: --seed ${campaign.seed} --path ${details.counterexamplePath}\n${JSON.stringify(schedule)}`,
      { cause: details.errorInstance },
    );
  if (!schedule || !found) return { totals, broken: undefined };
  return {
    totals,
    broken: {
      schedule,
      invariants: found.broken,
      explanation: explain(found),
      path: details.counterexamplePath ?? '',
      number: totals.schedules,
    },
  };
};

/** The results of many runs as text for a person. */
export const tell = (totals: Totals): string => {
  const list = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([name, times]) => `${name} ${times}`)
      .join(', ') || 'none';
  const {
    schedules: runs,
    lively,
    steps,
    elapsedMs,
    created,
    committed,
    effects,
    extras,
    ambiguous,
    requests,
    brought,
    moved,
    forwards,
    accepted,
    listed,
  } = totals;
  return [
    `${runs} schedules, ${steps} steps, ${(elapsedMs / 3_600_000).toFixed(0)} h of virtual time`,
    `events: ${created} created, ${committed} committed, ${effects} effects`,
    `extra effects: ${extras} (keys not honoured), rows marked ambiguous: ${ambiguous}`,
    tellDoubles(totals.ignored),
    `at least half delivered: ${lively} schedules`,
    `requests: ${requests} (${brought} to another endpoint, which ${moved} events could not reach), forwards: ${forwards}`,
    `acceptances: ${accepted}; ambiguous events that the ledger has otherwise than the upstream: ${listed}`,
    `where events ended: ${list(totals.whereabouts)}`,
    `discarded: ${list(totals.discarded)}`,
    `examined: ${list(totals.examined)}`,
    `excused: ${list(totals.excused)}`,
    `faults: ${list(totals.faults)}`,
  ].join('\n');
};
