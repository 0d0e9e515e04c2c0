/**
 * Ten thousand events through two deaths of the browser and one of a proxy: `npm run chaos:ten-thousand`, or
 * `-- --events N`. Ends with an error unless each that was durable was counted once; its history is in
 * test-results/chaos then. Needs `npm run build`.
 */
import { parseArgs } from 'node:util';
import { ARGS, ensureBrowser, HELP } from '../../scripts/ensure-browser.mjs';
import bundleModule from '../fixtures/bundle-module.js';
import { flood } from './flood.js';
import { keepHistory } from './recorder.js';

const { values } = parseArgs({ options: { events: { type: 'string', default: '10000' } } });
await bundleModule();
const browser = await ensureBrowser({ install: false });
if (!browser) throw new Error(HELP);

const came = await flood({ ...browser, args: [...ARGS] }, Number(values.events), console.log);
const { created, committed, rescued, requests, lost, repeated, invented, tookMs } = came;
console.log(`${created} events were made, ${committed} were durable before anything died`);
console.log(
  `${committed - lost.length} of these were counted, ${lost.length} were lost: ${lost.slice(0, 5).join(' ')}`,
);
console.log(`${repeated.length} were counted more than once, ${invented.length} were never made`);
console.log(`${rescued} more arrived though nobody lived to say that they were durable`);
console.log(
  `${requests} requests, ${(requests / created).toFixed(3)} an event; ${(tookMs / 1_000).toFixed(0)} s`,
);
if (!came.isQuiet) console.log('It did not come to rest: what counts as lost may wait.');
const isKept = came.isQuiet && !lost.length && !repeated.length && !invented.length;
console.log(
  isKept ? 'kept: each exactly once' : `BROKEN: ${await keepHistory('ten-thousand', came.history)}`,
);
process.exitCode = isKept ? 0 : 1;
