import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExposureWatch, isShown, type Watched } from '../../../src/client/detect/exposure.js';
import type { OfferSettings, Placement } from '../../../src/client/detect/placement.js';
import { ruleOf, thresholdsOf } from '../../../src/client/detect/viewability.js';
import { RULE, startExposure } from '../../support/exposure.js';
import { type Intersections, scriptIntersections } from '../../support/intersections.js';
import { type FakePage, fakePage, find, render } from '../../support/page.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

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
  seen = [];
  placements = new Map();
  exposure = startExposure(page, runtime, ({ offerId }) => seen.push(offerId));
  hidden = new Set();
  vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
    return !hidden.has(this);
  });
});

afterEach(() => {
  page.stop();
  exposure.stop();
  vi.unstubAllGlobals();
});

/** The placements that are watched, by element. */
let placements: Map<Element, Placement>;

/** Watches the offer of that name in the element of that name. */
const watch = (offerId = 'p', settings: OfferSettings = {}): Element => {
  const placement = { ...settings, element: find(offerId), offerId };
  placements.set(placement.element, placement);
  exposure.watch(placement);
  return placement.element;
};

/** What is known of it. */
const known = (element: Element): Watched => exposure.itemOf(placements.get(element) as Placement);

const show = (
  element: Element,
  ratio: number,
  more: Partial<Parameters<Intersections['show']>[1]> = {},
): void => browser.show(element, { at: runtime.elapsed(), ratio, ...more });

describe('an offer is seen', () => {
  test('it is seen after one second at half of its pixels, once', async () => {
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

  test('it is seen at a share that the browser reports in single precision', async () => {
    render('<p></p>');
    show(watch(), Math.fround(0.5) - 1e-6);
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('its time begins when it is exposed, not when that is reported', async () => {
    render('<p></p>');
    const offer = watch();
    await runtime.advance(400);
    show(offer, 0.6, { at: 100 });
    await runtime.advance(699);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['p']);
  });

  test('it is seen as soon as it is rendered if no dwell is asked for', () => {
    render('<p></p>');
    show(watch('p', { dwellMs: 0 }), 0.5);
    expect(seen).toEqual(['p']);
  });

  test('it is seen once if several reports of it come together and it needs no dwell', async () => {
    render('<p></p>');
    const offer = watch('p', { dwellMs: 0 });
    browser.queue(offer, { ratio: 0.6, at: 0 });
    browser.queue(offer, { ratio: 0.8, at: 1 });
    exposure.recheck();
    expect(seen).toEqual(['p']);
  });

  test('it is seen at 30 % if it is large', async () => {
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

  test('it is seen against the window in a frame that does not report its viewport', async () => {
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
  test('it is not seen below half of its pixels', async () => {
    render('<p></p>');
    show(watch(), 0.49);
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('it is not seen without any pixel, even if none is asked for', async () => {
    render('<p></p>');
    show(watch('p', { ratio: 0 }), 0);
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('it is not seen without size', async () => {
    render('<p></p>');
    show(watch(), 1, { offer: { width: 0, height: 0 } });
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('it is not seen in pieces of time: leaving starts the time again', async () => {
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

  test('it is not seen when it left before the second was over, though the browser had not reported that yet', async () => {
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

  test('it is not seen while the page is hidden: coming back starts the time again', async () => {
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
  test('it is asked also for visibility and opacity', () => {
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
  const far = () => browser.observers.filter(({ hasMargin }) => hasMargin);
  const near = () => browser.observers.filter(({ hasMargin }) => !hasMargin);

  test('one observer looks for all that comes near, a viewport ahead and lazily', () => {
    render('<p></p><i></i><b></b>');
    watch('p');
    watch('i', { ratio: 0.8 });
    watch('b');
    expect(far().map(({ rootMargin, delay, observed }) => [rootMargin, delay, observed.size])).toEqual([
      ['100% 0%', 100, 3],
    ]);
  });

  test('only what is near is watched exactly, and offers under the same rule share that', () => {
    render('<p></p><i></i><b></b><u></u>');
    for (const name of ['p', 'i', 'u']) watch(name);
    watch('b', { ratio: 0.8 });
    expect(near()).toEqual([]);
    for (const name of ['p', 'i', 'b']) show(find(name), 0);
    show(find('u'), 0, { isFar: true });
    expect(near().map(({ observed }) => [...observed])).toEqual([[find('p'), find('i')], [find('b')]]);
  });

  test('what goes far is watched exactly no more, until it comes near again', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0.8);
    await runtime.advance(900);
    show(offer, 0, { isFar: true });
    expect(near().map(({ observed }) => observed.size)).toEqual([0]);
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
    show(offer, 0.8);
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('an offer that jumped away is gone once any observer reports it', async () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0.8);
    await runtime.advance(500);
    for (const observer of far()) {
      observer.queue(offer, { ratio: 0, at: 500, isFar: true });
      observer.deliver();
    }
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('an exact observer reports at every share that an offer under its rule may need', () => {
    render('<p></p><i></i>');
    watch('p');
    watch('i', { ratio: 0.8 });
    for (const name of ['p', 'i']) show(find(name), 0);
    const [usual, own] = near().map(({ thresholds }) => new Set(thresholds));
    expect(usual).toEqual(new Set(thresholdsOf(RULE)));
    expect([...(own ?? [])]).toEqual(expect.arrayContaining(thresholdsOf(ruleOf(RULE, { ratio: 0.8 }))));
  });

  test('an offer that needs the usual share by itself leaves the others the observer that reports for large ones', () => {
    render('<p></p><i></i>');
    watch('i', { ratio: 0.5 });
    watch('p');
    for (const name of ['i', 'p']) show(find(name), 0);
    expect(near().map(({ thresholds, observed }) => [new Set(thresholds), observed.size])).toEqual([
      [new Set(thresholdsOf(RULE)), 2],
    ]);
  });

  test('a page in a frame observes against the top-level viewport', () => {
    const { top } = window;
    Object.defineProperty(window, 'top', { configurable: true, value: {} });
    try {
      render('<p></p>');
      show(watch(), 1);
      expect(browser.observers.map(({ root }) => root)).toEqual([null, null]);
    } finally {
      Object.defineProperty(window, 'top', { configurable: true, value: top });
    }
  });

  test('an offer’s own dwell needs no observer of its own', () => {
    render('<p></p><i></i>');
    watch('p');
    watch('i', { dwellMs: 5_000 });
    for (const name of ['p', 'i']) show(find(name), 0);
    expect(near()).toHaveLength(1);
  });

  test('a top-level page observes against its document', () => {
    render('<p></p>');
    show(watch(), 1);
    expect(browser.observers.map(({ root }) => root)).toEqual([document, document]);
  });

  test('an element of another document is observed against the top-level viewport', () => {
    const element = document.implementation.createHTMLDocument().createElement('p');
    exposure.watch({ element, offerId: 'p' });
    show(element, 1);
    expect(browser.observers.map(({ root }) => root)).toEqual([null, null]);
    expect(browser.isObserved(element)).toBe(true);
  });

  test('elements of the page and of another document have different observers, also under one rule', () => {
    render('<p></p>');
    const other = document.implementation.createHTMLDocument().createElement('p');
    exposure.watch({ element: other, offerId: 'o' });
    for (const element of [watch(), other]) show(element, 0);
    expect(browser.observers.map(({ root, observed }) => [root, [...observed]])).toEqual([
      [null, [other]],
      [document, [find('p')]],
      [document, [find('p')]],
      [null, [other]],
    ]);
  });

  test('what nobody watches any more is observed by nobody', () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 1);
    exposure.unwatch(offer);
    expect(browser.isObserved(offer)).toBe(false);
  });

  test('stopped, it has no timer, and none begins when the page is hidden', async () => {
    render('<p></p>');
    show(watch(), 1);
    page.stop();
    exposure.stop();
    exposure.stop();
    page.change('hidden');
    await runtime.advance(5_000);
    expect([runtime.timers, seen]).toEqual([0, []]);
  });
});

describe('what is known of an offer that has not counted', () => {
  test('begins with nothing', () => {
    render('<p></p>');
    expect(known(watch('p', { ratio: 0.7 }))).toMatchObject({
      placement: { offerId: 'p' },
      rule: { ratio: 0.7, largeRatio: 0.7, dwellMs: 1_000 },
      ratio: 0,
      dwell: undefined,
    });
  });

  test('begins with nothing also if the page has put values on Object.prototype', () => {
    const polluted = Object.prototype as { dwell?: number };
    polluted.dwell = 1;
    try {
      render('<p></p>');
      expect(known(watch()).dwell).toBeUndefined();
    } finally {
      delete polluted.dwell;
    }
  });

  test('is kept only while the offer is near', () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0, { isFar: true });
    expect(exposure.watched.size).toBe(0);
    show(offer, 0.2);
    expect(exposure.watched.size).toBe(1);
    show(offer, 0, { isFar: true });
    expect(exposure.watched.size).toBe(0);
  });

  test('is the share last seen, the share it needs and since when it dwells', async () => {
    render('<p></p>');
    const offer = watch();
    await runtime.advance(30);
    show(offer, 0.6);
    expect(known(offer)).toMatchObject({ ratio: 0.6, needed: 0.5, dwell: 30 });
    show(offer, 0.2);
    expect(known(offer)).toMatchObject({ ratio: 0.2, needed: 0.5, dwell: undefined });
  });

  test('does not need a number if the offer has no box', () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0, { offer: { width: 0, height: 0 } });
    expect(known(offer).needed).toBeNaN();
    show(offer, 0, { isFar: true, offer: { width: 0, height: 0 } });
    expect(known(offer).needed).toBeNaN();
  });

  test('is exposed by its geometry alone, whether it is shown or the page is visible', () => {
    render('<p></p><i></i>');
    const [offer, other] = [watch('p'), watch('i')];
    hidden.add(offer);
    show(offer, 0.6);
    show(other, 0.4);
    expect([...exposure.exposed].map(({ placement }) => placement.offerId)).toEqual(['p']);
    page.change('hidden');
    expect(exposure.exposed.size).toBe(1);
    show(offer, 0.4);
    expect(exposure.exposed.size).toBe(0);
  });

  test('is forgotten when the offer counts, before that is reported', () => {
    render('<p></p>');
    const offer = watch('p', { dwellMs: 0 });
    const counts: number[] = [];
    exposure.extend({
      isShown,
      onEvaluation: () => counts.push(exposure.watched.size, exposure.exposed.size),
    });
    show(offer, 1);
    expect([seen, counts]).toEqual([['p'], [0, 0]]);
  });
});

describe('who helps to see', () => {
  test('is called for each evaluation, with the dwell before it and its time', async () => {
    render('<p></p>');
    const offer = watch();
    const told: unknown[] = [];
    exposure.extend({
      isShown,
      onEvaluation: (item, before, at) => told.push([item.placement.offerId, before, item.dwell, at]),
    });
    await runtime.advance(10);
    show(offer, 0.9);
    await runtime.advance(200);
    page.change('hidden');
    page.change('visible');
    show(offer, 0.1, { at: 205 });
    expect(told).toEqual([
      ['p', undefined, 10, 10],
      ['p', 10, undefined, 210],
      ['p', undefined, 210, 210],
      ['p', 210, undefined, 205],
    ]);
  });

  test('hears nothing more once it has stopped', () => {
    render('<p></p>');
    const offer = watch();
    const ratios: number[] = [];
    const stop = exposure.extend({ isShown, onEvaluation: ({ ratio }) => ratios.push(ratio) });
    show(offer, 0.9);
    stop();
    show(offer, 0.1);
    expect(ratios).toEqual([0.9]);
  });

  test('has the say until it stops, and then who had it before', async () => {
    render('<p></p>');
    exposure.extend({ isShown: () => true });
    const stop = exposure.extend({ isShown: () => false });
    const offer = watch();
    show(offer, 0.9);
    await runtime.advance(2_000);
    expect(seen).toEqual([]);
    stop();
    exposure.recheck();
    await runtime.advance(1_000);
    expect(seen).toEqual(['p']);
  });

  test('decides whether what is exposed can be seen', async () => {
    render('<p></p><i></i>');
    exposure.extend({ isShown: (element) => element.localName === 'i' });
    show(watch('p'), 1);
    show(watch('i'), 1);
    await runtime.advance(1_000);
    expect(seen).toEqual(['i']);
  });

  test('may bring what it saw of an offer without a box', async () => {
    render('<p></p>');
    const item = known(watch());
    const sample = { boundingClientRect: { width: 300, height: 200 }, rootBounds: null, time: 0 };
    exposure.take(item, { ...sample, intersectionRatio: 0.49 });
    await runtime.advance(2_000);
    exposure.take(item, { ...sample, intersectionRatio: 0.5, time: 2_000 });
    exposure.recheck();
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['p']);
  });
});
