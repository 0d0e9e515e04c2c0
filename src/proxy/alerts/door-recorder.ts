/** Gathers what the door rejected and which alerts were raised, and writes it into the intake every few seconds. */
import type { Runtime, Stop } from '../../runtime.js';
import type { DoorReport, Intake, RaisedAlert } from '../intake/intake.js';
import type { Observation } from './observation.js';
import { ALERTS, type AlertCode } from './table.js';

/** A killed process loses what it gathered for so long, milliseconds. */
const WRITE_MS = 5_000;

const add = (counts: Map<string, number>, code: string, times: number): void => {
  counts.set(code, (counts.get(code) ?? 0) + times);
};

/** Gathers until closed. Without `noteDoor`, as in an intake that keeps nothing, nothing is gathered. */
export const recordDoor = (
  intake: Partial<Pick<Intake, 'noteDoor'>>,
  runtime: Pick<Runtime, 'now' | 'after'>,
) => {
  const requests = new Map<string, number>();
  const refused = new Map<string, number>();
  const alerts = new Map<string, RaisedAlert>();
  let stopTimer: Stop | undefined;
  let writing: Promise<void> | undefined;
  let isClosed = false;

  const flush = async (): Promise<void> => {
    const report: DoorReport = {
      requests: Object.fromEntries(requests),
      refused: Object.fromEntries(refused),
      alerts: [...alerts.values()],
    };
    for (const gathered of [requests, refused, alerts]) gathered.clear();
    try {
      await intake.noteDoor?.(report, runtime.now());
    } catch {
      // An intake that fails has an alert of its own. What could not be written is written with the next report.
      for (const [code, times] of Object.entries(report.requests)) add(requests, code, times);
      for (const [code, times] of Object.entries(report.refused)) add(refused, code, times);
      for (const alert of report.alerts) if (!alerts.has(alert.code)) alerts.set(alert.code, alert);
    }
  };

  const isEmpty = (): boolean => requests.size + refused.size + alerts.size === 0;

  const schedule = (): void => {
    if (isClosed || !intake.noteDoor) return;
    stopTimer ??= runtime.after(WRITE_MS, () => {
      writing = flush().finally(() => {
        stopTimer = undefined;
        if (!isEmpty()) schedule();
      });
    });
  };

  return {
    observe(observation: Observation): void {
      const { kind } = observation;
      if (kind === 'request' && observation.code) add(requests, observation.code, 1);
      else if (kind === 'verdict' && observation.verdict === 'refused')
        add(refused, observation.code ?? '', observation.events);
      else return;
      schedule();
    },
    /** Takes in an alert. Those about the upstream are in the notes of lanes, from their beginning to their end. */
    raised(code: AlertCode, message: string): void {
      if (ALERTS[code].isNoted) return;
      alerts.set(code, { code, message, lastAt: runtime.now() });
      schedule();
    },
    async close(): Promise<void> {
      isClosed = true;
      stopTimer?.();
      await writing;
      if (!isEmpty()) await flush();
    },
  };
};
