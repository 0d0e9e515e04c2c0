/** Three proxies of one site on one Redis: two of them are killed in turn, and then Redis itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startUpstream, type Upstream } from '../../../../src/upstream/server.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
import { eventId } from '../../../support/wire.js';

const KEY = 'live_threeproxies01';
const EVENTS = 3_000;
const BEGAN = Date.now();
const BATCH = 50;
const PER_MINUTE = 3_600;
const OWN = '{offersight}.events.';
const FIXTURE = join(import.meta.dirname, '../../../support/intake-proxy.ts');

/** A proxy that runs. */
interface Proxy {
  readonly url: string;
  readonly child: ChildProcess;
}

let redis: RedisServer;
let upstream: Upstream;
let proxies: Proxy[];

const startProxy = async (): Promise<Proxy> => {
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', FIXTURE, '--redis', redis.url, '--upstream', upstream.url],
      ...['--key', KEY, '--per-minute', `${PER_MINUTE}`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url, child };
};

beforeEach(async () => {
  redis = await startRedis();
  upstream = await startUpstream({ apiKey: KEY, limits: { per_minute: null, concurrent: null } });
  proxies = await Promise.all([startProxy(), startProxy(), startProxy()]);
}, 60_000);

afterEach(async () => {
  for (const { child } of proxies) child.kill('SIGKILL');
  await upstream.close();
  await redis.remove();
}, 20_000);

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

/** The body of batch number `at`: of each offer its `dismissed`, then its `viewed`. */
const bodyOf = (at: number): string => {
  const events = Array.from({ length: BATCH }, (_, of) => {
    const number = at * BATCH + of;
    return {
      id: eventId(number),
      type: of % 2 ? 'viewed' : 'dismissed',
      personalized_offer_id: `offer${number >> 1}`,
      // The same at each attempt: with other content it would be another event.
      occurred_at: BEGAN,
    };
  });
  return JSON.stringify({ v: 1, sent_at: Date.now(), events });
};

const HEADERS = {
  'content-type': 'application/json',
  'sec-fetch-site': 'same-origin',
  'user-agent': 'Firefox',
};

const post = (to: Proxy, at: number): Promise<Response> =>
  fetch(to.url, { method: 'POST', headers: HEADERS, body: bodyOf(at) });

/** Posts a batch to any proxy that runs until all its events are taken, as a page does. Says how it was refused. */
const deliver = async (at: number): Promise<number[]> => {
  const refusals: number[] = [];
  for (let attempt = at; ; attempt++) {
    const to = proxies[attempt % proxies.length];
    const response = to && (await post(to, at).catch(() => undefined));
    if (response?.status === 200) {
      const { results } = (await response.json()) as { results: { status: string }[] };
      if (results.every(({ status }) => status === 'accepted' || status === 'duplicate')) return refusals;
    } else if (response) {
      refusals.push(response.status);
      await response.text();
    }
    await pause(50);
  }
};

const deliverAll = async (from: number, to: number): Promise<void> => {
  const left = Array.from({ length: to - from }, (_, at) => from + at);
  const page = async (): Promise<void> => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) await deliver(at);
  };
  await Promise.all([page(), page(), page(), page()]);
};

/** Kills the process that forwards now, during its calls. */
const killLeader = async (): Promise<void> => {
  // If the machine stopped a leader for too long, nobody leads until it or another one takes over.
  const find = async (): Promise<Proxy | undefined> => {
    const pid = Number(await redis.admin.hget(`${OWN}lane`, 'pid'));
    return proxies.find(({ child }) => child.pid === pid);
  };
  const leader = await vi.waitUntil(find, { timeout: 60_000 });
  proxies = proxies.filter((proxy) => proxy !== leader);
  const exited = once(leader.child, 'exit');
  leader.child.kill('SIGKILL');
  await exited;
};

/** How many of these times are in the same 60 s, at most. */
const mostInAMinute = (times: readonly number[]): number => {
  const sorted = times.toSorted((one, other) => one - other);
  let from = 0;
  return Math.max(
    ...sorted.map((time, at) => {
      while ((sorted[from] ?? time) <= time - 60_000) from++;
      return at - from + 1;
    }),
  );
};

test.skipIf(!hasRedis)(
  'each event is forwarded once, in order and at the pace, no matter what dies',
  async () => {
    const calls = (): number => upstream.calls().length;
    // As if earlier calls had used most of the minute, so that the pace holds the rest back.
    const earlier = Array.from({ length: 2_400 }, (_, at) => Date.now() - 45_000 + 6 * at);
    await redis.admin.zadd(`${OWN}calls`, ...earlier.flatMap((at, number) => [at, `earlier${number} 1`]));

    const first = deliverAll(0, 20);
    await upstream.until(() => calls() >= 300, 90_000);
    await killLeader();
    await first;
    const second = deliverAll(20, 40);
    await upstream.until(() => calls() >= 700, 90_000);
    await killLeader();
    await second;
    expect(proxies).toHaveLength(1);

    await redis.kill();
    const refused = await post(proxies[0] as Proxy, 40);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
    await refused.text();
    const third = deliverAll(40, EVENTS / BATCH);
    await redis.start();
    await third;

    const effects = () => upstream.history().filter(({ replayed }) => !replayed);
    await upstream.until(() => effects().length >= EVENTS, 240_000);
    const keys = effects().map(({ key }) => key);
    expect(keys.toSorted()).toEqual(Array.from({ length: EVENTS }, (_, at) => `oe1-${eventId(at)}`));
    expect(mostInAMinute([...earlier, ...upstream.calls().map(({ at }) => at)])).toBeLessThanOrEqual(
      PER_MINUTE,
    );
    const seen = new Set<string>();
    const early = effects().filter(({ type, personalized_offer_id: offer }) => {
      seen.add(`${type} ${offer}`);
      return type === 'dismissed' && !seen.has(`viewed ${offer}`);
    });
    expect(early).toEqual([]);
  },
  500_000,
);
