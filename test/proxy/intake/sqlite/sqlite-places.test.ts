/** Places of groups if a transaction is not written: it has placed nothing. */
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, expect, it } from 'vitest';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';

const folder = temporaryFolder();
afterEach(() => folder.remove());

it('are neither the visitor’s nor the day’s if events could not be written', async () => {
  const alerts: string[] = [];
  const file = join(folder.path, 'intake.db');
  const intake = intakeHere({ file });
  intake.claim('acme-test', { onAlert: (alert) => alerts.push(alert) });
  const database = new Database(file);
  database.exec(`CREATE TRIGGER failing BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'failing'); END`);
  const autumn = admitted(1, { group: 'autumn', visitor: 'ada' });
  for (let time = 0; time < 4; time++) await expect(intake.take([autumn])).rejects.toThrow('failing');
  const signed = Array.from({ length: 51 }, (_, at) =>
    admitted(100 + at, { group: `group${at}`, isGroupSigned: true }),
  );
  await expect(intake.take(signed)).rejects.toThrow('failing');
  database.exec('DROP TRIGGER failing');
  await intake.take([autumn, admitted(2, { group: 'winter', isGroupSigned: true })]);
  const groups = database.prepare('SELECT group_name AS name FROM events ORDER BY arrival').all();
  expect([groups, alerts]).toEqual([[{ name: 'autumn' }, { name: 'winter' }], []]);
  database.close();
  await intake.close();
});
