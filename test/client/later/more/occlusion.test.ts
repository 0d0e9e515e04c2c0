import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createExposureWatch, type ExposureWatch } from '../../../../src/client/detect/exposure.js';
import type { ViewabilityRule } from '../../../../src/client/detect/viewability.js';
import { createOcclusion, type Occlusion } from '../../../../src/client/later/more/occlusion.js';
import {
  type Intersections,
  type ScriptedObserver,
  scriptIntersections,
} from '../../../support/intersections.js';
import { type FakePage, fakePage, find, render } from '../../../support/page.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

const RULE: ViewabilityRule = { ratio: 0.5, dwellMs: 1_000, largeAreaPx: 242_500, largeRatio: 0.3 };

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let exposure: ExposureWatch;
let occlusion: Occlusion;
let seen: string[];

beforeEach(() => {
  browser = scriptIntersections();
  page = fakePage();
  runtime = fakeRuntime();
  seen = [];
  vi.spyOn(Element.prototype, 'checkVisibility').mockReturnValue(true);
  exposure = createExposureWatch(page, runtime, RULE, ({ offerId }) => seen.push(offerId));
  occlusion = createOcclusion(exposure);
  exposure.isShown = occlusion.isClear;
  exposure.onEvaluation = occlusion.onEvaluation;
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

/** Brings it into the viewport, for whoever watches geometry. */
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
  test('when nothing has covered it for its time', async () => {
    expose(1);
    await runtime.advance(500);
    tell(true);
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
  });

  test('where the browser cannot tell', async () => {
    expose(1);
    tell(undefined);
    await runtime.advance(1_000);
    expect(seen).toEqual(['a']);
  });
});

describe('an offer does not count', () => {
  test('as long as nobody has told that it is clear', async () => {
    expose(1);
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
  });

  test('while it is covered; once clear, after its whole time', async () => {
    expose(1);
    tell(true);
    await runtime.advance(900);
    tell(false);
    await runtime.advance(5_000);
    tell(true);
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
  });

  test('by what was clear before it left the viewport', async () => {
    expose(1);
    tell(true);
    expose(0);
    expose(1);
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
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
    expect([seen, second().observed.size]).toEqual([['a'], 0]);
  });

  test('watches nothing once it is stopped', () => {
    expose(1);
    occlusion.stop();
    expect(second().observed.size).toBe(0);
  });
});
