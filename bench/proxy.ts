/**
 * Measures what the proxy takes: `npm run bench:proxy`.
 *
 * - `rates`: how many events a second each intake accepts durably, over HTTP on loopback, beside a bare handler that
 *   only reads the body and a proxy that keeps nothing.
 * - `memory`: how much memory a proxy needs while many events pass.
 * - `offer`: what one offer with many events in a file costs the thread that answers, and its process.
 * - `turns`: how long each intake keeps the event loop busy at a time, and how late a timer is.
 * - `scale`: what a file or Postgres costs that holds a million waiting events, or ten million that are delivered.
 *
 * The upstream answers after a second, at the pace of a small plan, which must not matter. An intake that forwards
 * before it answers has the bare handler as its upstream. This asserts nothing, and only figures of one run can be
 * compared.
 *
 *     --only rates,memory,offer,turns,scale --intakes sqlite,postgres,direct --rounds 7
 *     --batch-events 20000 --single-events 4000 --events 1000000 --stored 1000000 --remembered 10000000 --profile FOLDER
 *
 * `--waiting` lets the million wait instead of settling it as it comes.
 */
import { parseArgs } from 'node:util';
import { startUpstream } from '../src/tools/mock-api/server.js';
import { startPostgres } from '../test/support/postgres.js';
import { BATCHES, MORE_SINGLES, SINGLES } from './proxy/load.js';
import { measureMemory } from './proxy/memory.js';
import { measureOneOffer } from './proxy/one-offer.js';
import { startServer } from './proxy/process.js';
import { measureRates } from './proxy/rates.js';
import { measureScale } from './proxy/scale.js';
import { isForwardingFirst, isOnPostgres, SUBJECTS } from './proxy/subjects.js';
import { measureTurns } from './proxy/turns.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    only: { ...text, default: 'rates,memory,offer,turns,scale' },
    intakes: { ...text, default: SUBJECTS.slice(1).join() },
    rounds: { ...text, default: '7' },
    'batch-events': { ...text, default: '20000' },
    'single-events': { ...text, default: '4000' },
    events: { ...text, default: '1000000' },
    stored: { ...text, default: '1000000' },
    remembered: { ...text, default: '10000000' },
    profile: text,
    waiting: { type: 'boolean', default: false },
  },
});
const key = 'test_bench_key';
const parts = values.only.split(',');
const intakes = SUBJECTS.filter((name) => values.intakes.split(',').includes(name));
const upstream = await startUpstream({ apiKey: key, limits: { per_minute: null } });
upstream.addFaults({ kind: 'delay', ms: 1_000 });
const postgres = intakes.some(isOnPostgres) ? await startPostgres() : undefined;
const bare = await startServer(
  'bare',
  { upstream: upstream.url, key, postgres: '', isSettling: false },
  values.profile,
);
const start = (name: string, isSettling: boolean) => {
  const url = isForwardingFirst(name) ? bare.url.slice(0, -1) : upstream.url;
  return startServer(name, { upstream: url, key, postgres: postgres?.url ?? '', isSettling }, values.profile);
};

if (parts.includes('rates')) {
  const servers = await Promise.all(intakes.map((name) => start(name, false)));
  for (const [shape, events] of [
    [BATCHES, Number(values['batch-events'])],
    [SINGLES, Number(values['single-events'])],
    [MORE_SINGLES, Number(values['single-events'])],
  ] as const)
    console.log(`${await measureRates([bare, ...servers], Number(values.rounds), { ...shape, events })}\n`);
  for (const server of servers) await server.end();
}
if (parts.includes('memory')) {
  for (const name of intakes) {
    const server = await start(name, !values.waiting);
    console.log(`${await measureMemory(server, Number(values.events))}\n`);
    await server.end();
  }
}
if (parts.includes('turns')) {
  for (const name of intakes) {
    const server = await start(name, false);
    console.log(`${await measureTurns(server, bare)}\n`);
    await server.end();
  }
}
if (parts.includes('scale')) {
  const scale = { waiting: Number(values.stored), remembered: Number(values.remembered) };
  for (const name of intakes.filter((each) => each === 'sqlite' || each === 'postgres'))
    console.log(`${await measureScale(name, scale)}\n`);
}
if (parts.includes('offer')) console.log(`${await measureOneOffer()}\n`);
await bare.end();
await postgres?.remove();
await upstream.close();
