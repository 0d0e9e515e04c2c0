import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOfferTracker } from '../../src/client/tracker.js';
import { storedIds } from '../support/outbox.js';
import { find, render } from '../support/page.js';
import { PATIENCE_MS } from '../support/patience.js';
import { openSite, type Site, told, wired } from '../support/tracker.js';

let site: Site;

beforeEach(() => {
  site = openSite();
});

afterEach(() => {
  site.close();
  expect(site.uncaught).toEqual([]);
});

const broken = new Error('the host’s own fault');
const fail = (): never => {
  throw broken;
};

test('a listener of the page’s own that throws does not stop the tracker', async () => {
  // As browsers do: what a listener throws is reported, not thrown at the code that dispatched.
  const { settings } = (window as unknown as { happyDOM: { settings: { disableErrorCapturing: boolean } } })
    .happyDOM;
  const { disableErrorCapturing } = settings;
  settings.disableErrorCapturing = false;
  const reported = vi.fn();
  window.addEventListener('error', reported);
  document.addEventListener('offersight:viewed', fail, { once: true });
  try {
    const { tracker, events } = site.start();
    tracker.dismiss('a');
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(reported).toHaveBeenCalled();
  } finally {
    window.removeEventListener('error', reported);
    settings.disableErrorCapturing = disableErrorCapturing;
  }
});

describe('one endpoint has one tracker', () => {
  test('which every caller gets, so an offer counts once; another endpoint has another', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    expect(site.start().tracker).toBe(tracker);
    expect(site.start({ endpoint: `${location.origin}/offer-events` }).tracker).toBe(tracker);
    const other = site.start({ endpoint: '/other', outbox: { name: `${site.name}-other` } }).tracker;
    expect(other).not.toBe(tracker);
    other.stop();
    site.see(find('p'));
    await tracker.flush();
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test('after a stop there can be a new one', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    tracker.stop();
    const next = site.start();
    expect(next.tracker).not.toBe(tracker);
    tracker.stop();
    expect(site.start().tracker).toBe(next.tracker);
    site.see(find('p'));
    await next.tracker.flush();
    expect(told(next.events)).toEqual(['viewed a']);
  });
});

describe('stopped', () => {
  test('it sees, notices and delivers nothing more', async () => {
    render('<p data-offer-id="a"><button data-offer-dismiss></button></p>');
    const { tracker, events } = site.start();
    await tracker.flush();
    tracker.stop();
    tracker.stop();
    site.see(find('p'));
    find('button').click();
    tracker.dismiss('b');
    tracker.accept('b');
    tracker.observe(find('p'), { id: 'c' })();
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('pagehide'));
    await tracker.flush();
    await site.frame();
    expect([told(events), site.posted, site.browser.isObserved(find('p'))]).toEqual([[], [], false]);
  });

  test('in the task in which it started, it finds nothing', async () => {
    render('<p data-offer-id="a"></p>');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const tracker = createOfferTracker({ outbox: { name: site.name } });
    tracker.stop();
    vi.advanceTimersByTime(0);
    vi.useRealTimers();
    await site.frame();
    expect(site.browser.isObserved(find('p'))).toBe(false);
  });

  test('between a change of the page and its frame, it sees nothing of that', async () => {
    render('<main></main>');
    const { tracker } = site.start();
    render('<p data-offer-id="a"></p>');
    await Promise.resolve();
    tracker.stop();
    await site.frame();
    expect(site.browser.isObserved(find('p'))).toBe(false);
  });

  test('what it recorded is kept and delivered by the next', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    site.see(find('p'));
    tracker.stop();
    await site.frame();
    expect(site.posted).toEqual([]);
    await site.start().tracker.flush();
    expect(wired(site.posted)).toEqual(['viewed a']);
  });

  test('events of the task of the stop are reported when they are stored', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events } = site.start();
    await tracker.flush();
    site.see(find('p'));
    tracker.stop();
    await vi.waitFor(() => expect(told(events)).toEqual(['viewed a']), PATIENCE_MS);
    await site.frame();
    expect(site.posted).toEqual([]);
  });
});

describe('where storage is blocked', () => {
  test('events are delivered from memory, with one report', async () => {
    vi.stubGlobal('indexedDB', undefined);
    render('<p data-offer-id="a"></p>');
    const { tracker, events, errors } = site.start();
    site.see(find('p'));
    tracker.dismiss('a');
    await site.frame();
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(wired(site.posted)).toEqual(['viewed a', 'dismissed a']);
    expect(errors.map(({ code }) => code)).toEqual(['storage']);
  });

  test('the page and its tag manager learn that events are not durable, and stats count them', async () => {
    vi.stubGlobal('indexedDB', undefined);
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
    vi.stubGlobal('dataLayer', []);
    render('<p data-offer-id="a"></p>');
    const durable: boolean[] = [];
    const { tracker } = site.start({
      dataLayer: 'dataLayer personalized_offer_id',
      onEvent: (_, isDurable) => durable.push(isDurable),
    });
    site.see(find('p'));
    await tracker.flush();
    await tracker.flush();
    expect(durable).toEqual([false]);
    expect((globalThis as unknown as { dataLayer: unknown[] }).dataLayer).toEqual([
      expect.objectContaining({ personalized_offer_id: 'a', is_durable: false }),
    ]);
    await expect(tracker.stats()).resolves.toMatchObject({ outbox: { waiting: 1, inMemory: 1 } });
  });
});

describe('where storage hangs', () => {
  test('events leave from memory, once, and are not stored behind that when it answers at last', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { fetch } = globalThis;
    const post = vi.fn(fetch);
    vi.stubGlobal('fetch', post);
    let isHeld = true;
    const held = site.database.transact(async (rows) => {
      while (isHeld) await rows.get(['dead', '']);
    });
    await site.frame();
    render('<p data-offer-id="a"></p>');
    const durable: boolean[] = [];
    const { tracker } = site.start({ onEvent: (_, isDurable) => durable.push(isDurable) });
    site.see(find('p'));
    await vi.advanceTimersByTimeAsync(20_000);
    expect([wired(site.posted), durable]).toEqual([['viewed a'], [false]]);
    isHeld = false;
    await held;
    await vi.advanceTimersByTimeAsync(20_000);
    await tracker.flush();
    vi.useRealTimers();
    expect([post.mock.calls.length, durable]).toEqual([1, [false]]);
    await expect(storedIds(site.database, 'entry')).resolves.toEqual([]);
  });
});

describe('a page that is left', () => {
  test('posts at once what is recorded and not yet delivered', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await tracker.flush();
    site.see(find('p'));
    await Promise.resolve();
    window.dispatchEvent(new Event('pagehide'));
    await Promise.resolve();
    expect(wired(site.posted)).toEqual(['viewed a']);
    await site.frame();
    const { outbox } = await tracker.stats();
    expect(outbox).toEqual({ waiting: 0, inMemory: 0, dead: 0 });
  });
});

describe('a page that replaced fetch by one that throws', () => {
  test('is left without harm, and the event is kept', async () => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start();
    await tracker.flush();
    vi.stubGlobal('fetch', fail);
    site.see(find('p'));
    await Promise.resolve();
    expect(() => window.dispatchEvent(new Event('pagehide'))).not.toThrow();
    await Promise.resolve();
    await tracker.flush();
    await expect(tracker.stats()).resolves.toMatchObject({ outbox: { waiting: 1, inMemory: 0, dead: 0 } });
  });
});

describe('stats', () => {
  test('count what happened to each offer on this page', async () => {
    render('<p data-offer-id="a"></p><i data-offer-id="b"></i><b data-offer-id="b"></b>');
    const { tracker } = site.start();
    site.see(find('p'));
    tracker.dismiss('a');
    tracker.accept('c');
    await tracker.flush();
    await expect(tracker.stats()).resolves.toEqual({
      offers: {
        a: { rendered: 1, viewed: 1, dismissed: 1, accepted: 0 },
        b: { rendered: 2, viewed: 0, dismissed: 0, accepted: 0 },
        c: { rendered: 0, viewed: 1, dismissed: 0, accepted: 1 },
      },
      outbox: { waiting: 0, inMemory: 0, dead: 0 },
      discarded: {},
    });
  });

  test('count an offer as rendered each time that one element begins to show it, also in one task', async () => {
    const element = render('<p></p>');
    const { tracker } = site.start();
    await tracker.flush();
    for (const id of ['a', 'b', 'a', 'c']) tracker.observe(element, { id });
    const { offers } = await tracker.stats();
    expect(Object.entries(offers).map(([id, { rendered }]) => `${id} ${rendered}`)).toEqual([
      'a 2',
      'b 1',
      'c 1',
    ]);
  });
});
