import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { find, render } from '../support/page.js';
import { openSite, type Site, told, wired } from '../support/tracker.js';

let isServing = false;

const RELOAD_MS = 30_000;
/** Real time: modules are loaded anew. */
const SLOW_MACHINE_MS = 20_000;

let site: Site;

beforeEach(() => {
  isServing = false;
  // Registered anew for each test, since what came once does not come again.
  vi.resetModules();
  vi.doMock('../../src/client/later.js', async (importOriginal) => {
    if (!isServing) throw new TypeError('Failed to fetch dynamically imported module');
    return importOriginal();
  });
  // The frames and storage of the tests run on immediates, which stay real.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  site = openSite();
});

afterEach(() => {
  site.close();
  vi.useRealTimers();
  expect(site.uncaught).toEqual([]);
});

describe('where the second load does not come', () => {
  test('one report tells, and events are kept and delivered once it comes', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events, errors } = site.start();
    site.see(find('p'));
    await tracker.flush();
    await site.frame();
    expect([told(events), site.posted]).toEqual([['viewed a'], []]);
    expect(errors.map(({ code }) => code)).toEqual(['delivery']);
    await expect(tracker.stats()).resolves.toEqual({ offers: {} });
    isServing = true;
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await vi.waitFor(async () => {
      await tracker.flush();
      expect(wired(site.posted)).toEqual(['viewed a']);
    }, SLOW_MACHINE_MS);
    expect(errors.map(({ code }) => code)).toEqual(['delivery']);
  });

  test('and storage is blocked too, the farewell takes along what was recorded last', async () => {
    vi.stubGlobal('indexedDB', undefined);
    render('<p data-offer-id="a"></p><i data-offer-id="b"></i>');
    const { tracker } = site.start();
    site.see(find('p'));
    await tracker.flush();
    await site.frame();
    site.see(find('i'));
    await site.frame();
    window.dispatchEvent(new Event('pagehide'));
    await Promise.resolve();
    expect(wired(site.posted)).toEqual(['viewed a', 'viewed b']);
  });

  test('and storage is blocked too, a stopped tracker does not come to life again', async () => {
    vi.stubGlobal('indexedDB', undefined);
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const { tracker } = site.start();
    site.see(find('p'));
    await tracker.flush();
    await site.frame();
    tracker.stop();
    isServing = true;
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await site.frame();
    const announced = vi.fn();
    document.addEventListener('offersight:dismissed', announced, { once: true });
    find('button').click();
    document.removeEventListener('offersight:dismissed', announced);
    expect(announced).not.toHaveBeenCalled();
  });

  test('what waited for consent is kept, and said in leaving, as soon as it is granted', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start({ consent: 'pending' });
    site.see(find('p'));
    await tracker.flush();
    expect(told(events)).toEqual([]);
    tracker.consent('granted');
    await site.frame();
    expect(told(events)).toEqual(['viewed a']);
    window.dispatchEvent(new Event('pagehide'));
    await Promise.resolve();
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test('a stopped tracker does not ask again', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, errors } = site.start();
    await tracker.flush();
    tracker.stop();
    await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
    await site.frame();
    expect(errors.map(({ code }) => code)).toEqual(['delivery']);
  });
});
