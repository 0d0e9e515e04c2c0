/** The layout of an intake's file, also of one that another release has written. */
import { accessSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openFile } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';
import { eventId, START } from '../../../support/wire.js';
import { begin } from '../intake.contract.js';

// Root may write everything, so a test has to say who may not.
vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>();
  return { ...actual, accessSync: vi.fn(actual.accessSync) };
});

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** The tables of a file, and what else it has. */
const everythingIn = (file: string) => {
  const database = new Database(file);
  const all = database.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').all();
  database.close();
  return all;
};

test.each([
  ['a newer release', 4, /written by a newer release/],
  ['a release before 0.2.0', 1, /written before release 0\.2\.0/],
])('a file with the layout of %s is refused, and nothing of it changes', async (_, layout, words) => {
  const file = join(folder.path, 'intake.sqlite');
  const intake = intakeHere({ file });
  await intake.take([admitted(1)]);
  await intake.close();
  const database = new Database(file);
  database.exec(`DROP INDEX events_views; PRAGMA user_version = ${layout};`);
  database.close();
  const before = everythingIn(file);
  expect(() => intakeHere({ file })).toThrow(words);
  expect(everythingIn(file)).toEqual(before);
});

test('an acceptance is remembered for as long as the ledger, and then forgotten', async () => {
  const DAY_MS = 86_400_000;
  const file = join(folder.path, 'intake.sqlite');
  const intake = intakeHere({ file, ledgerDays: 40 });
  const accept = (receivedAt: number) =>
    intake
      .accept([{ id: eventId(1), content: 'digest', receivedAt }])
      .then((verdicts) => [...verdicts.values()][0]?.kind);
  expect(await accept(START)).toBe('accepted');
  await begin(intake, START + 40 * DAY_MS);
  expect(await accept(START + 40 * DAY_MS)).toBe('duplicate');
  await begin(intake, START + 41 * DAY_MS);
  expect(await accept(START + 41 * DAY_MS)).toBe('accepted');
  await intake.close();
});

describe('a file that is opened only for reading', () => {
  const reading = (file: string) => () => intakeHere({ file, readOnly: true });

  test('has to exist, and is not created', () => {
    const file = join(folder.path, 'none.sqlite');
    expect(reading(file)).toThrow(/There is no intake file of this name/);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.each([
    ['another program', 'CREATE TABLE shop (name TEXT)', /belongs to another program/],
    ['no program yet', 'PRAGMA user_version = 0', /start the proxy first/],
  ])('is refused if it belongs to %s, and stays as it is', (_, sql, words) => {
    const file = join(folder.path, 'other.sqlite');
    const database = new Database(file);
    database.exec(sql);
    database.close();
    const before = everythingIn(file);
    expect(reading(file)).toThrow(words);
    expect(everythingIn(file)).toEqual(before);
  });

  test('is refused if this user may not write it, and no proxy has it open', async () => {
    const file = join(folder.path, 'intake.sqlite');
    await intakeHere({ file }).close();
    // Not every driver leaves these two behind.
    const database = new Database(file);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
    vi.mocked(accessSync).mockImplementationOnce(() => {
      throw new Error('EACCES');
    });
    expect(reading(file)).toThrow(/run this as the user of the proxy/);
    expect(readdirSync(folder.path)).toEqual(['intake.sqlite']);
    await reading(file)().close();
  });

  test('cannot be changed through that connection', async () => {
    const file = join(folder.path, 'intake.sqlite');
    const intake = intakeHere({ file });
    await intake.take([admitted(1)]);
    const database = openFile(file, true);
    expect(() => database.exec('DELETE FROM events')).toThrow(/readonly/);
    expect(() => database.exec('CREATE TABLE another (name TEXT)')).toThrow(/readonly/);
    database.close();
    expect(await intake.list({ limit: 9 })).toHaveLength(1);
    await intake.close();
  });
});
