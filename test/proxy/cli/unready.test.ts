/** Commands on an intake that no proxy has opened, or that they cannot reach: they say so, and make none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../e2e/fixtures/free-port.js';
import { runCommandLine } from '../../../src/proxy/cli/command-line.js';
import { Failure } from '../../../src/proxy/cli/failure.js';
import { openIntake, openToChange, placeOf } from '../../../src/proxy/cli/sources.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { hasPostgres, startPostgres } from '../../support/postgres.js';
import { eventId, START } from '../../support/wire.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());
afterEach(() => void vi.unstubAllEnvs());

const events = join(folder.path, 'events.jsonl');
writeFileSync(events, '{"name":"order-1","type":"accepted","personalized_offer_id":"a52ge40b"}\n');

describe.each([
  'status',
  'funnel',
  'events',
  'dead-letters list',
  'dead-letters retry',
  'purge dead',
  'purge dead --yes',
  `report ${events} --site acme-test`,
])('%s', (command) => {
  const run = (intake: string): Promise<void> => runCommandLine([...command.split(' '), '--intake', intake]);

  it('says what is missing on a file that no proxy has opened, and leaves it as it is', async () => {
    const file = join(folder.path, `${command.replace(/\W+/g, '-')}.db`);
    const database = new Database(file);
    // SQLite makes the file.
    database.exec('PRAGMA user_version = 0');
    await expect(run(`sqlite:${file}`)).rejects.toThrow(/start the proxy first/);
    expect(database.prepare('SELECT name FROM sqlite_master').all()).toEqual([]);
    database.close();
  });

  it('names a server that it cannot reach and what to check, without its password', async () => {
    const port = await freePort();
    vi.stubEnv('OFFERSIGHT_POSTGRES_URL', `postgres://shop:s3cret@127.0.0.1:${port}/offers?password=s3cret`);
    for (const [intake, setter] of [
      ['postgres', 'OFFERSIGHT_POSTGRES_URL or OFFERSIGHT_POSTGRES_URL_FILE'],
      [`postgres://ops@127.0.0.1:${port}/offers`, '--intake'],
    ] as const)
      await expect(run(intake)).rejects.toThrow(
        new Failure(
          `The intake at postgres://127.0.0.1:${port}/offers cannot be reached (ECONNREFUSED). Check host and port in ${setter}, that the server runs there, and that a firewall lets this machine through.`,
        ),
      );
  });
});

it.runIf(hasPostgres)('an intake in Postgres that a command changes is made by a proxy first', async () => {
  const postgres = await startPostgres();
  try {
    const place = placeOf({ intake: `${postgres.url}?schema=shop_eu` });
    await expect(openToChange(place)).rejects.toThrow(/There is no intake .*: start the proxy first/);
    expect(await postgres.ask("SELECT to_regnamespace('shop_eu') AS schema")).toEqual([{ schema: null }]);
    const proxy = await openIntake(place);
    await proxy.take([admitted(1)]);
    await proxy.close();
    expect(await postgres.ask('SELECT id FROM shop_eu.events')).toHaveLength(1);
    const intake = await openToChange(place);
    expect(await intake.purge([eventId(1)], START)).toBe(1);
    await intake.close();
  } finally {
    await postgres.remove();
  }
});

it.each([
  ['postgres://db/shop?schema=eu', 'postgres://db/shop', 'eu'],
  ['postgres://db/shop?schema=eu&sslmode=require', 'postgres://db/shop?sslmode=require', 'eu'],
  ['postgres://db/shop?sslmode=require&schema=eu', 'postgres://db/shop?sslmode=require', 'eu'],
  ['postgres://a@db:5432/shop?sslmode=require', 'postgres://a@db:5432/shop?sslmode=require', undefined],
])('the URL %s has the schema that is taken out of it', (intake, url, schema) => {
  expect(placeOf({ intake })).toEqual({ intake, url, schema });
  vi.stubEnv('OFFERSIGHT_POSTGRES_URL', intake);
  expect(placeOf({ intake: 'postgres' })).toEqual({ intake: 'postgres', url, schema });
});
