import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { redisIntake } from '../../../../src/proxy/intake/redis/redis.js';
import { durably } from '../../../support/answering.js';
import { admitted, tallyOf } from '../../../support/intake.js';
import { importing, inProcess, outputOf } from '../../../support/processes.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, begun, describeIntake, dismissed, numbers, rowOf } from '../intake.contract.js';
import { describeAnswering } from '../intake-answering.contract.js';
import { describeFairness } from '../intake-fairness.contract.js';
import { describePortions } from '../intake-portions.contract.js';

const MINUTE_MS = 60_000;

let redis: RedisServer;
let places = 0;

beforeAll(async () => {
  redis = await startRedis();
  return () => redis.remove();
}, 20_000);

const flush = async (name: string): Promise<void> => {
  const keys = await redis.admin.keys(`{${name}}*`);
  if (keys.length) await redis.admin.del(...keys);
};

if (hasRedis) {
  describeIntake('Redis', () => {
    const name = `contract${++places}`;
    return {
      open: (options = {}) => redisIntake({ url: redis.url, name, ...options }),
      remove: () => flush(name),
    };
  }, [describeFairness, describePortions(4_000)]);

  describeAnswering('Redis', () => {
    const name = `answering${++places}`;
    return durably(redisIntake({ url: redis.url, name }), () => flush(name));
  });
}

describe.skipIf(!hasRedis)('the intake Redis, beyond the contract', () => {
  let name: string;
  let intake: Intake;
  const opened: Intake[] = [];
  const open = (): Intake => {
    const one = redisIntake({ url: redis.url, name });
    opened.push(one);
    return one;
  };

  beforeEach(() => {
    name = `own${++places}`;
    intake = open();
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(opened.splice(0).map((one) => one.close()));
    await flush(name);
  });

  describe('that is opened only for reading', () => {
    const everyLook = (reader: Intake): readonly (() => Promise<unknown>)[] => [
      () => reader.status(START),
      () => reader.usage.status(START),
      () => reader.list({ limit: 9 }),
      () => tallyOf(reader),
      () => reader.ledger()[Symbol.asyncIterator]().next(),
      () => reader.knows([admitted(1)]),
      () => reader.sessionsEnded(),
    ];
    const contents = async (): Promise<readonly unknown[]> => {
      const keys = (await redis.admin.keys(`{${name}-other}*`)).sort();
      return Promise.all(keys.map(async (key) => [key, await redis.admin.dump(key)]));
    };

    it.each<[string, () => Promise<unknown>]>([
      ['in an empty Redis', async () => undefined],
      [
        'beside what 0.1 kept',
        async () => {
          await redis.admin.zadd(`{${name}-other}/${name}-other/arrivals`, 1, eventId(1));
          await redis.admin.set(`{${name}-other}/${name}-other/site`, 'acme-test');
        },
      ],
    ])('says that it is not there, and changes no key, %s', async (_, prepare) => {
      await prepare();
      const before = await contents();
      const reader = redisIntake({ url: redis.url, name: `${name}-other`, readOnly: true });
      for (const look of everyLook(reader))
        await expect(look()).rejects.toMatchObject({
          code: 'configuration',
          hint: 'There is no intake of this name in Redis: start the proxy first.',
        });
      await reader.close();
      expect(await contents()).toEqual(before);
      await flush(`${name}-other`);
    });
  });

  describe('its usage lane', () => {
    const usage = { subscriptionId: 'sub1', properties: { offers: 1 } };

    it('is separate, has no order, and keeps what the usage event says', async () => {
      await intake.take([admitted(1, { usage }), dismissed(2, 1, { usage }), admitted(3)]);
      const { rows } = await begin(intake.usage as Intake);
      expect(rows).toMatchObject([
        { id: eventId(1), usage },
        { id: eventId(2), usage },
      ]);
      expect(await begun(intake)).toEqual([1, 3]);
      expect(await intake.usage.status(START)).toMatchObject({ waiting: 2, lastMinute: 2 });
    });

    it('gives up events that are older than 12 hours', async () => {
      await intake.take([admitted(1, { usage, occurredAt: START })]);
      const late = START + 12 * 60 * MINUTE_MS;
      expect((await intake.usage.begin({ now: late, limit: 9, perMinute: 9 })).rows).toEqual([]);
      expect(await intake.usage.list({ limit: 9 })).toMatchObject([{ state: 'dead', code: 'expired' }]);
    });

    it('begins a batch of 500 or more at once', async () => {
      const many = Array.from({ length: 1_200 }, (_, at) => admitted(at + 1, { usage }));
      for (let from = 0; from < many.length; from += 400) await intake.take(many.slice(from, from + 400));
      const first = await intake.usage.begin({ now: START, limit: 5_000, perMinute: 10_000 });
      expect(first.rows.length).toBeGreaterThanOrEqual(500);
      expect(first.nextAt).toBe(START);
      const second = await intake.usage.begin({ now: START, limit: 5_000, perMinute: 10_000 });
      expect(numbers([...first.rows, ...second.rows])).toEqual(many.map((_, at) => at + 1));
    });
  });

  it('keeps headers until the event is settled, and a note for the next leader', async () => {
    const headers = { 'chargebee-request-origin-user': 'anna' };
    await intake.take([admitted(1, { headers })]);
    expect((await begin(intake)).rows).toMatchObject([{ headers }]);
    await intake.finish([{ id: eventId(1), result: { kind: 'done' } }], START);
    expect((await rowOf(intake, 1))?.headers).toBeUndefined();
    await intake.note({ alert: 'ask the vendor', pausedUntil: START + 9 });
    expect((await open().status(START)).note).toEqual({ alert: 'ask the vendor', pausedUntil: START + 9 });
  });

  it('lets dead letters wait again, all of them or by id', async () => {
    await intake.take([admitted(1), admitted(2)]);
    await begin(intake, START);
    const refused = { kind: 'dead', code: 'param_wrong_value' } as const;
    await intake.finish(
      [1, 2].map((number) => ({ id: eventId(number), result: refused })),
      START + 5,
    );
    expect(await intake.retry([eventId(2), eventId(404)], START + 9)).toBe(1);
    expect(await begun(intake, START + 9)).toEqual([2]);
    expect(await intake.retry(undefined, START + 9)).toBe(1);
    expect(await begun(intake, START + 9)).toEqual([1]);
  });

  it('lists page by page, by offer, state and age', async () => {
    const many = Array.from({ length: 2_500 }, (_, at) =>
      admitted(at + 1, { offerId: `offer${at % 1_250}`, receivedAt: START + at }),
    );
    for (let from = 0; from < many.length; from += 500) await intake.take(many.slice(from, from + 500));
    await begun(intake, START + 5_000, 3);
    await intake.finish([{ id: eventId(2), result: { kind: 'dead', code: 'x' } }], START);
    expect(numbers(await intake.list({ limit: 9, offerId: 'offer1' }))).toEqual([1_252, 2]);
    expect(numbers(await intake.list({ limit: 9, states: ['dead'] }))).toEqual([2]);
    expect(numbers(await intake.list({ limit: 9, states: ['forwarding', 'dead'] }))).toEqual([3, 2, 1]);
    expect(numbers(await intake.list({ limit: 9_999, since: START + 2_498 }))).toEqual([2_500, 2_499]);
    const page = await intake.list({ limit: 2_000 });
    const rest = await intake.list({ limit: 2_000, before: page.at(-1)?.cursor });
    expect(numbers([...page, ...rest])).toEqual(many.map((_, at) => 2_500 - at));
  });

  it('forgets more events than one script can', async () => {
    const many = Array.from({ length: 1_500 }, (_, at) => admitted(at + 1));
    for (let from = 0; from < many.length; from += 500) await intake.take(many.slice(from, from + 500));
    const overdue = START + 25 * 60 * MINUTE_MS;
    const first = await begin(intake, overdue);
    expect(first).toEqual({ rows: [], expired: 500, nextAt: overdue + 100 });
    for (let at = 0; at < 2; at++) await begin(intake, overdue);
    expect((await intake.status(overdue)).waiting).toBe(0);
    expect(await tallyOf(intake)).toHaveLength(1_500);
    const over = START + 9 * 24 * 60 * MINUTE_MS;
    let nextAt: number | undefined = over;
    while (nextAt !== undefined) ({ nextAt } = await begin(intake, over));
    expect(await intake.list({ limit: 1 })).toEqual([]);
    expect(await tallyOf(intake)).toEqual([]);
    const left = (await redis.admin.keys(`{${name}}.*`)).map((key) => key.replace(/^.*?}\.|:.*/g, ''));
    expect(left.toSorted()).toEqual(['events.days', 'events.lane', 'events.ledger', 'intake', 'usage.lane']);
  });

  it('begins nothing for a process after another has taken over: nobody would record the outcome', async () => {
    await intake.lead('left', START);
    await intake.take([admitted(1)]);
    const other = open();
    await other.lead('right', START + MINUTE_MS);
    expect(await begun(intake, START + MINUTE_MS)).toEqual([]);
    expect(await begun(other, START + MINUTE_MS)).toEqual([1]);
  });

  it('counts calls of unknown end until a minute after the takeover, since they may have arrived late', async () => {
    await intake.lead('left', START);
    await intake.take([admitted(1)]);
    await begun(intake, START, 9, 1);
    const other = open();
    await other.lead('right', START + MINUTE_MS / 2);
    expect(await begun(other, START + MINUTE_MS + 1, 9, 1)).toEqual([]);
    expect(await begun(other, START + 1.5 * MINUTE_MS + 1, 9, 1)).toEqual([1]);
  });

  it('takes over at once from a process that was killed, and makes its calls ambiguous', async () => {
    const child = inProcess(`
      ${importing('redisIntake', 'proxy/intake/redis/redis.ts')}
      const intake = redisIntake({ url: ${JSON.stringify(redis.url)}, name: '${name}' });
      await intake.lead('killed', ${START});
      await intake.take([${JSON.stringify(admitted(1))}]);
      await intake.begin({ now: ${START}, limit: 9, perMinute: 150 });
      process.kill(process.pid, 'SIGKILL');`);
    await outputOf(child);
    expect(await intake.lead('successor', START + 5)).toBe(true);
    expect((await begin(intake, START + 5)).rows).toMatchObject([{ id: eventId(1), isAmbiguous: true }]);
  }, 20_000);

  it('keeps one pace and one lease for machines whose clocks are an hour apart', async () => {
    const now = Date.now();
    await intake.lead('right', now);
    await intake.take(Array.from({ length: 5 }, (_, at) => admitted(at + 1, { receivedAt: now })));
    expect(await begun(intake, now, 9, 3)).toEqual([1, 2, 3]);
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + 60 * MINUTE_MS);
    const ahead = open();
    expect(await ahead.lead('ahead', Date.now())).toBe(false);
    await intake.resign('right');
    expect(await ahead.lead('ahead', Date.now())).toBe(true);
    const { rows, nextAt } = await begin(ahead, Date.now(), 9, 3);
    expect(rows).toEqual([]);
    expect(nextAt).toBeGreaterThan(Date.now());
    expect(nextAt).toBeLessThanOrEqual(Date.now() + MINUTE_MS + 2);
  });

  it('has one secret for names of reported events in every process, also after Redis was emptied', async () => {
    const other = redisIntake({ url: redis.url, name });
    try {
      const key = await intake.nameKey();
      expect(await other.nameKey()).toBe(key);
      await flush(name);
      const another = await other.nameKey();
      expect(another).not.toBe(key);
      expect(await intake.nameKey()).toBe(another);
    } finally {
      await other.close();
    }
  });

  it('neither keeps nor passes on what was reported more than a minute ago, while others still report', async () => {
    const told = `{${name}}.events.told`;
    const report = (agoMs: number, who: string): string => `${Date.now() - agoMs} 0 [["${who}",4]]`;
    const [old, young] = [report(MINUTE_MS + 1_000, 'old'), report(MINUTE_MS / 2, 'young')];
    await intake.share?.('one', [], START);
    // They stand ahead of what was reported just now.
    await redis.admin.zadd(told, 0.5, old, 0.5, young);
    const { others } = (await open().share?.('other', [], START)) ?? {};
    expect(others).toEqual([{ name: 'young', events: 4 }]);
    const left = await redis.admin.zrange(told, '0', '-1');
    expect([left.includes(old), left.includes(young), left.length]).toEqual([false, true, 3]);
  });

  it('continues to forward while Redis is full, and takes nothing more', async () => {
    await intake.take([admitted(1), admitted(2)]);
    await redis.admin.config('SET', 'maxmemory', '1');
    try {
      for (const events of [[admitted(3)], []])
        await expect(intake.take(events)).rejects.toMatchObject({
          hint: expect.stringMatching(/Redis is full: raise its maxmemory/) as string,
        });
      expect(await intake.lead('only', START)).toBe(true);
      expect(await begun(intake)).toEqual([1, 2]);
      await intake.finish([{ id: eventId(1), result: { kind: 'done' } }], START);
      await intake.finish([{ id: eventId(2), result: { kind: 'waiting', dueAt: START + 9 } }], START);
    } finally {
      await redis.admin.config('SET', 'maxmemory', '0');
    }
    expect([await rowOf(intake, 1), await rowOf(intake, 2), await rowOf(intake, 3)]).toMatchObject([
      { state: 'done' },
      { state: 'waiting' },
      undefined,
    ]);
  });

  it('neither touches nor shows what a newer release has written', async () => {
    await intake.take([admitted(1)]);
    await redis.admin.hset(`{${name}}.intake`, 'layout', 3);
    await expect(intake.take([admitted(2)])).rejects.toThrow(/newer release/);
    await expect(intake.lead('only', START)).rejects.toThrow(/newer release/);
    await expect(intake.list({ limit: 9 })).rejects.toThrow(/newer release/);
    expect(await redis.admin.hkeys(`{${name}}.events.ids`)).toEqual([eventId(1)]);
  });

  it('keeps every key in one slot of a cluster', async () => {
    await intake.lead('only', START);
    await intake.take([admitted(1, { usage: { subscriptionId: 's', properties: {} } }), dismissed(2, 1)]);
    await begun(intake);
    const keys = await redis.admin.keys('*');
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter((key) => !key.startsWith(`{${name}}`))).toEqual([]);
  });
});

describe.skipIf(!hasRedis)('wrong options are reported at creation', () => {
  it.each([
    ['no URL', { url: 'localhost:6379' }],
    ['no place', {}],
    ['two places', { url: 'redis://localhost', connection: { host: 'localhost' } }],
    ['a name with braces', { url: 'redis://localhost', name: '{a}' }],
    ['no room', { url: 'redis://localhost', maxWaiting: 0 }],
    ['no time', { url: 'redis://localhost', maxDelayMs: Number.NaN }],
    ['another policy', { url: 'redis://localhost', ambiguous: 'maybe' as never }],
  ])('%s', (_, options) => {
    expect(() => redisIntake(options)).toThrow(
      expect.objectContaining({ name: 'OffersightError', code: 'configuration' }),
    );
  });
});
