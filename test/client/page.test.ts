import { afterEach, describe, expect, test, vi } from 'vitest';
import { createPage, type PageChange } from '../../src/client/page.js';
import { find, render } from '../support/page.js';

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  Reflect.deleteProperty(document, 'prerendering');
});

const listen = (): PageChange[] => {
  const changes: PageChange[] = [];
  stops.push(createPage().listen((change) => changes.push(change)));
  return changes;
};

const become = (state: DocumentVisibilityState): void =>
  void vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);

describe('the page’s life', () => {
  test('is told in the house’s words', () => {
    const changes = listen();
    become('hidden');
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    become('visible');
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    window.dispatchEvent(new Event('pagehide'));
    window.dispatchEvent(new Event('pageshow'));
    window.dispatchEvent(new Event('online'));
    expect(changes).toEqual(['hidden', 'visible', 'leave', 'visible', 'online']);
  });

  test('begins when a prerendered page is activated', () => {
    const page = createPage();
    Object.defineProperty(document, 'prerendering', { configurable: true, value: true });
    expect(page.isVisible()).toBe(false);
    const changes = listen();
    Reflect.deleteProperty(document, 'prerendering');
    document.dispatchEvent(new Event('prerenderingchange'));
    expect([page.isVisible(), changes]).toEqual([true, ['visible']]);
  });

  test('is not told once stopped', () => {
    const changes = listen();
    for (const stop of stops) {
      stop();
      stop();
    }
    window.dispatchEvent(new Event('pagehide'));
    expect(changes).toEqual([]);
  });

  test('costs the page no back/forward cache', () => {
    const add = vi.spyOn(window, 'addEventListener');
    listen();
    const types = add.mock.calls.map(([type]) => type);
    expect(types).toContain('pagehide');
    expect(types.filter((type) => ['unload', 'beforeunload'].includes(type))).toEqual([]);
  });
});

describe('what happens on the page', () => {
  test('is heard ahead of the page’s own listeners, also where they stop it', () => {
    render('<p></p>');
    const order: string[] = [];
    const own = (event: Event): void => {
      order.push('page');
      event.stopImmediatePropagation();
    };
    document.addEventListener('click', own, { capture: true });
    stops.push(() => document.removeEventListener('click', own, { capture: true }));
    stops.push(createPage().capture(['click'], ({ type }) => order.push(type)));
    find('p').click();
    expect(order).toEqual(['click', 'page']);
  });
});
