/** One run: its steps, healing, and what the checker says of everything that was written down. */
import type { LaunchOptions } from '@playwright/test';
import { type Checked, check } from '../../test/history/checker.js';
import type { History } from '../../test/history/row.js';
import { heal } from './healing.js';
import { act } from './nemesis.js';
import type { Plan } from './plan.js';
import { createWorld } from './world.js';

/** How a run ended. */
export interface Outcome {
  readonly plan: Plan;
  readonly history: History;
  readonly checked: Checked;
  /** Milliseconds, healing included. */
  readonly tookMs: number;
}

/** How long a busy machine may take to forward one event of a flood; they are forwarded one by one. */
const UPSTREAM_MS = 30;

/** Carries out a plan. */
export const runPlan = async (plan: Plan, launch: LaunchOptions): Promise<Outcome> => {
  const startedAt = Date.now();
  const world = await createWorld(launch, plan.flavour, plan.isNarrow);
  try {
    await world.upstream.keys(plan.keys);
    world.recorder.tell({ kind: 'mode', keys: plan.keys === 'honour' ? 'honours' : 'ignores' });
    // The pages do not set these, so they are the product's defaults.
    const [retentionMs, maxEntries] = [72 * 3_600_000, 10_000];
    const storage = plan.isNarrow ? 'narrow' : 'ample';
    world.recorder.tell({ kind: 'setting', retentionMs, maxEntries, storage, longestPauseMs: 5_000 });
    for (const step of plan.steps) await act(world, step);
    const flooded = plan.steps.reduce((sum, step) => sum + (step.act === 'flood' ? 2 * step.count : 0), 0);
    await heal(world, plan.seed % 2 === 0, flooded * UPSTREAM_MS);
    const history = await world.history();
    return { plan, history, checked: check(history), tookMs: Date.now() - startedAt };
  } finally {
    await world.close();
  }
};

/** What a run without any excuse shows: its storage was never taken away, and the upstream knows keys. */
export const strictly = ({ history, checked }: Outcome) => {
  const ids = (kind: 'created' | 'committed' | 'effect'): string[] =>
    history.flatMap((row) => (row.kind === kind && row.id !== undefined ? [row.id] : []));
  const [created, effects] = [new Set(ids('created')), ids('effect')];
  return {
    isQuiet: history.some(({ kind }) => kind === 'quiet'),
    broken: checked.broken,
    lost: [...new Set(ids('committed'))].filter((id) => !effects.includes(id)),
    repeated: effects.filter((id, at) => effects.indexOf(id) !== at),
    invented: effects.filter((id) => !created.has(id)),
    storage: history.flatMap((row) =>
      row.kind === 'fault' && row.where === 'report' && row.what.startsWith('storage') ? [row.what] : [],
    ),
  };
};

/** Expected of it. */
export const STRICT: ReturnType<typeof strictly> = {
  isQuiet: true,
  broken: [],
  lost: [],
  repeated: [],
  invented: [],
  storage: [],
};

/** A run in one line. */
export const lineOf = ({ plan, history, checked, tookMs }: Outcome): string => {
  const ids = (kind: 'created' | 'committed' | 'effect' | 'discarded'): string[] =>
    history.flatMap((row) => (row.kind === kind && row.id !== undefined ? [row.id] : []));
  const effects = ids('effect');
  const ambiguous = history.flatMap((row) =>
    row.kind === 'final-intake' ? row.rows.filter(({ isAmbiguous }) => isAmbiguous) : [],
  );
  const counts = {
    steps: plan.steps.length,
    created: ids('created').length,
    committed: new Set(ids('committed')).size,
    effects: effects.length,
    discarded: ids('discarded').length,
    extras: effects.length - new Set(effects).size,
    ambiguous: ambiguous.length,
    accepted: new Set(history.flatMap((row) => (row.kind === 'accepted' ? [row.name] : []))).size,
  };
  const told = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  // These were neither counted nor given up: they went with wiped storage or a page without storage, or were never
  // durable.
  const elsewhere = Object.entries(checked.tally)
    .filter(([where]) => where !== 'effect' && !where.startsWith('discarded'))
    .map(([where, count]) => `${count} ${where}`);
  if (elsewhere.length) told.push(`elsewhere ${elsewhere.join(' ')}`);
  for (const { id, text } of checked.invariants.I19.listed ?? []) told.push(`${id} is ${text}`);
  const verdict = checked.isKept ? 'kept' : `BROKEN ${checked.broken.join(' ')}`;
  return `seed ${plan.seed} (${plan.flavour}, keys ${plan.keys === 'honour' ? 'honoured' : 'ignored'}): ${told.join(', ')}; ${(tookMs / 1_000).toFixed(0)} s; ${verdict}`;
};
