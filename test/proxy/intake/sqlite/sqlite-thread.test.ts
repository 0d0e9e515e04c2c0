/** The thread that has the file: what it does not block, what shares a transaction, and what happens when it dies. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import type { Call } from '../../../../src/proxy/intake/sqlite/sqlite-calls.js';
import { openFile } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { pragma } from '../../../../src/proxy/intake/sqlite/sqlite-layout.js';
import { systemCodeOf } from '../../../../src/proxy/telling/cause.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { BUILT_INTAKE, IMPORTING_INTAKE, inProcess, outputOf } from '../../../support/processes.js';
import { eventId, START } from '../../../support/wire.js';

const workers = vi.hoisted((): Worker[] => []);

vi.mock('node:worker_threads', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:worker_threads')>();
  class Watched extends actual.Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      workers.push(this);
    }
  }
  return { ...actual, Worker: Watched };
});

const folder = { path: '', remove: (): void => undefined };
const opened: Intake[] = [];
const children: ChildProcess[] = [];

beforeEach(() => Object.assign(folder, temporaryFolder()));

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
  workers.splice(0);
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

it('is durable against a loss of power: SQLite waits for the disk at each commit', () => {
  const database = openFile(file());
  expect(pragma(database, 'synchronous')).toBe(2);
  database.close();
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

  it('accept an id once that several of them name, and get the verdicts that they would get one by one', async () => {
    const intake = open();
    const other = admitted(1, { offerId: 'another' });
    const taken = await Promise.all([
      intake.take([admitted(9)]),
      intake.take([admitted(1), admitted(2)]),
      intake.take([admitted(2), admitted(3)]),
      intake.take([other]),
    ]);
    expect(kindsOf(taken)).toEqual([
      ['accepted'],
      ['accepted', 'accepted'],
      ['duplicate', 'accepted'],
      ['refused'],
    ]);
  });

  it('are repeated one by one if one of them fails', async () => {
    const intake = open();
    const database = new Database(file());
    database.exec(`CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.offer_id = 'poison'
      BEGIN SELECT RAISE(ABORT, 'poisoned'); END`);
    database.close();
    const settled = await Promise.allSettled(
      range(1, 9).map((number) => intake.take([admitted(number, number === 5 ? { offerId: 'poison' } : {})])),
    );
    expect(settled.map(({ status }) => status)).toEqual(
      range(1, 9).map((number) => (number === 5 ? 'rejected' : 'fulfilled')),
    );
    expect(settled[4]).toMatchObject({
      reason: { name: 'SqliteError', message: 'poisoned', code: 'SQLITE_CONSTRAINT_TRIGGER' },
    });
    expect(await intake.list({ limit: 9 })).toHaveLength(8);
  });
});

it('creates neither a file nor a table if the intake is opened only for reading', async () => {
  const reading = () => sqliteIntake({ file: file(), readOnly: true });
  expect(reading).toThrow(/There is no intake file of this name/);
  expect(readdirSync(folder.path)).toEqual([]);
  await open().close();
  const database = new Database(file());
  database.exec('PRAGMA user_version = 0');
  database.close();
  expect(reading).toThrow(/start the proxy first/);
});

describe('the thread', () => {
  it('forgets the rest of an answer in portions when its reader stops', async () => {
    const intake = open();
    await intake.take([admitted(1), admitted(2)]);
    const sent = vi.spyOn(workers[0] as Worker, 'postMessage');
    for await (const _ of intake.tally({})) break;
    const [asked, ...rest] = sent.mock.calls.map(([call]) => call as Call);
    expect(rest.map(({ kind, given }) => [kind, given])).toEqual([
      ['next', [asked?.given[0]]],
      ['leave', [asked?.given[0]]],
    ]);
  });

  it('has 5 s to count what was accepted, and the request is rejected after that', async () => {
    const intake = open();
    vi.spyOn(workers[0] as Worker, 'postMessage').mockReturnValue();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const codes: unknown[] = [];
    const counted = intake.accept([{ id: eventId(1), content: 'digest', receivedAt: START }]);
    counted.catch((cause: unknown) => codes.push(systemCodeOf(cause)));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(codes).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(codes).toEqual(['ETIMEDOUT']);
  });
});

describe('a thread that dies', () => {
  /** It dies of an exception, between two calls: libsql ends the whole process if a thread is terminated inside of one. */
  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      workers
        .at(-1)
        ?.once('exit', () => resolve())
        .postMessage(null);
    });
  /** A thread that died soon after its start is started again a second after that. */
  const soon = <T>(act: () => Promise<T>): Promise<T> => vi.waitFor(act, { timeout: 10_000, interval: 50 });

  it('rejects calls that it had not answered, is started again, and has lost nothing that it acknowledged', async () => {
    const intake = open();
    intake.claim('acme-test');
    await intake.take([admitted(1)]);
    const taking = range(2, 40).map((number) => intake.take([admitted(number)]));
    const [settled] = await Promise.all([Promise.allSettled(taking), kill()]);
    const acknowledged = range(2, 40).filter((_, at) => settled[at]?.status === 'fulfilled');
    const again = await soon(() =>
      Promise.all(range(1, 40).map((number) => intake.take([admitted(number)]))),
    );
    expect(workers).toHaveLength(2);
    for (const number of [1, ...acknowledged])
      expect(again[number - 1]?.get(eventId(number))).toEqual({ kind: 'duplicate' });
    expect(await intake.list({ limit: 99 })).toHaveLength(40);
    expect(() => open().claim('other-test')).toThrow(/keeps the events of the site acme-test/);
  });

  it('still keeps no other site’s events after that', async () => {
    const intake = open();
    intake.claim('acme-test');
    await kill();
    const database = new Database(file());
    database.exec(`UPDATE site SET name = 'other-test'`);
    database.close();
    await vi.waitFor(
      async () =>
        expect(await intake.take([admitted(1)]).catch(String)).toMatch(
          /keeps the events of the site other-test/,
        ),
      { timeout: 10_000, interval: 50 },
    );
  });

  it('is started again at most once a second while it dies as it begins, and calls say what is wrong', async () => {
    const intake = open();
    intake.claim('acme-test');
    const rename = (site: string): void => {
      const database = new Database(file());
      database.exec(`UPDATE site SET name = '${site}'`);
      database.close();
    };
    const take = (): Promise<unknown> => intake.take([admitted(1)]).then(({ size }) => size, String);
    const OF_ANOTHER = expect.stringMatching(/keeps the events of the site other-test/) as string;
    await kill();
    rename('other-test');
    // From now on the clock stands still. The first thread began a second ago, or earlier.
    const startedMs = Math.ceil(performance.now()) + 1_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(startedMs);
    expect([await take(), await take()]).toEqual([OF_ANOTHER, OF_ANOTHER]);
    expect(workers).toHaveLength(2);
    rename('acme-test');
    clock.mockReturnValue(startedMs + 999);
    expect(await take()).toEqual(OF_ANOTHER);
    expect(workers).toHaveLength(2);
    clock.mockReturnValue(startedMs + 1_000);
    expect(await take()).toBe(1);
    expect(workers).toHaveLength(3);
  });

  it('still only reads after that, if it was opened for that', async () => {
    const intake = open();
    await intake.take([admitted(1)]);
    await intake.close();
    const reader = sqliteIntake({ file: file(), readOnly: true });
    expect(await reader.list({ limit: 9 })).toHaveLength(1);
    await kill();
    expect(await soon(() => reader.list({ limit: 9 }))).toHaveLength(1);
    const database = new Database(file());
    database.exec('PRAGMA user_version = 0');
    database.close();
    await kill();
    // A thread that may write would make the tables.
    await soon(() => expect(reader.list({ limit: 9 })).rejects.toThrow(/start the proxy first/));
    await reader.close();
  });

  it('lets its process begin nothing until it leads again, since another one may lead by now', async () => {
    const intake = open();
    await intake.take([admitted(1)]);
    expect(await intake.lead('ours', START)).toBe(true);
    await kill();
    const begin = () => intake.begin({ now: START, limit: 9, perMinute: 150 });
    await expect(begin()).rejects.toThrow(/lead again/);
    expect(await soon(() => intake.lead('ours', START))).toBe(true);
    expect((await begin()).rows).toMatchObject([{ id: eventId(1) }]);
  });

  it('ends with its intake, which answers nothing more', async () => {
    const intake = open();
    const ended = once(workers[0] as Worker, 'exit');
    await Promise.all([intake.take([admitted(1)]), intake.close(), intake.close(), ended]);
    await expect(intake.take([admitted(2)])).rejects.toThrow(/closed/);
  });
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

  it('learns at creation that the thread’s file is missing', async () => {
    // In a folder beside the built one, so that packages are found.
    const without = `${dirname(BUILT_INTAKE)}-without-thread`;
    cpSync(dirname(BUILT_INTAKE), without, {
      recursive: true,
      filter: (path) => !path.endsWith('sqlite-thread.js'),
    });
    const output = await outputOf(
      inProcess(`
        import { sqliteIntake } from ${JSON.stringify(join(without, 'sqlite.js'))};
        try {
          sqliteIntake({ file: ${JSON.stringify(file())} });
        } catch (error) {
          console.log(error.code, error.hint);
        }`),
    );
    expect(output).toMatch(
      /^configuration The intake cannot start its thread: there is no file sqlite-thread\.js/,
    );
  }, 60_000);
});
