/**
 * Makes ten thousand events, or `-- --events N`, through two deaths of the browser and one of a proxy:
 * `npm run chaos:ten-thousand`. It ends with an error unless each recorded event was counted once. Its history is in
 * test-results/chaos. It needs `npm run build`.
 */
import { parseArgs } from 'node:util';
import { ARGS, ensureBrowser, HELP } from '../../scripts/ensure-browser.mjs';
import bundleModule from '../fixtures/bundle-module.js';
import { flood, isKept } from './flood.js';
import { keepHistory } from './recorder.js';

const { values } = parseArgs({ options: { events: { type: 'string', default: '10000' } } });
await bundleModule();
const browser = await ensureBrowser({ install: false, isWhole: true });
if (!browser) throw new Error(HELP);

const startedAt = Date.now();
const came = await flood({ ...browser, args: [...ARGS] }, Number(values.events), console.log);
const { created, committed, inMemory, diedWithPage, rescued, requests, lost, repeated, invented } = came;
console.log(`${created} events were made, ${committed} were reported as recorded before anything died`);
console.log(
  `${committed - lost.length} of these were counted, ${lost.length} were lost: ${lost.slice(0, 5).join(' ')}`,
);
if (inMemory)
  console.log(
    `${inMemory} were only in memory, since databases were slow; ${diedWithPage} died with their page`,
  );
console.log(`${repeated.length} were counted more than once, ${invented.length} were never made`);
console.log(`${rescued} more arrived although no page lived to report them as recorded`);
const seconds = (Date.now() - startedAt) / 1_000;
console.log(`${requests} requests, ${(requests / created).toFixed(3)} an event; ${seconds.toFixed(0)} s`);
if (!came.isQuiet) console.log('It did not come to rest: events that count as lost may still be waiting.');
const file = await keepHistory('ten-thousand', came.history);
if (isKept(came)) console.log('kept: each was counted exactly once');
else console.log(`BROKEN ${came.checked.broken.join(' ')}: ${file}`);
process.exitCode = isKept(came) ? 0 : 1;
