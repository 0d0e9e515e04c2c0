/** What a file is before it is an intake's: another release's, another program's, or nothing. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import { openFile } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder.path, 'intake.sqlite');
});
afterEach(() => folder.remove());

const inFile = <Result>(work: (database: Database.Database) => Result): Result => {
  const database = new Database(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
};

const makeIntake = async (): Promise<void> => {
  const intake = sqliteIntake({ file });
  await intake.take(Array.from({ length: 100 }, (_, at) => admitted(at)));
  await intake.close();
};

const damage = (): void => {
  const bytes = readFileSync(file);
  bytes.fill(0xab, 4_096);
  writeFileSync(file, bytes);
};

const setLayout = (layout: number) => () =>
  inFile((database) => database.exec(`DROP INDEX events_views; PRAGMA user_version = ${layout};`));

test.each<[string, () => unknown, RegExp]>([
  ['of a newer release', setLayout(4), /by a newer release/],
  ['of a release before 0.2.0', setLayout(1), /before release 0\.2\.0/],
  ['that is damaged', damage, /is damaged/],
])('a file %s is refused, also for reading, and nothing of it changes', async (_, change, words) => {
  await makeIntake();
  change();
  const before = readFileSync(file);
  for (const readOnly of [false, true]) expect(() => intakeHere({ file, readOnly })).toThrow(words);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.each<[string, () => unknown, RegExp, RegExp]>([
  [
    'of another program',
    () => inFile((database) => database.exec('CREATE TABLE shop (name TEXT)')),
    /belongs to another program/,
    /belongs to another program/,
  ],
  [
    'that is text',
    () => writeFileSync(file, 'this is no database, '.repeat(50)),
    /not a database/,
    /not a database/,
  ],
  ['that is a folder', () => mkdirSync(file), /cannot be opened: name a file/, /cannot be read/],
])('a file %s is refused, also for reading', (_, make, words, whenRead) => {
  make();
  expect(() => intakeHere({ file })).toThrow(words);
  expect(() => intakeHere({ file, readOnly: true })).toThrow(whenRead);
});

test('a file in a folder that is missing is refused', () => {
  expect(() => intakeHere({ file: join(folder.path, 'missing', 'intake.db') })).toThrow(
    expect.objectContaining({
      code: 'configuration',
      hint: expect.stringMatching(/create its folder/) as string,
    }),
  );
});

test('a file that is only read is not made, and not laid out', () => {
  const reading = () => intakeHere({ file, readOnly: true });
  expect(reading).toThrow(/There is no intake file of this name/);
  expect(readdirSync(folder.path)).toEqual([]);
  inFile((database) => database.exec('PRAGMA user_version = 0'));
  expect(reading).toThrow(/start the proxy first/);
});

test('a file that is opened only for reading cannot be changed through that connection', async () => {
  await makeIntake();
  const database = openFile(file, true);
  for (const sql of ['DELETE FROM events', 'CREATE TABLE another (name TEXT)'])
    expect(() => database.exec(sql)).toThrow(/readonly/);
  database.close();
});
