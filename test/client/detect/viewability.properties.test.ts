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

  test('it is never seen before it qualified for the whole of its time', () => {
    fc.assert(
      fc.property(story, rule, (happenings, rule) => {
        const at = seenAt(happenings, rule) ?? Infinity;
        const qualifiedMs = stretchesOf(happenings, rule)
          .filter(({ qualifies }) => qualifies)
          .reduce((total, { from, to }) => total + Math.max(0, Math.min(to, at) - from), 0);
        expect(at === Infinity || qualifiedMs >= rule.dwellMs).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('it is not seen in pieces that are each too short, however many they are', () => {
    const pieces = fc.array(
      fc.record({ shownMs: fc.integer({ min: 0, max: 999 }), goneMs: fc.nat(2_000), isByPage: fc.boolean() }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(pieces, (pieces) => {
        const happenings = pieces.flatMap(({ shownMs, goneMs, isByPage }): Happening[] => [
          { afterMs: 0, kind: 'sample', ratio: 0 },
          { afterMs: 0, kind: 'visible' },
          { afterMs: goneMs, kind: 'sample', ratio: 1 },
          isByPage ? { afterMs: shownMs, kind: 'hidden' } : { afterMs: shownMs, kind: 'sample', ratio: 0.49 },
        ]);
        const strict = { ratio: 0.5, dwellMs: 1_000, largeAreaPx: 242_500, largeRatio: 0.3 };
        expect(seenAt(happenings, strict)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test('time in a hidden page never counts: cutting it out changes nothing but the hour', () => {
    fc.assert(
      fc.property(story, rule, (happenings, rule) => {
        let isVisible = true;
        const cut = happenings.map((each): Happening => {
          const isSpentHidden = !isVisible;
          if (each.kind === 'hidden' || each.kind === 'visible') isVisible = each.kind === 'visible';
          return isSpentHidden ? { ...each, afterMs: 0 } : each;
        });
        expect(seenAt(cut, rule) === undefined).toBe(seenAt(happenings, rule) === undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  test('looking once more, whenever, changes nothing', () => {
    fc.assert(
      fc.property(story, rule, fc.nat(40), (happenings, rule, index) => {
        const looked = happenings.flatMap((each, at): Happening[] =>
          at === index
            ? [
                { afterMs: each.afterMs, kind: 'look' },
                { ...each, afterMs: 0 },
              ]
            : [each],
        );
        expect(seenAt(looked, rule)).toBe(seenAt(happenings, rule));
      }),
      { numRuns: 200 },
    );
  });
});
