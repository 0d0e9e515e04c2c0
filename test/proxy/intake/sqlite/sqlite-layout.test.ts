/** An intake's file that a later release has written. */
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

test('a file with the layout of a newer release is refused, and nothing of it changes', async () => {
  const file = join(folder.path, 'intake.sqlite');
  const intake = sqliteIntake({ file });
  await intake.take([admitted(1)]);
  await intake.close();
  const database = new Database(file);
  const tables = () => database.prepare('SELECT sql FROM sqlite_master ORDER BY name').all();
  database.exec('DROP INDEX events_views; PRAGMA user_version = 2;');
  const before = tables();
  expect(() => sqliteIntake({ file })).toThrow(/newer release/);
  expect(tables()).toEqual(before);
  database.close();
});
