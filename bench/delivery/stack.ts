/** The whole way of an event for one measurement: site → network → proxy → sqlite intake → mock API. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createOfferProxy } from 'offersight/proxy';
import { toNodeListener } from 'offersight/proxy/node';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { startUpstream, type Upstream } from '../../src/tools/mock-api/server.js';
import { createCollector } from './collector.js';
import { createNetwork, type Network } from './network.js';

/** What a stack is started with. */
export interface StackOptions {
  /** The page's own scripts by name. */
  readonly scripts: ReadonlyMap<string, string>;
  /** What a page shows for its query. */
  readonly render: (query: URLSearchParams) => string;
  /**
   * Whether every answer ends its connection. Browsers themselves repeat any request that failed on
   * a connection that was used before. With it, one request has one fate. @default false
   */
  readonly isFreshEachTime?: boolean;
  /** Whether the proxy does not forward what it took, so that forwarding disturbs nothing. @default false */
  readonly isHeldBack?: boolean;
}

/** Everything that one measurement runs against. */
export interface Stack {
  /** Where pages are: a query follows. */
  readonly url: string;
  readonly upstream: Upstream;
  readonly network: Network;
  /** When the proxy had an event durably, by the event's id, epoch milliseconds. */
  readonly takenAt: ReadonlyMap<string, number>;
  /** How many events that the proxy already had came again. */
  repeated(): number;
  /** When the upstream recorded an event, epoch milliseconds; known once all is forwarded. */
  recordedAt(id: string): number | undefined;
  /** Waits until the proxy has forwarded all that it took; rejects after 30 s. */
  untilForwarded(): Promise<void>;
  close(): Promise<void>;
}

const API_KEY = 'test_bench_key';

/** How long the proxy may take to forward what it took, and how often to look. */
const LONGEST_MS = 30_000;
const LOOK_MS = 20;

/** Clocks are exact to 5 µs only in pages that share their process with nobody. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
} as const;

/** Starts one. */
export const startStack = async ({
  scripts,
  render,
  isFreshEachTime,
  isHeldBack,
}: StackOptions): Promise<Stack> => {
  const folder = await mkdtemp(join(tmpdir(), 'offersight-bench-'));
  const upstream = await startUpstream({ apiKey: API_KEY, limits: { per_minute: null } });
  const inner = sqliteIntake({ file: join(folder, 'intake.sqlite') });
  const takenAt = new Map<string, number>();
  let repeated = 0;
  const proxy = createOfferProxy({
    site: 'offersight-test',
    apiKey: API_KEY,
    baseUrl: upstream.url,
    intake: {
      ...inner,
      async take(events) {
        const verdicts = await inner.take(events);
        for (const { id } of events) {
          if (takenAt.has(id)) repeated++;
          else takenAt.set(id, Date.now());
        }
        return verdicts;
      },
      ...(isHeldBack && { lead: async () => false }),
    },
    pace: { perMinute: 1_000_000 },
    onAlert: () => undefined,
  });
  const [endpoint, collector] = [toNodeListener(proxy), createCollector(upstream.url, API_KEY)];
  const network = createNetwork((request, response) =>
    request.url === '/collect' ? collector(request, response) : endpoint(request, response),
  );
  const files = new Map(scripts);
  for (const name of ['offersight.js', 'offersight-offers.js'])
    files.set(name, await readFile(new URL(`../../dist/${name}`, import.meta.url), 'utf8'));

  const show = (url: URL, response: ServerResponse): void => {
    const file = files.get(url.pathname.slice(1));
    const type = file === undefined ? 'text/html' : 'text/javascript';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, ...ISOLATED });
    response.end(file ?? render(url.searchParams));
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://bench.invalid');
    response.shouldKeepAlive = !isFreshEachTime;
    if (url.pathname === '/offer-events' || url.pathname === '/collect') network.listener(request, response);
    // Posts of the bare measurement go nowhere.
    else if (url.pathname === '/sink') request.resume().once('end', () => response.writeHead(204).end());
    else show(url, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const recorded = new Map<string, number>();
  let read = 0;
  const look = (): void => {
    const history = upstream.history();
    for (; read < history.length; read++) {
      const { key, at, replayed } = history[read] ?? {};
      if (key && at && !replayed) recorded.set(key.replace('oe1-', ''), at);
    }
  };

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/page?`,
    upstream,
    network,
    takenAt,
    repeated: () => repeated,
    recordedAt: (id) => recorded.get(id),
    async untilForwarded() {
      for (const deadline = Date.now() + LONGEST_MS; ; ) {
        look();
        if ([...takenAt.keys()].every((id) => recorded.has(id))) return;
        if (Date.now() > deadline) throw new Error('the proxy does not forward what it took');
        await wait(LOOK_MS);
      }
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await proxy.close();
      await upstream.close();
      await rm(folder, { recursive: true });
    },
  };
};
