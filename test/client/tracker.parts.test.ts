/** What a page loads when it needs it, and that nothing is lost until it is there. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type * as OfferPartRoom from '../../src/client/later/offer-part.js';
import type { Rows } from '../../src/client/outbox/records.js';
import { createOfferTracker } from '../../src/index.js';
import { deferred } from '../support/deferred.js';
import { storedIds } from '../support/outbox.js';
import { find, render, trusted } from '../support/page.js';
import { openSite, type Site, told, wired } from '../support/tracker.js';

let isServing = true;
let loads = 0;
/** How many offer parts have begun, and are not stopped. */
let running = 0;
/** Holds a load back. */
let gate: Promise<void> | undefined;

const RELOAD_MS = 30_000;
/** Real time: modules are loaded again. */
const PATIENCE_MS = 20_000;

let site: Site;
/** The load that reads the module itself; in the next test it would leave one behind that does not count. */
let reading: Promise<unknown> | undefined;

/** Lets everything answer that the tracker has asked, also the database. */
const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(1);
  // Transactions take turns, and the page's own came first.
  await site.database.transact((rows) => rows.query('count', 'entry')).catch(() => undefined);
  await site.frame();
  await vi.advanceTimersByTimeAsync(1);
  await vi.dynamicImportSettled();
  await site.frame();
};

/** Waits for as many loads as that. */
const loaded = (times: number): Promise<void> => vi.waitFor(() => expect(loads).toBe(times), PATIENCE_MS);

const stored = (kind: 'entry' | 'seen', ids: readonly unknown[]): Promise<void> =>
  vi.waitFor(async () => expect(await storedIds(site.database, kind)).toEqual(ids), PATIENCE_MS);

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
  vi.doMock('../../src/client/later/offer-part.js', async (importOriginal) => {
    loads++;
    await gate;
    if (!isServing) throw new TypeError('Failed to fetch dynamically imported module');
    const original = importOriginal<typeof OfferPartRoom>();
    reading = original;
    const room = await original;
    return {
      ...room,
      createOfferPart(context: OfferPartRoom.OfferPartContext) {
        running++;
        const part = room.createOfferPart(context);
        return {
          ...part,
          stop() {
            running--;
            part.stop();
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

describe('the offer part', () => {
  test('does not load for a page without offers where nothing waits', async () => {
    const { errors } = site.start();
    await settle();
    expect([loads, errors]).toEqual([0, []]);
  });

  test.each([
    ['an offer that comes later', '<p data-offer-id="a"></p>'],
    ['an offer that has not arrived', '<p data-offer-id=""></p>'],
    ['a wrong id, which it reports', '<p data-offer-id="not an id"></p>'],
  ])('loads with %s', async (_, html) => {
    site.start();
    await settle();
    expect(loads).toBe(0);
    render(html);
    await loaded(1);
  });

  test('loads where an earlier page left an event, and delivers it', async () => {
    await site.database.transact(async (rows) => leaveEvent(rows));
    const { tracker } = site.start();
    await settle();
    await loaded(1);
    await tracker.flush();
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test.each([
    [
      'when the page becomes visible again',
      'granted',
      () => document.dispatchEvent(new Event('visibilitychange')),
    ],
    ['once there is consent, and leaves the database alone before', 'pending', undefined],
  ] as const)('loads for what an earlier page left %s', async (_, consent, happen) => {
    const transact = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const { tracker } = site.start({ consent });
    await vi.advanceTimersByTimeAsync(1);
    await site.frame();
    if (!happen) expect(transact).not.toHaveBeenCalled();
    transact.mockRestore();
    await settle();
    await site.database.transact(async (rows) => leaveEvent(rows));
    await settle();
    expect(loads).toBe(0);
    if (happen) happen();
    else tracker.consent('granted');
    await settle();
    await loaded(1);
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
    const read = async () => (await site.database.transact((rows) => rows.get(pause))) as { at: number };
    await expect.poll(async () => (await read()).at, { timeout: PATIENCE_MS }).toBeLessThan(at - 200_000);
  });

  test.each(['flush', 'stats'] as const)('loads for %s', async (name) => {
    const { tracker } = site.start();
    await settle();
    const answer = tracker[name]();
    await vi.advanceTimersByTimeAsync(1);
    await answer;
    await loaded(1);
  });

  test('takes a task of its own, as the search for offers does, so that users wait less long for each', async () => {
    render('<p data-offer-id="a"></p>');
    createOfferTracker({ endpoint: '/offer-events', outbox: { name: site.name } });
    const isWatched = (): boolean => site.browser.isObserved(find('p'));
    expect(isWatched()).toBe(false);
    vi.advanceTimersToNextTimer();
    expect([isWatched(), loads]).toEqual([true, 0]);
    vi.advanceTimersToNextTimer();
    await loaded(1);
    // Another test's page has none.
    (globalThis as { [key: symbol]: unknown })[Symbol.for(`offersight ${location.origin}/offer-events`)] =
      undefined;
  });

  test('hears of an offer that a listener brings when an early press is judged', async () => {
    const held = deferred<void>();
    gate = held.promise;
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p><i></i>');
    const { tracker } = site.start();
    const bring = (): void => void tracker.observe(find('i'), { id: 'b' });
    document.addEventListener('offersight:dismissed', bring, { once: true });
    find('button').dispatchEvent(trusted(new MouseEvent('click', { bubbles: true, composed: true })));
    held.resolve();
    await settle();
    await vi.waitFor(() => expect(running).toBe(1), PATIENCE_MS);
    // It is judged once the database has said what was accepted before.
    await tracker.flush();
    expect((await tracker.stats()).offers).toEqual({
      a: { rendered: 1, viewed: 1, dismissed: 1, accepted: 0 },
      b: { rendered: 1, viewed: 0, dismissed: 0, accepted: 0 },
    });
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
    await vi.waitFor(() => expect(running).toBe(1), PATIENCE_MS);
    for (const offer of offers) site.see(offer);
    await vi.waitFor(() => expect(events).toHaveLength(50), PATIENCE_MS);
    expect(getRegistration.mock.calls.length).toBeLessThan(5);
    await tracker.flush();
    expect(site.posted).toHaveLength(50);
  });
});

describe('a denial', () => {
  const leaveAll = (): Promise<void> =>
    site.database.transact(async (rows) => {
      leaveEvent(rows);
      rows.put(['seen', 'a', 'viewed'], { offerId: 'a', type: 'viewed', until: 9e15 });
    });

  test.each([
    ['that the page begins with', 'denied'],
    ['of a page without offers', 'pending'],
  ] as const)('%s deletes what earlier pages left, and loads nothing for that', async (_, consent) => {
    await leaveAll();
    const { tracker, events } = site.start({ consent });
    await settle();
    tracker.consent('denied');
    await stored('entry', []);
    await stored('seen', []);
    expect([loads, site.posted, events]).toEqual([0, [], []]);
  });

  test('that the database does not take at once has the offer part loaded, which repeats it', async () => {
    await leaveAll();
    const clear = vi.spyOn(IDBObjectStore.prototype, 'clear').mockImplementation(() => {
      throw new DOMException('a fault of the disk', 'UnknownError');
    });
    site.start({ consent: 'denied' });
    await settle();
    await loaded(1);
    clear.mockRestore();
    await stored('entry', []);
  });

  test('holds though consent is given again before the offer part comes, which reports what was given up', async () => {
    isServing = false;
    render('<p data-offer-id="a"></p>');
    const discarded: (readonly [string, string])[] = [];
    const { tracker, errors } = site.start({
      onDiscard: ({ offerId }, reason) => discarded.push([offerId, reason]),
    });
    await settle();
    site.see(find('p'));
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'entry')).toHaveLength(1),
      PATIENCE_MS,
    );
    tracker.consent('denied');
    await stored('entry', []);
    tracker.consent('granted');
    await site.frame();
    isServing = true;
    window.dispatchEvent(new Event('online'));
    await settle();
    await vi.waitFor(() => expect(running).toBe(1), PATIENCE_MS);
    await tracker.flush();
    expect([site.posted, discarded, errors.map(({ code }) => code)]).toEqual([
      [],
      [['a', 'consent']],
      ['load'],
    ]);
  });
});

describe('where the offer part does not come', () => {
  beforeEach(() => {
    isServing = false;
  });

  test('events are stored, one report says so, and they go as soon as it comes', async () => {
    render('<p data-offer-id="a"></p>');
    const durable: boolean[] = [];
    const { tracker, errors } = site.start({ onEvent: (_, isDurable) => durable.push(isDurable) });
    await settle();
    site.see(find('p'));
    await settle();
    expect(await storedIds(site.database, 'entry')).toHaveLength(1);
    await tracker.flush();
    await expect(tracker.stats()).resolves.toEqual({ offers: {} });
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await settle();
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['load', expect.stringMatching(/^load: offersight-offers\.js did not load: Error: /)],
    ]);
    expect([durable, site.posted]).toEqual([[], []]);
    isServing = true;
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await vi.waitFor(async () => {
      await tracker.flush();
      expect(wired(site.posted)).toEqual(['viewed a']);
    }, PATIENCE_MS);
    expect(durable).toEqual([true]);
  });

  test('and storage is blocked too, events are delivered from memory once it comes', async () => {
    vi.stubGlobal('indexedDB', undefined);
    render('<p data-offer-id="a"></p><i data-offer-id="b"></i>');
    const { tracker } = site.start();
    await settle();
    site.see(find('p'));
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
    }, PATIENCE_MS);
  });

  test('what the page said is done once it comes, in its order', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start();
    await settle();
    await tracker.flush();
    tracker.dismiss('b');
    tracker.accept('a');
    tracker.dismiss('a');
    isServing = true;
    window.dispatchEvent(new Event('online'));
    await settle();
    await stored('seen', ['a']);
    expect(told(events)).toEqual(['viewed b', 'dismissed b', 'viewed a']);
  });

  test('what waited for consent is stored as soon as it is granted', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start({ consent: 'pending' });
    await settle();
    site.see(find('p'));
    await tracker.flush();
    tracker.consent('granted');
    await vi.waitFor(
      async () => expect(await storedIds(site.database, 'entry')).toHaveLength(1),
      PATIENCE_MS,
    );
  });

  test('it is asked for at once when the network is back, one load at a time, and otherwise every 30 s', async () => {
    render('<p data-offer-id="a"></p>');
    site.start();
    await settle();
    await loaded(1);
    const held = deferred<void>();
    gate = held.promise;
    for (let times = 0; times < 3; times++) window.dispatchEvent(new Event('online'));
    await settle();
    await loaded(2);
    for (let times = 0; times < 3; times++) window.dispatchEvent(new Event('online'));
    await settle();
    expect(loads).toBe(2);
    held.resolve();
    await settle();
    await vi.advanceTimersByTimeAsync(RELOAD_MS);
    await settle();
    await loaded(3);
  });

  test.each(['has failed', 'is under way'])(
    'a stopped tracker does not ask again, and does not come to life, where the load %s',
    async (how) => {
      const held = deferred<void>();
      if (how === 'is under way') gate = held.promise;
      render('<p data-offer-id="a"></p>');
      const { tracker, events } = site.start();
      const remove = vi.spyOn(window, 'removeEventListener');
      await settle();
      site.see(find('p'));
      tracker.stop();
      tracker.stop();
      isServing = true;
      held.resolve();
      await settle();
      await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
      await settle();
      expect([loads, running, told(events), site.posted]).toEqual([1, 0, [], []]);
      expect(await storedIds(site.database, 'entry')).toHaveLength(1);
      const removed = remove.mock.calls;
      expect(
        vi
          .mocked(window.addEventListener)
          .mock.calls.filter(
            (added) => !removed.some((each) => added.every((given, at) => given === each[at])),
          ),
      ).toEqual([]);
    },
  );
});

test('a load that takes longer than 30 s keeps no decision and no event back, until then calls, and is used when it ends', async () => {
  const held = deferred<void>();
  gate = held.promise;
  render('<p data-offer-id="a"></p>');
  const { tracker, errors } = site.start();
  await settle();
  tracker.consent('denied');
  tracker.consent('pending');
  await site.frame();
  site.see(find('p'));
  tracker.consent('granted');
  await vi.waitFor(async () => expect(await storedIds(site.database, 'entry')).toHaveLength(1), PATIENCE_MS);
  const answers = Promise.all([tracker.flush(), tracker.stats()]);
  await vi.advanceTimersByTimeAsync(RELOAD_MS);
  await answers;
  expect(errors.map(({ code, hint }) => [code, hint])).toEqual([
    ['load', 'offersight-offers.js did not load: Error: timeout'],
  ]);
  held.resolve();
  await vi.waitFor(() => expect(running).toBe(1), PATIENCE_MS);
  await tracker.flush();
  expect(wired(site.posted)).toEqual(['viewed a']);
  await vi.advanceTimersByTimeAsync(3 * RELOAD_MS);
  expect([loads, running]).toEqual([1, 1]);
});
