import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import { durably } from '../../../support/answering.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { IMPORTING_INTAKE, inProcess, outputOf } from '../../../support/processes.js';
import { intakeHere } from '../../../support/sqlite.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, DONE, describeIntake, numbers, record } from '../intake.contract.js';
import { describeAnswering } from '../intake-answering.contract.js';

describeIntake('sqlite', () => {
  const folder = temporaryFolder();
  return {
    open: (options = {}) => sqliteIntake({ file: join(folder.path, 'intake.db'), ...options }),
    remove: folder.remove,
  };
});

describeAnswering('sqlite', () => {
  const folder = temporaryFolder();
  return durably(sqliteIntake({ file: join(folder.path, 'intake.db') }), folder.remove);
});

describe('several processes on one file', () => {
  const folder = { path: '', remove: (): void => undefined };
  const children: ChildProcess[] = [];

  beforeEach(() => Object.assign(folder, temporaryFolder()));

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    folder.remove();
  });

  const file = (): string => join(folder.path, 'intake.db');

  /** Runs a script over an intake in another process. */
  const withIntake = (script: string): ChildProcess => {
    const child = inProcess(`
      import { existsSync } from 'node:fs';
      ${IMPORTING_INTAKE}
      const intake = sqliteIntake({ file: ${JSON.stringify(file())} });
      ${script}`);
    children.push(child);
    return child;
  };

  it('accept each of 300 ids once in all', async () => {
    const events = Array.from({ length: 300 }, (_, at) => admitted(at + 1));
    const gate = join(folder.path, 'go');
    const racer = `
      while (!existsSync(${JSON.stringify(gate)}));
      const accepted = [];
      for (const event of ${JSON.stringify(events)})
        if ((await intake.take([event])).get(event.id).kind === 'accepted') accepted.push(event.id);
      console.log(JSON.stringify(accepted));`;
    const racers = [withIntake(racer), withIntake(racer)];
    const outputs = racers.map(outputOf);
    await Promise.all(racers.map((child) => once(child, 'spawn')));
    writeFileSync(gate, '');
    const accepted = (await Promise.all(outputs)).flatMap((text) => JSON.parse(text) as string[]);
    expect(accepted.sort()).toEqual(events.map(({ id }) => id));
  });

  it('take over at once from one that was killed, and make its calls ambiguous', async () => {
    const child = withIntake(`
      await intake.lead('killed', ${START});
      await intake.take([${JSON.stringify(admitted(1))}]);
      await intake.begin({ now: ${START}, limit: 9, perMinute: 150 });
      process.kill(process.pid, 'SIGKILL');`);
    await outputOf(child);
    const intake = sqliteIntake({ file: file() });
    expect(await intake.lead('successor', START + 5)).toBe(true);
    expect((await begin(intake, START + 5)).rows).toMatchObject([{ id: eventId(1), isAmbiguous: true }]);
    await intake.close();
  });

  it('wait for one that lives', async () => {
    const child = withIntake(`
      console.log(await intake.lead('alive', ${START}));
      setInterval(() => undefined, 1_000);`);
    if (child.stdout) await once(child.stdout, 'data');
    const intake = sqliteIntake({ file: file() });
    expect(await intake.lead('other', START + 5)).toBe(false);
    expect(await intake.lead('other', START + 30_000)).toBe(true);
    await intake.close();
  });

  it('do not wait for one that writes, while nothing is due', async () => {
    const intake = intakeHere({ file: file() });
    await intake.take([admitted(1, { usage: { subscriptionId: 'sub1', properties: {} } })]);
    for (const lane of [intake, intake.usage]) {
      expect((await lane.begin({ now: START, limit: 9, perMinute: 150 })).rows).toHaveLength(1);
      const other = new Database(file());
      other.exec('BEGIN IMMEDIATE');
      expect(await lane.begin({ now: START + 1, limit: 9, perMinute: 150 })).toEqual({
        rows: [],
        nextAt: undefined,
        expired: 0,
      });
      other.close();
    }
    await intake.close();
  });
});

it('forgets calls once they are out of the window, so that the file stays small', async () => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'intake.db');
  const intake = sqliteIntake({ file });
  await intake.take([1, 2, 3].map((number) => admitted(number)));
  for (const minute of [0, 1, 2]) {
    await intake.lead('only', START + minute * 60_000);
    await begin(intake, START + minute * 60_000, 1);
  }
  await intake.close();
  const database = new Database(file);
  expect(database.prepare('SELECT at FROM paced_calls').all()).toEqual([{ at: START + 120_000 }]);
  database.close();
  folder.remove();
});

it.each<[string, (file: string) => void]>([
  ['is removed', (file) => rmSync(file)],
  [
    'is replaced',
    (file) => {
      renameSync(file, `${file}.old`);
      writeFileSync(file, '');
    },
  ],
])(
  'takes no more events if its file %s, forwards what it took, and says at the end what is lost (fault 69)',
  async (_, lose) => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'intake.db');
    const intake = sqliteIntake({ file });
    await intake.take([admitted(1), admitted(2), admitted(3)]);
    lose(file);
    const hinted = (hint: RegExp) => ({
      ...{ name: 'OffersightError', code: 'configuration', hint: expect.stringMatching(hint) as string },
    });
    const acceptance = { id: eventId(5), content: 'digest', receivedAt: START };
    await expect(intake.take([admitted(4)])).rejects.toMatchObject(hinted(/restart the proxy/));
    await expect(intake.accept([acceptance])).rejects.toMatchObject(hinted(/restart the proxy/));
    expect(numbers((await begin(intake, START, 1)).rows)).toEqual([1]);
    await record(intake, 1, DONE);
    await expect(intake.close()).rejects.toMatchObject(hinted(/2 events that waited in it are lost/));
    folder.remove();
  },
);
