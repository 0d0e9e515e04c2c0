import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExposureWatch, isShown } from '../../../src/client/detect/exposure.js';
import type { Placement } from '../../../src/client/detect/placement.js';
import { type Explaining, type ExposureNote, explain } from '../../../src/client/later/diagnosis.js';
import { startExposure } from '../../support/exposure.js';
import { type Intersections, scriptIntersections } from '../../support/intersections.js';
import { type FakePage, fakePage, find, render } from '../../support/page.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let exposure: ExposureWatch;
let notes: ExposureNote[];
let hidden: Set<Element>;
let isDrawn: (element: Element) => boolean;

beforeEach(() => {
  browser = scriptIntersections();
  page = fakePage();
  runtime = fakeRuntime();
  notes = [];
  hidden = new Set();
  isDrawn = isShown;
  vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
    return !hidden.has(this);
  });
  exposure = startExposure(page, runtime, () => undefined);
  const explaining = explain((note) => notes.push(note)) as Explaining;
  const onEvaluation = explaining(exposure, page, (callback) => callback(), isShown);
  exposure.extend({ isShown: (element) => isDrawn(element), onEvaluation });
  render('<p></p>');
  exposure.watch({ element: find('p'), offerId: 'a' });
});

afterEach(() => {
  page.stop();
  exposure.stop();
  vi.unstubAllGlobals();
});

const show = (ratio: number, more: Partial<Parameters<Intersections['show']>[1]> = {}): void =>
  browser.show(find('p'), { ratio, at: runtime.elapsed(), ...more });

const reasons = (): string[] => notes.map(({ reason }) => reason);

describe('a note says', () => {
  test('that an offer without a dwell has counted, in each page view', () => {
    const placement: Placement = { element: find('p'), offerId: 'a', dwellMs: 0 };
    for (let view = 0; view < 2; view++) {
      exposure.watch(placement);
      show(1);
    }
    expect(reasons()).toEqual(['viewed', 'viewed']);
  });

  test('which offer and element, what is visible, what is needed and for how long', async () => {
    show(0.2);
    await runtime.advance(100);
    show(0.6);
    await runtime.advance(1_000);
    const about = { offerId: 'a', element: find('p'), neededRatio: 0.5 };
    expect(notes).toEqual([
      { ...about, reason: 'too-small', ratio: 0.2, dwelledMs: 0 },
      { ...about, reason: 'dwelling', ratio: 0.6, dwelledMs: 0 },
      { ...about, reason: 'viewed', ratio: 0.6, dwelledMs: 1_000 },
    ]);
  });

  test('that a dwell was interrupted, after how long, and then why', async () => {
    show(0.6);
    await runtime.advance(400);
    show(0.1);
    show(0.6);
    await runtime.advance(250);
    page.change('hidden');
    expect(notes.map(({ reason, dwelledMs }) => [reason, dwelledMs])).toEqual([
      ['dwelling', 0],
      ['interrupted', 400],
      ['too-small', 0],
      ['dwelling', 0],
      ['interrupted', 250],
      ['page-hidden', 0],
    ]);
  });

  test('the share that the rule asks for if there is no box to measure', () => {
    show(0, { offer: { width: 0, height: 0 } });
    expect(notes).toMatchObject([{ reason: 'not-rendered', ratio: 0, neededRatio: 0.5 }]);
  });
});

describe('the reason is', () => {
  test('not-rendered out of the viewport, and without a size', () => {
    show(0, { isFar: true });
    show(0);
    expect(reasons()).toEqual(['not-rendered']);
    show(0.2);
    show(1, { offer: { width: 300, height: 0 } });
    expect(reasons()).toEqual(['not-rendered', 'too-small', 'not-rendered']);
  });

  test.each<[reason: string, where: string, happen: () => unknown]>([
    ['not-shown', 'where styles hide it', () => hidden.add(find('p'))],
    ['covered', 'where it is shown and yet cannot be seen', () => (isDrawn = () => false)],
    ['page-hidden', 'before anything else', () => [page.change('hidden'), show(0)]],
  ])('%s %s', (reason, _, happen) => {
    happen();
    show(1);
    expect(reasons()).toEqual([reason]);
  });

  test('it is reported when it changes, not with each look', async () => {
    show(0.1);
    show(0.2);
    show(0.3);
    show(0.7);
    show(0.8);
    exposure.recheck();
    await runtime.advance(500);
    exposure.recheck();
    expect(reasons()).toEqual(['too-small', 'dwelling']);
  });

  test('it is reported again for the same offer in another place', () => {
    show(0.2);
    exposure.unwatch(find('p'));
    exposure.watch({ element: find('p'), offerId: 'b' });
    show(0.2);
    expect(notes.map(({ offerId, reason }) => [offerId, reason])).toEqual([
      ['a', 'too-small'],
      ['b', 'too-small'],
    ]);
  });
});

describe('the teller', () => {
  test('is called where what it throws harms nobody', () => {
    const called = vi.fn();
    const broken = new Error('the host’s own fault');
    const explaining = explain(() => {
      throw broken;
    }) as Explaining;
    const onEvaluation = explaining(
      exposure,
      page,
      (callback) => {
        called();
        expect(callback).toThrow(broken);
      },
      isShown,
    );
    exposure.extend({ isShown, onEvaluation });
    show(0.2);
    expect(called).toHaveBeenCalledOnce();
  });
});
