/** A file that works beside the process: what it does not block, what shares a transaction, and when it ends. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import Connection from 'libsql/promise';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemCodeOf } from '../../../../src/proxy/alerts/cause.js';
import type { Intake } from '../../../../src/proxy/index.js';
import { sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import { openFile, pragma } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { IMPORTING_INTAKE, inProcess, outputOf } from '../../../support/processes.js';
import { eventId, START } from '../../../support/wire.js';

const folder = { path: '', remove: (): void => undefined };
const opened: Intake[] = [];
const children: ChildProcess[] = [];

beforeEach(() => Object.assign(folder, temporaryFolder()));

afterEach(async () => {
  vi.useRealTimers();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
  folder.remove();
});

const file = (): string => join(folder.path, 'intake.db');

const open = (path = file()): Intake => {
  const intake = sqliteIntake({ file: path });
  opened.push(intake);
  return intake;
};

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

const kindsOf = (taken: readonly ReadonlyMap<string, { readonly kind: string }>[]): string[][] =>
  taken.map((verdicts) => [...verdicts.values()].map(({ kind }) => kind));

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
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  return { release: () => child.stdin?.write('go') };
};

/** Resolves when a timer has fired so often in this thread's event loop. */
const ticks = (times: number): Promise<void> =>
  new Promise((resolve) => {
    let left = times;
    const timer = setInterval(() => {
      if (--left > 0) return;
      clearInterval(timer);
      resolve();
    }, 10);
  });

/** How many transactions were written. A frame that ends one has the size of the file then, and others have 0. */
const commitsOf = (path: string): number => {
  const log = readFileSync(`${path}-wal`);
  const FRAME = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + FRAME <= log.length; at += FRAME) if (log.readUInt32BE(at + 4) > 0) commits++;
  return commits;
};

describe('a file that another process has locked', () => {
  it('blocks neither this process nor its other sites, and takes when it is free', async () => {
    const [intake, other] = [open(), open(join(folder.path, 'other.db'))];
    const { release } = await holdFile();
    let isTaken = false;
    const taking = intake.take([admitted(1)]).then((verdicts) => {
      isTaken = true;
      return verdicts;
    });
    await ticks(20);
    expect((await other.take([admitted(2)])).get(eventId(2))).toEqual({ kind: 'accepted' });
    expect(isTaken).toBe(false);
    release();
    expect((await taking).get(eventId(1))).toEqual({ kind: 'accepted' });
  }, 60_000);

  it('leaves libsql’s threads to other files, however many intakes wait for it', async () => {
    const other = open(join(folder.path, 'other.db'));
    // libsql has a thread for each processor.
    const waiting = range(0, availableParallelism() + 1).map(() => open());
    const { release } = await holdFile();
    const settled: unknown[] = [];
    const taking = waiting.map((intake, at) => intake.take([admitted(at)]).finally(() => settled.push(at)));
    for (const number of range(1, 9)) await other.take([admitted(number)]);
    expect(settled).toEqual([]);
    release();
    expect(kindsOf(await Promise.all(taking))).toEqual(waiting.map(() => ['accepted']));
  }, 60_000);

  it('rejects after 5 s what it cannot take, and takes again when it is free', async () => {
    const intake = open();
    const { release } = await holdFile();
    const refused = await Promise.all(
      [1, 2, 3].map((number) =>
        intake.take([admitted(number)]).then(
          () => 'taken',
          (cause: unknown) => systemCodeOf(cause),
        ),
      ),
    );
    for (const code of refused) expect(code).toMatch(/^(ETIMEDOUT|SQLITE_BUSY)$/);
    release();
    const again = await Promise.all([1, 2, 3].map((number) => intake.take([admitted(number)])));
    expect(again.map((verdicts) => verdicts.size)).toEqual([1, 1, 1]);
    expect(await intake.list({ limit: 9 })).toHaveLength(3);
  }, 60_000);
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

it('leaves everything in one file once it is closed', async () => {
  const intake = open();
  await intake.take([admitted(1)]);
  await intake.close();
  copyFileSync(file(), join(folder.path, 'copy.db'));
  expect(await open(join(folder.path, 'copy.db')).list({ limit: 9 })).toMatchObject([{ id: eventId(1) }]);
});

it('has one transaction at a time, and closes after the last of them', async () => {
  const intake = open();
  const ending = range(1, 20).map(() => intake.endSessions());
  const reading = intake.sessionsEnded();
  await intake.close();
  expect((await Promise.allSettled(ending)).map(({ status }) => status)).toEqual(
    range(1, 20).map(() => 'fulfilled'),
  );
  expect(await reading).toBe(20);
});

describe('requests that come together', () => {
  it('are all answered before the intake is closed', async () => {
    const intake = open();
    const taking = range(1, 100).map((number) => intake.take([admitted(number)]));
    const closing = intake.close();
    expect((await Promise.allSettled(taking)).map(({ status }) => status)).toEqual(
      range(1, 100).map(() => 'fulfilled'),
    );
    await closing;
  });

  it('share transactions, and each has its own verdicts', async () => {
    const intake = open();
    await intake.take([admitted(1)]);
    const before = commitsOf(file());
    const numbers = range(3, 202);
    const taken = await Promise.all(
      numbers.map((number) => intake.take([admitted(number), admitted(2), admitted(1)])),
    );
    expect(kindsOf(taken)).toEqual(
      numbers.map((number) => ['accepted', number === 3 ? 'accepted' : 'duplicate', 'duplicate']),
    );
    expect(commitsOf(file()) - before).toBeLessThan(20);
  });
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

it('answers nothing more once it is closed', async () => {
  const intake = open();
  await Promise.all([intake.take([admitted(1)]), intake.close(), intake.close()]);
  await expect(intake.take([admitted(2)])).rejects.toThrow(/closed/);
  await expect(intake.list({ limit: 1 })).rejects.toThrow(/closed/);
});

describe('a process', () => {
  it('ends when nothing waits for an answer any more, and not before', async () => {
    const script = (work: string): ChildProcess =>
      inProcess(`
        ${IMPORTING_INTAKE}
        const intake = sqliteIntake({ file: ${JSON.stringify(file())} });
        ${work}`);
    expect(await outputOf(script(`console.log('open');`))).toBe('open\n');
    const event = JSON.stringify(admitted(1));
    const taking = script(`intake.take([${event}]).then((verdicts) => console.log(verdicts.size));`);
    expect(await outputOf(taking)).toBe('1\n');
  }, 60_000);
});
