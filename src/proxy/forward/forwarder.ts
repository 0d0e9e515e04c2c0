/**
 * Drains an intake at the pace that the upstream allows: in order per offer, few calls at once, slower when the
 * upstream says so. Holds nothing itself: what it knows of events is in the intake.
 */
import type { Runtime, Stop } from '../../runtime.js';
import { type OnAlert, quietly } from '../alert.js';
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
  onAlert: OnAlert,
): Forwarder => {
  const token = `${runtime.randomBits()}`;
  const alert = quietly(onAlert, runtime);
  const calls = new Set<Promise<void>>();
  let stopTimer: Stop | undefined;
  // Both on the monotonic clock, since the other one can be set back by a day.
  let leadsUntil = 0;
  let pausedUntil = 0;
  let failures = 0;
  let misconfigurations = 0;
  let isAlerted = false;
  let looking: Promise<void> | undefined;
  let isWoken = false;
  let isClosed = false;

  const jittered = (delayMs: number): number => delayMs * (0.5 + runtime.random() / 2);
  const pause = (delayMs: number): void => {
    pausedUntil = Math.max(pausedUntil, runtime.elapsed() + delayMs);
  };

  /** Calls that were under way when a pause began say nothing new about the upstream. */
  const isNews = (): boolean => runtime.elapsed() >= pausedUntil;

  const alertOnce = (message: string | undefined): void => {
    if (message && !isAlerted) alert(message);
    isAlerted ||= message !== undefined;
  };

  const resultOf = (outcome: Outcome, { attempts }: IntakeRow): ForwardResult => {
    const now = runtime.now();
    const dueAt = now + jittered(Math.min(CAP_MS, BASE_MS * 2 ** (attempts - 1)));
    const isFailure = outcome.kind === 'ambiguous' || outcome.kind === 'unavailable';
    if (isFailure && isNews() && ++failures >= OUTAGE) {
      pause(jittered(Math.min(CAP_MS, BASE_MS * 2 ** (failures - OUTAGE))));
    }
    if (outcome.kind === 'done' || outcome.kind === 'refused') {
      failures = 0;
      misconfigurations = 0;
    }
    switch (outcome.kind) {
      case 'done':
        isAlerted = false;
        return { kind: 'done' };
      case 'refused':
        return { kind: 'dead', code: outcome.code };
      case 'misconfigured':
        alertOnce(outcome.alert);
        if (isNews()) pause(Math.min(LONGEST_CIRCUIT_MS, CIRCUIT_MS * 2 ** misconfigurations++));
        return { kind: 'waiting', dueAt: now };
      case 'throttled':
        pause(outcome.retryAfterMs * (1 + runtime.random() * 0.2));
        return { kind: 'waiting', dueAt: now };
      case 'unavailable':
        return { kind: 'waiting', dueAt };
      case 'ambiguous':
        alertOnce(outcome.alert);
        return { kind: 'ambiguous', dueAt };
      default:
        return outcome satisfies never;
    }
  };

  const broken = (cause: unknown): void => {
    alert(
      'The intake cannot be written: check its disk and permissions. What waits is forwarded later.',
      cause,
    );
  };

  /** What came of a call is known here alone until it is written, so writing is tried until it succeeds. */
  const record = async (id: string, result: ForwardResult): Promise<void> => {
    for (;;) {
      try {
        await intake.finish(id, result, runtime.now());
        return;
      } catch (cause) {
        broken(cause);
        // Whoever leads next treats the event as ambiguous, and asks again with the same key.
        if (isClosed) return;
        pause(BASE_MS);
        await new Promise<void>((resolve) => runtime.after(BASE_MS, resolve));
      }
    }
  };

  const forward = async (row: IntakeRow): Promise<void> => {
    await record(row.id, resultOf(await destination(row), row));
  };

  /** Begins what is due; tells when to look again, in milliseconds. */
  const begin = async (): Promise<number> => {
    const at = runtime.elapsed();
    if (at >= leadsUntil - RENEW_MS) {
      leadsUntil = (await intake.lead(token, runtime.now())) ? at + 2 * RENEW_MS : 0;
      if (!leadsUntil || isClosed) return RENEW_MS;
    }
    // A pause does not end leading: another process would not know of it.
    if (pausedUntil > at) return Math.min(RENEW_MS, pausedUntil - at);
    // After an outage or a fault of the configuration one call tries whether it is over.
    const limit = (failures >= OUTAGE || misconfigurations ? 1 : concurrent) - calls.size;
    if (limit <= 0) return RENEW_MS;
    const now = runtime.now();
    const { rows, nextAt = Infinity } = await intake.begin({ now, limit, perMinute });
    for (const row of rows) {
      // What was begun while we were asked to stop has not been called: it only waits again.
      const call = (isClosed ? record(row.id, { kind: 'waiting', dueAt: now }) : forward(row)).finally(() => {
        calls.delete(call);
        wake();
      });
      calls.add(call);
    }
    return Math.min(RENEW_MS, nextAt - now);
  };

  const look = async (): Promise<void> => {
    let delayMs = 0;
    do {
      isWoken = false;
      try {
        delayMs = await begin();
      } catch (cause) {
        broken(cause);
        delayMs = BASE_MS;
        // Not at once again, whoever wakes us: a broken disk is not mended by asking.
        break;
      }
    } while (isWoken && !isClosed);
    if (!isClosed) stopTimer = runtime.after(Math.max(0, delayMs), wake);
  };

  const wake = (): void => {
    isWoken = true;
    if (isClosed) return;
    stopTimer?.();
    looking ??= look().finally(() => {
      looking = undefined;
    });
  };

  wake();
  return {
    wake,
    async close() {
      isClosed = true;
      stopTimer?.();
      await looking;
      await Promise.all(calls);
      await intake.resign(token);
    },
  };
};
