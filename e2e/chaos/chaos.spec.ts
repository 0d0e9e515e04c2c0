import { test } from '@playwright/test';
import { expect } from '../fixtures/patience.js';
import { busyPlanOf, floodPlanOf, type Plan, planOf } from './plan.js';
import { runPlan, STRICT, strictly } from './run.js';

/** How long a run may last, milliseconds: it has a browser and two proxies of its own. */
const WORLD_MS = 300_000;

/** Seeds of short runs. Together they kill the browser, a renderer and proxies at several points. */
const SEEDS = [71, 153, 155, 219];
const STEPS = 25;

for (const seed of SEEDS) {
  test(`nothing breaks the delivery promise in the run of seed ${seed}`, async ({ launchOptions }) => {
    test.setTimeout(WORLD_MS);
    const { checked } = await runPlan(planOf(seed, STEPS), launchOptions);
    const told = checked.broken.flatMap((name) => checked.invariants[name].breaches);
    expect(told, [...checked.stories.values()].join('\n\n')).toEqual([]);
    // Without events the run would show nothing.
    for (const name of ['I1', 'I3', 'I4', 'I9'] as const)
      expect(checked.invariants[name].standing, checked.invariants[name].title).toBe('kept');
  });
}

/** A seed whose second page is busy while its endpoint fails, and whose browser is killed then. */
const BUSY_SEED = 1;
const FLOOD_EVENTS = 400;

const STRICT_PLANS: readonly (readonly [what: string, plan: Plan])[] = [
  ['pages that run long tasks, and reports no storage error', busyPlanOf(BUSY_SEED)],
  [
    'many events of six tabs, which outlive two deaths of the browser and one of a proxy',
    floodPlanOf(2, FLOOD_EVENTS),
  ],
];
for (const [what, plan] of STRICT_PLANS)
  test(`each durable event counts once, of ${what}`, async ({ launchOptions }) => {
    test.setTimeout(WORLD_MS);
    const outcome = await runPlan(plan, launchOptions);
    expect(strictly(outcome), [...outcome.checked.stories.values()].join('\n\n')).toEqual(STRICT);
    // Without durable events the run would show nothing.
    expect(outcome.history.filter(({ kind }) => kind === 'committed').length).toBeGreaterThan(20);
  });
