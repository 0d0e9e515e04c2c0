import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOfferTracker } from '../../src/index.js';
import { storedIds } from '../support/outbox.js';
import { find, render, trusted } from '../support/page.js';
import { openSite, type Site, wired } from '../support/tracker.js';

let isServing = false;
let loads = 0;

const RELOAD_MS = 30_000;
/** Real time: modules are loaded again. */
const SLOW_MACHINE_MS = 20_000;

let site: Site;

beforeEach(() => {
  isServing = false;
  loads = 0;
  // Registered again for each test, since a module is loaded only once.
  vi.resetModules();
  vi.doMock('../../src/client/later/later.js', async (importOriginal) => {
    loads++;
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
  test('one report says so, and events are kept; once it comes they are reported as durable, and delivered', async () => {
    render('<p data-offer-id="a"></p>');
    const durable: boolean[] = [];
    const { tracker, errors } = site.start({ onEvent: (_, isDurable) => durable.push(isDurable) });
    site.see(find('p'));
    await tracker.flush();
    await site.frame();
    expect([durable, site.posted]).toEqual([[], []]);
    expect(errors.map(({ code }) => code)).toEqual(['load']);
    await expect(tracker.stats()).resolves.toEqual({ offers: {} });
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await vi.waitFor(() => expect(loads).toBe(2), SLOW_MACHINE_MS);
    await tracker.flush();
    expect(errors).toHaveLength(1);
    isServing = true;
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await vi.waitFor(async () => {
      await tracker.flush();
      expect(wired(site.posted)).toEqual(['viewed a']);
    }, SLOW_MACHINE_MS);
    expect(durable).toEqual([true]);
    expect(errors.map(({ code }) => code)).toEqual(['load']);
  });

  test('and storage is blocked too, events are delivered from memory once it comes', async () => {
    vi.stubGlobal('indexedDB', undefined);
    render('<p data-offer-id="a"></p><i data-offer-id="b"></i>');
    const { tracker } = site.start();
    site.see(find('p'));
    await tracker.flush();
    await site.frame();
    site.see(find('i'));
    await site.frame();
    window.dispatchEvent(new Event('pagehide'));
    await site.frame();
    expect(site.posted).toEqual([]);
    isServing = true;
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await vi.waitFor(async () => {
      await tracker.flush();
      expect(wired(site.posted)).toEqual(['viewed a', 'viewed b']);
    }, SLOW_MACHINE_MS);
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

  test('what waited for consent is stored as soon as it is granted', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start({ consent: 'pending' });
    site.see(find('p'));
    await tracker.flush();
    expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(site.name);
    tracker.consent('granted');
    await site.frame();
    await expect(storedIds(site.database, 'entry')).resolves.toHaveLength(1);
  });

  test('a stopped tracker does not ask again', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, errors } = site.start();
    await tracker.flush();
    tracker.stop();
    await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
    await site.frame();
    expect(errors.map(({ code }) => code)).toEqual(['load']);
  });
});

describe('the start', () => {
  let tasks: (() => void)[];

  /** Whether the tracker hears events of a type. */
  const hears = (type: string): boolean =>
    vi.mocked(window.addEventListener).mock.calls.some(([each]) => each === type);

  /** Runs the next task, and lets everything answer that it asked, also the database. */
  const runNext = async (): Promise<void> => {
    await vi.waitFor(() => expect(tasks).not.toEqual([]), SLOW_MACHINE_MS);
    tasks.shift()?.();
    await site.frame();
  };

  beforeEach(() => {
    isServing = true;
    vi.useRealTimers();
    tasks = [];
    const { setTimeout } = globalThis;
    vi.stubGlobal('setTimeout', (task: () => void, delayMs?: number) =>
      delayMs ? setTimeout(task, delayMs) : tasks.push(task),
    );
    vi.mocked(window.addEventListener).mockClear();
  });

  test('takes tasks of their own to look for offers and for the second load, so that users wait less long for each', async () => {
    render('<p data-offer-id="a"></p>');
    const tracker = createOfferTracker({ endpoint: '/offer-events', outbox: { name: site.name } });
    const isWatched = (): boolean => site.browser.isObserved(find('p'));
    expect(isWatched()).toBe(false);
    await runNext();
    expect([isWatched(), loads, hears('toggle')]).toEqual([true, 0, false]);
    await runNext();
    await vi.waitFor(() => expect(hears('toggle')).toBe(true), SLOW_MACHINE_MS);
    tracker.stop();
  });

  test('leaves no listener of the page if the tracker is stopped before the second load comes', async () => {
    render('<p data-offer-id="a"></p>');
    const remove = vi.spyOn(window, 'removeEventListener');
    const tracker = createOfferTracker({ endpoint: '/offer-events', outbox: { name: site.name } });
    await runNext();
    expect(hears('pointerdown')).toBe(true);
    tracker.stop();
    tracker.stop();
    await runNext();
    await vi.waitFor(() => expect(loads).toBe(1), SLOW_MACHINE_MS);
    await site.frame();
    const removed = remove.mock.calls;
    const left = vi
      .mocked(window.addEventListener)
      .mock.calls.filter((added) => !removed.some((each) => added.every((given, at) => given === each[at])));
    expect(left).toEqual([]);
  });

  test('hears of an offer that a listener brings when an early press is judged', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p><i></i>');
    const tracker = createOfferTracker({ endpoint: '/offer-events', outbox: { name: site.name } });
    const bring = (): void => void tracker.observe(find('i'), { id: 'b' });
    document.addEventListener('offersight:dismissed', bring, { once: true });
    await runNext();
    find('button').dispatchEvent(trusted(new MouseEvent('click', { bubbles: true, composed: true })));
    await runNext();
    expect((await tracker.stats()).offers).toEqual({
      a: { rendered: 1, viewed: 1, dismissed: 1, accepted: 0 },
      b: { rendered: 1, viewed: 0, dismissed: 0, accepted: 0 },
    });
    tracker.stop();
  });
});
