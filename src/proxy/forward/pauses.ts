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
import { type Alert, noted, type Raised } from '../alerts/alert.js';
import type { LaneNote } from '../intake/intake.js';
import type { Outcome } from './destination.js';

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

/** While everything seems to meet a fault of the configuration, one event is tried so often, milliseconds. */
export const CIRCUIT_MS = 30_000;
/** So many events that meet such a fault, without a success in between, are not a coincidence. */
const SUSPECTS = 3;
/** So many may still stand one behind the other, such as those of one campaign, ahead of others that are taken. */
const MOST_IN_A_ROW = 100;
/** More events than this that met it by themselves are not remembered. */
const MAX_ALONE = 1_000;

/**
 * Distinguishes a fault of the configuration, which every event meets, from a fault of one event: Chargebee can answer
 * both in the same way, such as by 403. Nothing is known at first, since the first answer of all may be to a wrong key.
 */
export const createBlame = () => {
  let hasSucceeded = false;
  let isProven = false;
  /** What met it since something last went well. */
  const suspects = new Set<string>();
  /** What met it between others that went well. */
  const alone = new Set<string>();

  return {
    /** The upstream took an event, or refused it by name. */
    succeeded(): void {
      hasSucceeded = true;
      isProven = true;
      if (alone.size > MAX_ALONE) alone.clear();
      for (const id of suspects) alone.add(id);
      suspects.clear();
    },
    /**
     * Says what is to blame, now that this event met such an answer. If it is unsure, others are tried one by one, soon
     * after each other.
     */
    blame(id: string): 'event' | 'unsure' | 'configuration' {
      const isFirst = !suspects.has(id) && !alone.has(id);
      if (!alone.has(id)) suspects.add(id);
      if (suspects.size >= SUSPECTS) isProven = false;
      if (isProven) return 'event';
      // An event that meets it a second time shows nothing new, so a few waiting events are not tried every second.
      return hasSucceeded && isFirst && suspects.size <= MOST_IN_A_ROW ? 'unsure' : 'configuration';
    },
  };
};

/**
 * The delay before an event, or everything, is tried again after so many failures, milliseconds: half of it at least, so
 * that not everybody comes back at once.
 */
export const backoffMs = (failures: number, runtime: Pick<Runtime, 'random'>): number =>
  Math.min(CAP_MS, BASE_MS * 2 ** failures) * (0.5 + runtime.random() / 2);

export type Pauses = ReturnType<typeof createPauses>;

/**
 * Makes the pauses of a forwarder.
 * @param alert Called with what an operator has to do, again and again until it is done.
 */
export const createPauses = (runtime: Pick<Runtime, 'now' | 'elapsed' | 'random'>, alert: Alert) => {
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
    note = { ...note, ...noted(...raised) };
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
    /** Begins nothing for so long, milliseconds. */
    pause,
    /** How long nothing is begun from now, milliseconds; 0 or less if something may be. */
    leftMs: () => pausedUntil - runtime.elapsed(),
    /** Whether one call tries whether the trouble is over. */
    isProbing: () => failures >= OUTAGE || isMisconfigured || throttles > 0,
    /** What the next process and operators have to know. */
    note: () => note,

    /** Takes in what one call came to, whose first event has this id. */
    hear(outcome: Outcome, id: string) {
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

    resume({ pausedUntil: until = 0, alert: words, alertCode }: LaneNote): void {
      note = { pausedUntil: until || undefined, alert: words, alertCode };
      const delayMs = until - runtime.now();
      // Longer than any that the upstream asked for: the clock was put right since.
      if (delayMs > 0 && delayMs <= LONGEST_PAUSE_MS) pause(delayMs);
    },
  };
};
