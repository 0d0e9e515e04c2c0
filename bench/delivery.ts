/**
 * Measures what delivery costs and what it saves: `npm run bench:delivery` after `npm run build`, in a real Chromium,
 * through a real proxy, to the mock API. It asserts nothing, and only figures of one run can be compared.
 *
 *     --only latency,tick,requests,compare --rounds 5 --seeds 1,2,3
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { ARGS, ensureBrowser, HELP } from '../scripts/ensure-browser.mjs';
import { bundlePages } from './delivery/bundle.js';
import { compare } from './delivery/compare.js';
import { measureLatency } from './delivery/latency.js';
import { renderMeasured } from './delivery/open.js';
import { measureRequests } from './delivery/requests.js';
import { type Stack, type StackOptions, startStack } from './delivery/stack.js';
import { measureTick } from './delivery/tick.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'latency,tick,requests,compare' },
    rounds: { type: 'string', default: '5' },
    seeds: { type: 'string', default: '1,2,3' },
  },
});
const browserOptions = await ensureBrowser({ isWhole: true });
if (!browserOptions) throw new Error(HELP);
const scripts = await bundlePages('page', 'contest-page');
const browser = await chromium.launch({ ...browserOptions, args: [...ARGS] });

/** Measures in a stack of its own, so that no event of an earlier measurement waits there. */
const inStack = async (
  measure: (stack: Stack) => Promise<string>,
  options?: Pick<StackOptions, 'isHeldBack'>,
): Promise<string> => {
  const stack = await startStack({ scripts, render: renderMeasured, ...options });
  const text = await measure(stack);
  await stack.close();
  return text;
};

const parts: Readonly<Record<string, () => Promise<string>>> = {
  latency: () => inStack((stack) => measureLatency(browser, stack)),
  tick: () => inStack((stack) => measureTick(browser, stack, Number(values.rounds)), { isHeldBack: true }),
  requests: () => inStack((stack) => measureRequests(browser, stack)),
  compare: () =>
    compare({ ...browserOptions, args: [...ARGS] }, scripts, values.seeds.split(',').map(Number)),
};
for (const [name, measure] of Object.entries(parts)) {
  if (!values.only.split(',').includes(name)) continue;
  const startedAt = Date.now();
  console.log(`${await measure()}\n`);
  console.error(`${name}: ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`);
}
await browser.close();
