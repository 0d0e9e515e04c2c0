/** Several processes on one Postgres: which one leads, and by which clock. */
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Intake } from '../../../../src/proxy/index.js';
import { postgresIntake } from '../../../../src/proxy/intake/postgres/postgres.js';
import { admitted } from '../../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { eventId } from '../../../support/wire.js';
import { begin, begun, record, waiting } from '../intake.contract.js';

const HOUR_MS = 3_600_000;

describe.skipIf(!hasPostgres)('several processes on one Postgres', () => {
  let postgres: PostgresServer;
  let name: string;
  let places = 0;
  const opened: Intake[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.remove(), 60_000);

  /** Opens an intake as a process whose clock is ahead by so much. */
  const open = (aheadMs = 0): Intake => {
    const { now } = Date;
    // It keeps the clock that it finds when it is opened.
    Date.now = () => now() + aheadMs;
    try {
      const intake = postgresIntake({ connection: postgres.url, name });
      opened.push(intake);
      return intake;
    } finally {
      Date.now = now;
    }
  };

  beforeEach(() => {
    name = `leading${++places}`;
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((intake) => intake.close()));
  });

  describe('whose clocks differ', () => {
    it('have one leader, by the clock of the database', async () => {
      const [right, ahead] = [open(), open(HOUR_MS)];
      const now = Date.now();
      expect(await ahead.lead('ahead', now + HOUR_MS)).toBe(true);
      expect(await right.lead('right', now + 1_000)).toBe(false);
      expect(await ahead.lead('ahead', now + HOUR_MS + 20_000)).toBe(true);
      expect(await right.lead('right', now + 40_000)).toBe(false);
      expect(await right.lead('right', now + 55_000)).toBe(true);
    });

    it('keep the pace between them', async () => {
      const [right, ahead] = [open(), open(HOUR_MS)];
      const now = Date.now();
      await right.take([1, 2, 3, 4].map((number) => admitted(number, { receivedAt: now })));
      await ahead.lead('ahead', now + HOUR_MS);
      expect(await begun(ahead, now + HOUR_MS, 9, 3)).toHaveLength(3);
      await ahead.resign('ahead');
      await right.lead('right', now + 1_000);
      const { rows, nextAt = 0 } = await begin(right, now + 1_000, 9, 3);
      expect(rows).toEqual([]);
      expect(nextAt - now).toBeGreaterThan(55_000);
      expect(nextAt - now).toBeLessThan(65_000);
    });

    it('forward no event before it is due, and let no young event expire', async () => {
      const [right, behind] = [open(), open(-48 * HOUR_MS)];
      const now = Date.now();
      const there = now - 48 * HOUR_MS;
      await behind.take([admitted(1, { receivedAt: there }), admitted(2, { receivedAt: there })]);
      await behind.lead('behind', there);
      expect(await begun(behind, there, 1)).toEqual([1]);
      await record(behind, 1, waiting(there + 600_000), there);
      await behind.resign('behind');
      await right.lead('right', now);
      expect(await begun(right, now + 500_000)).toEqual([2]);
      expect(await begun(right, now + 700_000)).toEqual([1]);
    });

    it('know of a pause in their own clock', async () => {
      const [right, ahead] = [open(), open(HOUR_MS)];
      const now = Date.now();
      await ahead.note({ pausedUntil: now + HOUR_MS + 30_000 });
      const { note } = await right.status(now);
      expect(Math.abs((note.pausedUntil ?? 0) - now - 30_000)).toBeLessThan(5_000);
    });
  });

  it('do not wait for one that writes, while nothing is due', async () => {
    const intake = open();
    const now = Date.now();
    // The first look of a day also tidies up.
    await begin(intake, now);
    await intake.take([admitted(1, { receivedAt: now })]);
    await begun(intake, now);
    await record(intake, 1, waiting(now + HOUR_MS), now);
    const other = new Client({ connectionString: postgres.url });
    await other.connect();
    await other.query(`BEGIN; LOCK TABLE "${name}".gate IN EXCLUSIVE MODE`);
    const { rows, nextAt = 0 } = await begin(intake, now + 1);
    expect(rows).toEqual([]);
    expect(Math.abs(nextAt - now - HOUR_MS)).toBeLessThan(5_000);
    await other.end();
  });

  it('continue by themselves when their connections are cut and the server starts again', async () => {
    const intake = open();
    await intake.take([admitted(1)]);
    await postgres.cut();
    const takeAgain = (number: number) =>
      vi.waitFor(() => intake.take([admitted(number)]), { timeout: 15_000, interval: 20 });
    await takeAgain(2);
    await postgres.kill();
    await expect(intake.take([admitted(3)])).rejects.toThrow();
    await postgres.start();
    await takeAgain(3);
    expect((await intake.list({ limit: 9 })).map(({ id }) => id).sort()).toEqual([1, 2, 3].map(eventId));
  }, 40_000);
});
