/** The ledger in Redis, beyond the contract: forgotten days, clocks, and what it says about visitors. */
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { redisIntake } from '../../../../src/proxy/intake/redis/redis.js';
import { admitted } from '../../../support/intake.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
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
  intake = redisIntake({ url: redis.url, name });
});

afterEach(() => intake.close());

const own = (key: string): string => `{${name}}.events.${key}`;

const sums = async () => {
  const sum = { taken: 0, delivered: 0, refused: 0 };
  for await (const cells of intake.ledger())
    for (const cell of cells)
      for (const column of Object.keys(sum) as (keyof typeof sum)[]) sum[column] += cell[column];
  return sum;
};

test.skipIf(!hasRedis)('an outcome is not counted if the day of its event is forgotten', async () => {
  await intake.take([admitted(1), admitted(2, { receivedAt: START + DAY_MS })]);
  await begin(intake);
  await redis.admin.del(own(`ledger:${Math.floor(START / DAY_MS)}`));
  await intake.finish(
    [1, 2].map((number) => ({ id: eventId(number), result: { kind: 'done' as const } })),
    START,
  );
  expect(await sums()).toEqual({ taken: 1, delivered: 1, refused: 0 });
});

test.skipIf(!hasRedis)(
  'a process whose clock is years ahead forgets nothing of the ledger, since Redis has its own clock',
  async () => {
    await intake.take([admitted(1, { receivedAt: Date.now() })]);
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 500 * DAY_MS);
    const ahead = redisIntake({ url: redis.url, name });
    await ahead.lead('ahead', Date.now());
    await begin(ahead, Date.now());
    vi.restoreAllMocks();
    await ahead.close();
    expect(await sums()).toMatchObject({ taken: 1 });
  },
);

test.skipIf(!hasRedis)('usage events have no ledger', async () => {
  await intake.take([admitted(1, { usage: { subscriptionId: 's', properties: {} } })]);
  await intake.usage.begin({ now: START, limit: 1, perMinute: 9 });
  await intake.usage.finish([{ id: eventId(1), result: { kind: 'done' } }], START);
  expect(await redis.admin.keys(`{${name}}.usage.ledger:*`)).toEqual([]);
});

test.skipIf(!hasRedis)('nothing in Redis shows who named a group', async () => {
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

test.skipIf(!hasRedis)('an acceptance is forgotten with the ledger', async () => {
  await intake.accept([{ id: eventId(1), content: 'digest', receivedAt: START }]);
  const ttl = await redis.admin.pttl(own(`accepted:${eventId(1)}`));
  expect(ttl).toBeGreaterThan(399 * DAY_MS);
  expect(ttl).toBeLessThanOrEqual(400 * DAY_MS);
});

test.skipIf(!hasRedis)('another site’s acceptances are refused', async () => {
  intake.claim('acme');
  await intake.accept([{ id: eventId(1), content: 'digest', receivedAt: START }]);
  const other = redisIntake({ url: redis.url, name });
  other.claim('umbrella');
  await expect(other.accept([{ id: eventId(2), content: 'digest', receivedAt: START }])).rejects.toThrow(
    /acme/,
  );
  await other.close();
});
