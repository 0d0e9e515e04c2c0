import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExposureWatch, isShown } from '../../../../src/client/detect/exposure.js';
import { createMotion, type Motion } from '../../../../src/client/later/detect/motion.js';
import { startExposure } from '../../../support/exposure.js';
import { type Intersections, scriptIntersections } from '../../../support/intersections.js';
import { documentOnly, type FakePage, fakePage, find, render } from '../../../support/page.js';
import { type FakeRuntime, fakeRuntime, settle } from '../../../support/runtime.js';

const NOTHING = { width: 0, height: 0 };

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let exposure: ExposureWatch;
let motion: Motion;
/** Which offers counted, and when, in milliseconds since the start. */
let seen: [offerId: string, at: number][];
let hidden: Set<Element>;
let frames: FrameRequestCallback[];
let moving: { playState: AnimationPlayState; effect: { target: Element } }[];
let resized: ResizeObserverCallback;
let sized: Set<Element>;

beforeEach(() => {
  browser = scriptIntersections();
  page = fakePage();
  runtime = fakeRuntime();
  seen = [];
  hidden = new Set();
  frames = [];
  moving = [];
  sized = new Set();
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => frames.push(callback));
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(callback: ResizeObserverCallback) {
        resized = callback;
      }
      observe = (element: Element) => sized.add(element);
      unobserve = (element: Element) => sized.delete(element);
      disconnect = () => sized.clear();
    },
  );
  Object.defineProperty(Element.prototype, 'getAnimations', {
    configurable: true,
    value(this: Element) {
      return moving
        .filter(({ effect }) => effect.target === this)
        .map((animation) => ({ finished: new Promise(() => undefined), ...animation }));
    },
  });
  vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
    return !hidden.has(this);
  });
  exposure = startExposure(page, runtime, ({ offerId }) => seen.push([offerId, runtime.elapsed()]));
  motion = createMotion(exposure, documentOnly(page));
  exposure.extend({ isShown, onEvaluation: motion.onEvaluation });
  render('<section><p></p></section><i></i>');
  exposure.watch({ element: find('p'), offerId: 'a' });
});

afterEach(() => {
  page.stop();
  exposure.stop();
  motion.stop();
  Reflect.deleteProperty(Element.prototype, 'getAnimations');
  vi.unstubAllGlobals();
});

const show = (ratio: number, more: Partial<Parameters<Intersections['show']>[1]> = {}): void =>
  browser.show(find('p'), { ratio, at: runtime.elapsed(), ...more });

/** Runs the frames that were asked for, and returns how many. */
const frame = (): number => {
  const asked = frames.splice(0);
  for (const callback of asked) callback(runtime.elapsed());
  return asked.length;
};

const fire = (type: string, target: Element = find('i')): void =>
  void target.dispatchEvent(new Event(type, { bubbles: type !== 'load' }));

const animate = (target: Element, playState: AnimationPlayState = 'running'): void => {
  moving.push({ playState, effect: { target } });
};

describe('what is exposed but not shown is looked at again', () => {
  beforeEach(() => {
    hidden.add(find('p'));
    show(1);
    hidden.clear();
  });

  test.each<[string, () => void]>([
    ['when an attribute changes', () => find('section').setAttribute('class', 'open')],
    ['when an element comes', () => document.body.append(document.createElement('b'))],
    ['when an element goes', () => find('i').remove()],
    ['when a transition ends', () => fire('transitionend')],
    ['when an animation ends', () => fire('animationend')],
  ])('%s', async (_, happen) => {
    await runtime.advance(5_000);
    happen();
    await settle();
    frame();
    await runtime.advance(5_000);
    expect(seen).toEqual([['a', 6_000]]);
  });

  test('it is not looked at by polling', async () => {
    await runtime.advance(60_000);
    expect([seen, frames, runtime.timers]).toEqual([[], [], 1]);
  });

  test('until it is shown', async () => {
    find('i').remove();
    await settle();
    const looked = vi.spyOn(Element.prototype, 'checkVisibility');
    looked.mockClear();
    document.body.append(document.createElement('b'));
    await settle();
    document.body.append(document.createElement('b'));
    await settle();
    expect(looked.mock.calls.length).toBeLessThanOrEqual(1);
  });

  test.each<[string, () => void]>([
    [
      'until it leaves the viewport',
      () => {
        hidden.add(find('p'));
        show(0.1);
        hidden.clear();
      },
    ],
    [
      'until it is stopped',
      () => {
        motion.stop();
        page.stop();
      },
    ],
  ])('%s', async (_, end) => {
    end();
    find('i').remove();
    fire('transitionend', find('section'));
    await settle();
    await runtime.advance(60_000);
    expect(seen).toEqual([]);
  });
});

describe('what is in the viewport without a size is looked at again', () => {
  /** Whether its exact observer was asked to look again. */
  const isAsked = (happen: () => void): boolean => {
    const near = browser.observers.find(({ hasMargin, trackVisibility }) => !hasMargin && !trackVisibility);
    if (!near) return expect.unreachable();
    const observe = vi.spyOn(near, 'observe');
    happen();
    frame();
    return observe.mock.calls.some(([element]) => element === find('p'));
  };

  const sizeOf = (width: number, height: number): ResizeObserverEntry =>
    ({ target: find('p'), contentRect: new DOMRect(0, 0, width, height) }) as unknown as ResizeObserverEntry;

  beforeEach(() => show(1, { offer: NOTHING }));

  test('when it gets one', async () => {
    expect(sized.has(find('p'))).toBe(true);
    expect(isAsked(() => resized([sizeOf(300, 200)], {} as ResizeObserver))).toBe(true);
    show(1);
    expect(sized.size).toBe(0);
    await runtime.advance(1_000);
    expect(seen).toEqual([['a', 1_000]]);
  });

  test('when something inside has loaded', () => {
    expect(isAsked(() => fire('load', find('p')))).toBe(true);
  });

  test('not when it still has none', () => {
    expect(isAsked(() => resized([sizeOf(300, 0)], {} as ResizeObserver))).toBe(false);
  });

  test.each<[string, () => void]>([
    ['left', () => show(0, { offer: NOTHING, isFar: true })],
    ['was stopped', () => motion.stop()],
  ])('not once it %s', (_, end) => {
    end();
    expect(sized.size).toBe(0);
    expect(isAsked(() => fire('load'))).toBe(false);
  });
});

describe('an offer that dwells is looked at again where a style may hide it', () => {
  test.each<[string, () => void]>([
    ['when an attribute changes', () => find('section').setAttribute('class', 'shut')],
    ['when the window gets another size', () => fire('resize')],
    ['when something scrolls', () => fire('scroll')],
  ])('%s', async (_, happen) => {
    show(1);
    await runtime.advance(500);
    hidden.add(find('p'));
    happen();
    await settle();
    frame();
    hidden.clear();
    happen();
    await settle();
    frame();
    await runtime.advance(5_000);
    expect(seen).toEqual([['a', 1_500]]);
  });

  test('but not once it has counted', async () => {
    show(1);
    await runtime.advance(1_000);
    expect(seen).toEqual([['a', 1_000]]);
    frame();
    find('section').setAttribute('class', 'shut');
    await settle();
    expect(frame()).toBe(0);
  });
});

describe('an offer that dwells on something that moves', () => {
  test('is followed frame by frame, as long as both go on', async () => {
    animate(find('section'));
    show(1);
    await settle();
    expect([frame(), frame(), frame()]).toEqual([1, 1, 1]);
    moving.length = 0;
    expect([frame(), frame()]).toEqual([1, 0]);
  });

  test.each(['animationstart', 'transitionrun'])('is followed also from a later %s', async (type) => {
    show(1);
    await settle();
    expect(frame()).toBe(0);
    animate(find('p'));
    fire(type, find('p'));
    fire(type, find('p'));
    await settle();
    expect([frame(), frame()]).toEqual([1, 1]);
  });

  test.each<[string, () => unknown]>([
    ['counted', () => runtime.advance(1_000)],
    ['left', () => show(0.1)],
  ])('is followed no more once it %s', async (_, end) => {
    animate(find('p'));
    show(1);
    await settle();
    await end();
    expect([frame(), frame()]).toEqual([1, 0]);
  });

  test.each<[string, () => void]>([
    ['it does not dwell', () => [animate(find('p')), hidden.add(find('p'))]],
    ['something else moves', () => animate(find('i'))],
    ['what moves is inside of it', () => animate(find('p').appendChild(document.createElement('b')))],
    ['the motion has paused', () => animate(find('p'), 'paused')],
    [
      'the browser cannot tell',
      () => Object.defineProperty(Document.prototype, 'getAnimations', { value: undefined }),
    ],
  ])('is not followed where %s', async (_, happen) => {
    happen();
    show(1);
    fire('animationstart');
    await settle();
    expect(frame()).toBe(0);
  });
});

describe('a page on which all is shown', () => {
  test('is not looked through for each of its changes', async () => {
    show(1);
    const recheck = vi.spyOn(Element.prototype, 'checkVisibility');
    recheck.mockClear();
    for (let turn = 0; turn < 3; turn++) {
      document.body.append(document.createElement('b'));
      await settle();
    }
    expect(recheck).not.toHaveBeenCalled();
  });
});
