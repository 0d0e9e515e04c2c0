/**
 * Measures what seeing offers costs: `npm run bench:observe` after `npm run build`. It compares the built script file
 * with a page that observes nothing, with one bare IntersectionObserver, and with a published tracker. It asserts
 * nothing, and only shares of one run can be compared.
 *
 *     --rounds 5 --counts 20,200,1000,10000 --layouts grid,column,carousels --against older/offersight.js
 *
 * With `--against`, the script file of another release takes part.
 * Pages with fewer than 1,000 offers take part only in the first two rounds.
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { ARGS, ensureBrowser, HELP } from '../scripts/ensure-browser.mjs';
import { measure, type Run } from './observe/measure.js';
import { LAYOUTS, STRATEGIES } from './observe/plan.js';
import { type Round, renderSeries, renderSummary } from './observe/report.js';
import { startBenchSite } from './observe/server.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    counts: { type: 'string', default: '20,200,1000,10000' },
    layouts: { type: 'string', default: LAYOUTS.join() },
    against: { type: 'string' },
  },
});
/** More rounds with few offers would only repeat that the difference is too small to measure. */
const FEW = { below: 1_000, rounds: 2 };
const counts = values.counts.split(',').map(Number);
const layouts = LAYOUTS.filter((layout) => values.layouts.split(',').includes(layout));

const browserOptions = await ensureBrowser({ isWhole: true });
if (!browserOptions) throw new Error(HELP);
const site = await startBenchSite(values.against);
const browser = await chromium.launch({ ...browserOptions, args: [...ARGS] });

const strategies = STRATEGIES.filter((strategy) => strategy !== 'against' || values.against);
const series = layouts.flatMap((layout) => counts.map((count) => ({ layout, count, rounds: [] as Round[] })));
const startedAt = Date.now();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const { layout, count, rounds } of series) {
    if (count < FEW.below && round >= FEW.rounds) continue;
    const runs = {} as Record<(typeof strategies)[number], Run>;
    // The order changes, so that a browser that is warm or full does not favour one of them.
    for (const strategy of round % 2 ? [...strategies].reverse() : strategies)
      runs[strategy] = await measure(browser, site.pageOf(strategy, layout, count));
    rounds.push(runs);
  }
  console.error(`round ${round + 1}: ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`);
}
await browser.close();
await site.close();

for (const one of series) console.log(`${renderSeries(one)}\n`);
console.log(renderSummary(series));
