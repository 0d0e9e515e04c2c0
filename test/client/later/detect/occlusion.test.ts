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
let seen: string[];
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
  exposure = startExposure(page, runtime, ({ offerId }) => seen.push(offerId));
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
  test('when nothing has covered it for its time, without a test where the browser says so', async () => {
    expose(1);
    tell(true);
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
    expect(tests).toBe(0);
  });

  test('where the browser says no because of an effect, but enough of it shows', async () => {
    share = 0.5;
    expose(1);
    tell(false);
    await runtime.advance(1_000);
    expect(seen).toEqual(['a']);
  });

  test('where the browser cannot tell, after two tests: soon after its time began, and when it ends', async () => {
    expose(1);
    tell(undefined);
    await runtime.advance(99);
    expect(tests).toBe(0);
    await runtime.advance(900);
    expect(tests).toBe(1);
    exposure.recheck();
    expect(tests).toBe(1);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
    expect(tests).toBe(2);
  });
});

describe('an offer does not count', () => {
  test.each([undefined, false])('while too little of it shows, where the browser says %s', async (says) => {
    share = 0.4;
    expose(1);
    tell(says);
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
  });

  test('if it is covered when its time ends; once clear, after its whole time', async () => {
    expose(1);
    await runtime.advance(900);
    share = 0;
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
    share = 1;
    exposure.recheck();
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
  });

  test('it does not count if the browser reports a cover during its time', async () => {
    expose(1);
    tell(true);
    await runtime.advance(500);
    share = 0;
    tell(false);
    await runtime.advance(100);
    share = 1;
    tell(true);
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
  });

  test('if it was covered when its time began again; once clear, after its whole time', async () => {
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
    expect(seen).toEqual(['a']);
  });

  test('it does not count because it was clear before it left the viewport', async () => {
    expose(1);
    tell(true);
    expose(0);
    share = 0;
    expose(1);
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
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
    expect(seen).toEqual(['a']);
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
