/** Errors of a file: whose fault they are, what to do about them, and that the intake continues after a full disk. */
import { join } from 'node:path';
import Database from 'libsql/promise';
import { expect, it, onTestFinished } from 'vitest';
import { systemCodeOf } from '../../../../src/proxy/alerts/cause.js';
import { resolveBounds } from '../../../../src/proxy/intake/rules.js';
import { createSqlIntake } from '../../../../src/proxy/intake/sql/intake.js';
import {
  createDriver,
  inWords,
  isOwnFault,
  type Prepared,
  SQLITE,
} from '../../../../src/proxy/intake/sqlite/sqlite-driver.js';
import { openFile } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { eventId } from '../../../support/wire.js';

it.each<[string | undefined, boolean, RegExp?]>([
  ['SQLITE_CONSTRAINT_TRIGGER', true],
  ['SQLITE_ERROR', true],
  [undefined, true],
  ['SQLITE_BUSY', false, /^Another program holds/],
  ['SQLITE_BUSY_SNAPSHOT', false, /^Another program holds/],
  ['SQLITE_LOCKED', false],
  ['SQLITE_FULL', false, /is full: make room/],
  ['SQLITE_IOERR_WRITE', false, /^The disk of the intake’s file fails/],
  ['SQLITE_IOERR_LOCK', false, /^The file system of the intake’s file has no locks/],
  ['SQLITE_IOERR_SHMMAP', false, /^The file system of the intake’s file has no locks/],
  ['configuration', false],
])('%s says whether one request may be at fault (%s), and what to do', (code, isOwn, hint) => {
  const cause = Object.assign(new Error('failed'), code === undefined ? {} : { code });
  const said = inWords(cause);
  expect(isOwnFault(said)).toBe(isOwn);
  if (hint) expect(said).toMatchObject({ code: 'configuration', hint: expect.stringMatching(hint) });
  else expect(said).toBe(cause);
});

it('a full disk takes nothing of a request, which is said, and takes it once there is room', async () => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'intake.db');
  openFile(file).close();
  const database = new Database(file, { timeout: 20 });
  const intake = createSqlIntake(createDriver(database, ''), SQLITE, resolveBounds({}));
  onTestFinished(async () => {
    await intake.close();
    folder.remove();
  });
  // If they were collected during a statement that fails, libsql would lose its code.
  const kept: unknown[] = [];
  const figure = async (sql: string): Promise<number> => {
    const statement = (await database.prepare(sql)) as Prepared;
    kept.push(statement);
    const [row] = (await statement.all([])) as readonly object[];
    return Number(Object.values(row ?? {})[0]);
  };
  const limitPages = async (more: number): Promise<void> => {
    await figure(`PRAGMA max_page_count = ${(await figure('PRAGMA page_count')) + more}`);
  };
  const many = Array.from({ length: 2_000 }, (_, at) => admitted(at + 2));
  await intake.take([admitted(1)]);
  // Also what has no event is written, so that everybody who asks hears whether it can be.
  const before = await figure('SELECT total_changes()');
  expect(await intake.take([])).toEqual(new Map());
  expect(await figure('SELECT total_changes()')).toBe(before + 1);
  await limitPages(5);
  const failure = await intake.take(many).catch((cause: unknown) => cause);
  expect(failure).toMatchObject({ hint: expect.stringMatching(/disk .* is full: make room/) as string });
  expect(systemCodeOf(failure)).toBe('SQLITE_FULL');
  expect(await intake.list({ limit: 9 })).toHaveLength(1);
  await limitPages(1_000);
  expect((await intake.take(many)).get(eventId(2))).toEqual({ kind: 'accepted' });
});
