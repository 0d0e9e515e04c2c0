import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ignore, Placement, Repeat } from '../../../../src/client/detect/placement.js';
import type { Registry } from '../../../../src/client/detect/registry.js';
import { around } from '../../../../src/client/later/detect/controls.js';
import { createIgnoring, type Ignoring } from '../../../../src/client/later/more/ignoring.js';
import { type Intersections, scriptIntersections } from '../../../support/intersections.js';
import { documentOnly, type FakePage, fakePage, find, render, trusted } from '../../../support/page.js';
import { createPlacements, type TestPlacements } from '../../../support/placements.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let ignoring: Ignoring;
let placements: TestPlacements;
/** What was ignored, and when in milliseconds since the start. */
let ignored: (readonly [offerId: string, at: number, element: Element])[];

const start = (markup: string, ignore?: Ignore, repeat?: Repeat): void => {
  render(markup);
  page = fakePage();
  runtime = fakeRuntime();
  placements = createPlacements();
  ignored = [];
  const registry = { placements } as unknown as Registry;
  const touched = { placements: new WeakSet<Placement>(), offers: new Set() };
  ignoring = createIgnoring(
    { registry, page, runtime, options: { ignore, ...(repeat && { repeat }) }, touched },
    (offerId, _, { element }) => ignored.push([offerId, runtime.elapsed(), element]),
  );
  documentOnly(page).capture(['click', 'keydown', 'input'], (event) => {
    for (const placement of around(registry, event.composedPath()[0] as Node)) {
      touched.placements.add(placement);
      touched.offers.add(placement.offerId);
      ignoring.onTouch(placement);
    }
  });
};

beforeEach(() => {
  browser = scriptIntersections();
});

afterEach(() => {
  page.stop();
  ignoring.stop();
  vi.unstubAllGlobals();
});

/** Mounts the offer in the element of that name. */
const mount = (selector = 'p', more: Partial<Placement> = {}): Placement => {
  const placement = { element: find(selector), offerId: 'a', ...more };
  placements.add(placement);
  ignoring.onMount(placement);
  return placement;
};

/** Mounts it, and it is viewed. */
const view = (selector = 'p', more: Partial<Placement> = {}): Placement => {
  const placement = mount(selector, more);
  ignoring.onViewed(placement);
  browser.show(placement.element, { ratio: 1 });
  return placement;
};

const remove = (selector: string): void => {
  const placement = placements.get(find(selector)) as Placement;
  placements.delete(placement.element);
  placement.element.remove();
  ignoring.onUnmount(placement);
};

const offers = (): string[] => ignored.map(([offerId]) => offerId);

describe('an offer that was viewed', () => {
  type Act = () => unknown;
  const out =
    (selector: string): Act =>
    () =>
      browser.show(find(selector), { ratio: 0 });
  const into =
    (selector: string): Act =>
    () =>
      browser.show(find(selector), { ratio: 0.1 });
  const gone =
    (selector: string): Act =>
    () =>
      remove(selector);
  const becomes =
    (change: 'hidden' | 'visible' | 'pagehide'): Act =>
    () =>
      page.change(change);
  const all =
    (...acts: Act[]): Act =>
    () => {
      for (const act of acts) act();
    };
  const leave: Act = () => ignoring.onLeave();
  const react: Act = () => ignoring.onReaction('a');
  const mountBeside: Act = () => {
    mount('i');
    into('i')();
  };
  const viewOther: Act = () => view('i', { offerId: 'b' });
  const backLater: Act = () => {
    document.body.insertAdjacentHTML('beforeend', '<p></p>');
    mount('p');
    into('p')();
  };

  /** What the site asks for, what happens when after the offer `a` was viewed in `p`, and which are ignored when. */
  const CASES: Record<string, [ignore: Ignore, acts: Record<number, Act>, ...expected: [string, number][]]> =
    {
      'is ignored after its time out of sight, once': [
        5_000,
        { 60000: out('p'), 70000: into('p'), 70001: out('p') },
        ['a', 65_000],
      ],
      'has its time again when it comes back': [
        5_000,
        { 0: out('p'), 4000: into('p'), 8000: out('p') },
        ['a', 13_000],
      ],
      'has its time also while the page is hidden, and again when it is visible again': [
        5_000,
        { 0: becomes('hidden'), 4000: becomes('visible'), 64000: becomes('hidden') },
        ['a', 69_000],
      ],
      'has one time, whether it left or the page was hidden first': [
        5_000,
        { 0: out('p'), 3000: becomes('hidden'), 4000: becomes('visible') },
        ['a', 5_000],
      ],
      'is not ignored while another element shows it': [
        5_000,
        { 0: mountBeside, 1: out('p'), 60000: out('i') },
        ['a', 65_000],
      ],
      'is ignored though another of its elements went before': [
        5_000,
        { 0: mountBeside, 1: gone('i'), 10: out('p') },
        ['a', 5_010],
      ],
      'is ignored by itself': [5_000, { 0: viewOther, 1: out('p') }, ['a', 5_001]],
      'is ignored in the task in which its element went, if leaving counts': [
        'leave',
        { 10: gone('p') },
        ['a', 10],
      ],
      'is ignored after its time when its element went, if that counts': [
        5_000,
        { 0: gone('p') },
        ['a', 5_000],
      ],
      'is not ignored if it is shown again in time, as a list of few rows does': [
        5_000,
        { 0: gone('p'), 4000: backLater },
      ],
      'is ignored though other offers are still there': ['leave', { 0: viewOther, 1: gone('p') }, ['a', 1]],
      'is not ignored when one of its elements goes': ['leave', { 0: mountBeside, 1: gone('p') }],
      'is not ignored if it is put in again within the task': ['leave', { 0: all(gone('p'), mountBeside) }],
      'is not ignored if the user reacts within the task': ['leave', { 0: all(gone('p'), react) }],
      'is ignored once when the page is left, if that is asked for': [
        'leave',
        { 0: viewOther, 1: leave, 2: leave },
        ['a', 1],
        ['b', 1],
      ],
      'is not ignored with the page if it has a time, which goes on if the page comes back': [
        5_000,
        { 0: all(becomes('pagehide'), leave) },
        ['a', 5_000],
      ],
      'is not ignored only because it is out of sight, if leaving counts': [
        'leave',
        { 0: all(out('p'), becomes('hidden')) },
      ],
      'is not ignored after a reaction, and others are': [
        5_000,
        { 0: viewOther, 1: react, 2: out('p'), 3: out('i'), 5002: into('i'), 6000: out('i') },
        ['b', 11_000],
      ],
    };

  test.each(Object.entries(CASES))('%s', async (_, [ignore, acts, ...expected]) => {
    start('<p></p><i></i>', ignore);
    view('p');
    for (const [at, act] of Object.entries(acts)) {
      await runtime.advance(Number(at) - runtime.elapsed());
      act();
    }
    await runtime.advance(60_000);
    expect(ignored.map(([offerId, at]) => [offerId, at])).toEqual(expected);
    expect(runtime.timers).toBe(0);
  });

  test('is watched on in an element that came after it was viewed when another one goes', async () => {
    start('<p></p><i></i>', 1_000);
    view();
    const second = { element: find('i'), offerId: 'a' };
    placements.add(second);
    // The registry makes another object of it when somebody asks.
    ignoring.onMount({ ...second });
    browser.show(find('i'), { ratio: 1 });
    remove('p');
    await runtime.advance(60_000);
    expect(ignored).toEqual([]);
    browser.show(find('i'), { ratio: 0 });
    await runtime.advance(1_000);
    expect(offers()).toEqual(['a']);
  });
});

describe('an offer is not ignored', () => {
  const outlast = async (): Promise<void> => {
    browser.show(find('p'), { ratio: 0 });
    ignoring.onLeave();
    await runtime.advance(60_000);
    remove('p');
    await runtime.advance(60_000);
    expect([ignored, browser.observers.some(({ observed }) => observed.size)]).toEqual([[], false]);
  };

  test.each<[string, Ignore | undefined]>([
    ['by default', undefined],
    ['if that is off', 'off'],
    ['if the option is no value of its', 'never' as Ignore],
    ['if the option is empty', '' as Ignore],
    ['if the time is negative', -1],
    ['if the time is no number', Number.NaN],
  ])('%s', async (_, ignore) => {
    start('<p></p>', ignore);
    view();
    await outlast();
  });

  test('that was never viewed', async () => {
    start('<p></p>', 0);
    mount();
    await outlast();
  });

  test.each(['click', 'keydown', 'input'])('after a %s inside it', async (type) => {
    start('<p><b></b></p>', 0);
    view();
    find('b').dispatchEvent(trusted(new Event(type, { bubbles: true })));
    await outlast();
  });
});

describe('no reaction is', () => {
  const act = (type: string, selector: string): void =>
    void find(selector).dispatchEvent(trusted(new Event(type, { bubbles: true })));

  test.each([
    ['what happens elsewhere', () => act('click', 'main')],
    ['what moves over it', () => act('pointermove', 'b')],
  ])('%s', (_, happen) => {
    start('<p><b></b></p><main></main>', 'leave');
    view();
    happen();
    ignoring.onLeave();
    expect(offers()).toEqual(['a']);
  });

  test('a press in an offer around it', () => {
    start('<section><p></p><b></b></section>', 'leave');
    view('p');
    view('section', { offerId: 'outer' });
    act('click', 'b');
    ignoring.onLeave();
    expect(offers()).toEqual(['a']);
  });
});

describe('what one offer says of itself', () => {
  test.each<[string, Partial<Placement>, Ignore | undefined, string[]]>([
    ['its attribute, over the option', {}, 'off', ['a']],
    ['what was given by hand, over the attribute', { ignore: 'off' }, 'leave', []],
    ['its attribute, over what by hand is none', { ignore: 'soon' as Ignore }, 'off', ['a']],
  ])('counts: %s', (_, more, option, expected) => {
    start('<p data-offer-ignore="leave"></p>', option);
    view('p', more);
    ignoring.onLeave();
    expect(offers()).toEqual(expected);
  });

  test.each([
    ['off', []],
    ['0', ['a']],
    ['1500', ['a']],
    ['', []],
    ['-5', []],
    ['soon', []],
  ])('it is read as text, out of sight for 1.5 s: “%s”', async (text, expected) => {
    start(`<p data-offer-ignore="${text}"></p>`, 'off');
    view();
    browser.show(find('p'), { ratio: 0 });
    await runtime.advance(1_500);
    expect(offers()).toEqual(expected);
  });
});

describe('where each mount counts', () => {
  test('each is ignored by itself', async () => {
    start('<p></p><i></i>', 5_000, 'mount');
    view('i');
    const first = view('p');
    browser.show(find('p'), { ratio: 0 });
    await runtime.advance(5_000);
    expect(ignored).toEqual([['a', 5_000, first.element]]);
  });

  test('a reaction to one does not concern the other', () => {
    start('<p></p><i></i>', 'leave', 'mount');
    const [first, second] = [view('p'), view('i')];
    ignoring.onReaction('a', first);
    ignoring.onLeave();
    expect(ignored).toEqual([['a', 0, second.element]]);
  });

  test('a reaction concerns one mount also if only one offer asks for mounts', () => {
    start('<p></p><i></i>', 'leave');
    view('p', { repeat: 'mount' });
    view('i', { repeat: 'mount' });
    ignoring.onLeave();
    expect(offers()).toEqual(['a', 'a']);
  });
});

describe('stopped', () => {
  test('nothing is ignored and nothing is watched any more', async () => {
    start('<p></p>', 5_000);
    view();
    browser.show(find('p'), { ratio: 0 });
    ignoring.stop();
    page.stop();
    await runtime.advance(60_000);
    ignoring.onLeave();
    expect([ignored, runtime.timers, browser.isObserved(find('p'))]).toEqual([[], 0, false]);
  });
});
