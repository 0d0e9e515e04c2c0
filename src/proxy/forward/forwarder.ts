/**
 * Drains an intake at the pace that the upstream allows: in order per offer, few calls at once, slower when the
 * upstream says so. Holds nothing itself: what it knows of events is in the intake.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { ForwardResult, IntakeRow, Lane } from '../intake/intake.js';
import { type OnAlert, quietly, remedyOf } from '../telling/alert.js';
import { ALERTS } from '../telling/alerts.js';
import type { Destination, OnCall, Outcome } from './destination.js';
import { createGate, DEFAULT_PACE, type Pace } from './gate.js';
import { createJumps } from './jumps.js';
import { backoffMs, createPauses } from './pauses.js';
import { createRefusals } from './refusals.js';

/** Forwards until closed. */
export interface Forwarder {
  /** Events came: looks at once. */
  wake(): void;
  /** Begins nothing more and waits for the calls under way. */
  close(): Promise<void>;
}

const RENEW_MS = 10_000;
/** Another process may have taken events; it does not notify this one. */
const LOOK_MS = 2_000;
/** A disk or an intake that failed is asked again after this long. */
const AGAIN_MS = 1_000;
/** An event that met a fault of the configuration waits so long, and ever longer if the fault seems to be its own. */
const PARKED_MS = 60_000;
const LONGEST_PARKED_MS = 600_000;

/** What forwarding needs beside a lane. */
export interface ForwarderContext {
  readonly destination: Destination;
  readonly runtime: Runtime;
  readonly pace: Pace;
  readonly onAlert: OnAlert;
  readonly onCall?: OnCall;
}

/** Starts forwarding at once. */
export const createForwarder = (lane: Lane, context: ForwarderContext): Forwarder => {
  const { destination, runtime, onAlert, onCall } = context;
  const { perMinute = DEFAULT_PACE.perMinute, concurrent = DEFAULT_PACE.concurrent } = context.pace;
  let token = `${runtime.randomBits()}`;
  const alert = quietly(onAlert, runtime);
  const calls = new Set<Promise<void>>();
  let stopTimer: Stop | undefined;
  // On the monotonic clock, since the other one can be set back by a day.
  let leadsUntil = 0;
  const pauses = createPauses(runtime, alert);
  const refusals = createRefusals(runtime);
  const jumps = createJumps(runtime);
  const gate = createGate(perMinute, runtime);
  let noted = '{}';
  let looking: Promise<void> | undefined;
  let isWoken = false;
  /** The intake may have begun more than it told. */
  let isUnsure = false;
  let isClosed = false;

  const resultOf = (outcome: Outcome, { attempts }: IntakeRow): ForwardResult => {
    const now = runtime.now();
    switch (outcome.kind) {
      case 'done':
        return { kind: 'done' };
      case 'refused':
        return { kind: 'dead', code: outcome.code };
      case 'throttled':
        return { kind: 'waiting', dueAt: now };
      case 'misconfigured': {
        // Another one is tried first, since the fault may be this event's own.
        const alone = Math.min(LONGEST_PARKED_MS, PARKED_MS * 2 ** (attempts - 1));
        return { kind: 'waiting', dueAt: now + (pauses.isProbing() ? PARKED_MS : alone) };
      }
      case 'crowded':
        // Ahead of everything else, so that its halves are next.
        return { kind: 'waiting', dueAt: 0 };
      case 'unavailable':
      case 'ambiguous': {
        const dueAt = now + backoffMs(attempts - 1, runtime);
        return { kind: outcome.kind === 'ambiguous' ? 'ambiguous' : 'waiting', dueAt };
      }
      default:
        return outcome satisfies never;
    }
  };

  const broken = (cause: unknown): void => {
    alert(remedyOf(cause, ALERTS.intakeFailed.words), cause);
  };

  /** What came of a call is known here alone until it is written, so writing is tried until it succeeds. */
  const record = async (rows: readonly IntakeRow[], results: readonly ForwardResult[]): Promise<void> => {
    const finished = rows.map(({ id, attempts }, at) => ({
      id,
      // Every row has its result.
      result: results[at] as ForwardResult,
      attempt: attempts,
    }));
    for (;;) {
      try {
        await lane.finish(finished, runtime.now());
        return;
      } catch (cause) {
        broken(cause);
        // Whoever leads next treats the events as ambiguous, and asks again with the same keys.
        if (isClosed) return;
        pauses.pause(AGAIN_MS);
        await new Promise<void>((resolve) => runtime.after(AGAIN_MS, resolve));
      }
    }
  };

  /** Tells successors and operators; that it cannot be told harms no event. */
  const leaveNote = async (): Promise<void> => {
    const refused = refusals.alert();
    const note = { ...(refused !== undefined && { alert: refused }), ...pauses.note() };
    const next = JSON.stringify(note);
    if (next === noted) return;
    try {
      await lane.note(note);
      noted = next;
    } catch (cause) {
      // Tried again at the next look.
      broken(cause);
    }
  };

  const forward = async (rows: readonly IntakeRow[]): Promise<void> => {
    const startedAt = runtime.elapsed();
    const outcomes = await destination.forward(rows);
    // Trouble concerns the whole call; what was done or refused concerns its own event.
    const whole = outcomes.find(({ kind }) => kind !== 'done' && kind !== 'refused') ??
      outcomes.find(({ kind }) => kind === 'done') ?? { kind: 'refused', code: '' };
    // At least one.
    pauses.hear(whole, rows[0]?.id ?? '');
    for (const outcome of outcomes) refusals.hear(outcome);
    const refused = refusals.alert();
    if (refused !== undefined) alert(refused);
    onCall?.({ outcome: whole.kind, events: rows, outcomes, durationMs: runtime.elapsed() - startedAt });
    // A successor must know of a pause before it knows of events that wait.
    if (whole.kind === 'throttled') await leaveNote();
    await record(
      rows,
      // A destination answers for each row, in order.
      rows.map((row, at) => resultOf(outcomes[at] as Outcome, row)),
    );
    await leaveNote();
  };

  /** Makes what an earlier process left its own. */
  const takeOver = async (): Promise<void> => {
    const { note } = await lane.status(runtime.now());
    noted = JSON.stringify(note);
    pauses.resume(note);
  };

  /** Begins what is due; tells when to look again, in milliseconds. */
  const begin = async (): Promise<number> => {
    if (isUnsure) {
      if (calls.size) return AGAIN_MS;
      // Whoever leads anew takes what was begun for ambiguous, and asks again with the same key.
      await lane.resign(token);
      token = `${runtime.randomBits()}`;
      leadsUntil = 0;
      isUnsure = false;
    }
    const at = runtime.elapsed();
    if (at >= leadsUntil - RENEW_MS) {
      const isNew = at >= leadsUntil;
      leadsUntil = (await lane.lead(token, runtime.now())) ? at + 2 * RENEW_MS : 0;
      if (!leadsUntil || isClosed) return RENEW_MS;
      if (isNew) await takeOver();
    }
    await leaveNote();
    // A pause does not end leading: another process would not know of it.
    const pausedMs = pauses.leftMs();
    if (pausedMs > 0) return Math.min(RENEW_MS, pausedMs);
    // Another call may change it meanwhile.
    const { maxEvents } = destination;
    // After an outage, a 429 or a fault of the configuration one event tries whether it is over.
    const most = pauses.isProbing() ? 1 - calls.size : (concurrent - calls.size) * maxEvents;
    if (most <= 0) return RENEW_MS;
    // The intake counts by the wall clock, which may jump.
    const limit = Math.min(most, gate.room());
    if (limit <= 0) return Math.min(RENEW_MS, gate.waitMs());
    const now = runtime.now();
    const {
      rows,
      nextAt = Infinity,
      expired,
    } = await lane.begin({ now, limit, perMinute, graceMs: jumps.graceMs() });
    if (expired) alert(ALERTS.tooLong.words);
    gate.begin(rows.length);
    for (let from = 0; from < rows.length; from += maxEvents) {
      const some = rows.slice(from, from + maxEvents);
      // What was begun while we were asked to stop has not been called: it only waits again.
      const call = (
        isClosed
          ? record(
              some,
              some.map(() => ({ kind: 'waiting', dueAt: now })),
            )
          : forward(some)
      ).finally(() => {
        gate.end(some.length);
        calls.delete(call);
        wake();
      });
      calls.add(call);
    }
    return Math.min(LOOK_MS, nextAt - now);
  };

  const look = async (): Promise<void> => {
    let delayMs = 0;
    do {
      isWoken = false;
      try {
        delayMs = await begin();
      } catch (cause) {
        broken(cause);
        isUnsure = true;
        delayMs = AGAIN_MS;
        // Not at once again, whoever wakes us: a broken disk is not mended by asking.
        isWoken = false;
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
      // Between its last look and now.
      if (isWoken) wake();
    });
  };

  let isLingering = false;
  wake();
  return {
    wake() {
      if (!destination.lingerMs) return wake();
      if (isLingering) return;
      isLingering = true;
      runtime.after(destination.lingerMs, () => {
        isLingering = false;
        wake();
      });
    },
    async close() {
      isClosed = true;
      stopTimer?.();
      await looking;
      await Promise.all(calls);
      // An intake that is away cannot be told; the lead runs out by itself.
      await lane.resign(token).catch(broken);
    },
  };
};
