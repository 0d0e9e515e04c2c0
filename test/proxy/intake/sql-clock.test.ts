/** A database whose clock has jumped ahead: events look older by that than they are. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveBounds } from '../../../src/proxy/intake/rules.js';
import { createSqlIntake, type SqlIntake } from '../../../src/proxy/intake/sql/intake.js';
import { SQLITE } from '../../../src/proxy/intake/sqlite/sqlite-driver.js';
import { openFile } from '../../../src/proxy/intake/sqlite/sqlite-file.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { createDriverHere } from '../../support/sqlite.js';
import { eventId, START } from '../../support/wire.js';

const HOUR_MS = 3_600_000;

const folder = { path: '', remove: (): void => undefined };
const clock = { aheadMs: 0, jumpedMs: 0 };
let intake: SqlIntake;

beforeEach(() => {
  Object.assign(folder, temporaryFolder());
  Object.assign(clock, { aheadMs: 0, jumpedMs: 0 });
  const driver = createDriverHere(openFile(join(folder.path, 'intake.db')));
  intake = createSqlIntake(
    {
      ...driver,
      write: (work, glance) =>
        driver.write((tx) => work({ ...tx, ...clock }), glance && ((tx) => glance({ ...tx, ...clock }))),
      read: (work) => driver.read((tx) => work({ ...tx, ...clock })),
    },
    SQLITE,
    resolveBounds({ maxDelayMs: 5 * HOUR_MS }),
  );
});

afterEach(async () => {
  await intake.close();
  folder.remove();
});

it.each([
  ['the database knows of a longer jump', 25 * HOUR_MS, 0],
  ['its own process knows of a longer jump', 0, 25 * HOUR_MS],
])('expires no event if %s', async (_, thereMs, hereMs) => {
  await intake.take([admitted(1)]);
  Object.assign(clock, { aheadMs: 25 * HOUR_MS, jumpedMs: thereMs });
  const { rows, expired } = await intake.begin({ now: START, limit: 9, perMinute: 150, graceMs: hereMs });
  expect([rows.map(({ id }) => id), expired]).toEqual([[eventId(1)], 0]);
});

it.each([
  ['the clock of a process is ahead of the database’s', -420 * 24 * HOUR_MS, 0],
  ['the database’s clock has jumped, which it knows', 0, 420 * 24 * HOUR_MS],
])('forgets no day of the ledger if %s', async (_, aheadMs, thereMs) => {
  const days = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const cells of intake.ledger()) found.push(...cells.map(({ day }) => day));
    return found;
  };
  await intake.take([admitted(1)]);
  const before = await days();
  Object.assign(clock, { aheadMs, jumpedMs: thereMs });
  await intake.begin({ now: START + 420 * 24 * HOUR_MS, limit: 0, perMinute: 150, graceMs: 0 });
  expect(await days()).toEqual(before);
  expect(before).toHaveLength(1);
});
