/**
 * Three proxies of one site on one Postgres: two are killed in turn, connections are cut, and the server itself ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startUpstream, type Upstream } from '../../../../src/tools/mock-api/server.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { eventId } from '../../../support/wire.js';

const KEY = 'live_threeproxies01';
const EVENTS = 1_200;
const BATCH = 50;
const PER_MINUTE = 3_600;
/** After a death the next leader has to begin within this time. */
const TAKEN_OVER_MS = 30_000;
const FIXTURE = join(import.meta.dirname, '../../../support/postgres-proxy.ts');
const HEADERS = {
  'content-type': 'application/json',
  'sec-fetch-site': 'same-origin',
  'user-agent': 'Firefox',
};

/** A proxy that runs. */
interface Proxy {
  readonly url: string;
  readonly child: ChildProcess;
}

let postgres: PostgresServer;
let upstream: Upstream;
let proxies: Proxy[];

const startProxy = async (connection: string): Promise<Proxy> => {
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', FIXTURE, '--postgres', connection, '--upstream', upstream.url],
      ...['--key', KEY, '--per-minute', `${PER_MINUTE}`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url, child };
};

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

/** The body of batch number `at`: of each offer its `dismissed`, then its `viewed`. */
const bodyOf = (at: number): string => {
  const events = Array.from({ length: BATCH }, (_, of) => {
    const number = at * BATCH + of;
    return {
      id: eventId(number),
      type: of % 2 ? 'viewed' : 'dismissed',
      personalized_offer_id: `offer${number >> 1}`,
      // Not the current time, since the same event has to be sent again as it is.
      occurred_at: 1_763_600_000_000,
    };
  });
  return JSON.stringify({ v: 1, sent_at: Date.now(), events });
};

const post = (to: Proxy, at: number): Promise<Response> =>
  fetch(to.url, { method: 'POST', headers: HEADERS, body: bodyOf(at) });

/** Posts a batch to any proxy that runs until all its events are taken, as a page does. */
const deliver = async (at: number): Promise<void> => {
  for (let attempt = at; ; attempt++) {
    const to = proxies[attempt % proxies.length];
    const response = to && (await post(to, at).catch(() => undefined));
    if (response?.status === 200) {
      const { results } = (await response.json()) as { results: { status: string }[] };
      if (results.every(({ status }) => status === 'accepted' || status === 'duplicate')) return;
    } else if (response) await response.text();
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

/** Kills the process that forwards now, during its calls, and waits until another one leads. */
const killLeader = async (): Promise<void> => {
  const find = async (): Promise<Proxy | undefined> => {
    const [lease] = await postgres.ask<{ pid: string }>(
      `SELECT pid FROM offersight.leads WHERE lane = 'events'`,
    );
    return proxies.find(({ child }) => child.pid === Number(lease?.pid));
  };
  const leader = await vi.waitUntil(find, { timeout: 60_000, interval: 100 });
  proxies = proxies.filter((proxy) => proxy !== leader);
  const exited = once(leader.child, 'exit');
  leader.child.kill('SIGKILL');
  await exited;
  await vi.waitUntil(find, { timeout: TAKEN_OVER_MS, interval: 100 });
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

describe.skipIf(!hasPostgres).each(['itself', 'through a pooler'])(
  'on a server that is reached %s',
  (way) => {
    beforeEach(async () => {
      postgres = await startPostgres();
      upstream = await startUpstream({ apiKey: KEY, limits: { per_minute: null, concurrent: null } });
      const connection = way === 'itself' ? postgres.url : await postgres.startPooler();
      proxies = await Promise.all([1, 2, 3].map(() => startProxy(connection)));
    }, 120_000);

    afterEach(async () => {
      for (const { child } of proxies) child.kill('SIGKILL');
      await upstream.close();
      await postgres.remove();
    }, 60_000);

    test('each event is forwarded once, in order and at the pace, no matter what dies', async () => {
      const calls = (): number => upstream.calls().length;
      // As if earlier calls had used most of the minute, so that the pace holds the rest back.
      const earlier = Array.from({ length: 3_000 }, (_, at) => Date.now() - 45_000 + 5 * at);
      const isMade = (): Promise<unknown[]> =>
        postgres.ask(`SELECT 1 FROM pg_class WHERE oid = to_regclass('offersight.paced_calls')`);
      await vi.waitUntil(async () => (await isMade()).length, { timeout: 60_000, interval: 100 });
      await postgres.ask(
        `INSERT INTO offersight.paced_calls (lane, event, at)
        SELECT 'events', 'earlier' || at, at FROM json_array_elements_text($1::json) AS given(value),
          LATERAL (SELECT value::bigint AS at) AS times`,
        [JSON.stringify(earlier)],
      );
      const first = deliverAll(0, 8);
      await upstream.until(() => calls() >= 150, 90_000);
      await killLeader();
      await first;
      const second = deliverAll(8, 16);
      await upstream.until(() => calls() >= 450, 90_000);
      await killLeader();
      await second;
      expect(proxies).toHaveLength(1);

      const third = deliverAll(16, 20);
      await postgres.cut();
      await third;
      await postgres.kill();
      const refused = await post(proxies[0] as Proxy, 20);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
      await refused.text();
      const fourth = deliverAll(20, EVENTS / BATCH);
      await postgres.start();
      await fourth;

      const effects = () => upstream.history().filter(({ replayed }) => !replayed);
      await upstream
        .until(() => effects().length >= EVENTS, 300_000)
        .catch(async () => {
          const states = `SELECT state, is_ambiguous, count(*) FROM offersight.events GROUP BY 1, 2`;
          throw new Error(`${effects().length} of ${EVENTS}: ${JSON.stringify(await postgres.ask(states))}`);
        });
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
    }, 500_000);
  },
);
