/**
 * What the proxy takes: `npm run bench:proxy`. Events a second that each intake has accepted durably, over HTTP on
 * loopback, beside a bare handler that only reads the body; what a proxy holds while many events pass; and how long the
 * event loop stands still if one offer has many events in a file. The upstream answers after a second, at the pace of a
 * small plan: it must not matter, except where an intake forwards before it answers, whose upstream is the bare
 * handler. Asserts nothing; only figures of one run can be compared.
 *
 *     --only rates,memory,offer --intakes sqlite,direct,bullmq --rounds 7 --batch-events 20000 --events 1000000 --profile FOLDER
 *
 * `--waiting` leaves the million where it waits, in the place of settling it as it comes.
 */
import { parseArgs } from 'node:util';
import { startUpstream } from '../src/upstream/server.js';
import { startRedis } from '../test/support/redis.js';
import { measureMemory } from './proxy/memory.js';
import { measureOneOffer } from './proxy/one-offer.js';
import { startServer } from './proxy/process.js';
import { measureRates } from './proxy/rates.js';
import { isForwardingFirst, isOnRedis, SUBJECTS } from './proxy/subjects.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    only: { ...text, default: 'rates,memory,offer' },
    intakes: { ...text, default: SUBJECTS.slice(1).join() },
    rounds: { ...text, default: '7' },
    'batch-events': { ...text, default: '20000' },
    events: { ...text, default: '1000000' },
    profile: text,
    waiting: { type: 'boolean', default: false },
  },
});
const key = 'test_bench_key';
const parts = values.only.split(',');
const intakes = SUBJECTS.filter((name) => values.intakes.split(',').includes(name));
const upstream = await startUpstream({ apiKey: key, limits: { per_minute: null } });
upstream.addFaults({ kind: 'delay', ms: 1_000 });
const redis = intakes.some(isOnRedis) ? await startRedis() : undefined;
const bare = await startServer(
  'bare',
  { upstream: upstream.url, key, redis: '', isSettling: false },
  values.profile,
);
const start = (name: string, isSettling: boolean) => {
  const url = isForwardingFirst(name) ? bare.url.slice(0, -1) : upstream.url;
  return startServer(name, { upstream: url, key, redis: redis?.url ?? '', isSettling }, values.profile);
};

if (parts.includes('rates')) {
  const servers = await Promise.all(intakes.map((name) => start(name, false)));
  const text = await measureRates([bare, ...servers], Number(values.rounds), Number(values['batch-events']));
  console.log(`${text}\n`);
  for (const server of servers) await server.end();
}
if (parts.includes('memory')) {
  for (const name of intakes) {
    const server = await start(name, !values.waiting);
    console.log(`${await measureMemory(server, Number(values.events))}\n`);
    await server.end();
  }
}
if (parts.includes('offer')) console.log(`${await measureOneOffer()}\n`);
await bare.end();
await redis?.remove();
await upstream.close();
