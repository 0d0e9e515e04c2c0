/** The real proxy over HTTP as a process that kills itself by a plan. Without a plan it runs until it is stopped. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { CrashPoint } from '../../../e2e/fixtures/crash-points.js';
import { createOfferProxy, type Intake } from '../../../src/proxy/index.js';
import { postgresIntake } from '../../../src/proxy/intake/postgres/postgres.js';
import { sqliteIntake } from '../../../src/proxy/intake/sqlite/sqlite.js';
import { toNodeListener } from '../../../src/proxy/node.js';
import { platformRuntime } from '../../../src/runtime.js';
import type { KillerStart } from './killer.js';
import type { KillPlan } from './plan.js';

const [place = '', baseUrl, apiKey = '', planned = 'null'] = process.argv.slice(2);
const plan = JSON.parse(planned) as KillPlan | null;

const seen = new Int32Array(new SharedArrayBuffer(4));

if (plan && plan.kind !== 'point') {
  const workerData: KillerStart = { plan, pid: process.pid, seen };
  await once(new Worker(new URL('./killer.js', import.meta.url), { workerData }), 'message');
}

let occurrences = 0;
const see = (point?: CrashPoint): void => {
  Atomics.add(seen, 0, 1);
  Atomics.notify(seen, 0);
  if (plan?.kind !== 'point' || plan.point !== point) return;
  if (++occurrences === plan.occurrence) process.kill(process.pid, 'SIGKILL');
};

const inner = place.startsWith('postgres:')
  ? postgresIntake({ connection: place })
  : sqliteIntake({ file: place });
const intake: Intake = {
  ...inner,
  async take(events) {
    see();
    const verdicts = await inner.take(events);
    see('after-take');
    return verdicts;
  },
  async begin(options) {
    const begun = await inner.begin(options);
    if (begun.rows.length) see('after-forwarding');
    return begun;
  },
  async finish(...finished) {
    see();
    await inner.finish(...finished);
    see('after-done');
  },
};
const runtime = platformRuntime();
const proxy = createOfferProxy({
  site: 'offersight-test',
  apiKey,
  ...(baseUrl !== undefined && { baseUrl }),
  intake,
  pace: { perMinute: 1_000_000 },
  onAlert: () => undefined,
  runtime: {
    ...runtime,
    async fetch(...call) {
      see();
      const response = await runtime.fetch(...call);
      see('after-upstream');
      return response;
    },
  },
});

const listener = toNodeListener(proxy);
const server = createServer((request, response) => {
  const end = response.end.bind(response) as (chunk?: unknown) => typeof response;
  response.end = ((chunk?: string) => {
    if (plan?.kind !== 'point' || plan.point !== 'mid-reply' || !chunk) return end(chunk);
    // Half of the answer has to be on its way before the process ends.
    response.write(chunk.slice(0, chunk.length / 2), () => {
      see('mid-reply');
      end(chunk.slice(chunk.length / 2));
    });
    return response;
  }) as typeof response.end;
  see();
  listener(request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);

process.once('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await proxy.close();
  process.disconnect();
});
// The process that started it is gone.
process.once('disconnect', () => process.exit());
