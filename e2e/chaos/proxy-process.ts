/**
 * A proxy as a process of its own, which writes down what it did and ends itself on command at a point where that
 * hurts. The hooks wrap what the product takes from outside; the product does not know them. Each row is with the
 * operating system before anything else happens, so that it outlives the process.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createOfferProxy, type Intake, type ServerEvent } from 'offersight/proxy';
import { toNodeListener } from 'offersight/proxy/node';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { platformRuntime } from '../../src/runtime.js';
import type { ProxyRow, RowCell } from '../../test/history/row.js';
import { answeredAt, cellsOf, utcDayOf } from '../../test/history/wire.js';
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
const crashAt = (point: CrashPoint): void => {
  if (armed === point) process.kill(process.pid, 'SIGKILL');
};

/** What is known of a request or a report, for those who are asked because of it. */
interface Arrival {
  /** By id, what the events of a request count under; undefined if it could not be read. */
  readonly cells?: Promise<ReadonlyMap<string, RowCell> | undefined>;
  readonly reported?: { readonly name: string; readonly cell: RowCell };
}
const arrivals = new AsyncLocalStorage<Arrival>();

const inner = sqliteIntake({ file });
const intake: Intake = {
  ...inner,
  async take(events) {
    // The product has read the whole request by now.
    const cells = await arrivals.getStore()?.cells;
    const verdicts = await inner.take(events);
    const at = Date.now();
    for (const [id, verdict] of verdicts) {
      const cell = cells?.get(id);
      tell({ kind: 'taken', id, proxy: name, verdict, cell: cell && answeredAt(cell, at) });
    }
    crashAt('after-take');
    return verdicts;
  },
  async accept(events) {
    const { reported } = arrivals.getStore() ?? {};
    const verdicts = await inner.accept(events);
    if (reported)
      for (const [id, { kind }] of verdicts)
        tell({
          kind: 'accepted',
          name: reported.name,
          id,
          proxy: name,
          verdict: { kind },
          cell: answeredAt(reported.cell, Date.now()),
        });
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

process.on('message', (asked: CrashPoint | ServerEvent) => {
  if (typeof asked === 'string') {
    armed = asked;
    return;
  }
  const { name: reportedName, type, group } = asked;
  const cell = { day: utcDayOf(Date.now()), type, group };
  tell({ kind: 'reported', name: reportedName, proxy: name, day: cell.day });
  // Without a reply the host's program reports it again.
  arrivals
    .run({ reported: { name: reportedName, cell } }, () => proxy.report([asked]))
    .then(() => process.send?.(reportedName))
    .catch(() => undefined);
});

/** The proxy, whose requests are read along by the harness. */
const watched: typeof proxy = Object.assign((...given: Parameters<typeof proxy>) => {
  const arrivedAt = Date.now();
  const cells = given[0]
    .clone()
    .text()
    .then((body) => cellsOf(body, arrivedAt))
    .catch(() => undefined);
  return arrivals.run({ cells }, () => proxy(...given));
}, proxy);

const listener = toNodeListener(watched);
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
