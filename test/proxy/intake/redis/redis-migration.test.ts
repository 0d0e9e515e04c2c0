/**
 * What version 0.1 kept in Redis: all of it moves, no matter when a process that moves it dies, and a 0.1 that still
 * runs takes nothing more.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AdmittedEvent, Intake } from '../../../../src/proxy/index.js';
import { createMoving } from '../../../../src/proxy/intake/redis/migration/moving.js';
import { redisIntake } from '../../../../src/proxy/intake/redis/redis.js';
import { type Client, connect } from '../../../../src/proxy/intake/redis/redis-client.js';
import { platformRuntime } from '../../../../src/runtime.js';
import { admitted, tallyOf } from '../../../support/intake.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, begun, dismissed, rowOf } from '../intake.contract.js';

/** The real version 0.1, as it was released. What tests use of it has the same types as this version. */
const RELEASED = new URL('../../../../e2e/fixtures/releases/0.1.0/proxy.js', import.meta.url);
const { bullmqIntake } = (await import(RELEASED.href)) as {
  bullmqIntake(options: { readonly connection: string; readonly name: string }): Intake;
};

const DAY_MS = 86_400_000;
const MANY = 1_100;

let redis: RedisServer;
let names = 0;
let name: string;
let old: Intake;
const opened: Intake[] = [];

beforeAll(async () => {
  redis = await startRedis();
  return () => redis.remove();
}, 20_000);

beforeEach(() => {
  name = `moved${++names}`;
  old = bullmqIntake({ connection: redis.url, name });
  opened.push(old);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
});

const open = (): Intake => {
  const intake = redisIntake({ url: redis.url, name });
  opened.push(intake);
  return intake;
};

const isMoved = async (): Promise<void> => {
  await vi.waitFor(
    async () => expect(await redis.admin.hexists(`{${name}}.intake`, 'moving')).toBe(0),
    20_000,
  );
};

/** An intake of this version that has moved everything. */
const openMoved = async (): Promise<Intake> => {
  const intake = open();
  await intake.take([]).catch(() => undefined);
  await isMoved();
  return intake;
};

const kindsOf = async (intake: Intake, events: readonly AdmittedEvent[]): Promise<string[]> =>
  [...(await intake.take(events)).values()].map((verdict) =>
    'code' in verdict ? verdict.code : verdict.kind,
  );

const sums = async (intake: Intake) => {
  const sum = { taken: 0, delivered: 0, refused: 0, givenUp: 0 };
  for await (const cells of intake.ledger())
    for (const cell of cells)
      for (const column of Object.keys(sum) as (keyof typeof sum)[]) sum[column] += cell[column];
  return sum;
};

describe.skipIf(!hasRedis)('what version 0.1 kept', () => {
  const usage = { subscriptionId: 'sub1', properties: { offers: 9_007_199_254_740_991 } };
  const headers = { 'chargebee-request-origin-user': 'anna' };
  const events = [
    admitted(1),
    admitted(2),
    admitted(3, { usage, headers }),
    admitted(4),
    dismissed(5, 4),
    admitted(6),
    dismissed(7, 1),
  ];

  beforeEach(async () => {
    await old.take(events);
    await old.lead('old', START);
    await begun(old, START, 5);
    await old.finish(
      [
        { id: eventId(1), result: { kind: 'done' } },
        { id: eventId(2), result: { kind: 'dead', code: 'not_found' } },
        { id: eventId(3), result: { kind: 'waiting', dueAt: START + 9_000 } },
        { id: eventId(6), result: { kind: 'ambiguous', dueAt: START + 5_000 } },
      ],
      START + 3,
    );
    await old.note({ alert: 'ask the vendor' });
  });

  it('keeps its states, ids, times, attempts, headers, usage and note', async () => {
    const before = await old.list({ limit: 99 });
    const usages = await old.usage.list({ limit: 99 });
    const moved = await openMoved();
    const more = { group: undefined, reason: undefined };
    const after = before.map((row) => ({ ...row, ...more }));
    // Nobody knows what came of the call that was under way.
    expect(await moved.list({ limit: 99 })).toEqual(
      after.map((row) => (row.id === eventId(4) ? { ...row, isAmbiguous: true } : row)),
    );
    expect(await moved.usage.list({ limit: 99 })).toEqual(usages.map((row) => ({ ...row, ...more })));
    expect(usages).toMatchObject([{ usage }]);
    expect((await moved.status(START + 9)).note).toEqual({ alert: 'ask the vendor' });
    expect(await kindsOf(moved, [...events, admitted(8)])).toEqual([
      ...events.map(() => 'duplicate'),
      'accepted',
    ]);
    expect(await kindsOf(moved, [admitted(1, { offerId: 'other' })])).toEqual(['conflict']);
  });

  it('is forwarded in order, beginning with events that were on their way', async () => {
    const moved = await openMoved();
    expect(await moved.lead('new', START + 10)).toBe(true);
    // A new leader at once begins all events again whose outcome is unknown.
    expect((await begun(moved, START + 10)).toSorted()).toEqual([4, 6, 7]);
    expect(await rowOf(moved, 4)).toMatchObject({ isAmbiguous: true, attempts: 2 });
    expect((await begin(moved, START + 9_000)).rows).toMatchObject([{ id: eventId(3), headers }]);
    await moved.finish([{ id: eventId(4), result: { kind: 'done' } }], START + 9_000);
    expect(await begun(moved, START + 9_000)).toEqual([5]);
  });

  it('counts in the ledger, and against the pace', async () => {
    const moved = await openMoved();
    expect(await sums(moved)).toEqual({ taken: 7, delivered: 1, refused: 1, givenUp: 0 });
    expect((await moved.status(START + 9)).lastMinute).toBe(5);
  });

  it('is remembered for as long as before', async () => {
    const moved = await openMoved();
    await begin(moved, START + 7 * DAY_MS - 1);
    expect(await kindsOf(moved, [admitted(1)])).toEqual(['duplicate']);
    await begin(moved, START + 7 * DAY_MS + 4);
    expect(await kindsOf(moved, [admitted(1)])).toEqual(['accepted']);
  });

  it('leaves nothing behind except what keeps 0.1 out', async () => {
    await openMoved();
    const left = (await redis.admin.keys(`{${name}}[:/]*`)).toSorted();
    expect(left.filter((key) => key.includes(eventId(1)) || key.includes('offer:'))).toEqual([]);
    expect(await redis.admin.keys(`{${name}}.old.*`)).toEqual([]);
    expect(left).not.toEqual([]);
  });

  it('cannot be reached by a 0.1 that still runs, from the first moment on', async () => {
    const moved = await openMoved();
    const rejected = /WRONGTYPE|newer release/;
    await expect(old.take([admitted(9)])).rejects.toThrow(rejected);
    await expect(old.lead('old', START)).rejects.toThrow(rejected);
    await expect(begin(old)).rejects.toThrow(rejected);
    await expect(old.status(START)).rejects.toThrow(rejected);
    await expect(old.list({ limit: 9 })).rejects.toThrow(rejected);
    await old.finish([{ id: eventId(4), result: { kind: 'done' } }], START).catch(() => undefined);
    await old.retry([eventId(2)], START).catch(() => undefined);
    expect(await rowOf(moved, 4)).toMatchObject({ state: 'forwarding' });
    expect(await rowOf(moved, 2)).toMatchObject({ state: 'dead' });
    expect(await rowOf(moved, 9)).toBeUndefined();
  });
});

describe.skipIf(!hasRedis)('a Redis that is new', () => {
  it('cannot be used by a 0.1 that is started later', async () => {
    await open().take([admitted(1)]);
    await expect(old.take([admitted(2)])).rejects.toThrow(/WRONGTYPE/);
    await expect(old.lead('old', START)).rejects.toThrow(/WRONGTYPE/);
  });
});

describe.skipIf(!hasRedis)('a ledger of a release between the two', () => {
  it('is kept, and events that it had not counted yet are counted', async () => {
    await old.take([1, 2, 3].map((number) => admitted(number)));
    await begun(old, START, 2);
    await old.finish(
      [1, 2].map((number) => ({ id: eventId(number), result: { kind: 'done' as const } })),
      START,
    );
    const own = `{${name}}/${name}/`;
    const day = Math.floor(START / DAY_MS);
    await redis.admin.zadd(`${own}days`, day, day, day - 1, day - 1);
    await redis.admin.hset(`${own}ledger:${day}`, '(none) viewed - taken', 2, '(none) viewed - delivered', 1);
    await redis.admin.hset(`${own}ledger:${day - 1}`, 'summer dismissed escape taken', 4);
    // The first was counted whole, the second before it was delivered, the third not at all.
    await redis.admin.hset(`{${name}}:${name}:${eventId(1)}`, 'counted', 'delivered');
    await redis.admin.hset(`{${name}}:${name}:${eventId(2)}`, 'counted', 'waiting');
    await redis.admin.set(`${own}accepted:${eventId(9)}`, 'digest', 'PX', 50_000);
    const moved = await openMoved();
    expect(await sums(moved)).toEqual({ taken: 7, delivered: 2, refused: 0, givenUp: 0 });
    const again = { id: eventId(9), content: 'digest', receivedAt: START };
    expect([...(await moved.accept([again])).values()]).toEqual([{ kind: 'duplicate' }]);
  });
});

describe.skipIf(!hasRedis)('a process that moves may die after any step', () => {
  it('and the next one continues: taking begins when all ids have moved, forwarding when all events have', async () => {
    const events = Array.from({ length: MANY }, (_, at) =>
      admitted(at + 1, { offerId: `offer${at % 300}`, usage: { subscriptionId: 's', properties: {} } }),
    );
    for (let from = 0; from < MANY; from += 100) await old.take(events.slice(from, from + 100));
    const { rows } = await begin(old, START, 100);
    await old.finish(
      rows.map(({ id }) => ({ id, result: { kind: 'done' } })),
      START,
    );
    const runtime = platformRuntime();
    let steps = 0;
    /** Moves one portion, and dies. */
    const moveOne = async (): Promise<void> => {
      const client = connect(redis.url, `{${name}}`, runtime, () => undefined);
      let left = 1;
      let die = (): void => undefined;
      const dead = new Promise<void>((resolve) => {
        die = resolve;
      });
      const mortal: Client = {
        ...client,
        async run(script, ...rest) {
          if (script === 'offersight_move' && left-- <= 0) {
            die();
            throw new Error('It is dead.');
          }
          return client.run(script, ...rest);
        },
      };
      await createMoving(mortal, runtime, () => '').prepare();
      if (await redis.admin.hexists(`{${name}}.intake`, 'moving')) await dead;
      await client.close();
      steps++;
    };
    const phases: (string | null)[] = [];
    do {
      await moveOne();
      const phase = await redis.admin.hget(`{${name}}.intake`, 'moving');
      phases.push(phase);
    } while (phases.at(-1));
    expect(new Set(phases)).toEqual(new Set(['ids', 'events', null]));
    expect(steps).toBeGreaterThan(12);
    const moved = open();
    expect(await tallyOf(moved)).toHaveLength(400);
    expect(await kindsOf(moved, events.slice(0, 300))).toEqual(
      Array.from({ length: 300 }, () => 'duplicate'),
    );
    expect((await moved.list({ limit: 2_000 })).map(({ id }) => id).toSorted()).toEqual(
      events.map(({ id }) => id).toSorted(),
    );
    expect(await moved.status(START)).toMatchObject({ waiting: MANY - 100 });
    expect(await moved.usage.status(START)).toMatchObject({ waiting: MANY });
    expect(await sums(moved)).toMatchObject({ taken: MANY, delivered: 100 });
  }, 60_000);

  it('and calls that come meanwhile are rejected with a message', async () => {
    await old.take([admitted(1)]);
    const moved = await openMoved();
    await redis.admin.hset(`{${name}}.intake`, 'moving', 'ids', 'part', 99, 'cursor', 0);
    await expect(moved.take([admitted(2)])).rejects.toThrow(/is still moving the events/);
  });
});
