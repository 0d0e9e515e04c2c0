/**
 * Drains an intake at the pace that the upstream allows: in order per offer, few calls at once, slower when the
 * upstream says so. Holds nothing itself: what it knows of events is in the intake.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { ForwardResult, Intake, IntakeRow } from '../intake/intake.js';
import type { Destination, Outcome } from './offer-events.js';

/** What the upstream allows. */
export interface Pace {
  /** Most calls in any 60 s. @default 150, the limit of Chargebee's small plans and test sites */
  readonly perMinute?: number;
  /** Most calls at once. @default 10 */
  readonly concurrent?: number;
}

/** Forwards until closed. */
export interface Forwarder {
  /** Events came: looks at once. */
  wake(): void;
  /** Begins nothing more and waits for the calls under way. */
  close(): Promise<void>;
}

const RENEW_MS = 10_000;
const BASE_MS = 1_000;
const CAP_MS = 30_000;
const CIRCUIT_MS = 30_000;
const LONGEST_CIRCUIT_MS = 600_000;
/** So many failures in a row are the upstream's trouble, not one event's. */
const OUTAGE = 3;

/** Starts forwarding at once. */
export const createForwarder = (
  intake: Intake,
  destination: Destination,
  runtime: Runtime,
  { perMinute = 150, concurrent = 10 }: Pace,
  onAlert: (message: string) => void,
): Forwarder => {
  const token = runtime.fillRandom(new Uint8Array(16)).join('.');
  const calls = new Set<Promise<void>>();
  let stopTimer: Stop | undefined;
  let leadsUntil = 0;
  let pausedUntil = 0;
  let failures = 0;
  let misconfigurations = 0;
  let isLooking = false;
  let isWoken = false;
  let isClosed = false;

  const jittered = (delayMs: number): number => delayMs * (0.5 + runtime.random() / 2);
  const pause = (delayMs: number): void => {
    pausedUntil = Math.max(pausedUntil, runtime.now() + delayMs);
  };

  /** Calls that were under way when a pause began say nothing new about the upstream. */
  const isNews = (): boolean => runtime.now() >= pausedUntil;

  const resultOf = (outcome: Outcome, { attempts }: IntakeRow): ForwardResult => {
    const now = runtime.now();
    const dueAt = now + jittered(Math.min(CAP_MS, BASE_MS * 2 ** attempts));
    if (outcome.kind === 'ambiguous' || outcome.kind === 'unavailable') {
      if (isNews()) failures++;
      if (isNews() && failures >= OUTAGE)
        pause(jittered(Math.min(CAP_MS, BASE_MS * 2 ** (failures - OUTAGE))));
    } else failures = 0;
    if (outcome.kind !== 'misconfigured') misconfigurations = 0;
    switch (outcome.kind) {
      case 'done':
        return { kind: 'done' };
      case 'refused':
        return { kind: 'dead', code: outcome.code };
      case 'misconfigured':
        if (isNews()) {
          if (misconfigurations === 0) onAlert(outcome.alert);
          pause(Math.min(LONGEST_CIRCUIT_MS, CIRCUIT_MS * 2 ** misconfigurations++));
        }
        return { kind: 'waiting', dueAt: now };
      case 'throttled':
        pause(outcome.retryAfterMs * (1 + runtime.random() * 0.2));
        return { kind: 'waiting', dueAt: now };
      case 'unavailable':
        return { kind: 'waiting', dueAt };
      case 'ambiguous':
        return { kind: 'ambiguous', dueAt };
      default:
        return outcome satisfies never;
    }
  };

  const forward = async (row: IntakeRow): Promise<void> => {
    const result = resultOf(await destination(row), row);
    await intake.finish(row.id, result, runtime.now());
  };

  const begin = async (): Promise<void> => {
    const now = runtime.now();
    if (now >= leadsUntil - RENEW_MS) {
      const isLeading = await intake.lead(token, now);
      leadsUntil = isLeading ? now + 2 * RENEW_MS : 0;
      if (!isLeading) return schedule(RENEW_MS);
    }
    if (pausedUntil > now) return schedule(pausedUntil - now);
    // After an outage one call tries whether it is over.
    const limit = (failures >= OUTAGE ? 1 : concurrent) - calls.size;
    if (limit <= 0) return schedule(RENEW_MS);
    const { rows, nextAt } = await intake.begin({ now, limit, perMinute });
    for (const row of rows) {
      const call = forward(row)
        .catch(broken)
        .finally(() => {
          calls.delete(call);
          wake();
        });
      calls.add(call);
    }
    schedule(Math.min(RENEW_MS, (nextAt ?? Infinity) - now));
  };

  const broken = (): void => {
    pause(BASE_MS);
    onAlert(
      'The intake cannot be written: check its disk and permissions. Events that wait are forwarded later.',
    );
  };

  const look = async (): Promise<void> => {
    if (isLooking || isClosed) return;
    isLooking = true;
    do {
      isWoken = false;
      await begin().catch(() => {
        broken();
        schedule(BASE_MS);
      });
    } while (isWoken && !isClosed);
    isLooking = false;
  };

  const schedule = (delayMs: number): void => {
    stopTimer?.();
    if (!isClosed) stopTimer = runtime.after(Math.max(0, delayMs), look);
  };

  const wake = (): void => {
    isWoken = true;
    void look();
  };

  wake();
  return {
    wake,
    async close() {
      isClosed = true;
      stopTimer?.();
      await Promise.all(calls);
      await intake.resign(token);
    },
  };
};
