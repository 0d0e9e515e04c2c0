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
import { begin, begun, record } from '../intake.contract.js';

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

const open = (connection: string): Intake => {
  const intake = postgresIntake({ connection, name });
  opened.push(intake);
  intake.claim('acme-test', { onAlert: (code, parts) => void alerts.push(wordsOf(code, parts)) });
  return intake;
};

beforeEach(() => {
  name = `losing${++places}`;
  alerts = [];
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
});

describe.skipIf(!hasPostgres)('a schema that is dropped while events wait', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.remove(), 60_000);

  const told = (events: number): string[] => [wordsOf('tablesDropped', { events: `${events}` })];

  it.each<[string, (intake: Intake) => Promise<unknown>]>([
    ['a page sends an event', (intake) => intake.take([admitted(9)])],
    ['the process that leads looks what is due', begin],
    ['an operator looks', (intake) => intake.status(START)],
  ])('is told with their number as %s, and made anew (fault 70)', async (_, look) => {
    const intake = open(postgres.url);
    await intake.take([1, 2, 3].map((number) => admitted(number)));
    await begin(intake, START, 1);
    await record(intake, 1, { kind: 'done' });
    await postgres.ask(`DROP SCHEMA ${name} CASCADE`);
    await look(intake);
    expect(alerts).toEqual(told(2));
    await intake.take([admitted(4)]);
    expect(await begun(intake)).toContain(4);
    expect(alerts).toHaveLength(1);
  });

  it('is told by a process that only reads of it, since others take and forward (fault 70)', async () => {
    const [one, other] = [open(postgres.url), open(postgres.url)];
    await other.take([]);
    await one.take([admitted(1), admitted(2)]);
    await other.knows([admitted(1)]);
    await postgres.ask(`DROP SCHEMA ${name} CASCADE`);
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
    await vi.waitUntil(() =>
      intake.take([admitted(3)]).then(
        () => true,
        () => false,
      ),
    );
    expect(alerts).toEqual(told(2));
  });

  it('is made anew without a word if nothing waited', async () => {
    const intake = open(postgres.url);
    await intake.take([]);
    await postgres.ask(`DROP SCHEMA ${name} CASCADE`);
    expect([...(await intake.take([admitted(1)])).values()]).toEqual([{ kind: 'accepted' }]);
    expect(alerts).toEqual([]);
  });

  it.each(['events', 'lines', 'paced_calls', 'turns'])(
    'in part, its table %s, is refused in words that say what to do',
    async (table) => {
      const intake = open(postgres.url);
      await intake.take([admitted(1)]);
      await postgres.ask(`DROP TABLE ${name}.${table} CASCADE`);
      await expect(
        Promise.all([intake.take([admitted(2)]), begin(intake), intake.lead('one', START)]),
      ).rejects.toEqual(configuration(/A table of the intake is missing from its schema/));
    },
  );
});

describe.skipIf(!hasPostgres)('tables that are emptied while events wait', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.remove(), 60_000);

  const empty = async (): Promise<void> => {
    const tables = await postgres.ask<{ relname: string }>(
      `SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('${name}') AND relkind = 'r'`,
    );
    await postgres.ask(`TRUNCATE ${tables.map(({ relname }) => `${name}.${relname}`).join()}`);
  };

  it('are told with their number, and refused until the schema is dropped (fault 70)', async () => {
    const intake = open(postgres.url);
    await intake.take([admitted(1), admitted(2)]);
    await empty();
    await intake.knows([admitted(1)]);
    expect(alerts).toEqual([wordsOf('tablesDropped', { events: '2' })]);
    const emptied = configuration(
      /tables of the intake in the schema losing\d+ were emptied: drop the schema/,
    );
    await expect(intake.take([admitted(3)])).rejects.toEqual(emptied);
    await expect(open(postgres.url).status(START)).rejects.toEqual(emptied);
    await postgres.ask(`DROP SCHEMA ${name} CASCADE`);
    expect([...(await intake.take([admitted(3)])).values()]).toEqual([{ kind: 'accepted' }]);
    expect(alerts).toHaveLength(1);
  });
});

describe.skipIf(!hasPostgres)('a publication of the whole database', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.kill();
    await postgres.start('wal_level=logical');
  }, 60_000);
  afterAll(() => postgres.remove(), 60_000);
  afterEach(() => postgres.ask('DROP PUBLICATION IF EXISTS everything'));

  /** An event's whole way, a process that takes over, and what is forgotten afterwards. */
  const live = async (intake: Intake, number: number): Promise<void> => {
    await intake.take([admitted(number), admitted(number + 1)]);
    expect(await intake.lead(`leader ${number}`, START)).toBe(true);
    expect(await begun(intake, START + 1)).toEqual([number, number + 1]);
    await intake.finish(
      [
        { id: eventId(number), result: { kind: 'done' } },
        { id: eventId(number + 1), result: { kind: 'waiting', dueAt: START + 9 } },
      ],
      START + 2,
    );
    // It treats as unknown what the former leader had begun, and forgets calls of the minute before the last one.
    await intake.resign(`leader ${number}`);
    expect(await intake.lead(`follower ${number}`, START + 600_000)).toBe(true);
    expect(await begun(intake, START + 600_000)).toEqual([number + 1]);
    await intake.finish([{ id: eventId(number + 1), result: { kind: 'dead', code: 'x' } }], START + 600_001);
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
    await live(open(postgres.url), 1);
    expect(alerts).toEqual([]);
  });

  it('gives every table a key', async () => {
    await open(postgres.url).take([]);
    expect(
      await postgres.ask(
        `SELECT relname FROM pg_class AS made WHERE relnamespace = to_regnamespace('${name}') AND relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = made.oid AND indisprimary)`,
      ),
    ).toEqual([]);
  });
});

/** Makes an authority that no machine knows, and certificates of it. */
const createAuthority = () => {
  const folder = temporaryFolder();
  const run = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder.path, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run('req', '-x509', ...key, '-subj', '/CN=A provider', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem');
  const textOf = (file: string): string => readFileSync(join(folder.path, file), 'utf8');
  return {
    /** The file with the authority's own certificate. */
    file: join(folder.path, 'ca.pem'),
    certify(host: string, days: number, isSelfSigned = false) {
      const by = isSelfSigned
        ? ['-key', 'server.key']
        : ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
      const named = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=IP:${host}`];
      run('req', '-new', ...key, ...named, '-keyout', 'server.key', '-out', 'server.csr');
      const request = ['-req', '-in', 'server.csr', '-copy_extensions', 'copy'];
      run('x509', ...request, ...by, '-days', `${days}`, '-out', 'server.pem');
      return { certificate: textOf('server.pem'), key: textOf('server.key') };
    },
    remove: folder.remove,
  };
};

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) {
  const missing = 'No openssl is installed: what a certificate of another authority shows is not shown.';
  if (process.env.CI) throw new Error(missing);
  console.error(missing);
}

describe.skipIf(!hasPostgres || !hasOpenssl)('a connection by TLS', () => {
  let postgres: PostgresServer;
  let authority: ReturnType<typeof createAuthority>;
  beforeAll(async () => {
    authority = createAuthority();
    postgres = await startPostgres();
  }, 60_000);
  afterAll(async () => {
    authority.remove();
    await postgres.remove();
  }, 60_000);

  const serve = async (host: string, days: number, isSelfSigned = false): Promise<void> => {
    const { certificate, key } = authority.certify(host, days, isSelfSigned);
    const settings = [
      'ssl=on',
      `ssl_cert_file=${postgres.keep('server.pem', certificate)}`,
      `ssl_key_file=${postgres.keep('server.key', key)}`,
    ];
    await postgres.kill();
    await postgres.start(...settings);
  };

  it('is made if the URL or the environment names the provider’s authority, as the page says', async () => {
    await serve('127.0.0.1', 2);
    const named = open(`${postgres.url}?sslmode=verify-full&sslrootcert=${authority.file}`);
    expect((await named.take([admitted(1)])).get(eventId(1))).toEqual({ kind: 'accepted' });
    vi.stubEnv('NODE_EXTRA_CA_CERTS', authority.file);
    const child = inProcess(`
      ${importing('postgresIntake', 'proxy/intake/postgres/postgres.ts')}
      const intake = postgresIntake(${JSON.stringify({ connection: `${postgres.url}?sslmode=verify-full`, name })});
      console.log((await intake.status(Date.now())).waiting);
      await intake.close();`);
    vi.unstubAllEnvs();
    expect(await outputOf(child)).toBe('1\n');
  });

  it.each<[string, string, number, boolean, string, RegExp]>([
    [
      'no machine knows the authority',
      '127.0.0.1',
      2,
      false,
      'sslmode=require',
      /name the file of that authority by sslrootcert/,
    ],
    [
      'the certificate is its own authority',
      '127.0.0.1',
      2,
      true,
      'sslmode=require',
      /name the file of that authority by sslrootcert/,
    ],
    [
      'another authority is named',
      '127.0.0.1',
      2,
      true,
      'sslmode=verify-ca&sslrootcert=',
      /name the file of that authority by sslrootcert/,
    ],
    [
      'the certificate is for another host',
      '192.0.2.1',
      2,
      false,
      'sslmode=require&sslrootcert=',
      /does not name the host/,
    ],
    [
      'the certificate has expired',
      '127.0.0.1',
      -1,
      false,
      'sslmode=require&sslrootcert=',
      /has expired or is not valid yet/,
    ],
  ])('is refused in words about the certificate if %s', async (_, host, days, isSelfSigned, query, words) => {
    await serve(host, days, isSelfSigned);
    const url = `${postgres.url}?${query.replace(/sslrootcert=$/, `sslrootcert=${authority.file}`)}`;
    await expect(open(url).take([admitted(1)])).rejects.toEqual(configuration(words));
  });

  it('is refused in words if the server has none', async () => {
    await postgres.kill();
    await postgres.start();
    await expect(open(`${postgres.url}?sslmode=require`).take([admitted(1)])).rejects.toEqual(
      configuration(/offers no TLS/),
    );
  });

  it('is refused at creation if the authority’s file is not there, which the error names as a setting', () => {
    expect(() => open(`${postgres.url}?sslmode=require&sslrootcert=/none/ca.pem`)).toThrow(
      /names by sslrootcert, sslcert or sslkey cannot be read/,
    );
  });
});
