import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite.js';
import { durably } from '../../../support/answering.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { IMPORTING_INTAKE, inProcess, outputOf } from '../../../support/processes.js';
import { intakeHere } from '../../../support/sqlite.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, describeIntake, record } from '../intake.contract.js';
import { describeAnswering } from '../intake-answering.contract.js';

describeIntake(
  'sqlite',
  () => {
    const folder = temporaryFolder();
    return {
      open: (options = {}) => sqliteIntake({ file: join(folder.path, 'intake.db'), ...options }),
      remove: folder.remove,
    };
  },
  20_000,
);

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
  }, 20_000);

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
  }, 20_000);

  it('wait for one that lives', async () => {
    const child = withIntake(`
      console.log(await intake.lead('alive', ${START}));
      setInterval(() => undefined, 1_000);`);
    if (child.stdout) await once(child.stdout, 'data');
    const intake = sqliteIntake({ file: file() });
    expect(await intake.lead('other', START + 5)).toBe(false);
    expect(await intake.lead('other', START + 30_000)).toBe(true);
    await intake.close();
  }, 20_000);

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

describe('the file stays small', () => {
  it('since calls are forgotten once they are out of the window', async () => {
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
});

const DAY_MS = 86_400_000;

describe('what is old', () => {
  it('is forgotten in steps of 100, soon after each other, but not because a clock jumped ahead', async () => {
    const folder = temporaryFolder();
    const intake = sqliteIntake({ file: join(folder.path, 'intake.db') });
    const events = Array.from({ length: 250 }, (_, at) => admitted(at + 1));
    await intake.take(events);
    await record(intake, events, { kind: 'done' });
    const remembered = async (): Promise<number> => (await intake.list({ limit: 1_000 })).length;
    const now = START + 8 * DAY_MS;
    await begin(intake, now, 0, 10_000, 2 * DAY_MS);
    expect(await remembered()).toBe(250);
    const steps: unknown[] = [];
    for (let step = 0; step < 3; step++) {
      const { nextAt } = await begin(intake, now);
      steps.push([await remembered(), nextAt]);
    }
    expect(steps).toEqual([
      [150, now + 100],
      [50, now + 100],
      [0, undefined],
    ]);
    await intake.close();
    folder.remove();
  });
});

describe('a file that cannot be opened', () => {
  it('is reported as a wrong configuration at creation', () => {
    const folder = temporaryFolder();
    expect(() => sqliteIntake({ file: join(folder.path, 'missing', 'intake.db') })).toThrow(
      expect.objectContaining({ name: 'OffersightError', code: 'configuration' }),
    );
    writeFileSync(
      join(folder.path, 'text.db'),
      'this is no database, but it is long enough to look like one',
    );
    expect(() => sqliteIntake({ file: join(folder.path, 'text.db') })).toThrow(
      expect.objectContaining({ name: 'OffersightError', code: 'configuration' }),
    );
    folder.remove();
  });
});

it('a damaged file is called damaged, by a proxy and by what only reads', async () => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'intake.db');
  const intake = sqliteIntake({ file });
  await intake.take(Array.from({ length: 100 }, (_, at) => admitted(at)));
  await intake.close();
  const bytes = readFileSync(file);
  bytes.fill(0xab, 4_096);
  writeFileSync(file, bytes);
  for (const readOnly of [false, true])
    expect(() => sqliteIntake({ file, readOnly })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('is damaged') as string }),
    );
  folder.remove();
});

describe('a file that loses its name while it is open', () => {
  it('says at the end how many events waited in it and are lost', async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'intake.db');
    const intake = sqliteIntake({ file });
    await intake.take([admitted(1), admitted(2)]);
    rmSync(file);
    await expect(intake.close()).rejects.toMatchObject({
      name: 'OffersightError',
      hint: expect.stringContaining('2 events that waited in it are lost'),
    });
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
  ])('takes no more events if it %s, and what it took is still forwarded (fault 69)', async (_, lose) => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'intake.db');
    const intake = sqliteIntake({ file });
    await intake.take([admitted(1)]);
    lose(file);
    const refused = {
      name: 'OffersightError',
      code: 'configuration',
      hint: expect.stringContaining('restart the proxy'),
    };
    await expect(intake.take([admitted(2)])).rejects.toMatchObject(refused);
    await expect(
      intake.accept([{ id: eventId(3), content: 'digest', receivedAt: START }]),
    ).rejects.toMatchObject(refused);
    expect((await begin(intake)).rows.map(({ id }) => id)).toEqual([eventId(1)]);
    await record(intake, 1, { kind: 'done' });
    await intake.close();
    folder.remove();
  });
});
