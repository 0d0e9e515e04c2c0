/** Redis holds personal data only in the places that the page on privacy names for it. */
import type { Redis } from 'ioredis';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Place, place, REDIS } from '../../../../e2e/fixtures/privacy-headings.js';
import { placesIn, readPrivacyPage } from '../../../../e2e/fixtures/privacy-page.js';
import { redisIntake } from '../../../../src/proxy/intake/redis/redis.js';
import { admitted } from '../../../support/intake.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
import { eventId, START } from '../../../support/wire.js';
import { begin } from '../intake.contract.js';

const page = await readPrivacyPage();
/** The page has the fields of an event in these lists. */
const ITEMS = ['what happened', 'how far it is', 'until it is delivered or given up'];
/** Keys whose hashes have fields that the page names. The fields of others are data. */
const NAMED_FIELDS = ['lane', '{offersight}.intake'];
const CANARIES = {
  address: '203.0.113.77',
  user: 'user-canary-8f14',
  offer: 'offer-canary-a52g',
  token: 'token-canary-1c77',
  group: 'group-canary-autumn',
  subscription: 'sub-canary-4711',
};

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
  return () => redis.remove();
}, 20_000);

const READ: Record<string, (admin: Redis, key: string) => Promise<unknown>> = {
  string: (admin, key) => admin.get(key),
  hash: (admin, key) => admin.hgetall(key),
  set: (admin, key) => admin.smembers(key),
  zset: (admin, key) => admin.zrange(key, '0', '-1'),
};

/** The key as the page has it: with the default name, or without name, lane and day. */
const shortly = (key: string, name: string): string =>
  key
    .replace(`{${name}}.intake`, '{offersight}.intake')
    .replace(/^\{\w+\}([/:]).*/, '{offersight}$1')
    .replace(/^\{\w+\}\.(?:events|usage)\./, '')
    .replace(/(?<=\w):.*/, ':');

/** The fields of an event; its headers are one place, since a hook names them. */
const placesOfEvent = (event: string): Place[] => {
  const { headers, ...fields } = JSON.parse(event) as Record<string, unknown>;
  return placesIn(REDIS, 'field', fields)
    .concat(place(REDIS, 'field', 'headers', JSON.stringify(headers ?? null)))
    .map((found) => ({
      ...found,
      of: ITEMS.find((item) => page.listed(REDIS, 'field', item).includes(found.name)) ?? 'what happened',
    }));
};

/** Every key with everything that it holds, and every field of every event. */
const placesOf = async (admin: Redis, name: string): Promise<Place[]> => {
  const places: Place[] = [];
  for (const key of await admin.keys(`{${name}}*`)) {
    const read = READ[await admin.type(key)];
    if (!read) throw new Error(`${key} is of a kind that this test cannot read.`);
    const held = await read(admin, key);
    const short = shortly(key, name);
    if (short === 'events')
      places.push(...Object.values(held as Record<string, string>).flatMap(placesOfEvent));
    else
      places.push(
        place(REDIS, /^\{offersight\}[/:]/.test(short) ? 'old key' : 'key', short, JSON.stringify(held)),
      );
    if (NAMED_FIELDS.includes(short)) places.push(...placesIn(REDIS, 'hash field', held, short));
  }
  return places;
};

const isMet = (places: readonly Place[], canary: keyof typeof CANARIES): boolean =>
  places.some(({ value }) => value.includes(CANARIES[canary]));

const canaryEvent = (number: number, fields: Partial<Parameters<typeof admitted>[1]> = {}) => ({
  ...admitted(number, {
    offerId: CANARIES.offer,
    visitor: CANARIES.address,
    group: CANARIES.group,
    headers: { 'chargebee-request-origin-ip': CANARIES.address },
    ...fields,
  }),
  // The proxy gives an intake the whole event to compare, with the user and the token.
  content: JSON.stringify([CANARIES.offer, CANARIES.user, CANARIES.token, number]),
});

describe.skipIf(!hasRedis)('in Redis', () => {
  it('an offer, an address, a user, a token or a group is only in places that the page on privacy names', async () => {
    const name = 'privacy';
    const intake = redisIntake({ url: redis.url, name });
    const byUser = { visitor: CANARIES.user };
    await intake.take([
      canaryEvent(1),
      canaryEvent(2, { type: 'dismissed', reason: 'control' }),
      canaryEvent(3, {
        ...byUser,
        usage: { subscriptionId: CANARIES.subscription, properties: { offers: 1 } },
      }),
    ]);
    await intake.take([canaryEvent(4, { ...byUser, group: 'another-group' })]);
    await begin(intake, START, 1);
    // Another process is there, so what this one gave out of budgets is kept too.
    for (const process of ['other', 'one'])
      await intake.share?.(process, [{ name: `address ${CANARIES.address}`, events: 1 }], START);
    expect(await redis.admin.zcard(`{${name}}.events.told`)).toBe(2);
    for (const key of ['told', 'processes'])
      expect(await redis.admin.pttl(`{${name}}.events.${key}`)).toBeGreaterThan(50_000);
    const waiting = await placesOf(redis.admin, name);
    expect(page.unlisted(waiting)).toEqual([]);
    expect(page.misplaced(waiting, CANARIES)).toEqual([]);
    expect(isMet(waiting, 'offer') && isMet(waiting, 'group') && isMet(waiting, 'address')).toBe(true);
    expect(isMet(waiting, 'user') || isMet(waiting, 'token')).toBe(false);

    // The check itself: a place that the page does not name for it.
    const leak = place(REDIS, 'key', 'calls', CANARIES.address);
    expect(page.misplaced([...waiting, leak], CANARIES)).toEqual(['In Redis: key calls holds the address']);
    const more = [
      place(REDIS, 'hash field', 'visitor', '', 'lane'),
      place(REDIS, 'field', 'address', '', 'what happened'),
    ];
    expect(page.unlisted([...waiting, ...more])).toEqual([
      'In Redis: field what happened.address',
      'In Redis: hash field lane.visitor',
    ]);
    await intake.close();
  });

  it('an address is gone as soon as its event is delivered', async () => {
    const name = 'settled';
    const intake = redisIntake({ url: redis.url, name });
    await intake.take([canaryEvent(1)]);
    const begun = await begin(intake, START);
    expect(begun.rows.map(({ id }) => id)).toEqual([eventId(1)]);
    expect(isMet(await placesOf(redis.admin, name), 'address')).toBe(true);
    await intake.finish([{ id: eventId(1), result: { kind: 'done' } }], START);
    const left = await placesOf(redis.admin, name);
    expect(isMet(left, 'address')).toBe(false);
    expect(isMet(left, 'offer')).toBe(true);
    await intake.close();
  });
});
