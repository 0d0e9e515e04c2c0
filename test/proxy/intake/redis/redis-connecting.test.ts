/**
 * What the intake in Redis checks when it connects, which Redis it can use, and how soon its leader learns of events.
 */
import { once } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../../e2e/fixtures/free-port.js';
import type { Intake } from '../../../../src/proxy/index.js';
import { type BullmqIntakeOptions, bullmqIntake } from '../../../../src/proxy/intake/bullmq/bullmq.js';
import { redisIntake } from '../../../../src/proxy/intake/redis/redis.js';
import { admitted } from '../../../support/intake.js';
import { pageRequest, startProxy } from '../../../support/proxy.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
import { eventId, START, wireBody, wireEvent } from '../../../support/wire.js';
import { begun, rowOf } from '../intake.contract.js';

const formerIntake = (options: BullmqIntakeOptions): Intake =>
  // oxlint-disable-next-line typescript/no-deprecated -- This test is for it.
  bullmqIntake(options);

let redis: RedisServer;
let names = 0;
const opened: Intake[] = [];
const servers: RedisServer[] = [];

beforeAll(async () => {
  redis = await startRedis();
  return () => redis.remove();
}, 20_000);

afterEach(async () => {
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
  await Promise.all(servers.splice(0).map((server) => server.remove()));
});

const open = (options: Parameters<typeof redisIntake>[0] = { url: redis.url }): Intake => {
  const intake = redisIntake({ name: `connecting${++names}`, ...options });
  opened.push(intake);
  return intake;
};

describe.skipIf(!hasRedis)('settings with which Redis may lose accepted events', () => {
  it.each([
    ['appendfsync', 'everysec', 'always'],
    ['appendonly', 'no', 'yes'],
    ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
  ])('are an alert that names them: %s %s', async (name, weak, safe) => {
    await redis.admin.config('SET', name, weak);
    try {
      const alerts: string[] = [];
      open().claim('acme', { onAlert: (message) => alerts.push(message) });
      await vi.waitFor(() => expect(alerts).toHaveLength(1), 10_000);
      expect(alerts[0]).toContain(`it is set to ${name} ${weak}. `);
    } finally {
      await redis.admin.config('SET', name, safe);
    }
  });

  it('are looked at again every five minutes while Redis is asked anything', async () => {
    const past = { ms: 0 };
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + past.ms);
    const alerts: string[] = [];
    const intake = open();
    intake.claim('acme', { onAlert: (message) => alerts.push(message) });
    const ask = async (ms: number): Promise<void> => {
      past.ms += ms;
      // What is asked after the settings is answered after them.
      for (let times = 0; times < 3; times++) await intake.status(START);
    };
    try {
      await ask(0);
      await redis.admin.config('SET', 'appendfsync', 'everysec');
      await ask(299_000);
      expect(alerts).toEqual([]);
      await ask(2_000);
      expect(alerts).toEqual([expect.stringContaining('appendfsync everysec')]);
      await ask(300_000);
      expect(alerts).toHaveLength(2);
      await redis.admin.config('SET', 'appendfsync', 'always');
      await ask(300_000);
      await ask(300_000);
      expect(alerts).toHaveLength(2);
    } finally {
      vi.restoreAllMocks();
      await redis.admin.config('SET', 'appendfsync', 'always');
    }
  });

  it('are not alerted if all are safe, or if Redis does not show them', async () => {
    const alerts: string[] = [];
    const onAlert = (message: string): unknown => alerts.push(message);
    const safe = open();
    safe.claim('acme', { onAlert });
    await redis.admin.acl('SETUSER', 'shop', 'on', '>secret', '~*', '+@all', '-@dangerous', '+info');
    const silent = open({ connection: { port: redis.port, username: 'shop', password: 'secret' } });
    silent.claim('acme', { onAlert });
    // What is asked after the settings is answered after them.
    for (const intake of [safe, silent]) expect(await intake.take([admitted(1)])).toHaveLength(1);
    expect(alerts).toEqual([]);
  });
});

describe.skipIf(!hasRedis)('a Redis with a password', () => {
  it.each([
    ['none', '', /asks for a password/],
    ['a wrong one', ':canary-password@', /does not accept the user or the password/],
  ])('is named as what refuses a client with %s, without showing it', async (_, given, words) => {
    const server = await startRedis();
    servers.push(server);
    await server.admin.config('SET', 'requirepass', 'secret');
    const intake = open({ url: server.url.replace('//', `//${given}`) });
    const failure: unknown = await intake.status(START).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ code: 'configuration', hint: expect.stringMatching(words) as string });
    expect(inspect(failure, { depth: 9 })).not.toContain('canary-password');
  });
});

describe.skipIf(!hasRedis)('a Redis Cluster', () => {
  const startCluster = async (): Promise<[RedisServer, RedisServer]> => {
    const start = async (): Promise<RedisServer> => {
      const server = await startRedis(['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`]);
      servers.push(server);
      return server;
    };
    const [left, right] = [await start(), await start()];
    await left.admin.cluster('ADDSLOTSRANGE', 0, 8_191);
    await right.admin.cluster('ADDSLOTSRANGE', 8_192, 16_383);
    const [, bus = ''] = /:\d+@(\d+)/.exec((await right.admin.cluster('NODES')) as string) ?? [];
    await left.admin.call('CLUSTER', 'MEET', '127.0.0.1', `${right.port}`, bus);
    for (const { admin } of [left, right])
      await vi.waitFor(
        async () => {
          const info = await admin.cluster('INFO');
          expect(info).toContain('cluster_state:ok');
          expect(info).toContain('cluster_known_nodes:2');
        },
        { timeout: 20_000, interval: 50 },
      );
    return [left, right];
  };

  it('is served by a list of its nodes: all keys are in one slot', async () => {
    const [left] = await startCluster();
    for (const name of ['shop', 'shop-eu', 'brand']) {
      const intake = open({ connection: [{ host: '127.0.0.1', port: left.port }], name });
      await intake.take([admitted(1, { usage: { subscriptionId: 's', properties: {} }, group: 'summer' })]);
      expect(await intake.lead('only', START)).toBe(true);
      expect(await begun(intake)).toEqual([1]);
      await intake.finish([{ id: eventId(1), result: { kind: 'done' } }], START);
      expect(await rowOf(intake, 1)).toMatchObject({ state: 'done' });
    }
  }, 60_000);

  it('is refused with a remedy if only one node is given and another has the keys', async () => {
    const [left, right] = await startCluster();
    const outcomes = await Promise.allSettled(
      [left, right].map((server) => open({ url: server.url, name: 'shop' }).take([admitted(1)])),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(refused?.reason).toMatchObject({
      code: 'configuration',
      hint: expect.stringMatching(/one node of a Redis Cluster.*give connection a list of its nodes/),
    });
  }, 60_000);
});

describe.skipIf(!hasRedis)('events that another process has taken', () => {
  it('leave within two seconds', async () => {
    const name = `connecting${++names}`;
    const [leader, follower] = [1, 2].map(() => startProxy({ intake: open({ url: redis.url, name }) }));
    if (!leader || !follower) throw new Error('There are two.');
    const leads = async (): Promise<unknown> => redis.admin.hget(`{${name}}.events.lane`, 'token');
    await vi.waitFor(async () => expect(await leads()).toBeTruthy(), 10_000);
    const held = await leads();
    expect((await follower.proxy(pageRequest(wireBody([wireEvent(1)])))).status).toBe(200);
    // Nobody wakes the leader, so it learns of them by itself.
    const called = (): number => leader.runtime.calls.length + follower.runtime.calls.length;
    for (const { runtime } of [leader, follower]) await runtime.advance(2_000);
    await vi.waitFor(() => expect(called()).toBe(1), 10_000);
    expect(await leads()).toBe(held);
    for (const proxy of [leader, follower]) await proxy.end();
  });
});

describe.skipIf(!hasRedis)('the former name, bullmqIntake', () => {
  it('is the same intake, and says once that it has another name now', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', onWarning);
    const name = `connecting${++names}`;
    const [first, second] = [
      formerIntake({ connection: redis.url, name }),
      formerIntake({ connection: { host: '127.0.0.1', port: redis.port }, name, maxWaiting: 1 }),
    ];
    opened.push(first, second);
    await first.take([admitted(1)]);
    expect([...(await second.take([admitted(1), admitted(2)])).values()]).toMatchObject([
      { kind: 'duplicate' },
      { kind: 'deferred' },
    ]);
    expect(await rowOf(open({ url: redis.url, name }), 1)).toMatchObject({ state: 'waiting' });
    if (!warnings.length) await once(process, 'warning');
    process.off('warning', onWarning);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/bullmqIntake is now redisIntake of offersight\/proxy\/redis/),
    ]);
    expect(warnings[0]?.name).toBe('DeprecationWarning');
  });
});
