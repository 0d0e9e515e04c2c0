import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ExposureWatch } from '../../../../src/client/detect/exposure.js';
import { createOcclusion, type Occlusion } from '../../../../src/client/later/detect/occlusion.js';
import { startExposure } from '../../../support/exposure.js';
import {
  type Intersections,
  type ScriptedObserver,
  scriptIntersections,
} from '../../../support/intersections.js';
import { type FakePage, fakePage, find, render } from '../../../support/page.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let exposure: ExposureWatch;
let occlusion: Occlusion;
/** Which offers counted, and when, in milliseconds since the start. */
let seen: [offerId: string, at: number][];
/** The share that hit testing finds clear, and how often it was asked for. */
let share: number;
let tests: number;

beforeEach(() => {
  browser = scriptIntersections();
  page = fakePage();
  runtime = fakeRuntime();
  seen = [];
  share = 1;
  tests = 0;
  vi.spyOn(Element.prototype, 'checkVisibility').mockReturnValue(true);
  exposure = startExposure(page, runtime, ({ offerId }) => seen.push([offerId, runtime.elapsed()]));
  occlusion = createOcclusion(exposure, runtime, () => {
    tests++;
    return share;
  });
  exposure.extend({ isShown: occlusion.isClear, onEvaluation: occlusion.onEvaluation });
  render('<p></p>');
  exposure.watch({ element: find('p'), offerId: 'a' });
});

afterEach(() => {
  page.stop();
  exposure.stop();
  occlusion.stop();
  vi.unstubAllGlobals();
});

/** The observer that knows what covers what. */
const second = (): ScriptedObserver => {
  const found = browser.observers.find(({ trackVisibility }) => trackVisibility);
  if (!found) throw new Error('Nobody tracks visibility');
  return found;
};

/** Brings it into the viewport, for observers of geometry. */
const expose = (ratio: number): void => {
  for (const hasMargin of [true, false]) {
    for (const observer of browser.observers) {
      const isAsked = observer.hasMargin === hasMargin && !observer.trackVisibility;
      if (!isAsked || !observer.observed.has(find('p'))) continue;
      observer.queue(find('p'), { ratio, at: runtime.elapsed() });
      observer.deliver();
    }
  }
};

const tell = (isVisible: boolean | undefined): void => {
  second().queue(find('p'), { ratio: 1, at: runtime.elapsed(), isVisible });
  second().deliver();
};

describe('an offer counts', () => {
  type Act = () => unknown;
  const exposed =
    (ratio: number): Act =>
    () =>
      expose(ratio);
  /** What the browser says of it, and the share that a test would find clear from then on. */
  const told =
    (isVisible: boolean | undefined, clear = 1): Act =>
    () => {
      share = clear;
      tell(isVisible);
    };
  const clear =
    (next: number, isChecked = true): Act =>
    () => {
      share = next;
      if (isChecked) exposure.recheck();
    };

  /** What happens when, when it counts, and how many tests that took, if that is known. */
  const CASES: Record<string, [acts: Record<number, Act>, countsAt: number | 'never', tests?: number]> = {
    'without a test where the browser says that nothing covers it': [
      { 0: exposed(1), 1: told(true) },
      1_000,
      0,
    ],
    'where the browser says no because of an effect, but enough of it shows': [
      { 0: exposed(1), 1: told(false, 0.5) },
      1_000,
    ],
    'where the browser cannot tell, after two tests': [
      { 0: exposed(1), 1: told(undefined), 999: clear(1) },
      1_000,
      2,
    ],
    'not while too little of it shows, where the browser cannot tell': [
      { 0: exposed(1), 1: told(undefined, 0.4) },
      'never',
    ],
    'not while too little of it shows, where the browser says no': [
      { 0: exposed(1), 1: told(false, 0.4) },
      'never',
    ],
    'not if it is covered when its time ends; once clear, after its whole time': [
      { 0: exposed(1), 900: clear(0, false), 5900: clear(1) },
      6_900,
    ],
    'after its whole time again if the browser reports a cover during it': [
      { 0: exposed(1), 1: told(true), 500: told(false, 0), 600: told(true, 1) },
      1_600,
    ],
    'not because it was clear before it left the viewport': [
      { 0: exposed(1), 1: told(true), 2: exposed(0), 3: clear(0, false), 4: exposed(1) },
      'never',
    ],
  };

  test.each(Object.entries(CASES))('%s', async (_, [acts, countsAt, count]) => {
    for (const [at, act] of Object.entries(acts)) {
      await runtime.advance(Number(at) - runtime.elapsed());
      act();
    }
    await runtime.advance(60_000);
    expect(seen).toEqual(countsAt === 'never' ? [] : [['a', countsAt]]);
    if (count !== undefined) expect(tests).toBe(count);
  });

  test('soon after it is clear, if it was covered when its time began again', async () => {
    share = 0;
    expose(1);
    tell(undefined);
    await runtime.advance(500);
    exposure.recheck();
    await runtime.advance(950);
    share = 1;
    exposure.recheck();
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(200);
    expect(seen).toHaveLength(1);
  });
});

describe('tests are costly', () => {
  test('so an offer that a user scrolls past is not tested', async () => {
    expose(1);
    tell(undefined);
    await runtime.advance(99);
    expose(0);
    await runtime.advance(5_000);
    expect(tests).toBe(0);
  });

  test('so on a busy page there are ever fewer of what stays covered, and the last change is not missed', async () => {
    share = 0;
    expose(1);
    for (let at = 0; at < 500; at++) {
      exposure.recheck();
      await runtime.advance(10);
    }
    expect(tests).toBeLessThanOrEqual(9);
    share = 1;
    exposure.recheck();
    await runtime.advance(2_100);
    expect(seen).toHaveLength(1);
  });
});

describe('the costly observer', () => {
  test('asks for visibility no more often than browsers allow', () => {
    expect([second().trackVisibility, second().delay]).toEqual([true, 100]);
  });

  test('watches what is exposed alone, and no more once it counted', async () => {
    expose(0.2);
    expect(second().observed.size).toBe(0);
    expose(0.9);
    expect(second().observed.size).toBe(1);
    expose(0.2);
    expect(second().observed.size).toBe(0);
    expose(0.9);
    tell(true);
    await runtime.advance(1_000);
    expect([seen, second().observed.size]).toEqual([[['a', 1_000]], 0]);
  });

  test('watches nothing once it is stopped', () => {
    expose(1);
    occlusion.stop();
    expect(second().observed.size).toBe(0);
  });
});
