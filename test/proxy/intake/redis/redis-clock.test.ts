/** Jumps of Redis's own clock, which scripts go by if the process's is far from it. */
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { redisIntake } from '../../../../src/proxy/intake/redis/redis.js';
import type * as Scripts from '../../../../src/proxy/intake/redis/redis-scripts.js';
import { admitted } from '../../../support/intake.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
import { numbers } from '../intake.contract.js';

// Only a whole machine has a clock that can be moved, so the scripts add what the test says.
vi.mock('../../../../src/proxy/intake/redis/redis-scripts.js', async (original) => {
  const scripts = await original<typeof Scripts>();
  const moved = (script: string): string =>
    script.replace("call('TIME')", "call('TIME') time[1] = time[1] + (call('GET', KEYS[1] .. '.jump') or 0)");
  const texts = Object.entries(scripts.SCRIPTS).map(([name, script]) => [name, moved(script)]);
  return { ...scripts, SCRIPTS: Object.fromEntries(texts) as typeof scripts.SCRIPTS };
});

const DAY_S = 86_400;

let redis: RedisServer;
let name: string;
let places = 0;
const opened: Intake[] = [];

const open = (): Intake => {
  const intake = redisIntake({ url: redis.url, name });
  opened.push(intake);
  return intake;
};
const jump = (days: number): Promise<unknown> => redis.admin.set(`{${name}}.jump`, days * DAY_S);
const look = (intake: Intake, limit = 0) => intake.begin({ now: Date.now(), limit, perMinute: 100 });
const waiting = async (intake: Intake): Promise<number> => (await intake.status(Date.now())).waiting;
const lead = (intake: Intake, token: string): Promise<boolean> => intake.lead(token, Date.now());

beforeAll(async () => {
  redis = await startRedis();
  return () => redis.remove();
}, 20_000);

beforeEach(() => {
  name = `clock${++places}`;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
});

const takeThree = async (): Promise<Intake> => {
  const intake = open();
  await intake.take([1, 2, 3].map((number) => admitted(number, { receivedAt: Date.now() })));
  return intake;
};

test.skipIf(!hasRedis)(
  'a jump by days does not make an event old, and what came before and after it is begun',
  async () => {
    const intake = await takeThree();
    await lead(intake, 'only');
    await jump(2);
    expect(await look(intake)).toMatchObject({ rows: [], expired: 0 });
    await jump(9);
    await intake.take([admitted(4, { receivedAt: Date.now() })]);
    const { rows, expired } = await look(intake, 9);
    expect([numbers(rows), expired]).toEqual([[1, 2, 3, 4], 0]);
  },
);

test.skipIf(!hasRedis)('a jump and its correction leave all events as they were', async () => {
  const intake = await takeThree();
  await lead(intake, 'only');
  for (const days of [30, 0, 2]) {
    await jump(days);
    await look(intake);
    expect(await waiting(intake)).toBe(3);
  }
});

test.skipIf(!hasRedis)(
  'a jump to the time of a process whose clock was wrong does not make an event old',
  async () => {
    const { now } = Date;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 2 * DAY_S * 1_000);
    const intake = await takeThree();
    await lead(intake, 'only');
    expect(await look(intake)).toMatchObject({ expired: 0 });
    await jump(2);
    expect(await look(intake)).toMatchObject({ expired: 0 });
    expect(await waiting(intake)).toBe(3);
  },
);

test.skipIf(!hasRedis)(
  'a process that begins to lead after a jump has heard of it as it asked to lead',
  async () => {
    const first = await takeThree();
    const second = open();
    expect([await lead(first, 'first'), await lead(second, 'second')]).toEqual([true, false]);
    await jump(2);
    expect([await lead(first, 'first'), await lead(second, 'second')]).toEqual([true, false]);
    await first.resign('first');
    expect(await lead(second, 'second')).toBe(true);
    expect(await look(second)).toMatchObject({ expired: 0 });
    expect(await waiting(second)).toBe(3);
  },
);

test.skipIf(!hasRedis)('a process that starts after a jump believes the clock', async () => {
  await takeThree();
  await jump(2);
  const late = open();
  await lead(late, 'late');
  expect(await look(late)).toMatchObject({ expired: 3 });
});
