/**
 * Intakes as version 0.2.0 left them, killed in the midst of its work: its proxy filled them at commit 95cfe146, and
 * the fixtures have the statements of their tables and rows.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Intake } from '../../../src/proxy/index.js';
import { postgresIntake } from '../../../src/proxy/intake/postgres/postgres.js';
import { temporaryFolder } from '../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../support/postgres.js';
import { importing, inProcess, outputOf } from '../../support/processes.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { taken } from '../../support/usage.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';

const read = (name: string): string =>
  readFileSync(new URL(`../../fixtures/0.2.0/${name}`, import.meta.url), 'utf8');

const closing = (number: number, of: number) =>
  wireEvent(number, {
    ...{ type: 'dismissed', personalized_offer_id: `a52ge${of}`, reason: 'escape', group: 'summer' },
  });

/** The events that the proxy of 0.2.0 took, as its pages said them. */
const SAID = [
  wireEvent(1, { group: 'summer' }),
  wireEvent(2),
  closing(3, 2),
  wireEvent(4, { subject: 'c-8f', group: 'summer' }),
  closing(5, 4),
  wireEvent(6, { expires_at: START + 86_400_000 }),
  closing(7, 6),
  wireEvent(8),
];

/** A process that upgrades a file and is killed behind the last step, before that is committed. */
const killedUpgrade = (file: string): string => `
  import { writeSync } from 'node:fs';
  import Database from 'libsql';
  ${importing('openFile', 'proxy/intake/sqlite/sqlite-file.ts')}
  const { exec } = Database.prototype;
  Database.prototype.exec = function (sql) {
    exec.call(this, sql);
    if (!sql.includes('user_version')) return;
    writeSync(1, 'upgraded\\n');
    process.kill(process.pid, 'SIGKILL');
  };
  openFile(${JSON.stringify(file)});`;

let started: StartedProxy;

const start = (intake: Intake): void => {
  started = startProxy({ intake, usage: { subscriptionFor: ({ offerId }) => `sub-${offerId}` } });
  started.runtime.answer = ({ url }) => (url.includes('.ingest.') ? taken() : noContent());
};

const post = async (...events: readonly object[]): Promise<string[]> => {
  const response = await started.proxy(pageRequest(wireBody(events)));
  const { results } = (await response.json()) as { results: { status: string; code?: string }[] };
  return results.map(({ status, code = status }) => code);
};

/** The keys of the calls that reported offer events, in order, and the ids of the usage events that were sent. */
const sent = () => {
  const offers = started.runtime.calls.flatMap(({ key }) => key ?? []);
  const usage = started.runtime.calls
    .filter(({ url }) => url.includes('.ingest.'))
    .flatMap(({ body }) => (JSON.parse(body) as { events: { deduplication_id: string }[] }).events)
    .map(({ deduplication_id: id }) => id);
  return { offers, usage: [...new Set(usage)].sort() };
};

/** Lets time pass. A server needs a moment of real time for each step. */
const pass = async (ms: number, until = () => false): Promise<void> => {
  for (let passed = 0; passed < ms && !until(); passed += 500) {
    await started.runtime.advance(500);
    await started.intake.status(started.runtime.now());
  }
};

/** The last answers are written in the database's own time. */
const untilSettled = (): Promise<void> =>
  vi.waitFor(async () => {
    await pass(500);
    expect((await started.intake.status(START)).waiting).toBe(0);
  }, 30_000);

const sumsOf = async (intake: Intake) => {
  const sum = { taken: 0, delivered: 0, refused: 0, givenUp: 0, accepted: 0 };
  for await (const cells of intake.ledger())
    for (const cell of cells)
      for (const column of Object.keys(sum) as (keyof typeof sum)[]) sum[column] += cell[column];
  return sum;
};

/** Opens what 0.2.0 left, and shows that it goes on where that stopped. */
const goesOn = async (intake: Intake): Promise<void> => {
  start(intake);
  onTestFinished(() => started.end());
  expect(await sumsOf(intake)).toEqual({ taken: 9, delivered: 2, refused: 1, givenUp: 1, accepted: 1 });
  expect(await post(...SAID)).toEqual(SAID.map(() => 'duplicate'));
  expect(await post(wireEvent(1, { personalized_offer_id: 'other' }), wireEvent(9))).toEqual([
    'conflict',
    'accepted',
  ]);
  const order = { name: 'order-1', type: 'accepted', offerId: 'a52ge1' } as const;
  expect(await started.proxy.report([order])).toMatchObject({ accepted: 0, duplicate: 1 });
  // The process that led said nothing of its end, and the upstream had asked to wait until then.
  await pass(39_000);
  expect(sent().offers).toEqual([]);
  await pass(300_000, () => sent().offers.length === 5 && sent().usage.length === 6);
  const { offers, usage } = sent();
  // What was on its way is sent again with its key, and each dismissal goes behind its view.
  expect(offers.toSorted()).toEqual([4, 5, 6, 7, 9].map((number) => `oe1-${eventId(number)}`));
  for (const [view, dismissal] of [
    [4, 5],
    [6, 7],
  ] as const)
    expect(offers.indexOf(`oe1-${eventId(dismissal)}`)).toBeGreaterThan(
      offers.indexOf(`oe1-${eventId(view)}`),
    );
  expect(usage).toEqual([4, 5, 6, 7, 8, 9].map(eventId));
  await untilSettled();
  // Its dead letters can be retried.
  expect(await intake.retry(undefined, started.runtime.now())).toBe(2);
  await pass(60_000, () => sent().offers.length === 7);
  await untilSettled();
  expect(sent().offers.slice(5)).toEqual([2, 3].map((number) => `oe1-${eventId(number)}`));
  expect(await sumsOf(intake)).toEqual({ taken: 10, delivered: 9, refused: 0, givenUp: 0, accepted: 1 });
  expect(started.alerts).toEqual([]);
};

/** What a file is made of. */
const everythingIn = (file: string) => {
  const database = new Database(file);
  const all = database.prepare('SELECT type, name, sql FROM sqlite_master').all() as {
    name: string;
    sql: string | null;
  }[];
  const [{ user_version: layout } = {}] = database.prepare('PRAGMA user_version').all() as {
    user_version?: number;
  }[];
  database.close();
  const parts = all.map(({ name, sql }) => `${name}: ${sql?.replaceAll(/\s/g, '')}`);
  return { layout, parts: parts.sort() };
};

describe('a file that version 0.2.0 left', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder();
    file = join(folder.path, 'intake.db');
    const database = new Database(file);
    database.exec(read('intake.sql'));
    database.close();
  });
  afterEach(() => folder.remove());

  it('is opened with its events, ids, figures and dead letters, and what waits is delivered', async () => {
    await goesOn(intakeHere({ file }));
    const fresh = join(folder.path, 'fresh.db');
    await intakeHere({ file: fresh }).close();
    expect(everythingIn(file)).toEqual(everythingIn(fresh));
  });

  it('is opened with all of it after an upgrade that was killed before its end', async () => {
    expect(await outputOf(inProcess(killedUpgrade(file)))).toBe('upgraded\n');
    expect(everythingIn(file).layout).toBe(2);
    await goesOn(intakeHere({ file }));
  });

  it('is left alone by an intake that only reads', () => {
    const before = everythingIn(file);
    expect(() => intakeHere({ file, readOnly: true })).toThrow(/start the proxy first/);
    expect(everythingIn(file)).toEqual(before);
  });
});

describe.skipIf(!hasPostgres)('a schema that version 0.2.0 left', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    await postgres.ask('DROP SCHEMA IF EXISTS offersight CASCADE');
    await postgres.ask(`BEGIN; ${read('postgres.sql')} COMMIT`);
  });

  const everythingIn = (schema: string) =>
    postgres.ask(
      `SELECT relname AS name, replace(pg_get_indexdef(oid), $1, '') AS made FROM pg_class
         WHERE relnamespace = to_regnamespace($1)
       UNION ALL SELECT proname, regexp_replace(prosrc, '\\s+', ' ', 'g') FROM pg_proc WHERE pronamespace = to_regnamespace($1)
       UNION ALL SELECT table_name || '.' || column_name, data_type FROM information_schema.columns WHERE table_schema = $1
       UNION ALL SELECT layout::text, '' FROM ${schema}.gate
       ORDER BY 1, 2`,
      [schema],
    );

  it('is opened with its events, ids, figures and dead letters, and what waits is delivered', async () => {
    // Its tables had no keys, and Postgres changes no row of a published table without one.
    await postgres.ask('CREATE PUBLICATION everything FOR ALL TABLES');
    const reader = postgresIntake({ connection: postgres.url, readOnly: true });
    await expect(reader.status(START)).rejects.toThrow(/start the proxy first/);
    await reader.close();
    const others = [1, 2, 3].map(() => postgresIntake({ connection: postgres.url }));
    await Promise.all(others.map((one) => one.take([])));
    await goesOn(postgresIntake({ connection: postgres.url }));
    const fresh = postgresIntake({ connection: postgres.url, name: 'fresh' });
    await fresh.take([]);
    expect(await everythingIn('offersight')).toEqual(await everythingIn('fresh'));
    await Promise.all([...others, fresh].map((one) => one.close()));
  });

  it('is opened with all of it if the server is killed during that, while another process waits', async () => {
    // The upgrade has dropped triggers and made indexes before it needs this table.
    const holder = new Client({ connectionString: postgres.url });
    holder.on('error', () => undefined);
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE offersight.dead_codes');
    const waiting = (lock: string) =>
      vi.waitUntil(
        async () => {
          const sql = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'offersight.${lock}'::regclass`;
          return (await postgres.ask(sql)).length;
        },
        { timeout: 60_000 },
      );
    const both: Intake[] = [];
    for (const lock of ['dead_codes', 'gate']) {
      const intake = postgresIntake({ connection: postgres.url });
      both.push(intake);
      intake.take([]).catch(() => undefined);
      await waiting(lock);
    }
    await postgres.kill();
    await postgres.start();
    await holder.end();
    const [first, next] = both as [Intake, Intake];
    await first.close();
    await goesOn(next);
  });

  it('is refused in words if its tables belong to another user', async () => {
    await postgres.ask(
      `CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA offersight TO guest;
       GRANT ALL ON ALL TABLES IN SCHEMA offersight TO guest`,
    );
    const intake = postgresIntake({ connection: postgres.url.replace('postgres@', 'guest@') });
    await expect(intake.take([])).rejects.toThrow(/make the user the owner of the schema and its tables/);
    expect(await postgres.ask('SELECT layout::int FROM offersight.gate')).toEqual([{ layout: 2 }]);
    await intake.close();
  });
});
