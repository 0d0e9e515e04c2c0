/** An intake over a database: everything except how the database is opened, and whose it is. */
import type { DoorReport, Intake } from '../intake.js';
import type { Bookkeeping } from '../ledger.js';
import { onlyRead, type resolveBounds, USAGE_RULES } from '../rules.js';
import { noteDoor, readDoor } from './door-notes.js';
import type { Dialect, SqlDriver } from './driver.js';
import { createInsert } from './insert.js';
import { createLane } from './lane.js';
import { createGroups, createLedger } from './ledger.js';
import { readSecret } from './lines.js';
import { AGAIN_MS } from './rows.js';

export interface SqlIntake extends Omit<Intake, 'claim'> {
  keepBooks(bookkeeping: Bookkeeping): void;
}

// Stored with the notes of lanes. No lane has this name.
const END_SESSIONS = `INSERT INTO lane_notes (lane, note) VALUES ('sessions', '1')
  ON CONFLICT (lane) DO UPDATE SET note = CAST(CAST(lane_notes.note AS INTEGER) + 1 AS TEXT)`;
const SESSIONS_ENDED = `SELECT CAST(note AS INTEGER) AS times FROM lane_notes WHERE lane = 'sessions'`;

/** A report with its times in another clock. */
const doorIn = (report: DoorReport, aheadMs: number): DoorReport => ({
  ...report,
  alerts: report.alerts.map((alert) => ({ ...alert, lastAt: alert.lastAt + aheadMs })),
});

/**
 * Makes an intake over a driver. Its tables have to exist.
 * @param isReading Whether everything that would change it is refused.
 */
export const createSqlIntake = (
  { write, ...reading }: SqlDriver,
  dialect: Dialect,
  bounds: ReturnType<typeof resolveBounds>,
  isReading = false,
): SqlIntake => {
  const driver: SqlDriver = { ...reading, write: isReading ? () => Promise.reject(onlyRead()) : write };
  const { maxWaiting, ledgerDays, ...rules } = bounds;
  const groups = createGroups(dialect);
  const ledger = createLedger(driver, dialect, { groups, ledgerDays });
  const insert = createInsert(dialect, { groups, maxWaiting });
  const lane = createLane(driver, dialect, 'events', { ...rules, isOrdered: true });

  return {
    ...lane,
    usage: createLane(driver, dialect, 'usage', USAGE_RULES),
    nameKey: () => (isReading ? Promise.reject(onlyRead()) : driver.read(readSecret)),
    accept: ledger.accept,
    ledger: ledger.ledger,

    keepBooks(bookkeeping) {
      if (isReading) throw onlyRead();
      groups.list(bookkeeping.groups);
    },

    async begin(options) {
      const begun = await lane.begin(options);
      const isMore = await ledger.forget(options.now, options.graceMs ?? 0);
      return isMore
        ? { ...begun, nextAt: Math.min(begun.nextAt ?? Infinity, options.now + AGAIN_MS) }
        : begun;
    },

    take: (events) => driver.write((tx) => insert.take(tx, events)),

    knows: (events) => driver.read((tx) => insert.knows(tx, events)),

    async endSessions() {
      await driver.write((tx) => tx.ask(END_SESSIONS));
    },

    async sessionsEnded() {
      const [row] = await driver.read((tx) => tx.ask<{ readonly times: number }>(SESSIONS_ENDED));
      return row?.times ?? 0;
    },

    async noteDoor(report, now) {
      await driver.write((tx) => noteDoor(tx, doorIn(report, tx.aheadMs), now + tx.aheadMs));
    },

    door: (now) => driver.read(async (tx) => doorIn(await readDoor(tx, now + tx.aheadMs), -tx.aheadMs)),

    close: () => driver.close(),
  };
};
