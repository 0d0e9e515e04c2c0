/** The door's report in SQL: one row a day and code, and one for each alert, among the notes of lanes. */
import { ALERT_MS, type DoorReport, type RaisedAlert, REPORT_DAYS } from '../intake.js';
import { dayOf, isoDayOf } from '../ledger.js';
import type { Transaction } from './driver.js';

/** What the names of rows begin with. No lane has such a name. */
const COUNTED = 'door:';
const RAISED = 'alert:';
const KINDS = ['requests', 'refused'] as const;

const ADD = `INSERT INTO lane_notes (lane, note) VALUES (?1, ?2) ON CONFLICT (lane) DO UPDATE
  SET note = CAST(CAST(lane_notes.note AS INTEGER) + CAST(excluded.note AS INTEGER) AS TEXT)`;
const SET =
  'INSERT INTO lane_notes (lane, note) VALUES (?1, ?2) ON CONFLICT (lane) DO UPDATE SET note = excluded.note';
const ALL = `SELECT lane, note FROM lane_notes WHERE lane LIKE '${COUNTED}%' OR lane LIKE '${RAISED}%'`;
const FORGET = 'DELETE FROM lane_notes WHERE lane = ?1';

interface Row {
  readonly lane: string;
  readonly note: string;
}

const firstDayOf = (now: number): string => isoDayOf(dayOf(now) - REPORT_DAYS + 1);
const dayIn = ({ lane }: Row): string => lane.slice(COUNTED.length).split(':', 1)[0] ?? '';

export async function noteDoor(tx: Transaction, report: DoorReport, now: number): Promise<void> {
  const today = isoDayOf(dayOf(now));
  for (const kind of KINDS)
    for (const [code, times] of Object.entries(report[kind]))
      await tx.ask(ADD, `${COUNTED}${today}:${kind}:${code}`, `${times}`);
  for (const { code, ...alert } of report.alerts) await tx.ask(SET, RAISED + code, JSON.stringify(alert));
  for (const row of await tx.ask<Row>(ALL))
    if (row.lane.startsWith(COUNTED) && dayIn(row) < firstDayOf(now)) await tx.ask(FORGET, row.lane);
}

export async function readDoor(tx: Transaction, now: number): Promise<DoorReport> {
  const found = { requests: new Map<string, number>(), refused: new Map<string, number>() };
  const alerts: RaisedAlert[] = [];
  for (const row of await tx.ask<Row>(ALL)) {
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
