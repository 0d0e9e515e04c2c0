/** An intake over a database: everything except how the database is opened, and whose it is. */
import { ALERT_MS, type DoorReport, type Intake, type RaisedAlert, REPORT_DAYS } from '../intake.js';
import { type Bookkeeping, dayOf, isoDayOf } from '../ledger.js';
import { onlyRead, type resolveBounds, USAGE_RULES } from '../rules.js';
import type { Dialect, SqlDriver, Transaction } from './driver.js';
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

/** The door's report has a row a day and code, and one for each alert, among the notes of lanes, whose names begin so. */
const COUNTED = 'door:';
const RAISED = 'alert:';
const KINDS = ['requests', 'refused'] as const;

const ADD_NOTE = `INSERT INTO lane_notes (lane, note) VALUES (?1, ?2) ON CONFLICT (lane) DO UPDATE
  SET note = CAST(CAST(lane_notes.note AS INTEGER) + CAST(excluded.note AS INTEGER) AS TEXT)`;
const SET_NOTE =
  'INSERT INTO lane_notes (lane, note) VALUES (?1, ?2) ON CONFLICT (lane) DO UPDATE SET note = excluded.note';
const DOOR_NOTES = `SELECT lane, note FROM lane_notes WHERE lane LIKE '${COUNTED}%' OR lane LIKE '${RAISED}%'`;
const FORGET_NOTE = 'DELETE FROM lane_notes WHERE lane = ?1';

interface NoteRow {
  readonly lane: string;
  readonly note: string;
}

const firstDayOf = (now: number): string => isoDayOf(dayOf(now) - REPORT_DAYS + 1);
const dayIn = ({ lane }: NoteRow): string => lane.slice(COUNTED.length).split(':', 1)[0] ?? '';

async function noteDoor(tx: Transaction, report: DoorReport, now: number): Promise<void> {
  const today = isoDayOf(dayOf(now));
  for (const kind of KINDS)
    for (const [code, times] of Object.entries(report[kind]))
      await tx.ask(ADD_NOTE, `${COUNTED}${today}:${kind}:${code}`, `${times}`);
  for (const { code, ...alert } of report.alerts)
    await tx.ask(SET_NOTE, RAISED + code, JSON.stringify(alert));
  for (const row of await tx.ask<NoteRow>(DOOR_NOTES))
    if (row.lane.startsWith(COUNTED) && dayIn(row) < firstDayOf(now)) await tx.ask(FORGET_NOTE, row.lane);
}

async function readDoor(tx: Transaction, now: number): Promise<DoorReport> {
  const found = { requests: new Map<string, number>(), refused: new Map<string, number>() };
  const alerts: RaisedAlert[] = [];
  for (const row of await tx.ask<NoteRow>(DOOR_NOTES)) {
    if (row.lane.startsWith(RAISED)) {
      const alert = JSON.parse(row.note) as Omit<RaisedAlert, 'code'>;
      if (now - alert.lastAt < ALERT_MS) alerts.push({ code: row.lane.slice(RAISED.length), ...alert });
    } else if (dayIn(row) >= firstDayOf(now)) {
      const [, , kind = '', code = ''] = row.lane.split(':');
      const counts = found[kind as (typeof KINDS)[number]];
      counts.set(code, (counts.get(code) ?? 0) + Number(row.note));
    }
  }
  return {
    requests: Object.fromEntries(found.requests),
    refused: Object.fromEntries(found.refused),
    alerts: alerts.sort((one, other) => other.lastAt - one.lastAt),
  };
}

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
