/** Commands that only look never change the intake, and no command makes one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runFunnel } from '../../../src/proxy/cli/funnel-command.js';
import { runPurge } from '../../../src/proxy/cli/purge-command.js';
import { runReport } from '../../../src/proxy/cli/report-command.js';
import { runDeadLetters, runEvents } from '../../../src/proxy/cli/rows-command.js';
import { runStatus } from '../../../src/proxy/cli/status-command.js';
import { temporaryFolder } from '../../support/intake.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

describe('on a file that no proxy has opened', () => {
  it.each<[string, (intake: string[]) => Promise<void>]>([
    ['status', (intake) => runStatus(intake)],
    ['status --follow', (intake) => runStatus(['--follow', ...intake])],
    ['funnel', (intake) => runFunnel(intake)],
    ['events', (intake) => runEvents(intake)],
    ['dead-letters list', (intake) => runDeadLetters(['list', ...intake])],
    ['purge without --yes', (intake) => runPurge(['--dead', ...intake])],
    ['purge --yes', (intake) => runPurge(['--dead', '--yes', ...intake])],
    ['dead-letters retry', (intake) => runDeadLetters(['retry', ...intake])],
    ['report', (intake) => runReport([join(folder.path, 'events.jsonl'), '--site', 'acme-test', ...intake])],
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
