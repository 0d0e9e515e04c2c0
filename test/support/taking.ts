/** The intake without storage, over a clock that stands still and a destination that records what it was called with. */

import { wordsOf } from '../../src/proxy/alerts/alert.js';
import type { Destination, Outcome } from '../../src/proxy/forward/destination.js';
import type { ResolvedPace } from '../../src/proxy/forward/gate.js';
import { type DirectIntakeOptions, directIntake, type Taking } from '../../src/proxy/intake/direct/direct.js';
import { type FakeRuntime, fakeRuntime } from './runtime.js';

/** One call, and when it began and ended, milliseconds after the start. */
export interface DirectCall {
  readonly number: number;
  readonly at: number;
  endedAt?: number;
}

/** A direct intake and what is around it. */
export interface TakingStage {
  readonly taking: Taking;
  readonly runtime: FakeRuntime;
  readonly calls: DirectCall[];
  readonly alerts: string[];
  /** Outcomes as the observer hears of them. */
  readonly observed: Outcome['kind'][];
  /** The upstream's outcome for an event; the default is done, at once. */
  answer: (number: number) => Outcome | Promise<Outcome>;
  /** The outcome after this much of the runtime's time. */
  after(delayMs: number, outcome?: Outcome): Promise<Outcome>;
  /** Numbers of the events that were called, in order. */
  called(): number[];
}

/** Starts one. */
export const startTaking = (
  pace: Partial<ResolvedPace> = {},
  options: DirectIntakeOptions = {},
): TakingStage => {
  const runtime = fakeRuntime();
  const calls: DirectCall[] = [];
  const alerts: string[] = [];
  const observed: Outcome['kind'][] = [];
  const forward: Destination['forward'] = (rows) =>
    Promise.all(
      rows.map(async ({ id }) => {
        const call: DirectCall = { number: Number.parseInt(id.slice(-12), 16), at: runtime.elapsed() };
        calls.push(call);
        const outcome = await stage.answer(call.number);
        call.endedAt = runtime.elapsed();
        return outcome;
      }),
    );
  const stage: TakingStage = {
    taking: directIntake(options).start({
      destination: { maxEvents: 1, lingerMs: 0, forward },
      runtime,
      pace: { perMinute: 150, concurrent: 10, ...pace },
      alert: (code, parts) => alerts.push(wordsOf(code, parts)),
      onCall: ({ outcome }) => observed.push(outcome),
    }),
    runtime,
    calls,
    alerts,
    observed,
    answer: () => ({ kind: 'done' }),
    after: (delayMs, outcome = { kind: 'done' }) =>
      new Promise((resolve) => {
        runtime.after(delayMs, () => resolve(outcome));
      }),
    called: () => calls.map(({ number }) => number),
  };
  return stage;
};

/** Most calls that were under way at once. */
export const mostAtOnce = (calls: readonly DirectCall[]): number =>
  Math.max(
    0,
    ...calls.map(
      ({ at }) => calls.filter((other) => other.at <= at && (other.endedAt ?? Infinity) > at).length,
    ),
  );

/** Most calls that began in any 60 s. */
export const mostInAMinute = (calls: readonly DirectCall[]): number =>
  Math.max(
    0,
    ...calls.map(({ at }) => calls.filter((other) => other.at >= at && other.at < at + 60_000).length),
  );
