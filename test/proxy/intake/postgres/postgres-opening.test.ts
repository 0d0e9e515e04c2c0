/** What the intake in Postgres requires of a server before it keeps anything there, and whose the schema is. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FILE, POSTGRES, readPrivacyPage } from '../../../../e2e/fixtures/privacy-page.js';
import { type Intake, isOffersightError } from '../../../../src/proxy/index.js';
import {
  type PostgresIntakeOptions,
  postgresIntake,
} from '../../../../src/proxy/intake/postgres/postgres.js';
import { admitted } from '../../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { pageRequest, startProxy } from '../../../support/proxy.js';
import { eventId, START, wireBody, wireEvent } from '../../../support/wire.js';
import { begin, begun, forward, waiting } from '../intake.contract.js';

const page = await readPrivacyPage();

const configuration = (hint: RegExp): unknown =>
  expect.objectContaining({
    name: 'OffersightError',
    code: 'configuration',
    hint: expect.stringMatching(hint) as string,
  });

it.each<[string, object, RegExp]>([
  ['no URL', { connection: 'localhost' }, /Set connection to a URL, such as postgres:/],
  ['another protocol', { connection: 'mysql://localhost' }, /Set connection to a URL/],
  ['nothing', { connection: undefined }, /Set connection to a URL.*or to options of pg/],
  ['a URL that cannot be read', { connection: 'postgres://a:b:c@x:y/%zz' }, /what pg can connect to/],
  ['a schema in quotes', { connection: 'postgres://x/y', name: 'a"; DROP' }, /Set name to at most 50/],
  ['a schema of Postgres', { connection: 'postgres://x/y', name: 'pg_temp' }, /not with pg_/],
  ['a schema too long', { connection: 'postgres://x/y', name: 'a'.repeat(51) }, /at most 50/],
  ['a bound', { connection: 'postgres://x/y', maxWaiting: 0 }, /maxWaiting/],
  ['a name that is misspelt', { conection: 'postgres://x/y' }, /connection/],
])('an option that is wrong is refused at creation: %s', (_, options, hint) => {
  expect(() => postgresIntake(options as PostgresIntakeOptions)).toThrow(
    expect.objectContaining({ code: 'configuration', message: expect.stringMatching(hint) as string }),
  );
});

let postgres: PostgresServer;
beforeAll(async () => {
  if (!hasPostgres) return;
  postgres = await startPostgres();
  return () => postgres.remove();
}, 60_000);

describe.skipIf(!hasPostgres)('a schema in Postgres', () => {
  let name: string;
  let places = 0;
  const opened: Intake[] = [];

  const open = (site?: string, options: Partial<PostgresIntakeOptions> = {}): Intake => {
    const intake = postgresIntake({ connection: postgres.url, name, ...options });
    opened.push(intake);
    if (site !== undefined) intake.claim(site);
    return intake;
  };

  beforeEach(() => {
    name = `opening${++places}`;
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((intake) => intake.close()));
  });

  it('that belongs to one site answers the proxy of another with 503 and a message, and lets it do nothing', async () => {
    const ours = open('acme-test');
    await ours.take([admitted(1)]);
    const alerts = new Set<string>();
    const other = open();
    const proxy = startProxy({
      site: 'other-test',
      intake: other,
      onAlert: (message) => void alerts.add(message),
    });
    expect((await proxy.proxy(pageRequest(wireBody([wireEvent(2)])))).status).toBe(503);
    const refused = configuration(
      /site acme-test, and this proxy is for other-test: give each site a schema/,
    );
    for (const lane of [other, other.usage])
      for (const act of [() => lane.lead('other', START), () => begin(other), () => lane.status(START)])
        await expect(act()).rejects.toEqual(refused);
    await expect(other.knows([admitted(1)])).rejects.toEqual(refused);
    await proxy.end();
    expect([...alerts]).toEqual([expect.stringMatching(/keeps the events of the site acme-test/)]);
    expect(proxy.runtime.calls).toEqual([]);
    expect(await ours.list({ limit: 9 })).toMatchObject([{ id: eventId(1), state: 'waiting', attempts: 0 }]);
  });

  it('is not made by an intake that only reads, which says what is missing', async () => {
    await expect(open(undefined, { readOnly: true }).status(START)).rejects.toEqual(
      configuration(/There is no intake in the schema opening\d+: start the proxy first/),
    );
    expect(await postgres.ask('SELECT to_regnamespace($1) AS schema', [name])).toEqual([{ schema: null }]);
  });

  it('is made once, and belongs to one site, when several come first at the same moment', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, at) => open(`site-${at}`)).map((intake, at) =>
        vi.waitUntil(
          () =>
            intake.take([admitted(at + 1)]).then(
              () => 'taken',
              // One that waited too long for the others retries, as a page does.
              (error: unknown) => isOffersightError(error) && error.code,
            ),
          { timeout: 60_000 },
        ),
      ),
    );
    expect(outcomes.sort()).toEqual([...Array.from({ length: 5 }, () => 'configuration'), 'taken']);
    expect(await open().list({ limit: 9 })).toHaveLength(1);
  }, 60_000);

  it('that the administrator made, and that is empty, is used by a user who may not make one', async () => {
    await postgres.ask(
      `CREATE ROLE ${name} LOGIN; CREATE SCHEMA ${name}; GRANT USAGE, CREATE ON SCHEMA ${name} TO ${name}`,
    );
    const connection = postgres.url.replace('postgres@', `${name}@`);
    await open('acme-test', { connection }).take([admitted(1)]);
    expect(await begun(open('acme-test', { connection }))).toEqual([1]);
    await expect(open('acme-test', { connection, name: `${name}_other` }).status(START)).rejects.toEqual(
      configuration(/may not create or use the schema/),
    );
  });

  it('that belongs to another program is refused, and nothing of it changes', async () => {
    await postgres.ask(`CREATE SCHEMA ${name}; CREATE TABLE ${name}.orders (id int)`);
    await expect(open().take([admitted(1)])).rejects.toEqual(configuration(/belongs to another program/));
    expect(
      await postgres.ask(`SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('${name}')`),
    ).toEqual([{ relname: 'orders' }]);
  });

  it('is refused if it has the layout of a newer release', async () => {
    await open().take([admitted(1)]);
    await postgres.ask(`UPDATE ${name}.gate SET layout = 4`);
    await expect(open().take([admitted(2)])).rejects.toEqual(configuration(/written by a newer release/));
    await postgres.ask(`UPDATE ${name}.gate SET layout = 1`);
    await expect(open().take([admitted(2)])).rejects.toEqual(configuration(/written before release 0\.2\.0/));
  });

  it('cannot be used if database or user are not there, and the error says what to do', async () => {
    const missing = open(undefined, { connection: postgres.url.replace(/postgres$/, 'missing') });
    await expect(missing.status(START)).rejects.toEqual(configuration(/no database of this name/));
    const nobody = open(undefined, { connection: postgres.url.replace('postgres@', 'nobody@') });
    await expect(nobody.status(START)).rejects.toEqual(configuration(/does not let the user in/));
  });

  it('keeps every commit on disk, no matter what the database has as its default', async () => {
    await postgres.ask(
      `CREATE ROLE ${name} SUPERUSER LOGIN; ALTER ROLE ${name} SET synchronous_commit = off`,
    );
    const intake = open(undefined, { connection: postgres.url.replace('postgres@', `${name}@`) });
    await expect(intake.take([admitted(1)])).resolves.toHaveProperty('size', 1);
  });

  it('has every column that the page about privacy lists, and no other', async () => {
    await open().take([admitted(1)]);
    const columns = await postgres.ask<{ column: string }>(
      `SELECT table_name || '.' || column_name AS column FROM information_schema.columns WHERE table_schema = $1`,
      [name],
    );
    expect(columns.map(({ column }) => column).sort()).toEqual(
      [...page.rows(FILE), ...page.rows(POSTGRES)].sort(),
    );
  });

  it('has exact numbers even if bounds and times are not whole numbers', async () => {
    const intake = open(undefined, { maxDelayMs: 86_400_000.5 });
    await forward(intake, waiting(START + 9.4), START + 0.7);
    expect(await begun(intake, START + 9)).toEqual([]);
    expect(await begun(intake, START + 10)).toEqual([1]);
  });
});

describe.skipIf(!hasPostgres)('a server that may lose what it has committed', () => {
  let intake: Intake;
  let alerts: string[];
  const past = { ms: 0 };
  const MINUTES_5 = 300_000;

  /** Sets something of the server that runs, as its administrator does. */
  const set = async (setting: string, value: string): Promise<void> => {
    await postgres.ask(`ALTER SYSTEM SET ${setting} = ${value}`);
    await postgres.ask('SELECT pg_reload_conf()');
    await vi.waitFor(async () =>
      expect(await postgres.ask(`SHOW ${setting}`)).toEqual([{ [setting]: value }]),
    );
  };

  const open = (readOnly = false): Intake =>
    postgresIntake({ connection: postgres.url, name: 'settings', readOnly });

  beforeEach(() => {
    past.ms = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + past.ms);
    intake = open();
    alerts = [];
    intake.claim('acme-test', { onAlert: (code) => void alerts.push(code) });
  });

  afterEach(async () => {
    await intake.close();
    for (const setting of ['full_page_writes', 'fsync']) await set(setting, 'on');
    await set('default_transaction_read_only', 'off');
  });

  it('is alerted every five minutes and takes events if pages may be torn', async () => {
    await set('full_page_writes', 'off');
    for (const count of [1, 2]) {
      // It looks once, however much is asked then.
      for (const number of [1, 2, 3]) await intake.take([admitted(number)]);
      await vi.waitFor(() => expect(alerts).toEqual(Array(count).fill('tornPages')));
      past.ms += MINUTES_5;
    }
    await set('full_page_writes', 'on');
    await intake.take([]);
    expect(alerts).toHaveLength(2);
  });

  it('is refused within five minutes if it stops to keep what it commits, until that is set right', async () => {
    await intake.take([admitted(1)]);
    await set('fsync', 'off');
    past.ms += MINUTES_5;
    for (const number of [2, 3])
      await expect(intake.take([admitted(number)])).rejects.toEqual(configuration(/set fsync = on/));
    await set('fsync', 'on');
    expect((await intake.take([admitted(4)])).get(eventId(4))).toEqual({ kind: 'accepted' });
  });

  it('cannot take anything, not even nothing, while it only reads, and is read all the same', async () => {
    await intake.take([admitted(1)]);
    await set('default_transaction_read_only', 'on');
    const later = open();
    for (const each of [intake, later])
      await expect(each.take([])).rejects.toEqual(configuration(/name the primary/));
    await later.close();
    const reader = open(true);
    expect(await reader.list({ limit: 9, id: eventId(1) })).toMatchObject([{ id: eventId(1) }]);
    await reader.close();
    await set('default_transaction_read_only', 'off');
    expect([...(await intake.take([]))]).toEqual([]);
  });
});
