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
let seen: string[];
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
  exposure = startExposure(page, runtime, ({ offerId }) => seen.push(offerId));
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
  test('is seen when its children are, all together as one area', async () => {
    watch(THREE);
    show('p', 1);
    show('i', 0.5);
    show('b', 0);
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
  });

  test('is not seen below its share', async () => {
    watch(THREE);
    show('p', 1);
    show('i', 0.3);
    show('b', 0.1);
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
  });

  test('weighs its children by their size', async () => {
    watch(THREE);
    show('p', 0, { width: 300, height: 100 });
    show('i', 0, { width: 300, height: 100 });
    show('b', 1, { width: 300, height: 300 });
    await runtime.advance(1_000);
    expect(seen).toEqual(['a']);
  });

  test('is large where its children are so together', async () => {
    watch('<section style="display: contents"><p></p><i></i></section>');
    show('p', 0.3, { width: 970, height: 125 });
    show('i', 0.3, { width: 970, height: 125 });
    await runtime.advance(1_000);
    expect(seen).toEqual(['a']);
  });

  test('fits the viewport as if its children stood one below the other, as wide as the widest', async () => {
    watch('<section style="display: contents"><p></p><i></i></section>');
    // As narrow as the narrowest they would be a column of 5,000 px, which needs far less than half.
    show('p', 0.25, { width: 1_000, height: 90 });
    show('i', 1, { width: 20, height: 500 });
    await runtime.advance(5_000);
    expect(seen).toEqual([]);
  });

  test('is not seen in pieces of time', async () => {
    watch('<section style="display: contents"><p></p></section>');
    show('p', 1);
    await runtime.advance(900);
    show('p', 0.2);
    show('p', 1);
    await runtime.advance(999);
    expect(seen).toEqual([]);
    await runtime.advance(1);
    expect(seen).toEqual(['a']);
  });

  test('may hold others without a box, whose children stand for it too', async () => {
    watch('<section style="display: contents"><div style="display: contents"><p></p></div><i></i></section>');
    expect([...parts().observed].map(({ localName }) => localName)).toEqual(['p', 'i']);
    show('p', 1);
    show('i', 0.1);
    await runtime.advance(1_000);
    expect(seen).toEqual(['a']);
  });

  test('is watched no more once it counted', async () => {
    watch(THREE);
    for (const selector of ['p', 'i', 'b']) show(selector, 1);
    await runtime.advance(1_000);
    expect([seen, parts().observed.size]).toEqual([['a'], 0]);
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

describe('an offer with a box', () => {
  test.each([
    ['is watched itself', '<section><p></p></section>'],
    ['that is not rendered is not looked into', '<section style="display: none"><p></p></section>'],
  ])('%s', (_, markup) => {
    watch(markup);
    expect(parts().observed.size).toBe(0);
  });

  test('that has no size still has a box', () => {
    const element = render('<section><p></p></section>');
    exposure.watch({ element, offerId: 'a' });
    browser.show(element, { ratio: 1, offer: NOTHING });
    expect(parts().observed.size).toBe(0);
  });
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

describe('stopped', () => {
  test('it watches nothing', () => {
    watch(THREE);
    contents.stop();
    expect([parts().observed.size, resizing.map(({ observed }) => observed.size)]).toEqual([0, [0]]);
  });
});
