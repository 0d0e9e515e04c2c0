import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ignore, Placement, Repeat } from '../../../../src/client/detect/placement.js';
import type { Registry } from '../../../../src/client/detect/registry.js';
import { around } from '../../../../src/client/later/detect/controls.js';
import { createIgnoring, type Ignoring } from '../../../../src/client/later/more/ignoring.js';
import { type Intersections, scriptIntersections } from '../../../support/intersections.js';
import { documentOnly, type FakePage, fakePage, find, render, trusted } from '../../../support/page.js';
import { createPlacements, decisionLog, type TestPlacements } from '../../../support/placements.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

let browser: Intersections;
let page: FakePage;
let runtime: FakeRuntime;
let ignoring: Ignoring;
let placements: TestPlacements;
let decisions: ReturnType<typeof decisionLog>;

const start = (ignore?: Ignore, repeat?: Repeat): void => {
  page = fakePage();
  runtime = fakeRuntime();
  placements = createPlacements();
  decisions = decisionLog();
  const registry = { placements } as unknown as Registry;
  const touched = { placements: new WeakSet<Placement>(), offers: new Set() };
  ignoring = createIgnoring(
    { registry, page, runtime, options: { ignore, ...(repeat && { repeat }) }, touched },
    decisions.onDismiss,
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

/** Mounts the offer of that name in the element of that name. */
const mount = (selector = 'p', more: Partial<Placement> = {}): Placement => {
  const placement = { element: find(selector), offerId: 'a', ...more };
  placements.add(placement);
  ignoring.onMount(placement);
  return placement;
};

const unmount = (placement: Placement): void => {
  placements.delete(placement.element);
  placement.element.remove();
  ignoring.onUnmount(placement);
};

/** Mounts it, and it is viewed. */
const view = (selector = 'p', more: Partial<Placement> = {}): Placement => {
  const placement = mount(selector, more);
  ignoring.onViewed(placement);
  browser.show(placement.element, { ratio: 1 });
  return placement;
};

const leaveSight = (selector = 'p'): void => browser.show(find(selector), { ratio: 0 });
const comeIntoSight = (selector = 'p'): void => browser.show(find(selector), { ratio: 0.1 });

const ignored = (): string[] =>
  decisions.log.map(([what, offerId]) => (what === 'ignored' ? offerId : `${what} ${offerId}`));

const act = (type: string, selector: string, isTrusted = true): void =>
  void find(selector).dispatchEvent(trusted(new Event(type, { bubbles: true }), isTrusted));

describe('an offer that was viewed is ignored after a time out of sight', () => {
  test('without a break, and then once', async () => {
    start(5_000);
    render('<p></p>');
    const placement = view();
    await runtime.advance(60_000);
    expect(ignored()).toEqual([]);
    leaveSight();
    await runtime.advance(4_999);
    expect(ignored()).toEqual([]);
    await runtime.advance(1);
    expect(decisions.log).toEqual([['ignored', 'a', placement.element]]);
    comeIntoSight();
    leaveSight();
    await runtime.advance(60_000);
    expect(ignored()).toEqual(['a']);
    expect([browser.isObserved(placement.element), runtime.timers]).toEqual([false, 0]);
  });

  test('its time starts again when it comes back', async () => {
    start(5_000);
    render('<p></p>');
    view();
    leaveSight();
    await runtime.advance(4_000);
    comeIntoSight();
    await runtime.advance(4_000);
    leaveSight();
    await runtime.advance(4_999);
    expect(ignored()).toEqual([]);
    await runtime.advance(1);
    expect(ignored()).toEqual(['a']);
  });

  test('its time runs also while the page is hidden, and starts again when it is visible again', async () => {
    start(5_000);
    render('<p></p>');
    view();
    page.change('hidden');
    await runtime.advance(4_000);
    page.change('visible');
    await runtime.advance(60_000);
    expect(ignored()).toEqual([]);
    page.change('hidden');
    await runtime.advance(5_000);
    expect(ignored()).toEqual(['a']);
  });

  test('which is one time, whether it left or the page was hidden first', async () => {
    start(5_000);
    render('<p></p>');
    view();
    leaveSight();
    await runtime.advance(3_000);
    page.change('hidden');
    await runtime.advance(1_000);
    page.change('visible');
    await runtime.advance(999);
    expect(ignored()).toEqual([]);
    await runtime.advance(1);
    expect(ignored()).toEqual(['a']);
  });

  test('of all its elements, wherever it is shown', async () => {
    start(5_000);
    render('<p></p><i></i>');
    mount('i');
    view('p');
    browser.show(find('i'), { ratio: 1 });
    leaveSight('p');
    await runtime.advance(60_000);
    expect(ignored()).toEqual([]);
    leaveSight('i');
    await runtime.advance(5_000);
    expect(ignored()).toEqual(['a']);
  });

  test('though another of its elements went before', async () => {
    start(5_000);
    render('<p></p><i></i>');
    const gone = mount('i');
    view('p');
    unmount(gone);
    await runtime.advance(0);
    leaveSight('p');
    await runtime.advance(5_000);
    expect(ignored()).toEqual(['a']);
  });

  test('it is also ignored in an element that came after it was viewed', async () => {
    start(5_000);
    render('<p></p><i></i>');
    view('p');
    mount('i');
    leaveSight('p');
    await runtime.advance(60_000);
    expect(ignored()).toEqual([]);
    leaveSight('i');
    await runtime.advance(5_000);
    expect(ignored()).toEqual(['a']);
  });

  test('each is ignored by itself', async () => {
    start(5_000);
    render('<p></p><i></i>');
    view('p');
    view('i', { offerId: 'b' });
    leaveSight('p');
    await runtime.advance(5_000);
    expect(ignored()).toEqual(['a']);
  });
});

describe('an offer is ignored when no element shows it any more', () => {
  test('it is ignored at once if leaving counts', async () => {
    start('leave');
    render('<p></p>');
    unmount(view());
    expect(ignored()).toEqual([]);
    await runtime.advance(0);
    expect(ignored()).toEqual(['a']);
    expect(runtime.timers).toBe(0);
  });

  test('it is ignored after its time if that counts', async () => {
    start(5_000);
    render('<p></p>');
    unmount(view());
    await runtime.advance(4_999);
    expect(ignored()).toEqual([]);
    await runtime.advance(1);
    expect(ignored()).toEqual(['a']);
    expect(runtime.timers).toBe(0);
  });

  test('but not one that is shown again in time, as a list of few rows does', async () => {
    start(5_000);
    render('<p></p>');
    unmount(view());
    await runtime.advance(4_000);
    render('<p></p>');
    mount();
    comeIntoSight();
    await runtime.advance(10_000);
    expect(ignored()).toEqual([]);
  });

  test('though other offers are still there', async () => {
    start('leave');
    render('<p></p><i></i>');
    view('i', { offerId: 'b' });
    unmount(view('p'));
    await runtime.advance(0);
    expect(ignored()).toEqual(['a']);
  });

  test('but not while another element shows it', async () => {
    start('leave');
    render('<p></p><i></i>');
    mount('i');
    unmount(view('p'));
    await runtime.advance(0);
    expect(ignored()).toEqual([]);
  });

  test('but not where it was put in again within the task', async () => {
    start('leave');
    render('<p></p><i></i>');
    unmount(view('p'));
    mount('i');
    await runtime.advance(60_000);
    expect(ignored()).toEqual([]);
  });

  test('but not where the user reacted within the task', async () => {
    start('leave');
    render('<p></p>');
    unmount(view());
    ignoring.onReaction('a');
    await runtime.advance(0);
    expect(ignored()).toEqual([]);
  });
});

describe('an offer is ignored when the page is left', () => {
  test('it is ignored once, if that is asked for', () => {
    start('leave');
    render('<p></p><i></i>');
    view('p');
    view('i', { offerId: 'b' });
    ignoring.onLeave();
    ignoring.onLeave();
    expect(ignored()).toEqual(['a', 'b']);
  });

  test('not with a time of its own, which goes on if the page comes back', async () => {
    start(5_000);
    render('<p></p>');
    view();
    page.change('pagehide');
    ignoring.onLeave();
    expect(ignored()).toEqual([]);
    await runtime.advance(5_000);
    expect(ignored()).toEqual(['a']);
  });

  test('it is not ignored only because it is out of sight', async () => {
    start('leave');
    render('<p></p>');
    view();
    leaveSight();
    page.change('hidden');
    expect(runtime.timers).toBe(0);
    await runtime.advance(3_600_000);
    expect(ignored()).toEqual([]);
  });
});

test('an element that came with it after it was viewed is watched on when another one goes', async () => {
  start(1_000);
  render('<p></p><i></i>');
  const first = view();
  const second = { element: find('i'), offerId: 'a' };
  placements.add(second);
  // The registry makes another object of it when somebody asks.
  ignoring.onMount({ ...second });
  browser.show(find('i'), { ratio: 1 });
  unmount(first);
  await runtime.advance(60_000);
  expect(decisions.log).toEqual([]);
  leaveSight('i');
  await runtime.advance(1_000);
  expect(decisions.log).toHaveLength(1);
});

describe('an offer is not ignored', () => {
  const outlast = async (): Promise<void> => {
    leaveSight();
    ignoring.onLeave();
    await runtime.advance(60_000);
    const placement = placements.get(find('p'));
    if (placement) unmount(placement);
    await runtime.advance(60_000);
  };

  test.each<[string, Ignore | undefined]>([
    ['by default', undefined],
    ['where that is off', 'off'],
    ['where the option is no value of its', 'never' as Ignore],
    ['where the option is empty', '' as Ignore],
    ['where the time is negative', -1],
    ['where the time is no number', Number.NaN],
  ])('%s', async (_, ignore) => {
    start(ignore);
    render('<p></p>');
    view();
    await outlast();
    expect([ignored(), browser.observers.some(({ observed }) => observed.size)]).toEqual([[], false]);
  });

  test('that was never viewed', async () => {
    start(0);
    render('<p></p>');
    mount();
    await outlast();
    expect(ignored()).toEqual([]);
  });

  test.each(['click', 'keydown', 'input'])('it is not ignored after a %s inside it', async (type) => {
    start(0);
    render('<p><b></b></p>');
    view();
    act(type, 'b');
    await outlast();
    expect(ignored()).toEqual([]);
  });

  test('after it was dismissed or accepted', async () => {
    start('leave');
    render('<p></p>');
    ignoring.onReaction('a', view());
    await outlast();
    expect(ignored()).toEqual([]);
  });
});

describe('a reaction to one offer', () => {
  test('leaves the others as they are', async () => {
    start(5_000);
    render('<p></p><i></i>');
    view('p');
    view('i', { offerId: 'b' });
    ignoring.onReaction('a');
    leaveSight('i');
    await runtime.advance(4_999);
    comeIntoSight('i');
    await runtime.advance(1);
    expect(ignored()).toEqual([]);
    leaveSight('i');
    await runtime.advance(5_000);
    expect(ignored()).toEqual(['b']);
  });
});

describe('no reaction is', () => {
  test.each([
    ['what happens elsewhere', () => act('click', 'main')],
    ['what moves over it', () => act('pointermove', 'b')],
  ])('%s', (_, happen) => {
    start('leave');
    render('<p><b></b></p><main></main>');
    view();
    happen();
    ignoring.onLeave();
    expect(ignored()).toEqual(['a']);
  });

  test('a press in an offer around it', () => {
    start('leave');
    render('<section><p></p><b></b></section>');
    view('p');
    view('section', { offerId: 'outer' });
    act('click', 'b');
    ignoring.onLeave();
    expect(ignored()).toEqual(['a']);
  });
});

describe('what one offer says of itself', () => {
  test.each<[string, Partial<Placement>, Ignore | undefined, string[]]>([
    ['its attribute, over the option', {}, 'off', ['a']],
    ['what was given by hand, over the attribute', { ignore: 'off' }, 'leave', []],
    ['its attribute, over what by hand is none', { ignore: 'soon' as Ignore }, 'off', ['a']],
  ])('counts: %s', (_, more, option, expected) => {
    start(option);
    render('<p data-offer-ignore="leave"></p>');
    view('p', more);
    ignoring.onLeave();
    expect(ignored()).toEqual(expected);
  });

  test.each([
    ['off', []],
    ['0', ['a']],
    ['1500', ['a']],
    ['', []],
    ['-5', []],
    ['soon', []],
  ])('it is read as text, out of sight for 1.5 s: “%s”', async (text, expected) => {
    start('off');
    render(`<p data-offer-ignore="${text}"></p>`);
    view();
    leaveSight();
    await runtime.advance(1_500);
    expect(ignored()).toEqual(expected);
  });
});

describe('where each mount counts', () => {
  test('each is ignored by itself', async () => {
    start(5_000, 'mount');
    render('<p></p><i></i>');
    view('i');
    const first = view('p');
    leaveSight('p');
    await runtime.advance(5_000);
    expect(decisions.log).toEqual([['ignored', 'a', first.element]]);
  });

  test('a reaction to one does not concern the other', () => {
    start('leave', 'mount');
    render('<p></p><i></i>');
    const [first, second] = [view('p'), view('i')];
    ignoring.onReaction('a', first);
    ignoring.onLeave();
    expect(decisions.log).toEqual([['ignored', 'a', second.element]]);
  });

  test('a reaction concerns one mount also if only one offer asks for mounts', () => {
    start('leave');
    render('<p></p><i></i>');
    view('p', { repeat: 'mount' });
    view('i', { repeat: 'mount' });
    ignoring.onLeave();
    expect(ignored()).toEqual(['a', 'a']);
  });
});

describe('stopped', () => {
  test('nothing is ignored and nothing is watched any more', async () => {
    start(5_000);
    render('<p></p>');
    view();
    leaveSight();
    ignoring.stop();
    page.stop();
    await runtime.advance(60_000);
    ignoring.onLeave();
    expect([ignored(), runtime.timers, browser.isObserved(find('p'))]).toEqual([[], 0, false]);
  });
});
