/** Commands that only look never change the intake, and no command makes one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../src/proxy/cli/command-line.js';
import { temporaryFolder } from '../../support/intake.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

describe('on a file that no proxy has opened', () => {
  it.each<[string, (intake: string[]) => Promise<void>]>([
    ['status', (intake) => runCommandLine(['status', ...intake])],
    ['status --follow', (intake) => runCommandLine(['status', '--follow', ...intake])],
    ['funnel', (intake) => runCommandLine(['funnel', ...intake])],
    ['events', (intake) => runCommandLine(['events', ...intake])],
    ['dead-letters list', (intake) => runCommandLine(['dead-letters', 'list', ...intake])],
    ['purge without --yes', (intake) => runCommandLine(['purge', '--dead', ...intake])],
    ['purge --yes', (intake) => runCommandLine(['purge', '--dead', '--yes', ...intake])],
    ['dead-letters retry', (intake) => runCommandLine(['dead-letters', 'retry', ...intake])],
    [
      'report',
      (intake) =>
        runCommandLine(['report', join(folder.path, 'events.jsonl'), '--site', 'acme-test', ...intake]),
    ],
  ])('%s says what is missing, and leaves the file as it is', async (_, run) => {
    const file = join(folder.path, 'intake.db');
    const database = new Database(file);
    // SQLite makes the file.
    database.exec('PRAGMA user_version = 0');
    const tables = () => database.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all();
    const before = tables();
    writeFileSync(
      join(folder.path, 'events.jsonl'),
      '{"name":"order-1","type":"accepted","personalized_offer_id":"a52ge40b"}\n',
    );
    await expect(run(['--intake', `sqlite:${file}`])).rejects.toThrow(/start the proxy first/);
    expect(tables()).toEqual(before);
    database.close();
  });
});
