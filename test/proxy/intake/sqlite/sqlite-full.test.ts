/** A disk that is full: what the intake says, and that it continues once there is room. */
import { join } from 'node:path';
import type Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveBounds } from '../../../../src/proxy/intake/rules.js';
import { createSqlIntake, type SqlIntake } from '../../../../src/proxy/intake/sql/intake.js';
import { SQLITE } from '../../../../src/proxy/intake/sqlite/sqlite-dialect.js';
import { createDriver } from '../../../../src/proxy/intake/sqlite/sqlite-driver.js';
import { openFile } from '../../../../src/proxy/intake/sqlite/sqlite-file.js';
import { systemCodeOf } from '../../../../src/proxy/telling/cause.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { eventId } from '../../../support/wire.js';

describe('a file whose disk is full', () => {
  const folder = { path: '', remove: (): void => undefined };
  let database: Database.Database;
  let intake: SqlIntake;

  beforeEach(() => {
    Object.assign(folder, temporaryFolder());
    database = openFile(join(folder.path, 'intake.db'));
    intake = createSqlIntake(createDriver(database), SQLITE, resolveBounds({}));
  });

  afterEach(async () => {
    await intake.close();
    folder.remove();
  });

  const limitPages = (more: number): void => {
    const [{ page_count: pages }] = database.pragma('page_count') as [{ page_count: number }];
    database.pragma(`max_page_count = ${pages + more}`);
  };
  const many = (from: number) => Array.from({ length: 2_000 }, (_, at) => admitted(from + at));

  it('is written even if no event is given, so that everybody who asks hears whether it can be', async () => {
    // Only the number: libsql adds to each row how long it took.
    const changes = () =>
      (database.prepare('SELECT total_changes() AS changes').get() as { changes: number }).changes;
    const before = changes();
    expect(await intake.take([])).toEqual(new Map());
    expect(changes()).toBe(before + 1);
  });

  it('takes nothing of a request, says what to do, and takes it once there is room', async () => {
    await intake.take([admitted(1)]);
    limitPages(5);
    const failure = await intake.take(many(2)).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({
      code: 'configuration',
      hint: expect.stringMatching(/disk .* is full: make room/) as string,
    });
    expect(systemCodeOf(failure)).toBe('SQLITE_FULL');
    expect(await intake.list({ limit: 9 })).toHaveLength(1);
    limitPages(1_000);
    expect((await intake.take(many(2))).get(eventId(2))).toEqual({ kind: 'accepted' });
  });
});
