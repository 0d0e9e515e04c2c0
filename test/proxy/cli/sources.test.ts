/** The place of the intake, by flags and the environment. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type IntakePlace,
  openAnyIntake,
  openIntake,
  openToChange,
  placeOf,
} from '../../../src/proxy/cli/sources.js';
import { admitted } from '../../support/intake.js';
import { hasPostgres, startPostgres } from '../../support/postgres.js';
import { hasRedis, type RedisServer, startRedis } from '../../support/redis.js';
import { eventId, START } from '../../support/wire.js';

describe('the URL of Postgres', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('is read from the environment if --intake only names Postgres', () => {
    vi.stubEnv('OFFERSIGHT_POSTGRES_URL', 'postgres://a:secret@db/shop');
    expect(placeOf({ intake: 'postgres', schema: 'eu' })).toEqual({
      intake: 'postgres',
      url: 'postgres://a:secret@db/shop',
      schema: 'eu',
    });
  });

  it.each([
    'postgres://a:secret@db/shop',
    'postgresql://:secret@db/shop',
    'postgres://a:secret/with@db/shop',
    'postgres://db/shop?user=a&password=secret',
  ])('is refused as an argument with a password (%s), which the message does not show', (intake) => {
    expect(() => placeOf({ intake })).toThrow(/^(?!.*secret).*OFFERSIGHT_POSTGRES_URL/);
  });

  it('may be an argument without a password', () => {
    expect(placeOf({ intake: 'postgres://a@db:5432/shop' }).intake).toBe('postgres://a@db:5432/shop');
  });

  it('leads to an error that says how to set it, if it is missing', async () => {
    await expect(openIntake(placeOf({ intake: 'postgres' }))).rejects.toThrow(
      /Set OFFERSIGHT_POSTGRES_URL or --postgres-url-file/,
    );
  });

  it('is refused with a reason if it is wrong, and so is a wrong schema', async () => {
    vi.stubEnv('OFFERSIGHT_POSTGRES_URL', 'mysql://db/shop');
    await expect(openIntake(placeOf({ intake: 'postgres' }))).rejects.toThrow(
      /^Set OFFERSIGHT_POSTGRES_URL or --postgres-url-file to a URL/,
    );
    await expect(openIntake(placeOf({ intake: 'postgres://a@db/shop', schema: 'A b' }))).rejects.toThrow(
      /^Set schema to at most 50/,
    );
  });
});

describe('the URL of Redis', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('is read from a file or the environment if --intake only names Redis', async () => {
    vi.stubEnv('OFFERSIGHT_REDIS_URL', 'redis://:secret@cache:6379');
    expect(placeOf({ intake: 'redis', name: 'eu' })).toEqual({
      intake: 'redis',
      url: 'redis://:secret@cache:6379',
      name: 'eu',
    });
    vi.stubEnv('OFFERSIGHT_REDIS_URL', '');
    await expect(openIntake(placeOf({ intake: 'redis' }))).rejects.toThrow(
      'Set OFFERSIGHT_REDIS_URL or --redis-url-file to the URL of Redis.',
    );
    expect(() => placeOf({ intake: 'redis', 'redis-url-file': '/nowhere/live_secret' })).toThrow(
      'The file that --redis-url-file names cannot be read: check its path and permissions.',
    );
  });

  it.each(['redis://:secret@cache', 'rediss://shop:secret@cache:6380/1'])(
    'is refused as an argument with a password (%s), which the message does not show',
    (intake) => {
      expect(() => placeOf({ intake })).toThrow(/^(?!.*secret).*set --intake redis, .*OFFERSIGHT_REDIS_URL/);
    },
  );

  it('that is wrong is named by the flag that has it', async () => {
    await expect(openIntake(placeOf({ intake: 'redis://cache:port' }))).rejects.toThrow(
      /^Set --intake to what ioredis/,
    );
  });
});

describe('a file that cannot be opened', () => {
  it('is named with its path, since the path may be what is wrong', async () => {
    await expect(openIntake(placeOf({ intake: 'sqlite:/nowhere/intake.db' }))).rejects.toThrow(
      /create its folder .* The file is \/nowhere\/intake\.db\.$/,
    );
  });
});

describe.skipIf(!hasRedis)('the name of an intake in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.remove());

  it('keeps the events of two sites on one Redis apart', async () => {
    const [first, second] = [
      await openIntake(placeOf({ intake: redis.url })),
      await openIntake(placeOf({ intake: redis.url, name: 'shop-eu' })),
    ];
    try {
      first.claim('one');
      second.claim('two');
      await first.take([admitted(1)]);
      await second.take([admitted(1), admitted(2)]);
      expect((await first.status(0)).waiting).toBe(1);
      expect((await second.status(0)).waiting).toBe(2);
    } finally {
      await first.close();
      await second.close();
    }
  });

  it('is refused where nothing would use it, and if it has other characters', async () => {
    const refusal = /^Only an intake in Redis has a name/;
    await expect(openIntake(placeOf({ intake: 'sqlite:a.db', name: 'eu' }))).rejects.toThrow(refusal);
    await expect(openAnyIntake({ intake: 'direct', name: 'eu' }, {})).rejects.toThrow(refusal);
    await expect(openIntake(placeOf({ intake: redis.url, name: 'a b' }))).rejects.toThrow(
      'Set name to letters, digits, dots, dashes and underscores.',
    );
  });
});

describe('the schema of an intake in Postgres', () => {
  it('is refused where nothing would use it', async () => {
    const refusal = /^Only an intake in Postgres has a schema/;
    await expect(openIntake(placeOf({ intake: 'sqlite:a.db', schema: 'eu' }))).rejects.toThrow(refusal);
    await expect(openIntake(placeOf({ intake: 'redis://127.0.0.1', schema: 'eu' }))).rejects.toThrow(refusal);
    await expect(openAnyIntake({ intake: 'direct', schema: 'eu' }, {})).rejects.toThrow(refusal);
  });
});

describe('an intake that a command changes', () => {
  const refuse = (place: IntakePlace): Promise<void> =>
    expect(openToChange(place)).rejects.toThrow(/There is no intake .*: start the proxy first/);

  /** Lets a proxy open it, and then a command change it. */
  const changed = async (place: IntakePlace): Promise<void> => {
    const proxy = await openIntake(place);
    await proxy.take([admitted(1)]);
    await proxy.close();
    const intake = await openToChange(place);
    expect(await intake.purge([eventId(1)], START)).toBe(1);
    await intake.close();
  };

  it.runIf(hasRedis)(
    'is taken over or made in Redis by a proxy first, and no key changes before',
    async () => {
      const redis = await startRedis();
      try {
        const place = placeOf({ intake: redis.url });
        await refuse(place);
        await redis.admin.zadd('{offersight}/offersight/arrivals', 1, eventId(1));
        await refuse(place);
        expect(await redis.admin.keys('*')).toEqual(['{offersight}/offersight/arrivals']);
        await redis.admin.del('{offersight}/offersight/arrivals');
        await changed(place);
      } finally {
        await redis.remove();
      }
    },
  );

  it.runIf(hasPostgres)('is made in Postgres by a proxy first', async () => {
    const postgres = await startPostgres();
    try {
      const place = placeOf({ intake: postgres.url });
      await refuse(place);
      expect(await postgres.ask("SELECT to_regnamespace('offersight') AS schema")).toEqual([
        { schema: null },
      ]);
      await changed(place);
    } finally {
      await postgres.remove();
    }
  });
});
