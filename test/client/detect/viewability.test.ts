import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deadlineOf,
  neededRatio,
  ruleOf,
  type Size,
  step,
  thresholdsOf,
  type ViewabilityRule,
} from '../../../src/client/detect/viewability.js';

const RULE: ViewabilityRule = { ratio: 0.5, dwellMs: 1_000, largeAreaPx: 242_500, largeRatio: 0.3 };
const DESKTOP: Size = { width: 1_280, height: 720 };
const PHONE: Size = { width: 390, height: 844 };
const size = (width: number, height: number): Size => ({ width, height });

/** The share that an offer needs, before it is rounded down to what an observer can report. */
const exactNeed = (offer: Size, viewport: Size, rule: ViewabilityRule): number => {
  const area = offer.width * offer.height;
  const ratio = area >= rule.largeAreaPx ? Math.min(rule.largeRatio, rule.ratio) : rule.ratio;
  const most = Math.min(offer.width, viewport.width) * Math.min(offer.height, viewport.height);
  return ratio * (most / area);
};

describe('the visible share that makes an offer count', () => {
  test.each([
    ['half of a banner', size(300, 250), DESKTOP, RULE, 0.5],
    ['half of what fills the viewport exactly, if that is small', size(390, 600), PHONE, RULE, 0.5],
    ['half right below 242,500 px²', size(970, 249.9), DESKTOP, RULE, 0.5],
    ['30 % from 242,500 px²', size(970, 250), DESKTOP, RULE, 0.3],
    ['30 % of a billboard', size(970, 300), DESKTOP, RULE, 0.3],
    ['what a rule asks for that is below 30 %', size(970, 300), DESKTOP, { ...RULE, ratio: 0.2 }, 0.2],
    ['everything, if so configured', size(300, 250), DESKTOP, { ...RULE, ratio: 1 }, 1],
    ['any pixel, if so configured', size(300, 250), DESKTOP, { ...RULE, ratio: 0 }, 0],
  ])('%s', (_, offer, viewport, rule, expected) => {
    expect(neededRatio(offer, viewport, rule)).toBeCloseTo(expected, 12);
  });

  test.each([
    ['twice as tall as the viewport', size(300, 1_440), 0.3 * 0.5],
    ['too large in both dimensions', size(2_560, 2_160), 0.3 / 6],
  ])('an offer %s needs that share of the most that can show', (_, offer, exact) => {
    const needed = neededRatio(offer, DESKTOP, RULE);
    expect(needed).toBeLessThanOrEqual(exact);
    expect(needed).toBeGreaterThan(exact * 0.9);
  });

  test.each([
    [0, 0],
    [300, 0],
    [0, 250],
  ])('an offer of %i × %i has no area, needs no number and never counts', (width, height) => {
    const needed = neededRatio(size(width, height), DESKTOP, RULE);
    expect(needed).toBeNaN();
    expect(1 >= needed).toBe(false);
  });

  test('an offer in a viewport without area can show nothing, so its need is below every share', () => {
    expect(neededRatio(size(300, 250), size(0, 720), RULE)).toBe(0);
  });

  test.each([
    ['one that fits exactly', size(400, 300), 0.5],
    ['one that fits with room', size(399, 299), 0.5],
    ['one threshold less for one that is a pixel too wide', size(401, 300), 0.45],
  ])('is of its own for %s', (_, offer, expected) => {
    expect(neededRatio(offer, size(400, 300), RULE)).toBeCloseTo(expected, 12);
  });

  test('an offer five hundred viewports large still needs a share that is observed', () => {
    const needed = neededRatio(size(1_280, 720 * 500), DESKTOP, RULE);
    expect(thresholdsOf(RULE)).toContain(needed);
    expect(needed).toBeGreaterThan(0);
  });

  const length = fc.double({ min: 1, max: 4_000, noNaN: true });
  const rule = fc.record({
    ratio: fc.double({ min: 0.05, max: 1, noNaN: true }),
    dwellMs: fc.nat(5_000),
    largeAreaPx: fc.integer({ min: 1, max: 1_000_000 }),
    largeRatio: fc.double({ min: 0.05, max: 1, noNaN: true }),
  });
  const scene = fc
    .record({
      offer: fc.record({ width: length, height: length }),
      viewport: fc.record({ width: length, height: length }),
      rule,
    })
    // Nothing larger than five hundred viewports is an offer.
    .filter(({ offer, viewport }) => {
      const most = Math.min(offer.width, viewport.width) * Math.min(offer.height, viewport.height);
      return most / (offer.width * offer.height) > 1 / 500;
    });

  test('is always one at which an observer reports', () => {
    fc.assert(
      fc.property(scene, ({ offer, viewport, rule }) => {
        expect(thresholdsOf(rule)).toContain(neededRatio(offer, viewport, rule));
      }),
    );
  });

  test('is never above the exact need, and never more than a tenth below it', () => {
    fc.assert(
      fc.property(scene, ({ offer, viewport, rule }) => {
        const exact = exactNeed(offer, viewport, rule);
        const needed = neededRatio(offer, viewport, rule);
        expect(needed).toBeLessThanOrEqual(exact * (1 + 1e-9));
        expect(needed).toBeGreaterThan(exact * 0.9 * (1 - 1e-9));
      }),
    );
  });

  test('can be reached by every offer', () => {
    fc.assert(
      fc.property(scene, ({ offer, viewport, rule }) => {
        const most = Math.min(offer.width, viewport.width) * Math.min(offer.height, viewport.height);
        const reachable = most / (offer.width * offer.height);
        expect(neededRatio(offer, viewport, rule)).toBeLessThanOrEqual(reachable * (1 + 1e-9));
      }),
    );
  });
});

describe('what an offer has of its own', () => {
  test('stands in for the rule, the share also where the offer is large', () => {
    expect(ruleOf(RULE, { ratio: 0.75, dwellMs: 2_500 })).toEqual({
      ratio: 0.75,
      largeRatio: 0.75,
      dwellMs: 2_500,
      largeAreaPx: 242_500,
    });
  });

  test.each([0.1, 1])('may ask a large offer for %d of itself', (ratio) => {
    expect(neededRatio(size(970, 300), DESKTOP, ruleOf(RULE, { ratio }))).toBeCloseTo(ratio, 12);
  });

  test('may be nothing at all', () => {
    expect(ruleOf(RULE, { ratio: 0, dwellMs: 0 })).toEqual({ ...RULE, ratio: 0, largeRatio: 0, dwellMs: 0 });
  });

  test('leaves the rule as it is where it is left out', () => {
    expect(ruleOf(RULE, {})).toEqual(RULE);
    expect(ruleOf(RULE, { ratio: undefined, dwellMs: undefined })).toEqual(RULE);
  });

  test.each([
    ...[Number.NaN, -0.01, 1.01, Infinity, -Infinity].map((ratio) => ({ ratio })),
    ...[Number.NaN, -1, -Infinity].map((dwellMs) => ({ dwellMs })),
  ])('is not a share and not a time of %o', (own) => {
    expect(ruleOf(RULE, own)).toEqual(RULE);
  });
});

describe('the thresholds of an observer', () => {
  test('are shares that a browser takes', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (ratio) => {
        for (const threshold of thresholdsOf({ ...RULE, ratio })) {
          expect(threshold).toBeGreaterThanOrEqual(0);
          expect(threshold).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('hold the share of small offers and of large ones', () => {
    expect(thresholdsOf(RULE)).toEqual(expect.arrayContaining([0.5, 0.3]));
  });

  test('go down from each by a tenth, sixty times', () => {
    const thresholds = thresholdsOf(RULE);
    expect(thresholds).toHaveLength(120);
    for (const top of [0.5, 0.3]) {
      for (const power of [1, 2, 59]) expect(thresholds).toContain(top * 0.9 ** power);
    }
  });

  test('are all nothing where any pixel is enough', () => {
    expect(new Set(thresholdsOf({ ...RULE, ratio: 0, largeRatio: 0 }))).toEqual(new Set([0]));
  });
});

describe('the dwell', () => {
  test.each([
    ['begins when the offer qualifies', undefined, true, 70, 70],
    ['goes on from its beginning', 70, true, 900, 70],
    ['ends when the offer leaves', 70, false, 900, undefined],
    ['does not begin without the offer', undefined, false, 900, undefined],
    ['may begin at zero', undefined, true, 0, 0],
    ['that began at zero goes on', 0, true, 300, 0],
  ])('%s', (_, dwell, qualifies, at, expected) => {
    expect(step(dwell, qualifies, at)).toBe(expected);
  });

  test('is over after its time, and never if there is none', () => {
    expect(deadlineOf(70, RULE)).toBe(1_070);
    expect(deadlineOf(0, { ...RULE, dwellMs: 0 })).toBe(0);
    expect(deadlineOf(undefined, RULE)).toBe(Infinity);
  });
});
