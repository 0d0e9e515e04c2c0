/** What delivers loads when a page needs it, and nothing is lost until it is there. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type * as PageDeliveryRoom from '../../src/client/later/page-delivery.js';
import type { Rows } from '../../src/client/outbox/records.js';
import type { WireRequest } from '../../src/protocol/batch.js';
import { deferred } from '../support/deferred.js';
import { storedIds } from '../support/outbox.js';
import { find, render } from '../support/page.js';
import { openSite, type Site, told, wired } from '../support/tracker.js';

let isServing = true;
let loads = 0;
/** How many deliveries have begun, and are not stopped. */
let running = 0;
/** Holds a load back. */
let gate: Promise<void> | undefined;

const RELOAD_MS = 30_000;
/** Real time: modules are loaded again. */
const SLOW_MACHINE_MS = 20_000;

let site: Site;
/** The load that reads the room itself; in the next test it would leave a room behind that does not count. */
let reading: Promise<unknown> | undefined;

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

/** What an earlier page left. */
const leaveEvent = (rows: Pick<Rows, 'put'>): void => {
  const event = {
    type: 'viewed',
    id: '0190a000-0000-7000-8000-000000000001',
    offerId: 'a',
    impressionId: '0190a000-0000-7000-8000-000000000002',
    occurredAt: Date.now(),
  };
  const endpoint = new URL('/offer-events', location.href).href;
  rows.put(['entry', event.id], { v: 1, event, endpoint, notBeforeAt: 0 });
};

beforeEach(() => {
  isServing = true;
  loads = running = 0;
  gate = undefined;
  // Registered again for each test, since a module is loaded only once.
  vi.resetModules();
  vi.doMock('../../src/client/later/page-delivery.js', async (importOriginal) => {
    loads++;
    await gate;
    if (!isServing) throw new TypeError('Failed to fetch dynamically imported module');
    const original = importOriginal<typeof PageDeliveryRoom>();
    reading = original;
    const room = await original;
    return {
      ...room,
      createPageDelivery(context: PageDeliveryRoom.PageDeliveryContext) {
        running++;
        const delivery = room.createPageDelivery(context);
        return {
          ...delivery,
          stop() {
            running--;
            delivery.stop();
          },
        };
      },
    };
  });
  // The frames and storage of the tests run on immediates, which stay real.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  site = openSite();
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(async () => {
  site.close();
  vi.mocked(console.warn).mockRestore();
  vi.useRealTimers();
  await reading;
  await new Promise((resolve) => setImmediate(resolve));
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
    await site.database.transact(async (rows) => leaveEvent(rows));
    const { tracker } = site.start();
    await settle();
    await vi.waitFor(() => expect(loads).toBe(1), SLOW_MACHINE_MS);
    await tracker.flush();
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test('does not wait out the back-off of an earlier page that was discarded (fault 43)', async () => {
    const at = Date.now() + 240_000;
    const pause = ['state', 'pause', new URL('/offer-events', location.href).href] as const;
    await site.database.transact(async (rows) => {
      rows.put(pause, { kind: 'back-off', failures: 9, at });
      leaveEvent(rows);
    });
    site.start();
    await settle();
    const stored = async () => (await site.database.transact((rows) => rows.get(pause))) as { at: number };
    await expect
      .poll(async () => (await stored()).at, { timeout: SLOW_MACHINE_MS })
      .toBeLessThan(at - 200_000);
  });

  test.each([
    ['what was refused', ['dead', 'x'], { v: 1, code: 'expired', deadAt: 0 }, 1],
    ['a fact that is over', ['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 1 }, 1],
    ['a fact that cannot be read', ['seen', 'a', 'viewed'], {}, 1],
    ['a fact that still holds', ['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 9e15 }, 0],
    ['a pause', ['state', 'pause', '/'], { at: 9e15, failures: 1, kind: 'circuit' }, 0],
  ] as const)(
    'where the database has nothing but %s it loads if that has to be forgotten',
    async (_, key, value, times) => {
      await site.database.transact(async (rows) => rows.put(key as never, value));
      site.start();
      await settle();
      await vi.waitFor(() => expect(loads).toBe(times), SLOW_MACHINE_MS);
    },
  );

  test('loads if the database cannot be asked', async () => {
    vi.stubGlobal('indexedDB', undefined);
    site.start();
    await settle();
    await vi.waitFor(() => expect(loads).toBe(1), SLOW_MACHINE_MS);
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
    await vi.waitFor(() => expect(loads).toBe(1), SLOW_MACHINE_MS);
  });

  test('loads to purge what is stored', async () => {
    await site.database.transact(async (rows) =>
      rows.put(['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 9e15 }),
    );
    const { tracker } = site.start();
    await settle();
    tracker.consent('denied');
    await vi.waitFor(async () => expect(await storedIds(site.database, 'seen')).toEqual([]), SLOW_MACHINE_MS);
    await vi.waitFor(() => expect(loads).toBe(1), SLOW_MACHINE_MS);
  });

  test('is woken for all that counts at a time, and does not look for the site’s service worker for each', async () => {
    const getRegistration = vi.fn(async () => undefined);
    Object.defineProperty(navigator, 'serviceWorker', { value: { getRegistration }, configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(navigator, 'serviceWorker'));
    const ids = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    render(ids.map((id) => `<p data-offer-id="${id}"></p>`).join(''));
    const offers = [...document.querySelectorAll('p')];
    const { tracker, events } = site.start();
    await settle();
    await vi.waitFor(() => expect(running).toBe(1), SLOW_MACHINE_MS);
    for (const offer of offers) site.see(offer);
    await vi.waitFor(() => expect(events).toHaveLength(50), SLOW_MACHINE_MS);
    expect(getRegistration.mock.calls.length).toBeLessThan(5);
    await tracker.flush();
    expect(site.posted).toHaveLength(50);
  });

  test.each(['flush', 'stats'] as const)('loads for %s', async (name) => {
    const { tracker } = site.start();
    await settle();
    await tracker[name]();
    await vi.waitFor(() => expect(loads).toBe(1), SLOW_MACHINE_MS);
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
      ['load', expect.stringMatching(/^load: offersight-delivery\.js did not load: Error: /)],
    ]);
    expect([durable, site.posted]).toEqual([[true, true], []]);
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
      discarded: {},
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

  test('a pause that another page has left keeps the farewell back', async () => {
    const url = new URL('/offer-events', location.href).href;
    await site.database.transact(async (rows) =>
      rows.put(['state', 'pause', url], { at: Date.now() + 3_600_000, failures: 1, kind: 'throttled' }),
    );
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await settle();
    site.see(find('p'));
    await tracker.flush();
    window.dispatchEvent(new Event('pagehide'));
    await site.frame();
    expect(site.posted).toEqual([]);
  });

  test('a denial deletes what is stored, and reports only that; nothing of it is sent, though consent is given again', async () => {
    render('<p data-offer-id="a"></p>');
    const discarded: (readonly [string, string])[] = [];
    const { tracker, errors } = site.start({
      onDiscard: ({ offerId }, reason) => discarded.push([offerId, reason]),
    });
    await settle();
    site.see(find('p'));
    await tracker.flush();
    tracker.consent('denied');
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'entry')).toEqual([]),
      SLOW_MACHINE_MS,
    );
    tracker.consent('granted');
    await site.frame();
    isServing = true;
    window.dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(running).toBe(1), SLOW_MACHINE_MS);
    await tracker.flush();
    expect([site.posted, discarded, errors.map(({ code }) => code)]).toEqual([
      [],
      [['a', 'consent']],
      ['load'],
    ]);
  });

  test('what was accepted is known to the next page', async () => {
    render('<p data-offer-id="a"></p>');
    const first = site.start();
    await settle();
    site.see(find('p'));
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'entry')).toHaveLength(1),
      SLOW_MACHINE_MS,
    );
    // It adds no event, and so no commit.
    first.tracker.accept('a');
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'seen')).toEqual(['a']),
      SLOW_MACHINE_MS,
    );
    first.tracker.stop();
    const next = site.start();
    next.tracker.dismiss('a');
    await settle();
    expect(told(next.events)).toEqual([]);
  });

  test('what was accepted before consent is known to the next page once there is consent, and not after a denial', async () => {
    const { tracker } = site.start({ consent: 'pending' });
    await settle();
    tracker.accept('denied');
    tracker.consent('denied');
    await site.frame();
    tracker.consent('pending');
    tracker.accept('granted');
    tracker.consent('granted');
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'seen')).toEqual(['granted']),
      SLOW_MACHINE_MS,
    );
  });

  test('what another tab accepted is known when the page is looked at again', async () => {
    const { tracker, events } = site.start();
    await settle();
    await site.database.transact(async (rows) =>
      rows.put(['seen', 'a', 'accepted'], { offerId: 'a', type: 'accepted', until: 9e15 }),
    );
    document.dispatchEvent(new Event('visibilitychange'));
    await site.database.transact((rows) => rows.query('count', 'seen'));
    await site.frame();
    tracker.dismiss('a');
    await site.frame();
    expect(told(events)).toEqual([]);
  });

  test('events of a page without a database are reported as being in memory', async () => {
    vi.stubGlobal('indexedDB', undefined);
    render('<p data-offer-id="a"></p>');
    const durable: boolean[] = [];
    site.start({ onEvent: (_, isDurable) => durable.push(isDurable) });
    await settle();
    site.see(find('p'));
    await vi.waitFor(() => expect(durable).toEqual([false]), SLOW_MACHINE_MS);
  });

  test('however often the network is back, one load is under way, and the next begins after 30 s', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await settle();
    await tracker.flush();
    const held = deferred<void>();
    gate = held.promise;
    const before = loads;
    for (let times = 0; times < 5; times++) {
      window.dispatchEvent(new Event('online'));
      await site.frame();
    }
    expect(loads).toBe(before + 1);
    held.resolve();
    await tracker.flush();
    gate = undefined;
    await vi.advanceTimersByTimeAsync(RELOAD_MS - 1);
    expect(loads).toBe(before + 1);
    isServing = true;
    await vi.advanceTimersByTimeAsync(1);
    await vi.waitFor(() => expect(running).toBe(1), SLOW_MACHINE_MS);
    await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
    expect([loads, running]).toEqual([before + 2, 1]);
    tracker.stop();
    await site.frame();
    expect(running).toBe(0);
  });

  test('a database that another page deletes is made again for what is recorded', async () => {
    const { tracker } = site.start();
    await settle();
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(site.name).onsuccess = resolve;
    });
    render('<p data-offer-id="a"></p>');
    await site.frame();
    site.see(find('p'));
    await tracker.flush();
    await vi.waitFor(async () => {
      const names = (await indexedDB.databases()).map(({ name }) => name);
      expect(names).toContain(site.name);
    }, SLOW_MACHINE_MS);
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

describe('a load that never ends', () => {
  beforeEach(() => {
    gate = new Promise(() => undefined);
  });

  test('keeps no decision and no event back, and after 30 s no call', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, errors } = site.start();
    await settle();
    tracker.consent('denied');
    tracker.consent('pending');
    await site.frame();
    site.see(find('p'));
    tracker.consent('granted');
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'entry')).toHaveLength(1),
      SLOW_MACHINE_MS,
    );
    const answers = Promise.all([tracker.flush(), tracker.stats()]);
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await answers;
    expect(errors.map(({ code, hint }) => [code, hint])).toEqual([
      ['load', 'offersight-delivery.js did not load: Error: timeout'],
    ]);
  });

  test('leaves each farewell its whole room', async () => {
    render(Array.from({ length: 40 }, (_, at) => `<p data-offer-id="offer-${at}"></p>`).join(''));
    site.start();
    await settle();
    for (const element of document.querySelectorAll('p')) site.see(element);
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'entry')).toHaveLength(40),
      SLOW_MACHINE_MS,
    );
    const said: number[] = [];
    const post = fetch;
    vi.stubGlobal('fetch', (input: string, init: RequestInit) => {
      said.push((JSON.parse(init.body as string) as WireRequest).events.length);
      return post(input, init);
    });
    for (let times = 0; times < 12; times++) {
      window.dispatchEvent(new Event('pageshow'));
      window.dispatchEvent(new Event('pagehide'));
      await site.frame();
    }
    expect(new Set(said)).toEqual(new Set([40]));
  });

  test('and ends all the same, is used at once', async () => {
    const held = deferred<void>();
    gate = held.promise;
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await settle();
    site.see(find('p'));
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    held.resolve();
    await vi.waitFor(() => expect(running).toBe(1), SLOW_MACHINE_MS);
    await tracker.flush();
    expect(wired(site.posted)).toEqual(['viewed a']);
    await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
    expect(running).toBe(1);
  });

  test('does not begin to deliver if the tracker was stopped meanwhile', async () => {
    const held = deferred<void>();
    gate = held.promise;
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start();
    await settle();
    site.see(find('p'));
    tracker.stop();
    held.resolve();
    // It is there when this has it.
    await import('../../src/client/later/page-delivery.js');
    await site.frame();
    await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
    expect([running, told(events), site.posted]).toEqual([0, ['viewed a'], []]);
    expect(await storedIds(site.database, 'entry')).toHaveLength(1);
  });
});

test('what was accepted on another page is known though the database fails once at the start', async () => {
  await site.database.transact(async (rows) =>
    rows.put(['seen', 'a', 'accepted'], { offerId: 'a', type: 'accepted', until: 9e15 }),
  );
  const { getAll } = IDBObjectStore.prototype;
  let failures = 0;
  IDBObjectStore.prototype.getAll = function (...args) {
    if (failures++) return getAll.apply(this, args);
    throw new DOMException('a fault of the disk', 'UnknownError');
  };
  const { tracker, events } = site.start();
  tracker.dismiss('a');
  await settle();
  await tracker.flush();
  IDBObjectStore.prototype.getAll = getAll;
  expect([failures > 1, told(events)]).toEqual([true, []]);
});
