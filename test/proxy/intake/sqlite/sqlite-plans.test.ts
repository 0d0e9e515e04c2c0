/** What the file's statements read, as SQLite reports it: an offer's history must not make its next event slower. */
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { intakeHere } from '../../../support/sqlite.js';
import { recordStatements } from '../../../support/statements.js';
import { START } from '../../../support/wire.js';
import { begin, dead, dismissed, forward, record, statesOf } from '../intake.contract.js';

describe('an offer with a long history', () => {
  const folder = { path: '', remove: (): void => undefined };
  let executed: string[] = [];
  let intake: Intake;

  const file = (): string => join(folder.path, 'intake.db');

  beforeEach(() => {
    Object.assign(folder, temporaryFolder());
    executed = recordStatements();
    intake = intakeHere({ file: file() });
    executed.length = 0;
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await intake.close();
    folder.remove();
  });

  /** What the file's triggers do, with a value for each column of a row. */
  const triggered = (database: Database.Database): string[] =>
    (
      database.prepare(`SELECT sql FROM sqlite_master WHERE type = 'trigger'`).all() as { sql: string }[]
    ).flatMap(({ sql }) =>
      (/BEGIN(.*)END;?$/s.exec(sql)?.[1] ?? '')
        .replaceAll(/\b(NEW|OLD)\.\w+/g, '?')
        .split(';')
        .filter((statement) => statement.trim() && !statement.includes('RAISE')),
    );

  /** Every table that the executed statements read, and by which index; or those that triggers read. */
  const steps = (of: 'executed' | 'triggered' = 'executed'): string[] => {
    vi.restoreAllMocks();
    const database = new Database(file());
    const statements = of === 'executed' ? executed : triggered(database);
    const details = [...new Set(statements)].flatMap((sql) =>
      (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(
        ({ detail }) => detail,
      ),
    );
    database.close();
    // These scans are bounded: the JSON that a statement is given, rows that another part of it has found, and ready
    // lines, of which it reads only as many as are asked for.
    const bounded =
      /^SCAN (json_each |CONSTANT ROW|\(subquery|head$|lines USING COVERING INDEX lines_ready$)/;
    return details.filter((detail) => /^(SCAN|SEARCH) /.test(detail) && !bounded.test(detail));
  };

  /** Whether a step reads more than it gives. */
  const isUnbounded = (step: string): boolean =>
    step.startsWith('SCAN') || step.includes('events_offers') || /^SEARCH \w+$/.test(step);

  /** How often views of an offer were looked for. */
  const looks = (): number => executed.filter((sql) => sql.includes('seen')).length;

  const killView = async (): Promise<void> => {
    await forward(intake, dead());
    executed.length = 0;
  };

  it('is not read when its events are taken, begun, given up or finished (attack 56)', async () => {
    await killView();
    await intake.take([dismissed(2, 1), dismissed(3, 1), admitted(4), dismissed(5, 4)]);
    await begin(intake);
    await record(intake, 4, dead());
    const read = steps();
    expect(read).toEqual(
      expect.arrayContaining([
        'SEARCH ahead USING INDEX events_line (line=? AND type=?)',
        'SEARCH ahead USING INDEX events_next (offer_id=? AND type=? AND arrival<?)',
        'SEARCH events USING INDEX events_line (line=? AND type=?)',
        'SEARCH events USING INDEX events_next (offer_id=? AND type=?)',
        'SEARCH seen USING COVERING INDEX events_views (offer_id=? AND state=?)',
      ]),
    );
    expect(read.filter(isUnbounded)).toEqual([]);
  });

  it('is not read when an operator asks for the events of one visitor', async () => {
    await intake.take([admitted(1, { visitor: 'ada' })]);
    executed.length = 0;
    await intake.list({ limit: 500, visitor: 'ada', states: ['waiting'] });
    const read = steps();
    expect(read).toContain('SEARCH events USING INDEX events_line (line=?)');
    // The table turns has one row.
    expect(read.filter((step) => isUnbounded(step) && step !== 'SCAN turns')).toEqual([]);
  });

  it('is not read by triggers', async () => {
    const read = steps('triggered');
    expect(read).toEqual(
      expect.arrayContaining([
        'SEARCH events USING INDEX events_line (line=?)',
        'SEARCH events USING INDEX events_next (offer_id=? AND type=?)',
        'SEARCH lines USING COVERING INDEX lines_blocked (offer_id=? AND barrier<?)',
        'SEARCH own USING COVERING INDEX lines_visitor (visitor=?)',
      ]),
    );
    expect(read.filter(isUnbounded)).toEqual([]);
  });

  it('is not read when its events wait for others, are set aside, are retried and get a line', async () => {
    await intake.take([admitted(1, { visitor: 'home' })]);
    await intake.take([dismissed(2, 1, { visitor: 'mobile' }), admitted(3, { visitor: 'dead' })]);
    const { rows } = await begin(intake);
    await record(intake, rows, dead());
    await intake.retry(undefined, START);
    await begin(intake);
    const read = steps();
    expect(read).toContain('SEARCH events USING INTEGER PRIMARY KEY (rowid=?)');
    // The table turns has one row.
    expect(read.filter((step) => isUnbounded(step) && step !== 'SCAN turns')).toEqual([]);
  });

  it('is not read when its dead letters are counted, and only open events are when events expire', async () => {
    await killView();
    expect((await intake.status(START)).dead).toEqual({ refused: 1 });
    await intake.take([admitted(2, { offerId: 'offer1' })]);
    expect((await begin(intake, START + 25 * 3_600_000)).expired).toBe(1);
    const read = steps();
    expect(read).toContain('SCAN events USING COVERING INDEX events_codes');
    expect(read).toContain('SEARCH seen USING COVERING INDEX events_views (offer_id=? AND state=?)');
    expect(read.filter((step) => isUnbounded(step) && !step.includes('events_codes'))).toEqual([]);
  });

  it('is asked once for its dead views in a request, and not at all behind a new view', async () => {
    await killView();
    const many = Array.from({ length: 500 }, (_, at) => dismissed(at + 10, 1));
    await intake.take(many);
    expect(looks()).toBe(1);
    expect((await intake.list({ limit: 501, states: ['dead'] })).map(({ code }) => code)).toEqual([
      ...many.map(() => 'viewed_dead'),
      'refused',
    ]);
    await intake.take([admitted(2, { offerId: 'offer1' }), dismissed(3, 1), dismissed(4, 1)]);
    expect(looks()).toBe(1);
    expect(await statesOf(intake, 3, 4)).toEqual(['waiting', 'waiting']);
  });
});
