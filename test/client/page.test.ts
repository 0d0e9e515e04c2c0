import { afterEach, describe, expect, test, vi } from 'vitest';
import { createPage, type Page, type PageChange } from '../../src/client/page.js';
import { find, render } from '../support/page.js';

const pages: Page[] = [];

afterEach(() => {
  for (const page of pages.splice(0)) page.stop();
});

const open = (): Page => {
  const page = createPage();
  pages.push(page);
  return page;
};

const listen = (page = open()): PageChange[] => {
  const changes: PageChange[] = [];
  page.listen((change) => changes.push(change));
  return changes;
};

const become = (state: DocumentVisibilityState): void =>
  void vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);

describe('the page’s life', () => {
  test('is reported in the house’s words, also its return from the back/forward cache (fault 42)', () => {
    const page = open();
    const changes = listen(page);
    become('hidden');
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    expect(page.isVisible()).toBe(false);
    become('visible');
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    expect(page.isVisible()).toBe(true);
    window.dispatchEvent(new Event('pagehide'));
    window.dispatchEvent(new Event('pageshow'));
    window.dispatchEvent(new Event('online'));
    expect(changes).toEqual(['hidden', 'visible', 'pagehide', 'visible', 'online']);
  });

  test('comes back hidden where a page is restored behind another (fault 42)', () => {
    const changes = listen();
    become('hidden');
    window.dispatchEvent(new Event('pageshow'));
    expect(changes).toEqual(['hidden']);
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
    open().capture(['click'], ({ type }) => order.push(type));
    find('p').click();
    document.removeEventListener('click', own, { capture: true });
    expect(order).toEqual(['click', 'page']);
  });
});

describe('stopped', () => {
  test('nobody hears anything any more, however many listened', () => {
    render('<p></p>');
    const page = open();
    const heard: string[] = [];
    const told = [listen(page), listen(page)];
    page.capture(['click', 'keydown'], ({ type }) => heard.push(type));
    page.stop();
    page.stop();
    // A room that was on its way when the page was stopped.
    told.push(listen(page));
    page.capture(['click'], ({ type }) => heard.push(type));
    window.dispatchEvent(new Event('pagehide'));
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    find('p').click();
    find('p').dispatchEvent(new Event('keydown', { bubbles: true }));
    expect([told, heard]).toEqual([[[], [], []], []]);
  });

  test('the other pages of this document go on', () => {
    const changes = listen();
    open().stop();
    window.dispatchEvent(new Event('online'));
    expect(changes).toEqual(['online']);
  });
});
