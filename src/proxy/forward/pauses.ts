/**
 * How long everything waits for the upstream, by what its answers say of it as a whole.
 *
 * | the upstream | after                                        | calls begin                                     | ends by             |
 * | ------------ | -------------------------------------------- | ----------------------------------------------- | ------------------- |
 * | in order     | `done`, `refused`                            | as the pace allows                              | any of the others   |
 * | failing      | `ambiguous`, `unavailable`, fewer than three | as the pace allows                              | in order, away      |
 * | away         | the third failure in a row                   | one, after a pause of 1 s doubling to 30 s      | in order            |
 * | throttling   | `throttled`                                  | one, after what it says, at least 1 s doubling to 60 s | in order     |
 * | misconfigured | `misconfigured` by the first call of all, or by three events since it was last in order | one, after a pause of 30 s; if it was in order before, the first hundred events after a second each | in order |
 *
 * What was under way when a pause began says nothing new about the upstream, so it lengthens none and ends none. An
 * event that is answered `misconfigured` while others are taken waits alone.
 */
import type { Runtime } from '../../runtime.js';
import type { LaneNote } from '../intake/intake.js';
import { type Alert, type Raised, wordsOf } from '../telling/alert.js';
import { CIRCUIT_MS, createBlame } from './blame.js';
import type { Outcome } from './destination.js';

/** The pauses of one forwarder. */
export interface Pauses {
  /** Takes in what one call came to, whose first event has this id. */
  hear(outcome: Outcome, id: string): void;
  /** Begins nothing for so long, milliseconds. */
  pause(delayMs: number): void;
  /** How long nothing is begun from now, milliseconds; 0 or less if something may be. */
  leftMs(): number;
  /** Whether one call tries whether the trouble is over. */
  isProbing(): boolean;
  /** What the next process and operators have to know. */
  note(): LaneNote;
  /** Makes what an earlier process left its own. */
  resume(note: LaneNote): void;
}

const BASE_MS = 1_000;
const CAP_MS = 30_000;
/** Between events that are tried to learn whether all of them meet a fault: less than half of the smallest plan. */
const TRIAL_MS = 1_000;
const LONGEST_THROTTLE_MS = 60_000;
/** The longest Retry-After that counts, and its jitter. */
const LONGEST_PAUSE_MS = 1.2 * 3_600_000;
/** If the upstream says for so long that each call is one too many, somebody has to look. */
const LONG_THROTTLE_MS = 600_000;
/** So many failures in a row are the upstream's trouble, not one event's. */
const OUTAGE = 3;
const CALL_FAILED = 'The last call of the upstream failed. The code says why.';

/**
 * The delay before an event, or everything, is tried again after so many failures, milliseconds: half of it at least, so
 * that not everybody comes back at once.
 */
export const backoffMs = (failures: number, runtime: Pick<Runtime, 'random'>): number =>
  Math.min(CAP_MS, BASE_MS * 2 ** failures) * (0.5 + runtime.random() / 2);

/** An alert as the note of a lane has it. */
export const noted = (raised: Raised): LaneNote => ({ alert: wordsOf(...raised), alertCode: raised[0] });

/**
 * Makes the pauses of a forwarder.
 * @param alert Called with what an operator has to do, again and again until it is done.
 */
export const createPauses = (runtime: Pick<Runtime, 'now' | 'elapsed' | 'random'>, alert: Alert): Pauses => {
  // On the monotonic clock, since the other one can be set back by a day.
  let pausedUntil = 0;
  let failures = 0;
  let isMisconfigured = false;
  let throttles = 0;
  let throttledSince = 0;
  let note: LaneNote = {};
  const blame = createBlame();

  const pause = (delayMs: number): void => {
    pausedUntil = Math.max(pausedUntil, runtime.elapsed() + delayMs);
  };

  const isNews = (): boolean => runtime.elapsed() >= pausedUntil;

  const raise = (raised: Raised, why?: string): void => {
    const [code, parts] = raised;
    alert(code, parts, why === undefined ? undefined : Object.assign(new Error(CALL_FAILED), { code: why }));
    note = { ...note, ...noted(raised) };
  };

  const succeeded = (): void => {
    failures = 0;
    isMisconfigured = false;
    throttles = 0;
    blame.succeeded();
    // A call that was under way when a pause began ends no pause.
    note = isNews() ? {} : { pausedUntil: note.pausedUntil };
  };

  const failed = (raised: Raised = ['unreachable'], why?: string): void => {
    if (!isNews() || ++failures < OUTAGE) return;
    raise(raised, why);
    pause(backoffMs(failures - OUTAGE, runtime));
  };

  const throttled = (retryAfterMs: number): void => {
    // If it does not say for how long, it is asked less and less.
    if (isNews() && throttles++ === 0) throttledSince = runtime.elapsed();
    if (throttles && runtime.elapsed() - throttledSince >= LONG_THROTTLE_MS) raise(['throttled']);
    const leastMs = Math.min(LONGEST_THROTTLE_MS, BASE_MS * 2 ** (throttles - 1));
    const delayMs = Math.max(retryAfterMs, leastMs) * (1 + runtime.random() * 0.2);
    pause(delayMs);
    const until = Math.round(runtime.now() + delayMs);
    note = { ...note, pausedUntil: Math.max(note.pausedUntil ?? 0, until) };
  };

  const misconfigured = (raised: Raised, id: string): void => {
    // Whether it is this event or the configuration, somebody has to look at it.
    raise(raised);
    const blamed = blame.blame(id);
    if (blamed === 'event') return;
    isMisconfigured = true;
    if (isNews()) pause(blamed === 'unsure' ? TRIAL_MS : CIRCUIT_MS);
  };

  return {
    pause,
    leftMs: () => pausedUntil - runtime.elapsed(),
    isProbing: () => failures >= OUTAGE || isMisconfigured || throttles > 0,
    note: () => note,

    hear(outcome, id) {
      switch (outcome.kind) {
        case 'done':
        case 'refused':
          return succeeded();
        case 'misconfigured':
          return misconfigured(outcome.alert, id);
        case 'throttled':
          return throttled(outcome.retryAfterMs);
        case 'crowded':
          return undefined;
        case 'ambiguous':
          // Something does answer, so an outage would be the wrong thing to look for.
          if (outcome.alert) raise(outcome.alert);
          return failed(outcome.alert, outcome.why);
        case 'unavailable':
          return failed(undefined, outcome.why);
        default:
          return outcome satisfies never;
      }
    },

    resume(left) {
      note = left;
      const delayMs = (left.pausedUntil ?? 0) - runtime.now();
      // Longer than any that the upstream asked for: the clock was put right since.
      if (delayMs > 0 && delayMs <= LONGEST_PAUSE_MS) pause(delayMs);
    },
  };
};
