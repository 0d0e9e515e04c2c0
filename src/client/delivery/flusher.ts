/**
 * When to flush, and what comes of it: single flight across tabs, back-off, circuit. Free of window and document,
 * so that a worker can run it. Only a verdict that names an event's id removes it.
 */
import { OffersightError } from '../../errors.js';
import type { WithLock } from '../../locks.js';
import type { Runtime, Stop } from '../../runtime.js';
import { type Leasing, NO_PAUSE } from '../outbox/leasing.js';
import type { Outbox, OutboxEntry, Pause } from '../outbox/outbox.js';
import { applyVerdicts } from '../outbox/verdicts.js';
import { backoffMs, circuitMs } from './backoff.js';
import { KEEPALIVE_BYTES, pack } from './packer.js';
import type { Attempt, Transport } from './transport.js';

/** Empties the outbox. */
export interface Flusher {
  /** Something may be due: flushes soon, so that events of one moment travel together. */
  wake(): void;
  /** The network may be back: shortens a back-off to a random 0.5–3 s. What was asked for is kept to. */
  hurry(): Promise<void>;
  /** Flushes now what is due, and tries an open circuit; resolves when nothing more can be done at the moment. */
  flush(): Promise<void>;
  /** Ends the flush after the request under way, and begins no other before it is woken. */
  pause(): void;
  /** The page may not run on: pauses, and gives the lock back at once. */
  release(): void;
  stop: Stop;
}

/** How events leave. */
export interface FlusherOptions {
  /** Most events in one request, 1–500. @default 100 */
  readonly maxBatch?: number;
  /** Largest request body, bytes. @default 48000 */
  readonly maxBatchBytes?: number;
  /** How long the first event of a batch waits for company, milliseconds. @default 250 */
  readonly flushIntervalMs?: number;
}

/** A flush that holds the lock gives it up after this long. */
const LONGEST_FLUSH_MS = 15_000;
const LOCKED_RETRY_MS = 500;
/** A lock refused so often may belong to a frozen tab. */
const MAX_REFUSALS = 2;
/** A flush without the lock that found nothing to do asks for it again after this long. */
const REFUSED_RETRY_MS = 5_000;
/** An event that nobody takes even alone is tried again this rarely. */
const PARKED_MS = 3_600_000;
/** A back-off is never shorter than that, also where it is shortened right after a failure. */
const SHORTEST_MS = 500;
const HURRY_MS = 2_500;

/**
 * Makes the flusher of an outbox. It does nothing until woken.
 * @param lockName The lock that tabs with the same outbox and endpoint share.
 * @param onAttempt Told what each attempt came to, before anything follows from it.
 */
export const createFlusher = (
  outbox: Pick<Outbox, 'pause'>,
  leasing: Leasing,
  transport: Transport,
  runtime: Runtime,
  withLock: WithLock,
  lockName: string,
  { maxBatch = 100, maxBatchBytes = KEEPALIVE_BYTES, flushIntervalMs = 250 }: FlusherOptions,
  report: (error: OffersightError) => void,
  onAttempt?: (attempt: Attempt) => unknown,
): Flusher => {
  let inFlight: Promise<void> | undefined;
  /** Gives the lock back while a request is still under way. */
  let letGo: Stop | undefined;
  let endsAt = 0;
  let stopTimer: Stop | undefined;
  let wakesAt = Infinity;
  let refusals = 0;
  let isReported = false;
  let isStopped = false;
  /** Whether the next lease may try an open circuit: a page that loads may. */
  let mayTry = true;
  const limit = Math.max(1, maxBatch);
  let maxEvents = limit;

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
    report(new OffersightError('delivery', 'Check the endpoint; events wait.', cause));

  const giveBack = (entries: readonly OutboxEntry[], token: string, notBeforeAt: number): Promise<void> =>
    leasing.release(token, new Map(entries.map(({ event }) => [event.id, notBeforeAt])));

  const wait = async (
    kind: Pause['kind'],
    retryAfterMs: number,
    cause?: unknown,
    isKnown = false,
  ): Promise<void> => {
    if (!isKnown && !isReported) {
      complain(cause);
      isReported = true;
    }
    await leasing.setPause((current) => {
      const failures = current.kind === kind ? current.failures : 0;
      const delayMs =
        kind === 'circuit' ? circuitMs(failures) : backoffMs(failures, retryAfterMs, runtime.random());
      const at = runtime.now() + delayMs;
      // Another tab may know of a longer one, and whoever tries an open circuit leaves its time as it is.
      const leastAt = kind === 'circuit' && failures ? runtime.now() : at;
      return leastAt < current.at
        ? current
        : { ...current, kind, failures: failures + 1, at, status: Number(cause) || undefined };
    });
  };

  /** Does what the attempt asks for; tells whether every event of the batch is done with. */
  const settle = async (attempt: Attempt, batch: readonly OutboxEntry[], token: string): Promise<boolean> => {
    if (attempt.kind === 'unsplit') {
      maxEvents = Math.max(1, batch.length >> 1);
      const [first, ...others] = batch;
      if (first && !others.length) {
        // Something between does not take this one even alone: it waits, and is never given up for that.
        await giveBack(batch, token, runtime.now() + PARKED_MS);
        // What had to wait before was reported then. Perhaps nothing else is taken there either.
        await wait('back-off', 0, attempt.cause, !!first.notBeforeAt);
      }
    } else if (attempt.kind === 'answered') {
      const events = batch.map(({ event }) => event);
      const isSettled = await applyVerdicts(leasing, events, attempt.verdicts, runtime.now(), token);
      if (events.every(({ id }) => attempt.verdicts.has(id))) {
        isReported = false;
        maxEvents = Math.min(limit, maxEvents * 2);
        if (outbox.pause.failures)
          // One that holds by now was asked for on another tab, while this request was under way; or this was a trial.
          await leasing.setPause((current) =>
            current.at > runtime.now() && current.kind !== 'circuit' ? current : NO_PAUSE,
          );
        return isSettled;
      }
      await wait('back-off', 0);
    } else await wait(attempt.kind, attempt.retryAfterMs, attempt.cause);
    return false;
  };

  /** @param isThorough Whether what comes meanwhile belongs to this flush, and waits for no company. */
  const drain = async (isExclusive: boolean, isThorough: boolean): Promise<void> => {
    // It is 0 where the page was left, or a user decided, while the lock was asked for: then nothing begins.
    endsAt &&= runtime.elapsed() + LONGEST_FLUSH_MS;
    while (!isStopped && runtime.elapsed() < endsAt) {
      const token = `${runtime.randomBits()}`;
      const { entries, nextAt } = await leasing.lease(token, limit, isExclusive, mayTry);
      mayTry = false;
      if (!entries.length) {
        // What others have leased is free at once where they ended without giving it back, and the lock tells.
        const longestMs = refusals === MAX_REFUSALS ? REFUSED_RETRY_MS : Infinity;
        if (nextAt !== undefined) schedule(Math.min(nextAt - runtime.now(), longestMs));
        return;
      }
      const batches = pack(entries, maxEvents, maxBatchBytes);
      for (const [index, batch] of batches.entries()) {
        if (runtime.elapsed() < endsAt) {
          leasing.sending(batch);
          const attempt = await transport(batch.map(({ event }) => event));
          await onAttempt?.(attempt);
          if (await settle(attempt, batch, token)) continue;
        }
        // A later batch may hold the `dismissed` of a `viewed` that was not taken: all wait for the next lease.
        await giveBack(batches.slice(index).flat(), token, 0);
        break;
      }
      if (!isThorough && entries.length < limit) break;
    }
    // After a pause the page has to wake us.
    if (endsAt) schedule(flushIntervalMs);
  };

  const run = async (isThorough: boolean): Promise<void> => {
    let draining: Promise<void> | undefined;
    mayTry ||= isThorough;
    endsAt = Infinity;
    const work = (isExclusive: boolean): Promise<void> => {
      draining = drain(isExclusive, isThorough);
      const released = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return Promise.race([draining, released]);
    };
    try {
      const isFree = await (refusals < MAX_REFUSALS ? withLock(lockName, work) : work(false));
      if (isFree === false) {
        refusals++;
        schedule(LOCKED_RETRY_MS);
      } else if (refusals <= MAX_REFUSALS) refusals = 0;
      await draining;
    } catch (cause) {
      // The lock was taken away or is forbidden here: the leases alone keep order from now on.
      refusals = Infinity;
      complain(cause);
      schedule(LOCKED_RETRY_MS);
      // One request at a time, also without the lock.
      await draining?.catch(() => undefined);
    }
  };

  const flush = async (isThorough: boolean): Promise<void> => {
    await inFlight;
    inFlight ??= run(isThorough).finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  };

  return {
    wake: () => schedule(flushIntervalMs),
    async hurry() {
      // What does not shorten it is not written: in memory it would stand before a longer one on the disk.
      await leasing.setPause((current, at = runtime.now() + SHORTEST_MS + runtime.random() * HURRY_MS) =>
        current.at > at && current.kind === 'back-off' ? { ...current, at } : current,
      );
      schedule(flushIntervalMs);
    },
    flush: () => flush(true),
    pause() {
      endsAt = 0;
    },
    release() {
      endsAt = 0;
      letGo?.();
    },
    stop() {
      isStopped = true;
      stopTimer?.();
    },
  };
};
