/** What the intake without storage never does, no matter what comes together and in which order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Verdict } from '../../../../src/protocol/batch.js';
import type { Outcome } from '../../../../src/proxy/forward/destination.js';
import type { AdmittedEvent } from '../../../../src/proxy/index.js';
import { admitted } from '../../../support/intake.js';
import { mostAtOnce, mostInAMinute, startTaking, type TakingStage } from '../../../support/taking.js';
import { eventId } from '../../../support/wire.js';

const REQUEST_MS = 8_000;
const PER_MINUTE = 6;
const CONCURRENT = 3;

/** Few offers, so that their events meet: each has two views and a dismissal. */
const event = (number: number): AdmittedEvent =>
  admitted(number, { offerId: `offer${number % 4}`, type: number > 8 ? 'dismissed' : 'viewed' });

const anOutcome = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Outcome>({ kind: 'done' }) },
  fc.constant<Outcome>({ kind: 'refused', code: 'resource_not_found' }),
  fc.constant<Outcome>({ kind: 'ambiguous' }),
  fc.constant<Outcome>({ kind: 'unavailable' }),
  fc.constantFrom(1_000, 5_000, 20_000).map((retryAfterMs): Outcome => ({ kind: 'throttled', retryAfterMs })),
);
const aCall = fc.record({ outcome: anOutcome, tookMs: fc.constantFrom(0, 0, 3, 400, 2_500, 7_900, 9_500) });
const aStep = fc.oneof(
  fc.record({
    kind: fc.constant('take' as const),
    numbers: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant('pass' as const),
    ms: fc.constantFrom(1, 300, 1_000, 4_000, 7_999, 21_000, 60_001),
  }),
);

interface Taken {
  readonly numbers: readonly number[];
  readonly at: number;
  answeredAt?: number;
  verdicts: ReadonlyMap<string, Verdict>;
}

interface Call {
  readonly number: number;
  readonly at: number;
  endedAt?: number;
  readonly outcome: Outcome;
}

const play = async (
  steps: readonly (typeof aStep extends fc.Arbitrary<infer Step> ? Step : never)[],
  answers: readonly { readonly outcome: Outcome; readonly tookMs: number }[],
): Promise<{ stage: TakingStage; taken: Taken[]; calls: Call[] }> => {
  const stage = startTaking({ perMinute: PER_MINUTE, concurrent: CONCURRENT });
  const { runtime, taking } = stage;
  const calls: Call[] = [];
  const taken: Taken[] = [];
  stage.answer = async (number) => {
    const { outcome, tookMs } = answers[calls.length % answers.length] ?? {
      outcome: { kind: 'done' },
      tookMs: 0,
    };
    const call: Call = { number, at: runtime.elapsed(), outcome };
    calls.push(call);
    if (tookMs) await stage.after(tookMs);
    call.endedAt = runtime.elapsed();
    return outcome;
  };
  for (const step of steps) {
    if (step.kind === 'pass') {
      await runtime.advance(step.ms);
      continue;
    }
    const one: Taken = { numbers: step.numbers, at: runtime.elapsed(), verdicts: new Map() };
    taken.push(one);
    void taking.take(step.numbers.map(event)).then((verdicts) => {
      one.verdicts = verdicts;
      one.answeredAt = runtime.elapsed();
    });
  }
  await runtime.advance(20_000);
  return { stage, taken, calls };
};

const isSettled = ({ outcome }: Call): boolean => outcome.kind === 'done' || outcome.kind === 'refused';

test('the intake direct answers in time for every event, calls each once at a time, and keeps to pace and pauses', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(aStep, { minLength: 3, maxLength: 22 }),
      fc.array(aCall, { minLength: 1, maxLength: 9 }),
      async (steps, answers) => {
        const { stage, taken, calls } = await play(steps, answers);

        for (const { numbers, at, answeredAt = Infinity, verdicts } of taken) {
          expect(answeredAt - at).toBeLessThanOrEqual(REQUEST_MS);
          expect([...verdicts.keys()]).toEqual(numbers.map((number) => eventId(number)));
          const kindOf = (number: number): string | undefined => verdicts.get(eventId(number))?.kind;
          // A dismissal that comes with a view is accepted only if a view of its offer has been forwarded by then.
          for (const number of numbers.filter((each) => each > 8)) {
            const isView = (each: number): boolean => each <= 8 && each % 4 === number % 4;
            const viewCalls = calls.filter(
              (call) =>
                isView(call.number) &&
                call.outcome.kind === 'done' &&
                (call.endedAt ?? Infinity) <= answeredAt,
            );
            if (kindOf(number) === 'accepted' && numbers.some(isView)) expect(viewCalls).not.toEqual([]);
          }
        }

        for (const [index, call] of calls.entries()) {
          const { number, at } = call;
          // A call begins only while a request that has the event can still be answered.
          expect(
            taken.filter((one) => one.numbers.includes(number) && at >= one.at && at < one.at + REQUEST_MS),
          ).not.toEqual([]);
          const earlier = calls.slice(0, index);
          expect(earlier.filter((one) => one.number === number && (one.endedAt ?? Infinity) > at)).toEqual(
            [],
          );
          expect(earlier.filter((one) => one.number === number && isSettled(one))).toEqual([]);
          const pauses = earlier.filter(
            ({ endedAt = Infinity, outcome }) =>
              outcome.kind === 'throttled' && endedAt < at && at < endedAt + outcome.retryAfterMs,
          );
          expect(pauses).toEqual([]);
        }
        expect(mostAtOnce(stage.calls)).toBeLessThanOrEqual(CONCURRENT);
        expect(mostInAMinute(stage.calls)).toBeLessThanOrEqual(PER_MINUTE);

        const accepted = taken.flatMap(({ verdicts }) =>
          [...verdicts].filter(([, { kind }]) => kind === 'accepted').map(([id]) => id),
        );
        expect(new Set(accepted).size).toBe(accepted.length);
        const done = calls
          .filter(({ outcome }) => outcome.kind === 'done')
          .map(({ number }) => eventId(number));
        expect(accepted.filter((id) => !done.includes(id))).toEqual([]);
        expect(stage.runtime.timers).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
});
