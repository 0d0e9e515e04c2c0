/**
 * When to flush, and what comes of it: one request at a time, back-off, circuit. Free of window and document, so that a
 * worker can run it. Only a verdict that names an event's id removes it.
 *
 * | the endpoint            | after                                        | requests leave                                        |
 * | ----------------------- | -------------------------------------------- | ----------------------------------------------------- |
 * | in order                | an answer that names every event             | as events come, each twice as large, up to the largest |
 * | failing (`back-off`)    | no answer, or one that names not every event | after 1 s doubling to 5 minutes; sooner by `hurry`     |
 * | throttling (`throttled`) | an answer that asks to wait                 | after what it asks for                                |
 * | misdeployed (`circuit`) | a status that only a deployment mends        | after 30 s doubling to 6 hours; once by a page that loads or by `flush` |
 * | too narrow (`unsplit`)  | 400, 413 or 422 for the whole request        | half as large; an event that is refused by itself waits for an hour |
 *
 * `settle` has every way from one to another. How long all tabs wait is in the outbox, as its pause.
 */
import { OffersightError } from '../../../errors.js';
import { MAX_LEAVE_BYTES } from '../../../protocol/limits.js';
import type { Runtime, Stop } from '../../../runtime.js';
import type { Outbox } from '../../outbox/outbox.js';
import type { LeasedEntry, Pause } from '../../outbox/records.js';
import type { Leasing } from '../outbox/leasing.js';
import { applyVerdicts } from '../outbox/verdicts.js';
import { backoffMs, circuitMs } from './backoff.js';
import { batchSize } from './batch-size.js';
import type { Attempt, Transport } from './transport.js';

/** Empties the outbox. Tabs do so side by side: a lease keeps an entry, and its offer, to one of them. */
export interface Flusher {
  /** Something may be due: flushes soon, so that events of one moment travel together. */
  wake(): void;
  /** The network may be back: shortens a back-off to a random 0.5–3 s. What was asked for is kept to. */
  hurry(): Promise<void>;
  /** Flushes now what is due, and tries an open circuit; resolves when nothing more can be done at the moment. */
  flush(): Promise<void>;
  /** Ends the flush after the request under way, repeats none, and begins no other before it is woken. */
  pause(): void;
  stop: Stop;
}

/** How events leave. */
export interface FlusherOptions {
  /**
   * Most events in one request, as long as 520 bytes for each fit into `maxBatchBytes`: by default 91.
   * @default 100
   * @range 1 to 500; less counts as 1, and more is not checked
   * @example `50`
   */
  readonly maxBatch?: number;
  /**
   * Largest request body, bytes.
   * @default 48000
   * @range as many as the proxy takes
   * @example `16_000`
   */
  readonly maxBatchBytes?: number;
  /**
   * How long the first event of a batch waits for company, milliseconds.
   * @default 250
   * @range from 0; less counts as 0
   * @example `1_000`
   */
  readonly flushIntervalMs?: number;
  /**
   * How long it waits at most before it asks an endpoint again that failed, milliseconds; what a reply asks to wait for is
   * waited for.
   * @default 5 minutes, 6 hours after a fault of the deployment; on localhost, 127.0.0.1 and [::1] 5,000
   * @range from 0; less is not checked
   * @example `60_000`
   */
  readonly longestPauseMs?: number;
}

/** What a flusher works with. */
export interface FlusherContext {
  readonly outbox: Pick<Outbox, 'pause' | 'endpoint'>;
  readonly leasing: Leasing;
  readonly transport: Transport;
  readonly runtime: Runtime;
  readonly report: (error: OffersightError) => void;
  /** Called with the result of each attempt, before anything follows from it. */
  readonly onAttempt?: (attempt: Attempt) => unknown;
}

/** An event that is not even taken by itself is retried this rarely. */
const PARKED_MS = 3_600_000;
/** A back-off is never shorter than that, also where it is shortened right after a failure. */
const SHORTEST_MS = 500;
const HURRY_MS = 2_500;

/** Makes the flusher of an outbox. It does nothing until woken. */
export const createFlusher = (
  { outbox, leasing, transport, runtime, report, onAttempt }: FlusherContext,
  {
    maxBatch = 100,
    maxBatchBytes = MAX_LEAVE_BYTES,
    flushIntervalMs = 250,
    longestPauseMs = Infinity,
  }: FlusherOptions,
): Flusher => {
  let inFlight: Promise<void> | undefined;
  let stopTimer: Stop | undefined;
  let wakesAt = Infinity;
  let isPaused = false;
  let isReported = false;
  /** Whether it was reported that all events of a request were refused. */
  let isRefusing = false;
  let isStopped = false;
  /** Whether the next lease may try an open circuit: a page that loads may. */
  let mayTry = true;
  const largest = batchSize(maxBatch, maxBatchBytes);
  let size = largest;

  const schedule = (delayMs: number): void => {
    const at = runtime.elapsed() + delayMs;
    if (isStopped || at >= wakesAt) return;
    stopTimer?.();
    wakesAt = at;
    stopTimer = runtime.after(delayMs, () => {
      wakesAt = Infinity;
      void flush(false);
    });
  };

  const complain = (cause: unknown): void =>
    report(
      new OffersightError(
        'delivery',
        `POST ${outbox.endpoint} ${Number(cause) ? `answered ${Number(cause)}` : 'failed'}; events wait.`,
        cause,
      ),
    );

  const wait = async (kind: Pause['kind'], retryAfterMs: number, cause?: unknown, isKnown?: boolean) => {
    if (!isKnown && !isReported) {
      complain(cause);
      isReported = true;
    }
    await leasing.setPause((current) => {
      const now = runtime.now();
      const failures = current.kind === kind ? current.failures : 0;
      const own =
        kind === 'circuit' ? circuitMs(failures) : backoffMs(failures, retryAfterMs, runtime.random());
      const delayMs = Math.max(retryAfterMs, Math.min(longestPauseMs, own));
      const at = now + delayMs;
      // A trial of an open circuit leaves its time as it is. A failure beside another tab's request does not count again.
      return current.at > (failures && kind !== 'throttled' ? now : at)
        ? current
        : { ...current, kind, failures: failures + 1, at, status: Number(cause) || undefined, failedAt: now };
    });
  };

  /** Does what the attempt asks for, and returns whether every event of the batch is done with. */
  const settle = async (attempt: Attempt, batch: readonly LeasedEntry[], token: string): Promise<boolean> => {
    const giveBack = (notBeforeAt: number): Promise<void> =>
      leasing.release(token, new Map(batch.map(({ event }) => [event.id, notBeforeAt])));
    if (attempt.kind === 'answered') {
      const events = batch.map(({ event }) => event);
      const isSettled = await applyVerdicts(leasing, events, attempt.verdicts, { now: runtime.now(), token });
      const verdicts = events.map(({ id }) => attempt.verdicts.get(id));
      const [first] = verdicts;
      if (
        !isRefusing &&
        first?.kind === 'refused' &&
        first.code !== 'unknown_outcome' &&
        verdicts.every((each) => each?.kind === 'refused')
      ) {
        isRefusing = true;
        report(new OffersightError('refused', `All events were refused: ${first.code}.`));
      }
      if (verdicts.every((each) => each)) {
        isReported = false;
        size = Math.min(largest, size * 2);
        if (outbox.pause.failures) await leasing.endPause();
        return isSettled;
      }
      await wait('back-off', 0);
    } else if (attempt.kind === 'unsplit') {
      size = Math.max(1, batch.length >> 1);
      const [first, second] = batch;
      // Something in between refuses this event even by itself. It waits, and is never given up for
      // that. If it had to wait before, that was reported then. Perhaps nothing else is taken there
      // either.
      if (first && !second) await wait('back-off', 0, attempt.cause, !!first.notBeforeAt);
      await giveBack(second ? 0 : runtime.now() + Math.min(PARKED_MS, longestPauseMs));
    } else {
      // Together: nothing of it is under way any more, so a page that is left before the pause is written says it.
      await Promise.all([wait(attempt.kind, attempt.retryAfterMs, attempt.cause), giveBack(0)]);
    }
    return false;
  };

  /** @param isThorough Whether what comes meanwhile belongs to this flush, and waits for no company. */
  const run = async (isThorough: boolean): Promise<void> => {
    mayTry ||= isThorough;
    isPaused = isStopped;
    let isMore = true;
    while (isMore) {
      const token = `${runtime.randomBits()}`;
      const { entries, nextAt } = await leasing.lease(token, size, mayTry);
      mayTry = false;
      // The page was left meanwhile, or a user decided, or that was all.
      if (isPaused) return leasing.release(token, new Map(entries.map(({ event }) => [event.id, 0])));
      if (!entries.length) {
        if (nextAt !== undefined) schedule(nextAt - runtime.now());
        return;
      }
      const attempt = await transport(
        entries.map(({ event, mayBeKnown }) => (mayBeKnown ? { ...event, mayBeKnown } : event)),
        () => isPaused,
      );
      await onAttempt?.(attempt);
      const isSettled = await settle(attempt, entries, token);
      // After a pause the page has to wake us.
      if (isPaused) return;
      isMore = isThorough || (isSettled && entries.length === size);
    }
    schedule(flushIntervalMs);
  };

  const flush = async (isThorough: boolean): Promise<void> => {
    await inFlight;
    inFlight ??= run(isThorough)
      .catch(complain)
      .finally(() => {
        inFlight = undefined;
      });
    return inFlight;
  };

  return {
    wake: () => schedule(flushIntervalMs),
    async hurry() {
      // What does not shorten it is not written.
      await leasing.setPause((current, at = runtime.now() + SHORTEST_MS + runtime.random() * HURRY_MS) =>
        current.at > at && current.kind === 'back-off' ? { ...current, at } : current,
      );
      schedule(flushIntervalMs);
    },
    flush: () => flush(true),
    pause() {
      isPaused = true;
    },
    stop() {
      isStopped = isPaused = true;
      stopTimer?.();
    },
  };
};
