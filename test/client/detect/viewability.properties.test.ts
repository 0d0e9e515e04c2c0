import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Dwell,
  deadlineOf,
  neededRatio,
  type Size,
  step,
  type ViewabilityRule,
} from '../../../src/client/detect/viewability.js';

/** One thing that happens to an offer, so many milliseconds after the one before. */
type Happening = { readonly afterMs: number } & (
  | { readonly kind: 'sample'; readonly ratio: number }
  | { readonly kind: 'hidden' | 'visible' | 'look' }
);

const OFFER: Size = { width: 300, height: 250 };
const VIEWPORT: Size = { width: 1_280, height: 720 };

const after = fc.oneof(fc.constantFrom(0, 1, 999, 1_000, 1_001), fc.nat(3_000));
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    afterMs: after,
    kind: fc.constant('sample' as const),
    ratio: fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  }),
  fc.record({
    afterMs: after,
    kind: fc.constantFrom('hidden' as const, 'visible' as const, 'look' as const),
  }),
);
const story = fc.array(happening, { maxLength: 40, size: 'max' });
const rule: fc.Arbitrary<ViewabilityRule> = fc.record({
  ratio: fc.double({ min: 0.01, max: 1, noNaN: true }),
  dwellMs: fc.constantFrom(0, 1, 500, 1_000, 2_500),
  largeAreaPx: fc.constant(242_500),
  largeRatio: fc.constant(0.3),
});

/** A stretch of time in which nothing changed, described from outside: its beginning, its end and its state. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly qualifies: boolean;
}

/** Cuts a story into stretches. */
const stretchesOf = (happenings: readonly Happening[], { ratio }: ViewabilityRule): Stretch[] => {
  const stretches: Stretch[] = [];
  let at = 0;
  let share = 0;
  let isVisible = true;
  for (const happening of happenings) {
    const to = at + happening.afterMs;
    stretches.push({ from: at, to, qualifies: isVisible && share >= ratio });
    at = to;
    if (happening.kind === 'sample') share = happening.ratio;
    else if (happening.kind !== 'look') isVisible = happening.kind === 'visible';
  }
  // The moment of the last one itself.
  stretches.push({ from: at, to: at, qualifies: isVisible && share >= ratio });
  return stretches;
};

/** The naive reference: whether any run of neighbouring qualifying stretches is long enough, and when that was. */
const firstSeenAt = (stretches: readonly Stretch[], dwellMs: number): number | undefined => {
  let runFrom: number | undefined;
  for (const { from, to, qualifies } of stretches) {
    runFrom = qualifies ? (runFrom ?? from) : undefined;
    if (runFrom !== undefined && to - runFrom >= dwellMs) return Math.max(runFrom + dwellMs, from);
  }
  return undefined;
};

/** What the pure rule says, looked at when something happens and at each deadline, as the timer does. */
const seenAt = (happenings: readonly Happening[], rule: ViewabilityRule): number | undefined => {
  const needed = neededRatio(OFFER, VIEWPORT, rule);
  let dwell: Dwell;
  let at = 0;
  let share = 0;
  let isVisible = true;
  for (const happening of happenings) {
    const next = at + happening.afterMs;
    const deadline = deadlineOf(dwell, rule);
    if (deadline <= next) return Math.max(deadline, at);
    at = next;
    if (happening.kind === 'sample') share = happening.ratio;
    else if (happening.kind !== 'look') isVisible = happening.kind === 'visible';
    dwell = step(dwell, isVisible && share >= needed, at);
  }
  const deadline = deadlineOf(dwell, rule);
  return deadline <= at ? deadline : undefined;
};

describe('with any history of an offer', () => {
  test('it is seen exactly when a naive reading of the rule says so', () => {
    fc.assert(
      fc.property(story, rule, (happenings, rule) => {
        expect(seenAt(happenings, rule)).toBe(firstSeenAt(stretchesOf(happenings, rule), rule.dwellMs));
      }),
      { numRuns: 3_000 },
    );
  });
});
