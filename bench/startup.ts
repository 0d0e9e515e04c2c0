/**
 * Measures how long a page's main thread is busy in one go while the tracker starts: `npm run bench:startup`. It compares
 * the built script file with one bare IntersectionObserver and with a published tracker over the same offers, in cold
 * loads that take turns. It asserts nothing, and only figures of one run can be compared.
 *
 *     --rounds 15 --offers 20 --slowdown 4 --against older/offersight.js
 *
 * With `--against`, the script file of another release takes part.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { ARGS, ensureBrowser, HELP } from '../scripts/ensure-browser.mjs';
import { median, spread, table } from './figures.js';
import { snowplowScript } from './peers/snowplow.mjs';
import { type Load, measure } from './startup/tasks.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    offers: { type: 'string', default: '20' },
    slowdown: { type: 'string', default: '4' },
    against: { type: 'string' },
  },
});

const BARE = `const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) target.dataset.seen = isIntersecting;
}, { threshold: [0, 0.5, 1] });
for (const offer of document.querySelectorAll('[data-offer-id]')) observer.observe(offer);`;

const offers = Array.from(
  { length: Number(values.offers) },
  (_, at) => `<div style="height: 80px" data-offer-id="offer-${at}">Offer ${at}</div>`,
);
const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body>${offers.join('')}
  <script src="/script.js" data-endpoint="/offer-events"></script>`;

/** A build of the script file, and what delivers beside it; older ones have that inside. */
const readBuild = async (file: string): Promise<Pick<Load, 'script' | 'delivery'>> => ({
  script: await readFile(file, 'utf8'),
  delivery: await readFile(join(dirname(file), 'offersight-offers.js'), 'utf8').catch(() => undefined),
});
const scripts = new Map<string, Pick<Load, 'script' | 'delivery'>>([
  ['bare', { script: BARE }],
  ['ours', await readBuild('dist/offersight.js')],
  ['Snowplow', { script: snowplowScript('counted') }],
]);
if (values.against) scripts.set('against', await readBuild(values.against));

const browserOptions = await ensureBrowser({ isWhole: true });
if (!browserOptions) throw new Error(HELP);
// A visitor's browser: the tracker does nothing in one that says that a program drives it.
const args = [...ARGS, '--disable-blink-features=AutomationControlled'];
const browser = await chromium.launch({ ...browserOptions, args });
const slowdown = Number(values.slowdown);
const measured = new Map([...scripts.keys()].map((name) => [name, [] as (readonly number[])[]]));
for (let round = 0; round < Number(values.rounds); round++) {
  // The order changes, so that a browser that is warm does not favour one of them.
  for (const [name, script] of round % 2 ? [...scripts].reverse() : scripts)
    measured.get(name)?.push(await measure(browser, { html, ...script, slowdown }));
}
await browser.close();

/** The figures of the tasks that are at the same place in all loads, for each place behind the first. */
const laterOf = (runs: readonly (readonly number[])[]): number[][] =>
  Array.from({ length: Math.min(...runs.map(({ length }) => length)) }, (_, at) =>
    runs.flatMap((tasks) => tasks[at] ?? []),
  ).slice(1);

const rows = [...measured].map(([name, runs]) => [
  name,
  ...[
    runs.flatMap(([firstMs = []]) => firstMs),
    laterOf(runs).sort((one, other) => median(other) - median(one))[0] ?? [],
    runs.map(([, ...later]) => Math.max(0, ...later)),
    runs.map((tasks) => tasks.reduce((sum, ms) => sum + ms, 0)),
  ].map((figures) => spread(figures, 1)),
]);
console.log(
  `tasks of the script with ${values.offers} offers, ${slowdown} times slower, ms: median (least–most) of ${values.rounds} rounds`,
);
console.log(table(['script', 'first', 'longest later one by its place', 'longest later one', 'all'], rows));
