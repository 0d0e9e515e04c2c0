import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExposureWatch, isShown } from '../../../../src/client/detect/exposure.js';
import type { Size } from '../../../../src/client/detect/viewability.js';
import { boxesOf, type Contents, createContents } from '../../../../src/client/later/detect/contents.js';
import { startExposure } from '../../../support/exposure.js';
import {
  type Intersections,
  type ScriptedObserver,
  scriptIntersections,
} from '../../../support/intersections.js';
import { type FakePage, fakePage, find, render } from '../../../support/page.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

const NOTHING: Size = { width: 0, height: 0 };

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let exposure: ExposureWatch;
let contents: Contents;
/** Which offers counted, and when, in milliseconds since the start. */
let seen: [offerId: string, at: number][];
let resizing: ScriptedResizes[];

/** A ResizeObserver whose sizes the test sets. */
class ScriptedResizes implements ResizeObserver {
  readonly observed = new Set<Element>();
  readonly #callback: ResizeObserverCallback;
  constructor(callback: ResizeObserverCallback) {
    this.#callback = callback;
    resizing.push(this);
  }
  observe(element: Element): void {
    this.observed.add(element);
  }
  unobserve(element: Element): void {
    this.observed.delete(element);
  }
  disconnect(): void {
    this.observed.clear();
  }
  tell(target: Element): void {
    this.#callback([{ target } as ResizeObserverEntry], this);
  }
}

beforeEach(() => {
  browser = scriptIntersections();
  resizing = [];
  vi.stubGlobal('ResizeObserver', ScriptedResizes);
  page = fakePage();
  runtime = fakeRuntime();
  seen = [];
  // What has no box of its own is not visible by itself.
  vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
    return this.isConnected && !/contents|none/.test((this as HTMLElement).style.display);
  });
  exposure = startExposure(page, runtime, ({ offerId }) => seen.push([offerId, runtime.elapsed()]));
  contents = createContents(exposure);
  exposure.extend({
    isShown: (element) => boxesOf(element).some(isShown),
    onEvaluation: contents.onEvaluation,
  });
});

afterEach(() => {
  page.stop();
  exposure.stop();
  contents.stop();
  vi.unstubAllGlobals();
});

/** Watches the offer, which has no box according to observers. */
const watch = (markup: string): HTMLElement => {
  const element = render(markup);
  exposure.watch({ element, offerId: 'a' });
  browser.show(element, { ratio: 0, at: runtime.elapsed(), offer: NOTHING });
  return element;
};

const show = (selector: string, ratio: number, offer: Size = { width: 300, height: 100 }): void =>
  browser.show(find(selector), { ratio, at: runtime.elapsed(), offer });

const parts = (): ScriptedObserver => {
  const found = browser.observers.find(({ thresholds }) => thresholds.includes(0.95));
  if (!found) throw new Error('Nobody watches parts');
  return found;
};

const THREE = '<section style="display: contents"><p></p><i></i><b></b></section>';

describe('an offer without a box', () => {
  const COLUMN = '<section style="display: contents"><p></p><i></i></section>';
  type Shown = readonly [selector: string, ratio: number, size?: Size];

  test.each<[what: string, markup: string, seenAt: number | 'never', ...shown: Shown[]]>([
    ['is seen when its children are, all together as one area', THREE, 1_000, ['p', 1], ['i', 0.5], ['b', 0]],
    ['is not seen below its share', THREE, 'never', ['p', 1], ['i', 0.3], ['b', 0.1]],
    [
      'weighs its children by their size',
      THREE,
      1_000,
      ...[['p', 0] as const, ['i', 0] as const, ['b', 1, { width: 300, height: 300 }] as const],
    ],
    [
      'is large if its children are so together',
      COLUMN,
      1_000,
      ...['p', 'i'].map((name): Shown => [name, 0.3, { width: 970, height: 125 }]),
    ],
    [
      // As narrow as the narrowest they would be a column of 5,000 px, which needs far less than half.
      'fits the viewport as if its children stood one below the other, as wide as the widest',
      COLUMN,
      'never',
      ['p', 0.25, { width: 1_000, height: 90 }],
      ['i', 1, { width: 20, height: 500 }],
    ],
  ])('%s', async (_, markup, seenAt, ...shown) => {
    watch(markup);
    for (const [selector, ratio, size] of shown) show(selector, ratio, size);
    await runtime.advance(60_000);
    expect(seen).toEqual(seenAt === 'never' ? [] : [['a', seenAt]]);
    if (seenAt !== 'never') expect(parts().observed.size).toBe(0);
  });

  test('is not seen in pieces of time', async () => {
    watch('<section style="display: contents"><p></p></section>');
    show('p', 1);
    await runtime.advance(900);
    show('p', 0.2);
    show('p', 1);
    await runtime.advance(5_000);
    expect(seen).toEqual([['a', 1_900]]);
  });

  test('may hold others without a box, whose children stand for it too', async () => {
    watch('<section style="display: contents"><div style="display: contents"><p></p></div><i></i></section>');
    expect([...parts().observed].map(({ localName }) => localName)).toEqual(['p', 'i']);
    show('p', 1);
    show('i', 0.1);
    await runtime.advance(1_000);
    expect(seen).toHaveLength(1);
  });
});

describe('what it is made of may change', () => {
  test('children that come later stand for it, those that went do not', () => {
    const element = watch(THREE);
    find('p').remove();
    element.append(document.createElement('u'));
    contents.refresh();
    expect([...parts().observed].map(({ localName }) => localName)).toEqual(['i', 'b', 'u']);
  });

  test('it may get a box, and stands for itself again', () => {
    const element = watch(THREE);
    element.style.display = 'block';
    contents.refresh();
    expect(parts().observed.size).toBe(0);
  });

  test('a child that gets a size is looked at again', () => {
    watch('<section style="display: contents"><p></p></section>');
    const [resized] = resizing;
    expect([...(resized?.observed ?? [])]).toEqual([find('p')]);
    const again = vi.spyOn(parts(), 'observe');
    resized?.tell(find('p'));
    expect(again.mock.calls).toEqual([[find('p')]]);
  });
});

test.each([
  ['is watched itself', '<section><p></p></section>', 0],
  ['that is not rendered is not looked into', '<section style="display: none"><p></p></section>', 0],
  ['that has no size still has a box', '<section><p></p></section>', 1],
])('an offer with a box %s', (_, markup, ratio) => {
  const element = render(markup);
  exposure.watch({ element, offerId: 'a' });
  browser.show(element, { ratio, offer: NOTHING });
  expect(parts().observed.size).toBe(0);
});

describe('what is drawn for an element', () => {
  test('is itself, or the boxes below it', () => {
    expect(boxesOf(render('<p><b></b></p>'))).toEqual([find('p')]);
    expect(boxesOf(render(THREE)).map(({ localName }) => localName)).toEqual(['p', 'i', 'b']);
  });

  test.each([
    ['a picture', '<a><img></a>', 'img'],
    ['what is inline itself', '<a><b><i><img></i></b></a>', 'img'],
    ['a picture and words, which have only the box of the element', '<a>Sale <img></a>', 'a img'],
    ['a drawing', '<a><svg><path></path></svg></a>', 'svg'],
    ['words alone', '<a> Sale </a>', 'a'],
    ['elements, where it is no longer inline', '<a style="display: block"><img></a>', 'a'],
  ])('is, for an inline element, what it holds: %s', (_, markup, names) => {
    const style = (markup.includes('style') && 'block') || 'inline';
    vi.spyOn(window, 'getComputedStyle').mockReturnValue({ display: style } as CSSStyleDeclaration);
    expect(boxesOf(render(markup)).map(({ localName }) => localName)).toEqual(names.split(' '));
  });

  test('is what an open shadow root draws for its host, slots filled', () => {
    const host = render('<div style="display: contents"><u></u></div>');
    host.attachShadow({ mode: 'open' }).innerHTML = '<p></p><slot style="display: contents"></slot>';
    expect(boxesOf(host).map(({ localName }) => localName)).toEqual(['p', 'u']);
  });
});

test('stopped, it watches nothing', () => {
  watch(THREE);
  contents.stop();
  expect([parts().observed.size, resizing.map(({ observed }) => observed.size)]).toEqual([0, [0]]);
});
