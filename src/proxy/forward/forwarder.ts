/**
 * Drains an intake at the pace that the upstream allows: in order per offer, few calls at once, slower when the
 * upstream says so. Holds nothing itself: what it knows of events is in the intake.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { Alert } from '../alerts/alert.js';
import type { IntakeRow } from '../intake/admitted.js';
import type { ForwardResult, Lane } from '../intake/intake.js';
import type { Destination, OnCall, Outcome } from './destination.js';
import { createGate, type ResolvedPace } from './gate.js';
import { watchJumps } from './jumps.js';
import { createLead, RENEW_MS } from './lead.js';
import { backoffMs, CIRCUIT_MS, createPauses } from './pauses.js';
import { createTrackRecord } from './track-record.js';

/** Forwards until closed. */
export interface Forwarder {
  /** Events came: looks at once. */
  wake(): void;
  /** Begins nothing more and waits for the calls under way. */
  close(): Promise<void>;
}

/** Another process may have taken events; it does not notify this one. */
const LOOK_MS = 2_000;
/** An event that alone meets a fault of the configuration waits ever longer, and at last so long. */
const LONGEST_PARKED_MS = 600_000;

/** A disk or an intake that failed is asked again after this long. */
const AGAIN_MS = 1_000;

export interface ForwarderContext {
  readonly destination: Destination;
  readonly runtime: Runtime;
  readonly pace: ResolvedPace;
  readonly alert: Alert;
  readonly onCall?: OnCall;
}

/**
 * Looks when it is woken, and after as long as the last look said. One look at a time.
 * @param look Resolves in how many milliseconds to look again.
 * @param failed Called if a look rejects.
 */
const createPolling = (
  runtime: Pick<Runtime, 'after'>,
  look: () => Promise<number>,
  failed: (cause: unknown) => void,
) => {
  let stopTimer: Stop | undefined;
  let looking: Promise<void> | undefined;
  let isWoken = false;
  let isClosed = false;

  const lookOnce = async (): Promise<void> => {
    let delayMs = AGAIN_MS;
    isWoken = false;
    try {
      delayMs = await look();
    } catch (cause) {
      failed(cause);
      // Not at once again, even if something wakes us: asking does not repair a broken disk.
      isWoken = false;
    }
    if (!isClosed) stopTimer = runtime.after(Math.max(0, delayMs), wake);
  };

  const wake = (): void => {
    isWoken = true;
    if (isClosed) return;
    stopTimer?.();
    looking ??= lookOnce().finally(() => {
      looking = undefined;
      // While it looked.
      if (isWoken) wake();
    });
  };

  return {
    wake,
    async close(): Promise<void> {
      isClosed = true;
      stopTimer?.();
      await looking;
    },
  };
};

/** What a call came to as a whole: trouble concerns all of it; what was done or refused concerns its own event. */
const wholeOf = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.find(({ kind }) => kind !== 'done' && kind !== 'refused') ??
  outcomes.find(({ kind }) => kind === 'done') ?? { kind: 'refused', code: '' };

const apart = (rows: readonly IntakeRow[], { keyOf }: Destination): Iterable<readonly IntakeRow[]> => {
  if (!keyOf) return [rows];
  const calls = new Map<string, IntakeRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const others = calls.get(key);
    if (others) others.push(row);
    else calls.set(key, [row]);
  }
  return calls.values();
};

export const createForwarder = (lane: Lane, context: ForwarderContext): Forwarder => {
  const { destination, runtime, alert, onCall } = context;
  const { perMinute, concurrent } = context.pace;
  const broken = (cause: unknown): void => {
    alert('intakeFailed', {}, cause);
  };
  const calls = new Set<Promise<void>>();
  const pauses = createPauses(runtime, alert);
  const trackRecord = createTrackRecord(runtime);
  const graceMs = watchJumps(runtime);
  const gate = createGate(perMinute, runtime);
  const lead = createLead(lane, { runtime, pauses, trackRecord, broken });
  /** The intake may have begun more than it reported. */
  let isUnsure = false;
  let isClosed = false;
  let isLingering = false;

  const resultOf = (outcome: Outcome, attempts: number): ForwardResult => {
    const now = runtime.now();
    switch (outcome.kind) {
      case 'done':
        return { kind: 'done' };
      case 'refused':
        return { kind: 'dead', code: outcome.code };
      case 'throttled':
        return { kind: 'waiting', dueAt: now };
      case 'misconfigured': {
        // Those that are due before it are tried first, since the fault may be this event's own.
        const alone = Math.min(LONGEST_PARKED_MS, CIRCUIT_MS * 2 ** (attempts - 1));
        return { kind: 'waiting', dueAt: now + (pauses.isProbing() ? CIRCUIT_MS : alone) };
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
        // The next leader treats the events as ambiguous, and calls again with the same keys.
        if (isClosed) return;
        pauses.pause(AGAIN_MS);
        await new Promise<void>((resolve) => runtime.after(AGAIN_MS, resolve));
      }
    }
  };

  const forward = async (rows: readonly IntakeRow[]): Promise<void> => {
    const startedAt = runtime.elapsed();
    const outcomes = await destination.forward(rows, trackRecord.hasDelivered());
    const whole = wholeOf(outcomes);
    // At least one.
    pauses.hear(whole, rows[0]?.id ?? '');
    for (const outcome of outcomes) trackRecord.hear(outcome);
    const refused = trackRecord.alert();
    if (refused) alert(...refused);
    onCall?.({ outcome: whole.kind, events: rows, outcomes, durationMs: runtime.elapsed() - startedAt });
    // A successor must know of a pause before it knows of events that wait.
    if (whole.kind === 'throttled') await lead.leaveNote();
    await record(
      rows,
      // A destination answers for each row, in order.
      rows.map(({ attempts }, at) => resultOf(outcomes[at] as Outcome, attempts)),
    );
    await lead.leaveNote();
  };

  /** Those that cannot share a call are called one after the other, so that no more calls are under way at once. */
  const forwardApart = async (rows: readonly IntakeRow[], now: number): Promise<void> => {
    const term = lead.term();
    let isFirst = true;
    for (const some of apart(rows, destination)) {
      // We may be asked to stop, or the upstream to wait, after events were begun.
      const mayCall = !isClosed && pauses.leftMs() <= 0;
      // Between two calls one event may have to try the upstream, or another process may have taken the events over.
      const mayGoOn = isFirst || (!pauses.isProbing() && term !== undefined && lead.term() === term);
      await (mayCall && mayGoOn
        ? forward(some)
        : record(
            some,
            some.map(() => ({ kind: 'waiting', dueAt: now })),
          ));
      isFirst = false;
    }
  };

  const callFor = (rows: readonly IntakeRow[], now: number): void => {
    gate.begin(rows.length);
    const { maxEvents } = destination;
    for (let from = 0; from < rows.length; from += maxEvents) {
      const some = rows.slice(from, from + maxEvents);
      const call = forwardApart(some, now).finally(() => {
        gate.end(some.length);
        calls.delete(call);
        polling.wake();
      });
      calls.add(call);
    }
  };

  /** Begins due events. Returns in how many milliseconds to look again. */
  const begin = async (): Promise<number> => {
    if (isUnsure) {
      if (calls.size) return AGAIN_MS;
      // The next leader treats begun events as ambiguous, and calls again with the same key.
      await lead.renounce();
      isUnsure = false;
    }
    if (!(await lead.hold()) || isClosed) return RENEW_MS;
    await lead.leaveNote();
    // A pause does not end leading: another process would not know of it.
    const pausedMs = pauses.leftMs();
    if (pausedMs > 0) return Math.min(RENEW_MS, pausedMs);
    // After an outage, a 429 or a fault of the configuration one event tries whether it is over.
    const most = pauses.isProbing() ? 1 - calls.size : (concurrent - calls.size) * destination.maxEvents;
    // Another call may change it meanwhile.
    if (most <= 0) return RENEW_MS;
    // The intake counts by the wall clock, which may jump.
    const limit = Math.min(most, gate.room());
    if (limit <= 0) return Math.min(RENEW_MS, gate.waitMs());
    const now = runtime.now();
    const begun = await lane.begin({ now, limit, perMinute, graceMs: graceMs() });
    if (begun.expired) alert('tooLong');
    callFor(begun.rows, now);
    return Math.min(LOOK_MS, (begun.nextAt ?? Infinity) - now);
  };

  const polling = createPolling(runtime, begin, (cause) => {
    broken(cause);
    isUnsure = true;
  });

  polling.wake();
  return {
    wake() {
      if (!destination.lingerMs) return polling.wake();
      if (isLingering) return;
      isLingering = true;
      runtime.after(destination.lingerMs, () => {
        isLingering = false;
        polling.wake();
      });
    },
    async close() {
      isClosed = true;
      await polling.close();
      await Promise.all(calls);
      await lead.resign();
    },
  };
};
