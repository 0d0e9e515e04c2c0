/** The place of the intake, by flags and the environment. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type IntakePlace,
  openAnyIntake,
  openIntake,
  openToChange,
  placeOf,
} from '../../../src/proxy/cli/sources.js';
import { admitted } from '../../support/intake.js';
import { hasPostgres, startPostgres } from '../../support/postgres.js';
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
    expect(() => placeOf({ intake: 'postgres', postgresUrlFile: '/nowhere/live_secret' })).toThrow(
      'The file that --postgres-url-file names cannot be read: check its path and permissions.',
    );
    vi.stubEnv('OFFERSIGHT_POSTGRES_URL', 'mysql://db/shop');
    await expect(openIntake(placeOf({ intake: 'postgres' }))).rejects.toThrow(
      /^Set OFFERSIGHT_POSTGRES_URL or --postgres-url-file to a URL/,
    );
    await expect(openIntake(placeOf({ intake: 'postgres://a@db/shop', schema: 'A b' }))).rejects.toThrow(
      /^Set schema to at most 50/,
    );
  });
});

describe('an intake that is not known', () => {
  it.each(['mysql', 'mysql://shop:secret@db/shop', 'postgre://db/shop', ''])(
    'is refused with the names of those that are: %s',
    async (intake) => {
      await expect(openIntake(placeOf({ intake }))).rejects.toThrow(
        /^Set --intake to sqlite:FILE, postgres:\/\/USER@HOST\/DATABASE, postgres or, only for the proxy, direct\.$/,
      );
    },
  );
});

describe('a file that cannot be opened', () => {
  it('is named with its path, since the path may be what is wrong', async () => {
    await expect(openIntake(placeOf({ intake: 'sqlite:/nowhere/intake.db' }))).rejects.toThrow(
      /create its folder .* The file is \/nowhere\/intake\.db\.$/,
    );
  });
});

describe('the schema of an intake in Postgres', () => {
  it('is refused where nothing would use it', async () => {
    const refusal = /^Only an intake in Postgres has a schema/;
    await expect(openIntake(placeOf({ intake: 'sqlite:a.db', schema: 'eu' }))).rejects.toThrow(refusal);
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
