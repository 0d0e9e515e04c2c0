/** The ways to lose what waits in Postgres, or to keep it from being forwarded, that a database's owner has. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { wordsOf } from '../../../../src/proxy/alerts/alert.js';
import type { Intake } from '../../../../src/proxy/index.js';
import { postgresIntake } from '../../../../src/proxy/intake/postgres/postgres.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { importing, inProcess, outputOf } from '../../../support/processes.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, begun, DONE, dead, record, waiting } from '../intake.contract.js';

const configuration = (hint: RegExp): unknown =>
  expect.objectContaining({
    name: 'OffersightError',
    code: 'configuration',
    hint: expect.stringMatching(hint) as string,
  });

let places = 0;
let name: string;
let alerts: string[];
const opened: Intake[] = [];

let postgres: PostgresServer;

const open = (connection = postgres.url): Intake => {
  const intake = postgresIntake({ connection, name });
  opened.push(intake);
  intake.claim('acme-test', { onAlert: (code, parts) => void alerts.push(wordsOf(code, parts)) });
  return intake;
};

const dropSchema = () => postgres.ask(`DROP SCHEMA ${name} CASCADE`);

beforeAll(async () => {
  if (!hasPostgres) return;
  postgres = await startPostgres();
  await postgres.kill();
  await postgres.start('wal_level=logical');
  return () => postgres.remove();
}, 60_000);

beforeEach(() => {
  name = `losing${++places}`;
  alerts = [];
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
});

describe.skipIf(!hasPostgres)('a schema that is dropped while events wait', () => {
  const told = (events: number): string[] => [wordsOf('tablesDropped', { events: `${events}` })];

  it.each<[string, (intake: Intake) => Promise<unknown>]>([
    ['a page sends an event', (intake) => intake.take([admitted(9)])],
    ['the process that leads looks what is due', begin],
    ['an operator looks', (intake) => intake.status(START)],
  ])('is told with their number as %s, and created again (fault 70)', async (_, look) => {
    const intake = open();
    await intake.take([1, 2, 3].map((number) => admitted(number)));
    await begin(intake, START, 1);
    await record(intake, 1, DONE);
    await dropSchema();
    await look(intake);
    expect(alerts).toEqual(told(2));
    await intake.take([admitted(4)]);
    expect(await begun(intake)).toContain(4);
    expect(alerts).toHaveLength(1);
  });

  it('is told by a process that only reads of it, since others take and forward (fault 70)', async () => {
    const [one, other] = [open(), open()];
    await other.take([]);
    await one.take([admitted(1), admitted(2)]);
    await other.knows([admitted(1)]);
    await dropSchema();
    await other.take([admitted(3)]);
    expect(alerts).toEqual(told(2));
  });

  it('is told as well if its whole database is dropped and made again (fault 70)', async () => {
    await postgres.ask(`CREATE DATABASE ${name}`);
    const intake = open(postgres.url.replace(/postgres$/, name));
    await intake.take([admitted(1), admitted(2)]);
    await postgres.ask(`DROP DATABASE ${name} WITH (FORCE)`);
    await expect(intake.take([admitted(3)])).rejects.toThrow();
    await postgres.ask(`CREATE DATABASE ${name}`);
    await vi.waitFor(() => intake.take([admitted(3)]), { timeout: 60_000 });
    expect(alerts).toEqual(told(2));
  });

  it('is created again without a word if nothing waited', async () => {
    const intake = open();
    await intake.take([]);
    await dropSchema();
    expect([...(await intake.take([admitted(1)])).values()]).toEqual([{ kind: 'accepted' }]);
    expect(alerts).toEqual([]);
  });

  it('in part is refused in words that say what to do', async () => {
    const intake = open();
    await intake.take([admitted(1)]);
    await postgres.ask(`DROP TABLE ${name}.lines CASCADE`);
    await expect(intake.take([admitted(2)])).rejects.toEqual(
      configuration(/A table of the intake is missing from its schema/),
    );
  });
});

describe.skipIf(!hasPostgres)('tables that are emptied while events wait', () => {
  it('are told with their number, and refused until the schema is dropped (fault 70)', async () => {
    const intake = open();
    await intake.take([admitted(1), admitted(2)]);
    const tables = await postgres.ask<{ relname: string }>(
      `SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('${name}') AND relkind = 'r'`,
    );
    await postgres.ask(`TRUNCATE ${tables.map(({ relname }) => `${name}.${relname}`).join()}`);
    await intake.knows([admitted(1)]);
    expect(alerts).toEqual([wordsOf('tablesDropped', { events: '2' })]);
    const emptied = configuration(
      /tables of the intake in the schema losing\d+ were emptied: drop the schema/,
    );
    await expect(intake.take([admitted(3)])).rejects.toEqual(emptied);
    await expect(open().status(START)).rejects.toEqual(emptied);
    await dropSchema();
    expect([...(await intake.take([admitted(3)])).values()]).toEqual([{ kind: 'accepted' }]);
    expect(alerts).toHaveLength(1);
  });
});

describe.skipIf(!hasPostgres)('a publication of the whole database', () => {
  afterEach(() => postgres.ask('DROP PUBLICATION IF EXISTS everything'));

  /** An event's whole way, a process that takes over, and what is forgotten afterwards. */
  const live = async (intake: Intake, number: number): Promise<void> => {
    await intake.take([admitted(number), admitted(number + 1)]);
    expect(await intake.lead(`leader ${number}`, START)).toBe(true);
    expect(await begun(intake, START + 1)).toEqual([number, number + 1]);
    await record(intake, number, DONE, START + 2);
    await record(intake, number + 1, waiting(START + 9), START + 2);
    // It treats as unknown what the former leader had begun, and forgets calls of the minute before the last one.
    await intake.resign(`leader ${number}`);
    expect(await intake.lead(`follower ${number}`, START + 600_000)).toBe(true);
    expect(await begun(intake, START + 600_000)).toEqual([number + 1]);
    await record(intake, number + 1, dead(), START + 600_001);
    await intake.retry([eventId(number + 1)], START + 600_002);
    await intake.endSessions();
    await intake.note({ pausedUntil: START });
    await begin(intake, START + 30 * 86_400_000);
  };

  it.each([
    'CREATE PUBLICATION everything FOR ALL TABLES',
    "CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'update')",
    "CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, delete')",
  ])('changes nothing for the intake: %s (fault 71)', async (publication) => {
    await postgres.ask(publication);
    await live(open(), 1);
    expect(alerts).toEqual([]);
  });

  it('gives every table a key', async () => {
    await open().take([]);
    expect(
      await postgres.ask(
        `SELECT relname FROM pg_class AS made WHERE relnamespace = to_regnamespace('${name}') AND relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = made.oid AND indisprimary)`,
      ),
    ).toEqual([]);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) {
  const missing = 'No openssl is installed: what a certificate of another authority shows is not shown.';
  if (process.env.CI) throw new Error(missing);
  console.error(missing);
}

describe.skipIf(!hasPostgres || !hasOpenssl)('a connection by TLS', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  const authority = join(folder.path, 'ca.pem');

  /** Makes an authority that no machine knows, and starts the server with a certificate of it. */
  const serve = async (host: string): Promise<void> => {
    const run = (...args: string[]): void => {
      const { status, stderr } = spawnSync('openssl', args, { cwd: folder.path, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    };
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const named = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=IP:${host}`];
    run('req', '-x509', ...key, '-subj', '/CN=A provider', '-keyout', 'ca.key', '-out', 'ca.pem');
    run(
      'req',
      '-x509',
      ...key,
      ...named,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-keyout',
      's.key',
      '-out',
      's.pem',
    );
    const keep = (name: string): string => postgres.keep(name, readFileSync(join(folder.path, name), 'utf8'));
    await postgres.kill();
    await postgres.start('ssl=on', `ssl_cert_file=${keep('s.pem')}`, `ssl_key_file=${keep('s.key')}`);
  };

  it('is made if the URL or the environment names the provider’s authority, and else refused in words', async () => {
    await serve('127.0.0.1');
    const secure = `${postgres.url}?sslmode=verify-full`;
    const named = open(`${secure}&sslrootcert=${authority}`);
    expect((await named.take([admitted(1)])).get(eventId(1))).toEqual({ kind: 'accepted' });
    vi.stubEnv('NODE_EXTRA_CA_CERTS', authority);
    const child = inProcess(`
      ${importing('postgresIntake', 'proxy/intake/postgres/postgres.ts')}
      const intake = postgresIntake(${JSON.stringify({ connection: secure, name })});
      console.log((await intake.status(Date.now())).waiting);
      await intake.close();`);
    vi.unstubAllEnvs();
    expect(await outputOf(child)).toBe('1\n');
    await expect(open(secure).take([admitted(1)])).rejects.toEqual(
      configuration(/not accepted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\).*by sslrootcert in the URL/),
    );
  });

  it('is refused in words if the certificate is for another host, or the server has none', async () => {
    await serve('192.0.2.1');
    const secure = `${postgres.url}?sslmode=require&sslrootcert=${authority}`;
    await expect(open(secure).take([])).rejects.toEqual(
      configuration(/not accepted \(ERR_TLS_CERT_ALTNAME_INVALID\).*name the host/),
    );
    await postgres.kill();
    await postgres.start();
    await expect(open(secure).take([])).rejects.toEqual(configuration(/offers no TLS/));
  });

  it('is refused at creation if the authority’s file is not there', () => {
    expect(() => open(`${postgres.url}?sslmode=require&sslrootcert=/none/ca.pem`)).toThrow(
      /names by sslrootcert, sslcert or sslkey has to be readable/,
    );
  });
});
