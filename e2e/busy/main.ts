/**
 * Finds out whether busy pages lose events: `npm run busy -- --events 1000 --throttle both --seed 1`.
 *
 * - `--events N`: opens no more pages once so many events were reported as durable; 1,000 by default.
 * - `--throttle T`: the processor at full speed (`1`), six times slower (`6`), or each for half of the pages (`both`).
 * - `--seed S`: which pages it opens; random by default.
 * - `--script FILE`: another build of dist/offersight.js.
 *
 * Nothing keeps these pages from their storage. So the run fails if an event that was reported as durable is lost, or
 * if an event is counted twice. It also fails if a page reports that it cannot store, or if too few events are reported
 * as durable. It needs `npm run build`.
 */
import { parseArgs } from 'node:util';
import { ARGS, ensureBrowser, HELP } from '../../scripts/ensure-browser.mjs';
import { figuresOf, isKept, storyOf } from './count.js';
import { cellsOf, type Throttle } from './plan.js';
import { runBusy } from './run.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    events: { ...text, default: '1000' },
    throttle: { ...text, default: 'both' },
    seed: text,
    script: { ...text, default: 'dist/offersight.js' },
  },
});
const THROTTLES: Readonly<Record<string, readonly Throttle[]>> = { 1: [1], 6: [6], both: [1, 6] };
const throttles = THROTTLES[values.throttle];
if (!throttles) throw new Error(`--throttle is ${values.throttle}; it must be 1, 6 or both.`);
const browser = await ensureBrowser({ install: false, isWhole: true });
if (!browser) throw new Error(HELP);

const events = Number(values.events);
if (!(events > 0)) throw new Error(`--events is ${values.events}; it must be a number above 0.`);
/** The whole matrix reports more events as durable than this, so only a broken build runs out of pages. */
const LEAST_TOLD = 1_000;
const MOST_STORIES = 5;
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
const startedAt = Date.now();
const outcomes = await runBusy({
  launch: { ...browser, args: [...ARGS] },
  cells: cellsOf(seed, throttles, Math.ceil(events / LEAST_TOLD)),
  events,
  scriptFile: values.script,
  say: console.log,
});
const broken = outcomes.filter((outcome) => !isKept(outcome));
for (const outcome of broken.slice(0, MOST_STORIES)) console.log(`\n${storyOf(outcome)}`);
console.log(`\n${figuresOf(outcomes)}`);
const told = outcomes.reduce((sum, { durable }) => sum + durable.length, 0);
if (told < events) console.log(`Only ${told} events were reported as durable; ${events} were asked for.`);
console.log(
  `seed ${seed}, ${((Date.now() - startedAt) / 1_000).toFixed(0)} s: ${broken.length} pages broke the promise`,
);
process.exitCode = broken.length || told < events ? 1 : 0;
