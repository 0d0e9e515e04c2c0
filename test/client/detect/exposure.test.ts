import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExposureWatch, isShown, type Watched } from '../../../src/client/detect/exposure.js';
import type { OfferSettings, Placement } from '../../../src/client/detect/placement.js';
import { ruleOf, type Size, thresholdsOf } from '../../../src/client/detect/viewability.js';
import { RULE, startExposure } from '../../support/exposure.js';
import { type Intersections, scriptIntersections } from '../../support/intersections.js';
import { type FakePage, fakePage, find, render } from '../../support/page.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let exposure: ExposureWatch;
/** Which offers counted, and when, in milliseconds since the start. */
let seen: [offerId: string, at: number][];
let hidden: Set<Element>;

beforeEach(() => {
  browser = scriptIntersections();
  page = fakePage();
  runtime = fakeRuntime();
  seen = [];
  placements = new Map();
  exposure = startExposure(page, runtime, ({ offerId }) => seen.push([offerId, runtime.elapsed()]));
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

/** Looks at the page often enough for everything to come that can. */
const outlast = (): Promise<void> => runtime.advance(60_000);

describe('an offer', () => {
  type Act = (offer: Element) => unknown;
  const shown =
    (ratio: number, more?: Parameters<typeof show>[2]): Act =>
    (offer) =>
      show(offer, ratio, more);
  /** Reports that are computed, but not delivered. */
  const queued =
    (...reports: [ratio: number, at: number][]): Act =>
    (offer) => {
      for (const [ratio, at] of reports) browser.queue(offer, { ratio, at });
    };
  const becomes =
    (change: 'hidden' | 'visible'): Act =>
    () =>
      page.change(change);
  const unstyled: Act = () => {
    hidden.clear();
    exposure.recheck();
  };
  const jump: Act = (offer) => {
    for (const observer of browser.observers.filter(({ hasMargin }) => hasMargin)) {
      observer.queue(offer, { ratio: 0, at: 500, isFar: true });
      observer.deliver();
    }
  };
  const unwatched: Act = (offer) => {
    exposure.unwatch(offer);
    exposure.unwatch(offer);
  };
  const mute: Act = (offer) => Object.defineProperty(offer, 'checkVisibility', { value: undefined });

  /** What happens when, and when it is seen. */
  const CASES: Record<
    string,
    [acts: Record<number, Act>, seenAt: number | 'never', settings?: OfferSettings]
  > = {
    'after one second at half of its pixels': [{ 0: shown(0.5), 5000: shown(0.9) }, 1_000],
    'at a share that the browser reports in single precision': [{ 0: shown(Math.fround(0.5) - 1e-6) }, 1_000],
    'not below half of its pixels': [{ 0: shown(0.49) }, 'never'],
    'not without any pixel, even if none is asked for': [{ 0: shown(0) }, 'never', { ratio: 0 }],
    'not without size': [{ 0: shown(1, { offer: { width: 0, height: 0 } }) }, 'never'],
    'against the window in a frame that does not report its viewport': [
      { 0: shown(0.5, { viewport: null }) },
      1_000,
    ],
    'as soon as it is rendered if no dwell is asked for': [{ 0: shown(0.5) }, 0, { dwellMs: 0 }],
    'once, if several reports of it come together and it needs no dwell': [
      { 0: queued([0.6, 0], [0.8, 1]), 1: unstyled },
      1,
      { dwellMs: 0 },
    ],
    'after a second since it was exposed, not since that was reported': [
      { 400: shown(0.6, { at: 100 }) },
      1_100,
    ],
    'not in pieces of time: leaving starts the time again': [
      { 0: shown(0.8), 999: shown(0.2), 1050: shown(0.8), 2049: shown(0.2), 2100: shown(0.8) },
      3_100,
    ],
    'not if it left before the second was over, though that is not reported yet': [
      { 0: shown(0.8), 900: queued([0, 900]) },
      'never',
    ],
    'later if it left and came back between two callbacks': [
      { 0: shown(0.8), 700: queued([0.1, 300], [0.8, 400]) },
      1_400,
    ],
    'not while the page is hidden: coming back starts the time again': [
      { 0: shown(1), 800: becomes('hidden'), 5800: becomes('visible') },
      6_800,
    ],
    'not if it was exposed only while the page was hidden': [
      { 0: becomes('hidden'), 1: shown(1), 5000: shown(0), 5001: becomes('visible') },
      'never',
    ],
    'not while styles hide it; once shown, after a whole second': [
      { 0: (offer) => hidden.add(offer), 1: shown(1), 5000: unstyled },
      6_000,
    ],
    'not if styles hide it at the end of the second': [
      { 0: shown(1), 500: (offer) => hidden.add(offer) },
      'never',
    ],
    'if the browser cannot tell whether styles hide it': [{ 0: mute, 1: shown(1) }, 1_001],
    'after a whole second once it comes near again': [
      { 0: shown(0.8), 900: shown(0, { isFar: true }), 5900: shown(0.8) },
      6_900,
    ],
    'not if it jumped away, which any observer may report': [{ 0: shown(0.8), 500: jump }, 'never'],
    'not after its watch ended': [{ 0: shown(1), 1: unwatched }, 'never'],
  };

  test.each(Object.entries(CASES))('is seen %s', async (_, [acts, seenAt, settings]) => {
    render('<p></p>');
    const offer = watch('p', settings);
    show(offer, 0, { at: 0 });
    for (const [at, act] of Object.entries(acts)) {
      await runtime.advance(Number(at) - runtime.elapsed());
      act(offer);
    }
    await outlast();
    expect(seen).toEqual(seenAt === 'never' ? [] : [['p', seenAt]]);
    if (seenAt !== 'never' || acts[1] === unwatched) expect(browser.isObserved(offer)).toBe(false);
  });

  const tall = { width: 400, height: 7_200 };
  test.each<[what: string, shares: [number, number], sizes: [Size, Size]]>([
    [
      'at 30 % if it is large',
      [0.3, 0.3],
      [
        { width: 970, height: 250 },
        { width: 300, height: 250 },
      ],
    ],
    ['taller than the viewport at that share of what can show', [0.3 * 0.1, 0.3 * 0.1 * 0.85], [tall, tall]],
  ])('is seen %s', async (_, shares, sizes) => {
    render('<p></p><i></i>');
    show(watch('p'), shares[0], { offer: sizes[0] });
    show(watch('i'), shares[1], { offer: sizes[1] });
    await outlast();
    expect(seen).toEqual([['p', 1_000]]);
  });

  test('is seen by its own rule, as each other is, all by one timer', async () => {
    render('<p></p><i></i><b></b>');
    show(watch('p', { dwellMs: 3_000 }), 1);
    show(watch('i', { dwellMs: 500 }), 1);
    show(watch('b', { ratio: 0.8 }), 0.7);
    expect(runtime.timers).toBe(1);
    await outlast();
    expect(seen).toEqual([
      ['i', 500],
      ['p', 3_000],
    ]);
  });

  test('is asked of the browser also for visibility and opacity', () => {
    render('<p></p>');
    show(watch(), 1);
    expect(vi.mocked(Element.prototype.checkVisibility)).toHaveBeenCalledWith({
      visibilityProperty: true,
      opacityProperty: true,
    });
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
    for (const name of ['p', 'u']) watch(name);
    watch('i', { dwellMs: 5_000 });
    watch('b', { ratio: 0.8 });
    expect(near()).toEqual([]);
    for (const name of ['p', 'i', 'b']) show(find(name), 0);
    show(find('u'), 0, { isFar: true });
    expect(near().map(({ observed }) => [...observed])).toEqual([[find('p'), find('i')], [find('b')]]);
  });

  test('what goes far is watched exactly no more', () => {
    render('<p></p>');
    const offer = watch();
    show(offer, 0.8);
    show(offer, 0, { isFar: true });
    expect(near().map(({ observed }) => observed.size)).toEqual([0]);
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

  test.each([
    ['a top-level page observes against its document', window.top, document],
    ['a page in a frame observes against the top-level viewport', {}, null],
  ])('%s', (_, top, root) => {
    const { top: own } = window;
    Object.defineProperty(window, 'top', { configurable: true, value: top });
    try {
      render('<p></p>');
      show(watch(), 1);
      expect(browser.observers.map((observer) => observer.root)).toEqual([root, root]);
    } finally {
      Object.defineProperty(window, 'top', { configurable: true, value: own });
    }
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

  test('is kept only while the offer is near: the share last seen, the share it needs and since when it dwells', async () => {
    render('<p></p>');
    const offer = watch('p', { ratio: 0.7 });
    await runtime.advance(30);
    for (const [ratio, isFar, expected] of [
      [0, true, []],
      [
        0.6,
        false,
        [{ ratio: 0.6, needed: 0.7, dwell: undefined, rule: { largeRatio: 0.7, dwellMs: 1_000 } }],
      ],
      [0.8, false, [{ ratio: 0.8, needed: 0.7, dwell: 30, placement: { offerId: 'p' } }]],
      [0, true, []],
    ] as const) {
      show(offer, ratio, { isFar });
      expect([...exposure.watched.values()]).toMatchObject(expected);
    }
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
    expect([seen, counts]).toEqual([[['p', 0]], [0, 0]]);
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

  test('has the say until it stops and hears nothing more, and then who had it before', async () => {
    exposure.extend({ isShown: (element) => element.localName === 'i' });
    const ratios: number[] = [];
    const stop = exposure.extend({
      isShown: () => false,
      onEvaluation: ({ ratio }) => ratios.push(ratio),
    });
    render('<p></p><i></i>');
    for (const name of ['p', 'i']) show(watch(name), 0.9);
    await runtime.advance(2_000);
    stop();
    exposure.recheck();
    await outlast();
    expect([seen, ratios]).toEqual([[['i', 3_000]], [0.9, 0.9]]);
  });

  test('may bring what it saw of an offer without a box', async () => {
    render('<p></p>');
    const item = known(watch());
    const sample = { boundingClientRect: { width: 300, height: 200 }, rootBounds: null, time: 0 };
    exposure.take(item, { ...sample, intersectionRatio: 0.49 });
    await runtime.advance(2_000);
    exposure.take(item, { ...sample, intersectionRatio: 0.5, time: 2_000 });
    exposure.recheck();
    await outlast();
    expect(seen).toEqual([['p', 3_000]]);
  });
});
