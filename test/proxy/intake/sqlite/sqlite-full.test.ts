/** A disk that is full: what the intake says, and that it continues once there is room. */
import { join } from 'node:path';
import Database from 'libsql/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemCodeOf } from '../../../../src/proxy/alerts/cause.js';
import { resolveBounds } from '../../../../src/proxy/intake/rules.js';
import { createSqlIntake, type SqlIntake } from '../../../../src/proxy/intake/sql/intake.js';
import { createDriver, type Prepared, SQLITE } from '../../../../src/proxy/intake/sqlite/sqlite-driver.js';
import { openFile } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { speaking } from '../../../../src/proxy/intake/sqlite/sqlite-intake.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { eventId } from '../../../support/wire.js';

describe('a file whose disk is full', () => {
  const folder = { path: '', remove: (): void => undefined };
  let database: Database;
  let intake: SqlIntake;

  beforeEach(() => {
    Object.assign(folder, temporaryFolder());
    const file = join(folder.path, 'intake.db');
    openFile(file).close();
    database = new Database(file, { timeout: 20 });
    intake = createSqlIntake(speaking(createDriver(database, '')), SQLITE, resolveBounds({}));
  });

  afterEach(async () => {
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
  const many = (from: number) => Array.from({ length: 2_000 }, (_, at) => admitted(from + at));

  it('is written even if no event is given, so that everybody who asks hears whether it can be', async () => {
    const changes = () => figure('SELECT total_changes()');
    const before = await changes();
    expect(await intake.take([])).toEqual(new Map());
    expect(await changes()).toBe(before + 1);
  });

  it('takes nothing of a request, says what to do, and takes it once there is room', async () => {
    await intake.take([admitted(1)]);
    await limitPages(5);
    const failure = await intake.take(many(2)).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({
      code: 'configuration',
      hint: expect.stringMatching(/disk .* is full: make room/) as string,
    });
    expect(systemCodeOf(failure)).toBe('SQLITE_FULL');
    expect(await intake.list({ limit: 9 })).toHaveLength(1);
    await limitPages(1_000);
    expect((await intake.take(many(2))).get(eventId(2))).toEqual({ kind: 'accepted' });
  });
});
