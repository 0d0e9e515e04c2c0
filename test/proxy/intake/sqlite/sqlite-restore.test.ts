/** Restoring a copy of the intake's file, by the commands of the page for operators. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blockAt } from '../../../support/blocks/places.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';
import { eventId } from '../../../support/wire.js';

const RESTORING = blockAt('docs/operations.md, Backing up and restoring: sh');

describe('a copy that is restored', () => {
  const folder = { path: '', remove: (): void => undefined };
  beforeEach(() => Object.assign(folder, temporaryFolder()));
  afterEach(() => folder.remove());

  const inFile = <Result>(file: string, work: (database: Database.Database) => Result): Result => {
    const database = new Database(file);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };

  it('is sound and has what it had, though a killed proxy left files beside the lost one', async () => {
    const [running, lost, copy] = ['running', 'lost-disk', 'copy.db'].map((name) => join(folder.path, name));
    if (!running || !lost || !copy) throw new Error('There is no folder.');
    for (const each of [running, lost]) mkdirSync(each);
    const intake = intakeHere({ file: join(running, 'intake.db') });
    await intake.take([admitted(1)]);
    inFile(join(running, 'intake.db'), (database) => database.exec(`VACUUM INTO '${copy}'`));
    await intake.take(Array.from({ length: 500 }, (_, at) => admitted(at + 2)));
    // What a kill leaves: the file, with what is not yet in it beside it.
    for (const name of readdirSync(running)) copyFileSync(join(running, name), join(lost, name));
    await intake.close();
    expect(readdirSync(lost).sort()).toEqual(['intake.db', 'intake.db-shm', 'intake.db-wal']);

    const commands = RESTORING.replaceAll('/var/lib/offersight', lost)
      .replaceAll('/backup/copy.db', copy)
      .replaceAll(/^systemctl (?:stop|start) offersight$/gm, ':');
    execFileSync('sh', ['-euc', commands], { cwd: folder.path });

    const restored = intakeHere({ file: join(lost, 'intake.db') });
    expect((await restored.list({ limit: 9 })).map(({ id }) => id)).toEqual([eventId(1)]);
    expect((await restored.take([admitted(600)])).get(eventId(600))).toEqual({ kind: 'accepted' });
    await restored.close();
    inFile(join(lost, 'intake.db'), (database) =>
      expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]),
    );
  });
});
