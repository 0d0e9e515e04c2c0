/** A file that works beside the process: what it does not block, what shares a transaction, and when it ends. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import Connection from 'libsql/promise';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { systemCodeOf } from '../../../../src/proxy/alerts/cause.js';
import type { Intake } from '../../../../src/proxy/index.js';
import { sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import { openFile, pragma } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { IMPORTING_INTAKE, inProcess, outputOf } from '../../../support/processes.js';
import { eventId, START } from '../../../support/wire.js';
import { verdictsOf } from '../intake.contract.js';

let folder: ReturnType<typeof temporaryFolder>;
const opened: Intake[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
  folder.remove();
});

const file = (name = 'intake.db'): string => join(folder.path, name);

const open = (path = file()): Intake => {
  const intake = sqliteIntake({ file: path });
  opened.push(intake);
  return intake;
};

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Another process that holds the file's write lock until it is released. */
const holdFile = async (): Promise<{ release(): void }> => {
  const child = inProcess(`
    import Database from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../../node_modules/libsql/index.js')).href)};
    const database = new Database(${JSON.stringify(file())}, { timeout: 5_000 });
    database.exec('BEGIN IMMEDIATE');
    console.log('held');
    process.stdin.once('data', () => {
      database.exec('COMMIT');
      process.exit();
    });`);
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.stdout) await once(child.stdout, 'data');
  return { release: () => child.stdin?.write('go') };
};

/** How many transactions were written. A frame that ends one has the size of the file then, and others have 0. */
const commitsOf = (path: string): number => {
  const log = readFileSync(`${path}-wal`);
  const FRAME = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + FRAME <= log.length; at += FRAME) if (log.readUInt32BE(at + 4) > 0) commits++;
  return commits;
};

it('a file that another process has locked leaves the loop and libsql’s threads to other files, and takes when it is free', async () => {
  const other = open(file('other.db'));
  // libsql has a thread for each processor.
  const waiting = range(0, availableParallelism() + 1).map(() => open());
  const { release } = await holdFile();
  const settled: unknown[] = [];
  const taking = waiting.map((intake, at) =>
    verdictsOf(intake.take([admitted(at)]).finally(() => settled.push(at))),
  );
  for (const number of range(1, 9)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await other.take([admitted(number)]);
  }
  expect(settled).toEqual([]);
  release();
  expect(await Promise.all(taking)).toEqual(waiting.map(() => ['accepted']));
});

it('a file that another process has locked for 5 s rejects what it cannot take, and takes again when it is free', async () => {
  const intake = open();
  const { release } = await holdFile();
  const take = () =>
    Promise.all([1, 2, 3].map((number) => intake.take([admitted(number)]).catch(systemCodeOf)));
  for (const code of await take()) expect(code).toMatch(/^(ETIMEDOUT|SQLITE_BUSY)$/);
  release();
  await take();
  expect(await intake.list({ limit: 9 })).toHaveLength(3);
});

it('is durable against a loss of power: SQLite waits for the disk at each commit of both connections', async () => {
  const database = openFile(file());
  expect(pragma(database, 'synchronous')).toBe(2);
  database.close();
  const executed = vi.spyOn(Connection.prototype, 'exec');
  await open().take([admitted(1)]);
  expect(executed.mock.calls.map(([sql]) => sql)).toEqual([
    'PRAGMA synchronous = FULL',
    'BEGIN IMMEDIATE',
    'COMMIT',
  ]);
});

it('answers everything before it is closed, then has all in one file, and answers nothing more', async () => {
  const intake = open();
  const ending = range(1, 20).map(() => intake.endSessions());
  const reading = intake.sessionsEnded();
  const taking = range(1, 100).map((number) => verdictsOf(intake.take([admitted(number)])));
  await Promise.all([intake.close(), intake.close()]);
  await Promise.all(ending);
  expect(await reading).toBe(20);
  expect(await Promise.all(taking)).toEqual(taking.map(() => ['accepted']));
  await expect(intake.take([admitted(2)])).rejects.toThrow(/closed/);
  await expect(intake.list({ limit: 1 })).rejects.toThrow(/closed/);
  copyFileSync(file(), file('copy.db'));
  expect(await open(file('copy.db')).list({ limit: 200 })).toHaveLength(100);
});

it('requests that come together share transactions, and each has its own verdicts', async () => {
  const intake = open();
  await intake.take([admitted(1)]);
  const before = commitsOf(file());
  const numbers = range(3, 202);
  const taken = await Promise.all(
    numbers.map((number) => verdictsOf(intake.take([admitted(number), admitted(2), admitted(1)]))),
  );
  expect(taken).toEqual(
    numbers.map((number) => ['accepted', number === 3 ? 'accepted' : 'duplicate', 'duplicate']),
  );
  expect(commitsOf(file()) - before).toBeLessThan(20);
});

it('has 5 s to count what was accepted, and the request is rejected after that', async () => {
  const intake = open();
  const lock = new Database(file());
  lock.exec('BEGIN IMMEDIATE');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const codes: unknown[] = [];
  const counted = intake.accept([{ id: eventId(1), content: 'digest', receivedAt: START }]);
  counted.catch((cause: unknown) => codes.push(systemCodeOf(cause)));
  await vi.advanceTimersByTimeAsync(4_900);
  expect(codes).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(codes).toEqual(['ETIMEDOUT']);
  lock.exec('ROLLBACK');
  lock.close();
});

it('lets a process end when nothing waits for an answer any more, and not before', async () => {
  const script = (work: string): ChildProcess =>
    inProcess(`
      ${IMPORTING_INTAKE}
      const intake = sqliteIntake({ file: ${JSON.stringify(file())} });
      ${work}`);
  expect(await outputOf(script(`console.log('open');`))).toBe('open\n');
  const event = JSON.stringify(admitted(1));
  const taking = script(`intake.take([${event}]).then((verdicts) => console.log(verdicts.size));`);
  expect(await outputOf(taking)).toBe('1\n');
});
