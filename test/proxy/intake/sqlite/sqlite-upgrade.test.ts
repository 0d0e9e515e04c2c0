/** What version 0.1 kept in a file: this version takes it over at once, and a 0.1 that still runs takes nothing more. */
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AdmittedEvent, Intake } from '../../../../src/proxy/index.js';
import { resolveBounds } from '../../../../src/proxy/intake/rules.js';
import { openSqliteIntake } from '../../../../src/proxy/intake/sqlite/sqlite-intake.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';
import { eventId, START } from '../../../support/wire.js';
import { begin, begun, dismissed, rowOf } from '../intake.contract.js';

/** The real version 0.1, as it was released. What tests use of it has the same types as this version. */
const RELEASED = new URL('../../../../e2e/fixtures/releases/0.1.0/proxy.js', import.meta.url);
const { sqliteIntake: intakeOf01 } = (await import(RELEASED.href)) as {
  sqliteIntake(options: { readonly file: string }): Intake;
};

/** More than a file may have that is taken over in one go. */
const MANY = 4_500;
const STILL = /still taking over the events of an earlier release/;

let folder: ReturnType<typeof temporaryFolder>;
const opened: Intake[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((intake) => intake.close()));
  folder.remove();
});

const file = (): string => join(folder.path, 'intake.db');
const kept = (intake: Intake): Intake => {
  opened.push(intake);
  return intake;
};
const openOld = (): Intake => kept(intakeOf01({ file: file() }));
const open = (): Intake => kept(intakeHere({ file: file() }));

const kindsOf = async (intake: Intake, events: readonly AdmittedEvent[]): Promise<string[]> =>
  [...(await intake.take(events)).values()].map((verdict) =>
    'code' in verdict ? verdict.code : verdict.kind,
  );

const sumsOf = async (intake: Intake) => {
  const sum = { taken: 0, delivered: 0, refused: 0, purged: 0 };
  for await (const cells of intake.ledger())
    for (const cell of cells)
      for (const column of Object.keys(sum) as (keyof typeof sum)[]) sum[column] += cell[column];
  return sum;
};

/** A file in which 0.1 has delivered one event, given up one, and has one on its way. */
const makeOld = async (): Promise<Intake> => {
  const old = openOld();
  await old.take([admitted(1), admitted(2), admitted(3), dismissed(4, 3), admitted(5)]);
  await old.lead('old', START);
  await begun(old, START, 3);
  await old.finish(
    [
      { id: eventId(1), result: { kind: 'done' } },
      { id: eventId(2), result: { kind: 'dead', code: 'not_found' } },
    ],
    START,
  );
  return old;
};

describe('a file of version 0.1', () => {
  it('is taken over with its events, ids and outcomes, and forwarding begins with what was on its way', async () => {
    const old = await makeOld();
    const before = await old.list({ limit: 9 });
    const intake = open();
    const more = { group: undefined, reason: undefined };
    expect(await intake.list({ limit: 9 })).toEqual(before.map((row) => ({ ...row, ...more })));
    expect(
      await kindsOf(
        intake,
        [1, 2, 3].map((number) => admitted(number)),
      ),
    ).toEqual(Array.from({ length: 3 }, () => 'duplicate'));
    expect(await kindsOf(intake, [admitted(1, { offerId: 'other' }), admitted(6)])).toEqual([
      'conflict',
      'accepted',
    ]);
    expect(await sumsOf(intake)).toEqual({ taken: 6, delivered: 1, refused: 1, purged: 0 });
    // The lead of 0.1 had half a minute left.
    expect(await intake.lead('new', START)).toBe(true);
    expect((await begun(intake)).toSorted()).toEqual([3, 5, 6]);
    expect(await rowOf(intake, 3)).toMatchObject({ isAmbiguous: true, attempts: 2 });
    expect((await intake.status(START)).lastMinute).toBe(6);
  });

  it('cannot be used by a 0.1 that still runs, from the first moment on', async () => {
    const old = await makeOld();
    const intake = open();
    for (const attempt of [
      old.take([admitted(9)]),
      old.take([admitted(1)]),
      old.lead('old', START),
      begin(old),
      old.finish([{ id: eventId(3), result: { kind: 'done' } }], START),
      old.note({ alert: 'from 0.1' }),
      old.status(START),
    ])
      await expect(attempt).rejects.toThrow(/renamed|no such column|view|no column/);
    expect(await rowOf(intake, 3)).toMatchObject({ state: 'forwarding' });
    expect(await rowOf(intake, 9)).toBeUndefined();
    expect((await intake.status(START)).note).toEqual({});
  });

  it('stays as it is if taking it over fails, and 0.1 goes on', async () => {
    const old = await makeOld();
    const database = new Database(file());
    database.exec('CREATE TABLE upgrade (one INTEGER)');
    const everything = () => database.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all();
    const before = everything();
    expect(open).toThrow();
    expect(everything()).toEqual(before);
    expect(await kindsOf(old, [admitted(9)])).toEqual(['accepted']);
    expect(await old.lead('old', START)).toBe(true);
    database.exec('DROP TABLE upgrade');
    database.close();
    expect(await kindsOf(open(), [admitted(9)])).toEqual(['duplicate']);
  });

  it('cannot be opened by a 0.1 that starts later, which says so in words', async () => {
    open();
    expect(openOld).toThrow(/written by a newer release/);
  });

  it('cannot be opened by a 0.1 that had looked at its layout just before', async () => {
    await (await makeOld()).take([]);
    const intake = open();
    const database = new Database(file());
    // As 0.1 has seen it.
    database.pragma('user_version = 1');
    expect(openOld).toThrow();
    expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 1 });
    database.pragma('user_version = 2');
    database.close();
    expect(await kindsOf(intake, [admitted(9)])).toEqual(['accepted']);
    expect((await intake.status(START)).waiting).toBe(4);
  });
});

describe('a file of version 0.1 with many events', () => {
  const LAST = MANY + 1;

  beforeEach(async () => {
    const old = intakeOf01({ file: file() });
    await old.take(Array.from({ length: MANY }, (_, at) => admitted(at + 1)));
    await old.lead('old', START);
    const { rows } = await begin(old, START, 4_000);
    const dead = { kind: 'dead', code: 'not_found' } as const;
    await old.finish(
      rows.map(({ id }, at) => ({ id, result: at < 10 ? dead : { kind: 'done' } })),
      START,
    );
    await old.close();
  });

  const ALL = { taken: MANY + 1, delivered: 3_990, refused: 10, purged: 0 };

  it('takes events at once, and says in words what it does not do until it has taken over all', async () => {
    const intake = open();
    expect(await kindsOf(intake, [admitted(1), admitted(LAST)])).toEqual(['duplicate', 'accepted']);
    expect(await intake.lead('new', START)).toBe(false);
    await expect(sumsOf(intake)).rejects.toThrow(STILL);
    await expect(intake.retry(undefined, START)).rejects.toThrow(STILL);
    await expect(intake.purge([eventId(1)], START)).rejects.toThrow(STILL);
    await expect(begin(intake)).rejects.toThrow(STILL);
    await expect(intake.finish([], START)).rejects.toThrow(STILL);
    expect(() => openSqliteIntake({ file: file(), bounds: resolveBounds({}), isReading: true })).toThrow(
      STILL,
    );
    await vi.waitFor(async () => expect(await intake.lead('new', START)).toBe(true));
    expect(await sumsOf(intake)).toEqual(ALL);
    expect(await intake.retry([eventId(1)], START)).toBe(1);
    expect(await sumsOf(intake)).toEqual({ ...ALL, refused: 9 });
  });

  it('lets no other program change an event before it is counted', async () => {
    const old = openOld();
    const intake = open();
    await expect(old.retry(undefined, START)).rejects.toThrow(/not counted yet/);
    await vi.waitFor(async () => expect(await intake.lead('new', START)).toBe(true));
    await intake.take([admitted(LAST)]);
    expect(await sumsOf(intake)).toEqual(ALL);
  });

  it('is taken over by several processes together, and by the next one if one ends after any step', async () => {
    let ends = 0;
    for (let isDone = false; !isDone; ends++) {
      const intakes = [intakeHere({ file: file() }), intakeHere({ file: file() })];
      await new Promise(setImmediate);
      isDone = (await intakes[0]?.lead('one', START)) ?? false;
      await Promise.all(intakes.map((intake) => intake.close()));
    }
    // Indexes, portions, and the end.
    expect(ends).toBeGreaterThan(3);
    const intake = open();
    await intake.take([admitted(LAST)]);
    expect(await sumsOf(intake)).toEqual(ALL);
    expect((await intake.status(START)).waiting).toBe(501);
  });
});
