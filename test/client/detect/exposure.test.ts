import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createExposureWatch, type ExposureWatch } from '../../../src/client/detect/exposure.js';
import type { ViewabilityRule } from '../../../src/client/detect/viewability.js';
import { type Intersections, scriptIntersections } from '../../support/intersections.js';
import { type FakePage, fakePage, find, render } from '../../support/page.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

const RULE: ViewabilityRule = { ratio: 0.5, dwellMs: 1_000, largeAreaPx: 242_500, largeRatio: 0.3 };

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let exposure: ExposureWatch;
let seen: string[];
let hidden: Set<Element>;

beforeEach(() => {
  browser = scriptIntersections();
  page = fakePage();
  runtime = fakeRuntime();
  exposure = createExposureWatch(page, runtime);
  seen = [];
  hidden = new Set();
  vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
    return !hidden.has(this);
  });
});

afterEach(() => {
  exposure.stop();
  vi.unstubAllGlobals();
});

const watch = (selector = 'p', rule: Partial<ViewabilityRule> = {}): Element => {
  const element = find(selector);
  exposure.watch(element, { ...RULE, ...rule }, () => seen.push(selector));
  return element;
};

const show = (
  element: Element,
  ratio: number,
  more: Partial<Parameters<Intersections['show']>[1]> = {},
): void => browser.show(element, { at: runtime.elapsed(), ratio, ...more });

describe('an offer is seen', () => {
  test('after one second at half of its pixels, once', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0.5);
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['p']);
    expect(browser.isObserved(offer)).toBe(false);
    show(offer, 0.9);
    await runtime.advance(60_000);
    expect(seen).toEqual(['p']);
  });

  test('at a share that the browser reports in single precision', async () => {
    render('<p></p>');
    show(watch(), Math.fround(0.5) - 1e-6);
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('from when it was exposed, not from when that was told', async () => {
    render('<p></p>');
    const offer = watch();
    await runtime.advance(400);
    show(offer, 0.6, { at: 100 });
    await runtime.advance(699);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['p']);
  });

  test('as soon as it is rendered, where no dwell is asked for', () => {
    render('<p></p>');
    show(watch('p', { dwellMs: 0 }), 0.5);
    expect(seen).toEqual(['p']);
  });

  test('at 30 % where it is large', async () => {
    render('<p></p><i></i>');
    show(watch('p'), 0.3, { offer: { width: 970, height: 250 } });
    show(watch('i'), 0.3, { offer: { width: 300, height: 250 } });
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('where it is taller than the viewport, at that share of what can show', async () => {
    render('<p></p><i></i>');
    const tall = { width: 400, height: 7_200 };
    show(watch('p'), 0.3 * 0.1, { offer: tall });
    show(watch('i'), 0.3 * 0.1 * 0.85, { offer: tall });
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('in a frame that does not tell its viewport, against the window', async () => {
    render('<p></p>');
    show(watch(), 0.5, { viewport: null });
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('each by its own rule, all by one timer', async () => {
    render('<p></p><i></i><b></b>');
    show(watch('p', { dwellMs: 3_000 }), 1);
    show(watch('i', { dwellMs: 500 }), 1);
    show(watch('b', { ratio: 0.8 }), 0.7);
    expect(runtime.timers).toBe(1);
    await runtime.advance(500);
    expect(seen).toEqual(['i']);
    await runtime.advance(2_500);
    expect(seen).toEqual(['i', 'p']);
  });
});

describe('an offer is not seen', () => {
  test('below half of its pixels', async () => {
    render('<p></p>');
    show(watch(), 0.49);
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('without any pixel, even where none is asked for', async () => {
    render('<p></p>');
    show(watch('p', { ratio: 0 }), 0);
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('without size', async () => {
    render('<p></p>');
    show(watch(), 1, { offer: { width: 0, height: 0 } });
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('in pieces of time: leaving begins anew', async () => {
    render('<p></p>');
    const offer = watch();
    for (let turn = 0; turn < 3; turn++) {
      show(offer, 0.8);
      await runtime.advance(999);
      show(offer, 0.2);
      await runtime.advance(50);
    }
    expect(seen).toEqual([]);
    show(offer, 0.8);
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('when it left before the second was over, though the browser had not told yet', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0.8);
    await runtime.advance(900);
    browser.queue(offer, { ratio: 0, at: 900 });
    await runtime.advance(100);
    expect(seen).toEqual([]);
  });

  test('when it left and came back between two callbacks', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0.8);
    await runtime.advance(700);
    browser.queue(offer, { ratio: 0.1, at: 300 });
    browser.queue(offer, { ratio: 0.8, at: 400 });
    await runtime.advance(699);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['p']);
  });

  test('while the page is hidden: coming back begins anew', async () => {
    render('<p></p>');
    show(watch(), 1);
    await runtime.advance(800);
    page.change('hidden');
    await runtime.advance(5_000);
    page.change('visible');
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['p']);
  });

  test('when it was exposed only while the page was hidden', async () => {
    render('<p></p>');
    const offer = watch();
    page.change('hidden');
    show(offer, 1);
    await runtime.advance(5_000);
    show(offer, 0);
    page.change('visible');
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('while styles hide it; once shown, after a whole second', async () => {
    render('<p></p>');
    const offer = watch();
    hidden.add(offer);
    show(offer, 1);
    await runtime.advance(5_000);
    hidden.clear();
    exposure.recheck();
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['p']);
  });

  test('when styles hide it at the end of the second', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 1);
    await runtime.advance(500);
    hidden.add(offer);
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('after its watch ended', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 1);
    exposure.unwatch(offer);
    exposure.unwatch(offer);
    await runtime.advance(5_000);
    expect([seen, browser.isObserved(offer)]).toEqual([[], false]);
  });
});

describe('the visibility of an element is asked of the browser', () => {
  test('also for visibility and opacity', () => {
    const check = vi.mocked(Element.prototype.checkVisibility);
    render('<p></p>');
    show(watch(), 1);
    expect(check).toHaveBeenCalledWith({ visibilityProperty: true, opacityProperty: true });
  });

  test('and a browser that cannot tell is believed', async () => {
    Object.defineProperty(render('<p></p>'), 'checkVisibility', { value: undefined });
    show(watch(), 1);
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });
});

describe('the browser is spared', () => {
  test('offers under the same rule share one observer', () => {
    render('<p></p><i></i><b></b>');
    for (const selector of ['p', 'i']) watch(selector);
    watch('b', { ratio: 0.8 });
    expect(browser.observers.map(({ observed }) => [...observed])).toEqual([
      [find('p'), find('i')],
      [find('b')],
    ]);
  });

  test('a top-level page observes against its document', () => {
    render('<p></p>');
    watch();
    expect(browser.observers.map(({ root }) => root)).toEqual([document]);
  });

  test('stopped, it observes nothing, listens to nothing and has no timer', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 1);
    exposure.stop();
    exposure.stop();
    await runtime.advance(5_000);
    expect([browser.isObserved(offer), page.listeners, runtime.timers, seen]).toEqual([false, 0, 0, []]);
  });
});
