import { expect, test } from '@playwright/test';
import { planOf } from './chaos/plan.js';
import { runPlan } from './chaos/run.js';

/** Short runs; between them they kill the browser, a renderer and proxies at several points. */
const SEEDS = [71, 153, 155, 219];
const STEPS = 25;

test.describe('under fire the delivery promise is kept', () => {
  for (const seed of SEEDS) {
    test(`in a run of seed ${seed}`, async ({ launchOptions }) => {
      test.setTimeout(300_000);
      const { checked } = await runPlan(planOf(seed, STEPS), launchOptions);
      const told = checked.broken.flatMap((name) => checked.invariants[name].breaches);
      expect(told, [...checked.stories.values()].join('\n\n')).toEqual([]);
      // Without events there would be nothing to keep.
      for (const name of ['I1', 'I3', 'I4', 'I9'] as const)
        expect(checked.invariants[name].standing, checked.invariants[name].title).toBe('kept');
    });
  }
});
