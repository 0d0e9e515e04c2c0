/**
 * Measures for how long an intake in a file holds the event loop of its process in one go, and how much it takes:
 *
 *     npx tsx bench/proxy/held.ts --dists ../before/dist,dist --rounds 3
 *
 * Builds of several releases take turns in one run, each case in a process of its own. The longest stretch is the real time between two ticks, so a busy
 * machine lengthens it: `idle` is what a process shows that does nothing. The CPU time is the process's own.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import Database from 'libsql';
import type { AdmittedEvent, Intake } from 'offersight/proxy';
import type { sqliteIntake } from 'offersight/proxy/sqlite';
import { median, spread, table } from '../figures.js';
import { loopMs } from './watching.js';

const DAY_MS = 86_400_000;
const LOCKED_MS = 3_000;
const OLD = 200_000;
const [DAYS, GROUPS] = [400, 100];
const KINDS = 9;
const BATCH = 100;
const AT_ONCE = 16;

/** The longest stretch between two ticks, and the longest CPU time of this thread between two ticks, milliseconds. */
type Held = readonly [real: number, own: number];

const watch = (): (() => Held) => {
  let held: Held = [0, 0];
  let before: Held = [performance.now(), loopMs()];
  const timer = setInterval(() => {
    const now: Held = [performance.now(), loopMs()];
    held = [Math.max(held[0], now[0] - before[0]), Math.max(held[1], now[1] - before[1])];
    before = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return held;
  };
};

/** What is measured of a build. */
interface Build {
  readonly sqliteIntake: typeof sqliteIntake;
  readFunnel(intake: Intake, query: object): Promise<{ readonly rows: readonly unknown[] }>;
}

interface Subject extends Pick<Build, 'readFunnel'> {
  readonly file: string;
  open(): Intake;
}

let made = 0;
const some = (length: number): AdmittedEvent[] =>
  Array.from({ length }, () => {
    const receivedAt = Date.now();
    const id = `018f5a5e-7a00-7000-8000-${(made++).toString(16).padStart(12, '0')}`;
    return { id, type: 'viewed', offerId: `offer${made}`, occurredAt: receivedAt, receivedAt, content: id };
  });

/** Writes into a file that an intake has made. */
const prepare = async ({ file, open }: Subject, sql: string): Promise<Intake> => {
  await open().close();
  const database = new Database(file);
  database.exec(sql);
  database.close();
  return open();
};

const HOLDER = `
  const database = new (require('libsql'))(process.argv[1]);
  database.exec('BEGIN IMMEDIATE');
  console.log('held');
  setTimeout(() => database.exec('ROLLBACK'), ${LOCKED_MS});`;

/** Events a second, while requests of so many events each are taken by so many clients for a time. */
const rate = async (intake: Intake, batch: number, clients: number): Promise<number> => {
  const requests = batch > 1 ? 3_000 / batch : 1_000;
  const client = async (): Promise<void> => {
    for (let sent = 0; sent < requests / clients; sent++) await intake.take(some(batch));
  };
  await intake.take(some(batch));
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return (requests * batch * 1_000) / (performance.now() - startedAt);
};

const CASES: Readonly<Record<string, (subject: Subject) => Promise<Held | number>>> = {
  async idle() {
    const end = watch();
    await after(LOCKED_MS);
    return end();
  },
  async 'locked by another process'({ file, open }) {
    const intake = open();
    await intake.take(some(1));
    const holder = spawn(process.execPath, ['--eval', HOLDER, file]);
    await once(holder.stdout, 'data');
    const ended = once(holder, 'exit');
    const end = watch();
    await Promise.all([intake.take(some(1)), intake.take(some(BATCH)), intake.status(0), ended]);
    const longest = end();
    await intake.close();
    return longest;
  },
  async 'old events are forgotten'(subject) {
    const at = Date.now() - 10 * DAY_MS;
    const intake = await prepare(
      subject,
      `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${OLD})
         INSERT INTO events (id, content, type, offer_id, state, occurred_at, received_at, waiting_since, due_at)
         SELECT 'old ' || n, '', 'viewed', 'offer ' || n, 'done', ${at}, ${at}, ${at}, 0 FROM number;
       UPDATE events SET settled_at = ${at}`,
    );
    const end = watch();
    for (let isOver = false; !isOver; )
      isOver = (await intake.begin({ now: Date.now(), limit: 10, perMinute: 150 })).nextAt === undefined;
    const longest = end();
    if ((await intake.list({ limit: 1 })).length) throw new Error('Not all were forgotten.');
    await intake.close();
    return longest;
  },
  async 'two of many events are listed'(subject) {
    const intake = await prepare(
      subject,
      `WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < ${OLD})
         INSERT INTO events (id, content, type, offer_id, state, occurred_at, received_at, waiting_since, due_at)
         SELECT n, '', 'viewed', n, iif(n % ${OLD}, 'done', 'waiting'), 0, 0, 0, 0 FROM number`,
    );
    const end = watch();
    if ((await intake.list({ limit: 2, states: ['waiting'] })).length < 2) throw new Error('Not both.');
    await after(1);
    const longest = end();
    await intake.close();
    return longest;
  },
  async 'the funnel is asked for'(subject) {
    const today = Math.floor(Date.now() / DAY_MS);
    const intake = await prepare(
      subject,
      `WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n <= ${GROUPS})
         INSERT INTO ledger_names (id, name) SELECT n, 'group ' || n FROM number;
       WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < ${DAYS * GROUPS * KINDS} - 1)
         INSERT INTO ledger (cell, taken, delivered)
         SELECT (${today} - n / ${GROUPS * KINDS}) * 16777216 + (2 + n / ${KINDS} % ${GROUPS}) * 16 + n % ${KINDS}, 9, 9
         FROM number;`,
    );
    const end = watch();
    const since = new Date(Date.now() - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
    const funnel = await subject.readFunnel(intake, { by: 'day', since });
    const longest = end();
    if (funnel.rows.length !== DAYS) throw new Error(`${funnel.rows.length} days`);
    await intake.close();
    return longest;
  },
  'singles a second': ({ open }) => rate(open(), 1, 1),
  [`singles a second, ${AT_ONCE} at once`]: ({ open }) => rate(open(), 1, AT_ONCE),
  [`events a second, ${BATCH} in a request`]: ({ open }) => rate(open(), BATCH, 1),
  [`events a second, ${BATCH} in a request, ${AT_ONCE} at once`]: ({ open }) => rate(open(), BATCH, AT_ONCE),
};

const measure = async (name: string, dist: string): Promise<readonly number[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-bench-'));
  const file = join(folder, 'intake.db');
  const load = async (path: string): Promise<Build> =>
    (await import(pathToFileURL(join(dist, path)).href)) as Build;
  const { sqliteIntake: open } = await load('proxy/intake/sqlite/sqlite.js');
  const { readFunnel } = await load('proxy/operator/funnel.js');
  const figure = await CASES[name]?.({ file, open: () => open({ file }), readFunnel });
  rmSync(folder, { recursive: true });
  return typeof figure === 'number' ? [figure] : (figure ?? []);
};

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { dists: { ...text, default: 'dist' }, rounds: { ...text, default: '3' }, only: text, case: text },
});
const dists = values.dists.split(',').map((path) => resolve(path));
if (values.case !== undefined) {
  console.log(JSON.stringify(await measure(values.case, dists[0] ?? '')));
  process.exit();
}
const rows: string[][] = [];
for (const name of Object.keys(CASES).filter((each) => each.includes(values.only ?? ''))) {
  const measured = dists.map((): number[][] => []);
  for (let round = 0; round < Number(values.rounds); round++)
    for (const at of round % 2 ? [...dists.keys()].reverse() : dists.keys()) {
      const main = fileURLToPath(import.meta.url);
      const args = ['--import', 'tsx', main, '--case', name, '--dists', dists[at] ?? ''];
      const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
      measured[at]?.push(JSON.parse(output) as number[]);
    }
  const isHeld = measured[0]?.[0]?.length === 2;
  for (const [at, title] of (isHeld ? [`${name}: ms`, `${name}: ms of CPU`] : [name]).entries()) {
    const figures = measured.map((own) => own.map((each) => each[at] ?? NaN));
    const ratios = figures
      .slice(1)
      .map((own) => median(own.map((figure, round) => figure / (figures[0]?.[round] ?? NaN))).toFixed(2));
    rows.push([title, ...figures.map((own) => spread(own, isHeld ? 1 : 0)), ...ratios]);
    console.error(rows.at(-1)?.join('  '));
  }
}
console.log(
  table(['', ...dists.map((_, at) => `build ${at + 1}`), ...dists.slice(1).map(() => 'ratio')], rows),
);
