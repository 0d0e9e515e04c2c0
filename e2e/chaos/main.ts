/**
 * Runs under fire until the time is over: `npm run chaos -- --minutes 10 --seed 1`.
 *
 * - `--minutes N`: for how long; one run by default.
 * - `--seed S`: the first seed, random by default. Each further run takes the next number.
 * - `--steps N`: how many steps a run has; 60 to 120 by default.
 * - `--kind busy`: pages that run long tasks instead of any faults.
 * - `--kind flood --events N`: ten thousand events or so many, while the browser dies twice and a proxy once.
 * - `--keep`: keeps the history of every run.
 *
 * The history of a broken run is in test-results/chaos. It needs `npm run build`.
 */
import { mkdir } from 'node:fs/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { ARGS, ensureBrowser, HELP } from '../../scripts/ensure-browser.mjs';
import bundleModule from '../fixtures/bundle-module.js';
import { busyPlanOf, floodPlanOf, type Plan, planOf } from './plan.js';
import { FOLDER, keepHistory } from './recorder.js';
import { lineOf, type Outcome, runPlan, STRICT, strictly } from './run.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const { values } = parseArgs({
  options: {
    minutes: text,
    seed: text,
    steps: text,
    keep: flag,
    kind: text,
    events: text,
  },
});

await mkdir(FOLDER, { recursive: true });
await bundleModule();
const browser = await ensureBrowser({ install: false, isWhole: true });
if (!browser) throw new Error(HELP);
const launch = { ...browser, args: [...ARGS] };

const MOST_STORIES = 3;
const tellBroken = async ({ plan, history, checked }: Outcome): Promise<void> => {
  for (const name of checked.broken) {
    const { title, breaches } = checked.invariants[name];
    console.log(`  ${name} ${title}: ${breaches.length}`);
    for (const { id, text: said } of breaches.slice(0, MOST_STORIES)) console.log(`    ${id ?? ''} ${said}`);
  }
  for (const story of [...checked.stories.values()].slice(0, MOST_STORIES)) console.log(`\n${story}`);
  const file = await keepHistory(plan.seed, history);
  console.log(
    `  ${file}; again: npm run chaos -- --seed ${plan.seed}${values.steps ? ` --steps ${values.steps}` : ''}`,
  );
};

const first = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
const length = values.steps === undefined ? undefined : Number(values.steps);
const KINDS: Readonly<Record<string, (seed: number) => Plan>> = {
  any: (seed) => planOf(seed, length),
  busy: busyPlanOf,
  flood: (seed) => floodPlanOf(seed, Number(values.events ?? 10_000)),
};
const makePlan = KINDS[values.kind ?? 'any'];
if (!makePlan) throw new Error(`--kind is ${values.kind}; it must be any, busy or flood.`);
const isStrict = values.kind === 'busy' || values.kind === 'flood';

const endsAt = Date.now() + Number(values.minutes ?? 0) * 60_000;
let runs = 0;
let broken = 0;
let created = 0;
do {
  const outcome = await runPlan(makePlan(first + runs), launch);
  runs++;
  created += outcome.history.filter(({ kind }) => kind === 'created').length;
  console.log(lineOf(outcome));
  if (values.keep) await keepHistory(outcome.plan.seed, outcome.history);
  const strict = strictly(outcome);
  const isKept = isStrict ? isDeepStrictEqual(strict, STRICT) : outcome.checked.isKept;
  if (isKept) continue;
  if (isStrict) console.log(strict);
  broken++;
  await tellBroken(outcome);
} while (Date.now() < endsAt);
console.log(`${runs} runs, ${created} events, ${broken} runs broken`);
process.exitCode = broken ? 1 : 0;
