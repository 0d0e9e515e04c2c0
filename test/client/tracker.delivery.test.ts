/** What delivers loads when a page needs it, and nothing is lost until it is there. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { storedIds } from '../support/outbox.js';
import { find, render } from '../support/page.js';
import { openSite, type Site, told, wired } from '../support/tracker.js';

let isServing = true;
let loads = 0;

const RELOAD_MS = 30_000;
/** Real time: modules are loaded again. */
const SLOW_MACHINE_MS = 20_000;

let site: Site;

/** Whether a tracker of this page has its second load. */
const isNoticing = (): boolean => {
  const page = globalThis as unknown as Record<symbol, { inside?: unknown } | undefined>;
  return Object.getOwnPropertySymbols(page).some(
    (key) => key.description?.startsWith('offersight ') && page[key]?.inside,
  );
};

/** Lets the second load come, and look at the database; by then it has asked for delivery if it needs that. */
const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0);
  await vi.waitFor(() => expect(isNoticing()).toBe(true), SLOW_MACHINE_MS);
  // Transactions take turns, and the page's own came first.
  await site.database.transact((rows) => rows.query('count', 'entry')).catch(() => undefined);
  await site.frame();
  await vi.dynamicImportSettled();
};

beforeEach(() => {
  isServing = true;
  loads = 0;
  // Registered again for each test, since a module is loaded only once.
  vi.resetModules();
  vi.doMock('../../src/client/later/page-delivery.js', async (importOriginal) => {
    loads++;
    if (!isServing) throw new TypeError('Failed to fetch dynamically imported module');
    return importOriginal();
  });
  // The frames and storage of the tests run on immediates, which stay real.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  site = openSite();
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  site.close();
  vi.mocked(console.warn).mockRestore();
  vi.useRealTimers();
  expect(site.uncaught).toEqual([]);
});

describe('delivery', () => {
  test('does not load for a page without offers where nothing waits', async () => {
    const { errors } = site.start();
    await settle();
    expect([loads, errors]).toEqual([0, []]);
  });

  test('loads with the first offer, also one that comes later', async () => {
    site.start();
    await settle();
    expect(loads).toBe(0);
    render('<p data-offer-id="a"></p>');
    await vi.waitFor(() => expect(loads).toBe(1), SLOW_MACHINE_MS);
  });

  test('does not load for an element whose offer has not arrived, or whose id is wrong', async () => {
    render('<p data-offer-id=""></p><p data-offer-id="not an id"></p>');
    site.start();
    await settle();
    expect(loads).toBe(0);
  });

  test('loads where an earlier page left an event, and delivers it', async () => {
    await site.database.transact(async (rows) => {
      const event = {
        type: 'viewed',
        id: '0190a000-0000-7000-8000-000000000001',
        offerId: 'a',
        impressionId: '0190a000-0000-7000-8000-000000000002',
        occurredAt: Date.now(),
      };
      rows.put(['entry', event.id], { v: 1, event, notBeforeAt: 0 });
    });
    const { tracker } = site.start();
    await settle();
    expect(loads).toBe(1);
    await tracker.flush();
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test.each([
    ['what was refused', ['dead', 'x'], { v: 1, code: 'expired', deadAt: 0 }, 1],
    ['a fact that is over', ['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 1 }, 1],
    ['a fact that nobody can read', ['seen', 'a', 'viewed'], {}, 1],
    ['a fact that still holds', ['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 9e15 }, 0],
    ['a pause', ['state', 'pause', '/'], { at: 9e15, failures: 1, kind: 'circuit' }, 0],
  ] as const)(
    'where the database has nothing but %s it loads if that has to be forgotten',
    async (_, key, value, times) => {
      await site.database.transact(async (rows) => rows.put(key as never, value));
      site.start();
      await settle();
      expect(loads).toBe(times);
    },
  );

  test('loads if the database cannot be asked', async () => {
    vi.stubGlobal('indexedDB', undefined);
    site.start();
    await settle();
    expect(loads).toBe(1);
  });

  test('leaves the database alone and does not load before there is consent, and looks when there is', async () => {
    await site.database.transact(async (rows) =>
      rows.put(['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 1 }),
    );
    const { tracker } = site.start({ consent: 'pending' });
    await settle();
    expect(loads).toBe(0);
    tracker.consent('granted');
    await settle();
    expect(loads).toBe(1);
  });

  test('loads to purge what is stored', async () => {
    await site.database.transact(async (rows) =>
      rows.put(['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 9e15 }),
    );
    const { tracker } = site.start();
    await settle();
    tracker.consent('denied');
    await vi.waitFor(async () => expect(await storedIds(site.database, 'seen')).toEqual([]), SLOW_MACHINE_MS);
  });

  test.each(['flush', 'stats'] as const)('loads for %s', async (name) => {
    const { tracker } = site.start();
    await settle();
    await tracker[name]();
    expect(loads).toBe(1);
  });
});

describe('where delivery does not come', () => {
  beforeEach(() => {
    isServing = false;
  });

  test('events are stored, one report says so, and they go as soon as it comes', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const durable: boolean[] = [];
    const { tracker, errors } = site.start({ onEvent: (_, isDurable) => durable.push(isDurable) });
    await settle();
    site.see(find('p'));
    find('button').click();
    await settle();
    expect(await storedIds(site.database, 'entry')).toHaveLength(2);
    await tracker.flush();
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await settle();
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['delivery', 'delivery: Serve offersight-delivery.js of this version.'],
    ]);
    expect([durable, site.posted]).toEqual([[], []]);
    isServing = true;
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await vi.waitFor(async () => {
      await tracker.flush();
      expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
    }, SLOW_MACHINE_MS);
    expect(durable).toEqual([true, true]);
  });

  test('the figures of the page have no outbox', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await expect(tracker.stats()).resolves.toEqual({
      offers: { a: { rendered: 1, viewed: 0, dismissed: 0, accepted: 0 } },
    });
  });

  test('the farewell takes along what is stored, and what is not', async () => {
    vi.stubGlobal('indexedDB', undefined);
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await settle();
    site.see(find('p'));
    await tracker.flush();
    window.dispatchEvent(new Event('pagehide'));
    await Promise.resolve();
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test('the network that is back has it asked for at once', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await settle();
    site.see(find('p'));
    await tracker.flush();
    isServing = true;
    window.dispatchEvent(new Event('online'));
    await vi.waitFor(async () => {
      await tracker.flush();
      expect(wired(site.posted)).toEqual(['viewed a']);
    }, SLOW_MACHINE_MS);
  });

  test('what was accepted forbids a dismissal here at once, and elsewhere when it comes', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start();
    await settle();
    tracker.accept('a');
    tracker.dismiss('a');
    await tracker.flush();
    isServing = true;
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await vi.waitFor(async () => {
      await tracker.flush();
      expect(await storedIds(site.database, 'seen')).toEqual(['a']);
    }, SLOW_MACHINE_MS);
    expect(told(events)).toEqual(['viewed a']);
  });

  test('a stopped tracker does not ask again, and does not come to life if it comes', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, errors } = site.start();
    await settle();
    site.see(find('p'));
    tracker.stop();
    const before = loads;
    isServing = true;
    await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
    await settle();
    expect([loads, errors.length, site.posted]).toEqual([before, 1, []]);
  });
});
