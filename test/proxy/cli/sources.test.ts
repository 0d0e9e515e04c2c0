/** The place of the intake in Postgres, by flags and the environment. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openIntake, placeOf } from '../../../src/proxy/cli/sources.js';

describe('the URL of Postgres', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('is read from the environment if --intake only names Postgres', () => {
    vi.stubEnv('OFFERSIGHT_POSTGRES_URL', 'postgres://a:secret@db/shop');
    expect(placeOf({ intake: 'postgres', schema: 'eu' })).toEqual({
      intake: 'postgres',
      postgresUrl: 'postgres://a:secret@db/shop',
      schema: 'eu',
    });
  });

  it.each(['postgres://a:secret@db/shop', 'postgresql://:secret@db/shop'])(
    'is refused as an argument with a password (%s), which the message does not show',
    (intake) => {
      expect(() => placeOf({ intake })).toThrow(/^(?!.*secret@).*OFFERSIGHT_POSTGRES_URL/);
    },
  );

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
    await expect(openIntake(placeOf({ intake: 'postgres' }))).rejects.toThrow(/Set connection to a URL/);
    await expect(openIntake(placeOf({ intake: 'postgres://a@db/shop', schema: 'A b' }))).rejects.toThrow(
      /Set name to at most 50/,
    );
  });
});
