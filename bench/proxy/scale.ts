/**
 * Measures an intake that holds much: how long it takes to take events, and what beginning and finishing them costs. An
 * empty intake of the same run is measured as well.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import type { AdmittedEvent, Intake } from 'offersight/proxy';
import { postgresIntake } from 'offersight/proxy/postgres';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { Client } from 'pg';
import { startPostgres } from '../../test/support/postgres.js';
import { median, percentile, table } from '../figures.js';

const TAKES = 400;
/** Events in each of them. */
const TAKEN = 10;
const BEGINNINGS = 40;
/** Events in each of them. */
const BEGUN = 10;
/** The most that one request may have. */
const POST = 500;
const DELIVERED = 100_000;
const HOUR_MS = 3_600_000;
const MAX_WAITING = 100_000_000;

/** How much an intake holds. */
export interface Scale {
  readonly waiting: number;
  readonly remembered: number;
}

/** Where an intake of one case is. */
interface Store {
  open(): Intake;
  /** Runs these, each in a transaction of its own. */
  run(scripts: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

const inFile = async (): Promise<Store> => {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-bench-'));
  const file = join(folder, 'intake.db');
  return {
    open: () => sqliteIntake({ file, maxWaiting: MAX_WAITING }),
    async run(scripts) {
      const database = new Database(file);
      for (const sql of scripts) database.exec(`BEGIN; ${sql}; COMMIT`);
      database.close();
    },
    remove: async () => rmSync(folder, { recursive: true }),
  };
};

const onPostgres = async (): Promise<Store> => {
  const { url, remove } = await startPostgres();
  return {
    open: () => postgresIntake({ connection: url, maxWaiting: MAX_WAITING }),
    async run(scripts) {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('SET search_path = offersight');
      for (const sql of scripts) await client.query(sql);
      await client.query('VACUUM ANALYZE');
      await client.end();
    },
    remove,
  };
};

const STORES: Readonly<Record<string, () => Promise<Store>>> = { sqlite: inFile, postgres: onPostgres };

let made = 0;
const some = (
  offerOf: (number: number) => string,
  length = TAKEN,
  receivedAt = Date.now(),
): AdmittedEvent[] =>
  Array.from({ length }, () => {
    const id = `018f5a5e-7a00-7000-8000-${(made++).toString(16).padStart(12, '0')}`;
    const visitor = `visitor ${made}`;
    return {
      ...{ id, type: 'viewed', offerId: offerOf(made), visitor },
      ...{ occurredAt: receivedAt, receivedAt, content: id },
    };
  });

/**
 * Each row is counted by a trigger, and Postgres keeps every version of the counting row until the transaction ends: the
 * next count looks at all of them. So a million rows in one transaction would take hours.
 */
const PORTION = 10_000;

const inPortions = (count: number, sqlOf: (numbers: string, from: number, to: number) => string): string[] =>
  Array.from({ length: Math.ceil(count / PORTION) }, (_, portion) => {
    const [from, to] = [portion * PORTION + 1, Math.min(count, (portion + 1) * PORTION)];
    return sqlOf(
      `WITH RECURSIVE number (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM number WHERE n < ${to})`,
      from,
      to,
    );
  });

/** Events of visitors who each have a line, as they would be after a flood. */
const waitingSql = (count: number, offerId: string): string[] => {
  const at = Date.now() - HOUR_MS;
  return inPortions(
    count,
    (numbers, from, to) => `${numbers} INSERT INTO lines (offer_id, visitor, turn, due_at)
      SELECT ${offerId}, 'of bench ' || n, n, 0 FROM number;
    INSERT INTO events (id, content, type, offer_id, state, occurred_at, received_at, waiting_since, due_at, line)
      SELECT 'waiting ' || line, '', 'viewed', offer_id, 'waiting', ${at}, ${at}, ${at}, ${at}, line FROM lines
      WHERE turn BETWEEN ${from} AND ${to}`,
  );
};

/** Delivered events of many offers. Sending them would take years at the pace of any plan. */
const rememberedSql = (count: number): string[] => {
  const at = Date.now() - HOUR_MS;
  return inPortions(
    count,
    (numbers, from, to) => `${numbers}
      INSERT INTO events
        (id, content, type, offer_id, state, occurred_at, received_at, waiting_since, due_at, settled_at)
      SELECT 'remembered ' || n, '', 'viewed', 'offer ' || (n % 100000), 'done', ${at}, ${at}, ${at}, 0, ${at} FROM number;
    UPDATE open_counts SET open = open - ${to - from + 1} WHERE lane = 'events'`,
  );
};

/** CPU time of this process, with its threads, milliseconds. */
const cpuOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

const measureOne = async (intake: Intake, offerOf: (number: number) => string): Promise<string[]> => {
  const takes: number[] = [];
  for (let take = 0; take < TAKES; take++) {
    const events = some(offerOf);
    const startedAt = performance.now();
    await intake.take(events);
    takes.push(performance.now() - startedAt);
  }
  const [begun, finished]: [number[], number[]] = [[], []];
  const now = Date.now();
  await intake.lead('bench', now);
  for (let time = 0; time < BEGINNINGS; time++) {
    let ids: string[] = [];
    begun.push(
      await cpuOf(async () => {
        const { rows } = await intake.begin({ now, limit: BEGUN, perMinute: Number.MAX_SAFE_INTEGER });
        ids = rows.map(({ id }) => id);
      }),
    );
    finished.push(
      await cpuOf(() => {
        const results = ids.map((id) => ({ id, result: { kind: 'done' } as const }));
        return intake.finish(results, now);
      }),
    );
  }
  return [percentile(takes, 50), percentile(takes, 99), median(begun), median(finished)].map((figure) =>
    figure.toFixed(2),
  );
};

/** Takes and delivers events of one offer, as a page whose offer has the same id for everybody sends them. */
const deliver = async (intake: Intake, events: number): Promise<void> => {
  // Calls of the last minute count for the pace, and no plan allows so many.
  const now = Date.now() - HOUR_MS;
  await intake.lead('bench', now);
  for (let taken = 0; taken < events; taken += POST) {
    await intake.take(some(() => 'static', POST, now));
    const { rows } = await intake.begin({ now, limit: POST, perMinute: Number.MAX_SAFE_INTEGER });
    const results = rows.map(({ id }) => ({ id, result: { kind: 'done' } as const }));
    await intake.finish(results, now);
  }
};

const short = (count: number): string => count.toLocaleString('en');

/** Measures each case on an intake of its own. */
export const measureScale = async (name: string, { waiting, remembered }: Scale): Promise<string> => {
  const makeStore = STORES[name];
  if (!makeStore) return `${name} is not measured at scale`;
  const cases: readonly [string, readonly string[] | number, (number: number) => string][] = [
    ['nothing', 0, (number) => `new ${number}`],
    [`${short(DELIVERED)} delivered, of one offer`, DELIVERED, () => 'static'],
    [`${short(waiting)} waiting, of one offer`, waitingSql(waiting, `'static'`), () => 'static'],
    [
      `${short(waiting)} waiting, of as many`,
      waitingSql(waiting, `'own ' || n`),
      (number) => `new ${number}`,
    ],
    [`${short(remembered)} remembered`, rememberedSql(remembered), (number) => `offer ${number % 100_000}`],
  ];
  const rows: string[][] = [];
  for (const [title, held, offerOf] of cases) {
    const store = await makeStore();
    const first = store.open();
    // The first use makes the tables.
    await first.status(Date.now());
    await first.close();
    console.error(`${name}: ${title}`);
    if (typeof held !== 'number') await store.run(held);
    const intake = store.open();
    if (typeof held === 'number') await deliver(intake, held);
    rows.push([title, ...(await measureOne(intake, offerOf))]);
    await intake.close();
    await store.remove();
  }
  const head = ['it holds', 'take p50, ms', 'p99, ms', 'begin, CPU ms', 'finish, CPU ms'];
  return `${name}: take of ${TAKEN} events, begin and finish of ${BEGUN}\n${table(head, rows)}`;
};
