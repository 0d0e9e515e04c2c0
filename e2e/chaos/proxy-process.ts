/**
 * A proxy as a process of its own, which writes down what it did and ends itself on command at a point where that
 * hurts. The hooks wrap what the product takes from outside; the product does not know them. Each row is with the
 * operating system before anything else happens, so that it outlives the process.
 */
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createOfferProxy, type Intake } from 'offersight/proxy';
import { toNodeListener } from 'offersight/proxy/node';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { platformRuntime } from '../../src/runtime.js';
import type { ProxyRow } from '../../test/history/row.js';
import type { CrashPoint } from '../fixtures/crash-points.js';

/** The header by which the upstream's list of calls says which forward a call is. */
const NUMBER_HEADER = 'chargebee-chaos-number';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { name: text, upstream: text, key: text, file: text, rows: text },
});
const { name = '', upstream = '', key = '', file = '', rows = '' } = values;

const journal = openSync(rows, 'a');
const tell = (row: ProxyRow): void => {
  writeSync(journal, `${JSON.stringify({ at: Date.now(), ...row })}\n`);
};

let armed: CrashPoint | undefined;
process.on('message', (point: CrashPoint) => {
  armed = point;
});
const crashAt = (point: CrashPoint): void => {
  if (armed === point) process.kill(process.pid, 'SIGKILL');
};

const inner = sqliteIntake({ file });
const intake: Intake = {
  ...inner,
  async take(events) {
    const verdicts = await inner.take(events);
    for (const [id, verdict] of verdicts) tell({ kind: 'taken', id, proxy: name, verdict });
    crashAt('after-take');
    return verdicts;
  },
  async begin(options) {
    const begun = await inner.begin(options);
    if (begun.rows.length) crashAt('after-forwarding');
    return begun;
  },
  async finish(finished, now) {
    await inner.finish(finished, now);
    for (const { id, result } of finished) {
      if (result.kind === 'done') tell({ kind: 'settled', id, state: 'done', proxy: name });
      if (result.kind === 'dead')
        tell({ kind: 'settled', id, state: 'dead', code: result.code, proxy: name });
    }
    crashAt('after-done');
  },
};

/** Whether the answer leaves open if the upstream counted the call. */
const isAmbiguous = (status: number, type: string | null, hasBody: boolean): boolean =>
  status >= 500 || (status >= 300 && status < 400) || (status < 300 && hasBody && !type?.includes('json'));

const runtime = platformRuntime();
let forwards = 0;
const proxy = createOfferProxy({
  site: 'offersight-test',
  apiKey: key,
  baseUrl: upstream,
  intake,
  pace: { perMinute: 100_000 },
  onAlert: () => undefined,
  runtime: {
    ...runtime,
    async fetch(input, init) {
      const request = new Request(input, init);
      const number = process.pid * 100_000 + forwards++;
      const upstreamKey = request.headers.get('chargebee-idempotency-key') ?? '';
      const { personalized_offer_id: offerId, type } = (await request.clone().json()) as Record<
        string,
        string
      >;
      const id = upstreamKey.slice(4);
      tell({
        kind: 'forwarded',
        number,
        key: upstreamKey,
        id,
        type: `${type}`,
        offerId: `${offerId}`,
        proxy: name,
      });
      request.headers.set(NUMBER_HEADER, `${number}`);
      try {
        const response = await runtime.fetch(request);
        // The answer is read whole before it is written down, since an answer that breaks off does not count as one.
        const body = await response.clone().arrayBuffer();
        const { status, headers } = response;
        const isUnclear = isAmbiguous(status, headers.get('content-type'), body.byteLength > 0);
        tell({ kind: 'forward-ended', number, status, isAmbiguous: isUnclear });
        crashAt('after-upstream');
        return response;
      } catch (cause) {
        tell({ kind: 'forward-ended', number, isAmbiguous: true });
        throw cause;
      }
    },
  },
});

const listener = toNodeListener(proxy);
const server = createServer((request, response) => {
  const end = response.end.bind(response) as (chunk?: unknown) => typeof response;
  response.end = ((chunk?: string) => {
    if (armed !== 'mid-reply' || !chunk) return end(chunk);
    response.write(chunk.slice(0, chunk.length / 2), () => crashAt('mid-reply'));
    return response;
  }) as typeof response.end;
  listener(request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`port: ${(server.address() as AddressInfo).port}`);

process.once('SIGTERM', async () => {
  server.close();
  server.closeIdleConnections();
  await proxy.close();
  process.exit();
});
// The process that started this one is gone.
process.once('disconnect', () => process.exit());
