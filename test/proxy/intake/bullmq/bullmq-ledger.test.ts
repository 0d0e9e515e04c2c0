/** The ledger in Redis, beyond the contract: releases that do not know it, clocks, and what it tells of visitors. */
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { bullmqIntake } from '../../../../src/proxy/intake/bullmq/bullmq.js';
import { admitted } from '../../../support/intake.js';
import { type RedisServer, startRedis } from '../../../support/redis.js';
import { eventId, START } from '../../../support/wire.js';
import { begin } from '../intake.contract.js';

const DAY_MS = 86_400_000;

let redis: RedisServer;
let names = 0;
let name: string;
let intake: Intake;

beforeAll(async () => {
  redis = await startRedis();
  return () => redis.remove();
}, 20_000);

beforeEach(() => {
  name = `ledger${++names}`;
  intake = bullmqIntake({ connection: redis.url, name });
});

afterEach(() => intake.close());

const own = (key: string): string => `{${name}}/${name}/${key}`;
const jobOf = (number: number): string => `{${name}}:${name}:${eventId(number)}`;

const sums = async () => {
  const sum = { taken: 0, delivered: 0, refused: 0 };
  for await (const cells of intake.ledger())
    for (const cell of cells)
      for (const column of Object.keys(sum) as (keyof typeof sum)[]) sum[column] += cell[column];
  return sum;
};

/** Settles an event as a release without a ledger does. */
const settleOld = async (number: number): Promise<void> => {
  await redis.admin.hset(jobOf(number), 'state', 'done', 'finishedOn', START);
  await redis.admin.hdel(jobOf(number), 'since', 'due');
};

/** A release without a ledger leads, and ends. */
const leadOld = async (ends: 'resigns' | 'dies'): Promise<void> => {
  await redis.admin.hset(own('lease'), 'token', 'old', 'host', 'elsewhere', 'pid', 1, 'until', START + 1);
  if (ends === 'resigns') await redis.admin.del(own('lease'));
};

test('what a release without a ledger has taken and settled is counted in when a process of this one leads', async () => {
  await intake.take([1, 2, 3].map((number) => admitted(number)));
  for (const number of [1, 2, 3]) await redis.admin.hdel(jobOf(number), 'counted');
  await redis.admin.del(own(`ledger:${Math.floor(START / DAY_MS)}`), own('days'));
  await settleOld(1);
  expect(await sums()).toEqual({ taken: 0, delivered: 0, refused: 0 });
  await intake.lead('new', START);
  expect(await sums()).toEqual({ taken: 3, delivered: 1, refused: 0 });
});

test.each(['resigns', 'dies'] as const)(
  'what such a release settles after this one took it is put right by the next of this one that leads: it %s',
  async (ends) => {
    await intake.take([1, 2].map((number) => admitted(number)));
    await intake.lead('new', START);
    await intake.resign('new');
    await leadOld(ends);
    await settleOld(1);
    expect(await sums()).toMatchObject({ taken: 2, delivered: 0 });
    await intake.lead('newer', START + 60_000);
    expect(await sums()).toMatchObject({ taken: 2, delivered: 1 });
  },
);

test('an event that such a release settled is counted at the latest when it is forgotten', async () => {
  await intake.take([admitted(1)]);
  await intake.lead('new', START);
  await begin(intake);
  await intake.finish([{ id: eventId(1), result: { kind: 'done' } }], START);
  await redis.admin.hset(jobOf(1), 'counted', 'waiting');
  await redis.admin.hset(own(`ledger:${Math.floor(START / DAY_MS)}`), '(none) viewed - delivered', 0);
  await intake.lead('new', START + 8 * DAY_MS);
  expect(await intake.list({ limit: 1 })).toEqual([]);
  expect(await sums()).toEqual({ taken: 1, delivered: 1, refused: 0 });
});

test('a process whose clock is years ahead forgets nothing of it, since Redis has its own', async () => {
  await intake.take([admitted(1, { receivedAt: Date.now() })]);
  const now = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 500 * DAY_MS);
  const ahead = bullmqIntake({ connection: redis.url, name });
  await ahead.lead('ahead', Date.now());
  vi.restoreAllMocks();
  await ahead.close();
  expect(await sums()).toMatchObject({ taken: 1 });
});

test('usage events have none', async () => {
  await intake.take([admitted(1, { usage: { subscriptionId: 's', properties: {} } })]);
  await intake.usage.begin({ now: START, limit: 1, perMinute: 9 });
  await intake.usage.finish([{ id: eventId(1), result: { kind: 'done' } }], START);
  expect(await redis.admin.keys(`{${name}}/${name}-usage/ledger:*`)).toEqual([]);
});

test('nothing in Redis tells who named a group', async () => {
  await intake.take([admitted(1, { group: 'summer', visitor: '203.0.113.7' })]);
  const texts: string[] = [];
  for (const key of await redis.admin.keys(`{${name}}*`)) {
    texts.push(key);
    const type = await redis.admin.type(key);
    if (type === 'hash') texts.push(JSON.stringify(await redis.admin.hgetall(key)));
    if (type === 'zset') texts.push(JSON.stringify(await redis.admin.zrange(key, '0', '-1')));
  }
  expect(texts.join()).toContain('summer');
  expect(texts.join()).not.toContain('203.0.113');
});

test('an acceptance is forgotten with the ledger', async () => {
  await intake.accept([{ id: eventId(1), content: 'digest', receivedAt: START }]);
  const ttl = await redis.admin.pttl(own(`accepted:${eventId(1)}`));
  expect(ttl).toBeGreaterThan(399 * DAY_MS);
  expect(ttl).toBeLessThanOrEqual(400 * DAY_MS);
});

test('another site’s acceptances are refused', async () => {
  intake.claim('acme');
  await intake.accept([{ id: eventId(1), content: 'digest', receivedAt: START }]);
  const other = bullmqIntake({ connection: redis.url, name });
  other.claim('umbrella');
  await expect(other.accept([{ id: eventId(2), content: 'digest', receivedAt: START }])).rejects.toThrow(
    /acme/,
  );
  await other.close();
});
