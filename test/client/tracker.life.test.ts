import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExposureNote, explain } from '../../src/client/later/diagnosis.js';
import { createOfferTracker } from '../../src/client/tracker.js';
import { find, render, trusted } from '../support/page.js';
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

test('where storage is blocked, events are delivered from memory, and the page, its tag manager and the stats say so', async () => {
  vi.stubGlobal('indexedDB', undefined);
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
  vi.stubGlobal('dataLayer', []);
  render('<p data-offer-id="a"></p>');
  const durable: boolean[] = [];
  const { tracker, errors } = site.start({
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
  expect(errors.map(({ code }) => code)).toEqual(['storage', 'delivery']);
  vi.stubGlobal('fetch', fetch);
  window.dispatchEvent(new Event('pagehide'));
  await site.frame();
  expect(wired(site.posted)).toEqual(['viewed a']);
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

describe('an offer in a shadow tree', () => {
  const BARE = '<p data-offer-id="a"><i aria-label="Close"></i></p>';
  const MARKED = '<p data-offer-id="a"><button data-offer-dismiss></button></p>';

  test.each<[where: string, mode: ShadowRootMode, given: 'tree' | 'offer' | 'no', isLoaded: boolean]>([
    ['is seen, announced and closed in an open one', 'open', 'no', true],
    ['is seen and closed in a closed one that is given', 'closed', 'tree', true],
    ['is seen and closed in a closed one that is given before the offer part came', 'closed', 'tree', false],
    ['is seen and closed in a closed one if the offer itself is given', 'closed', 'offer', true],
  ])('%s', async (_, mode, given, isLoaded) => {
    const announced = vi.fn();
    document.addEventListener('offersight:viewed', announced, { once: true });
    const root = render('<div></div>').attachShadow({ mode });
    root.innerHTML = MARKED;
    const { tracker, events } = site.start();
    if (isLoaded) await tracker.flush();
    if (given !== 'no') tracker.observe(given === 'tree' ? root : find('p', root));
    await tracker.flush();
    await site.frame();
    site.see(find('p', root));
    find('button', root).click();
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(announced).toHaveBeenCalledOnce();
  });

  test.each([
    ['is closed by a conventional control, which a timer of the page follows', {}, []],
    [
      'is closed so also if the site gives an invalid selector, which is reported',
      { controls: ':::' },
      ['configuration'],
    ],
  ])('%s', async (_, dismissal, codes) => {
    const root = render('<div></div>').attachShadow({ mode: 'open' });
    root.innerHTML = BARE;
    const { tracker, events, errors } = site.start({ dismissal });
    await tracker.flush();
    await site.frame();
    site.see(find('p', root));
    find('i', root).dispatchEvent(trusted(new MouseEvent('click', { bubbles: true, composed: true })));
    find('p', root).remove();
    await vi.waitFor(() => expect(told(events)).toEqual(['viewed a', 'dismissed a']), PATIENCE_MS);
    expect(errors.map(({ code }) => code)).toEqual(codes);
  });
});

describe('what else may be asked for', () => {
  afterEach(() => {
    Reflect.deleteProperty(globalThis, 'shopLayer');
  });

  test('a tag manager’s array gets an event once it is durable', async () => {
    const { tracker, events } = site.start({ dataLayer: 'shopLayer' });
    tracker.dismiss('a', 'escape');
    expect(Object.hasOwn(globalThis, 'shopLayer')).toBe(false);
    await tracker.flush();
    await site.frame();
    const { shopLayer } = globalThis as unknown as { shopLayer: unknown };
    expect(shopLayer).toEqual([
      expect.objectContaining({ event: 'personalized_offer_viewed', event_id: events[0]?.id }),
      expect.objectContaining({ event: 'personalized_offer_dismissed', reason: 'escape' }),
    ]);
  });

  test.each([
    ['what was ignored goes along when the page is left', false, ['viewed a', 'dismissed a']],
    ['what was reacted to is not ignored', true, ['viewed a']],
  ])('%s', async (_, isAccepted, expected) => {
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start({ ignore: 'leave' });
    await tracker.flush();
    // Ignoring loads on request.
    await vi.dynamicImportSettled();
    site.see(find('p'));
    if (isAccepted) tracker.accept('a');
    await tracker.flush();
    await site.frame();
    window.dispatchEvent(new Event('pagehide'));
    await Promise.resolve();
    expect(wired(site.posted)).toEqual(expected);
  });

  test('an explanation begins with what is so when the offer part comes', async () => {
    render('<p data-offer-id="a"></p>');
    const notes: ExposureNote[] = [];
    const { tracker } = site.start({ debug: explain((note) => notes.push(note)) });
    await tracker.flush();
    site.browser.show(find('p'), { ratio: 0.2 });
    site.see(find('p'));
    expect(notes.map(({ reason }) => reason)).toEqual(['not-rendered', 'too-small', 'viewed']);
  });

  test('a browser that knows what covers an offer is asked unless the site does not want that', async () => {
    const asked = () =>
      site.browser.observers.filter(({ trackVisibility, observed }) => trackVisibility && observed.size)
        .length;
    const viewability = { dwellMs: 1_000 };
    render('<p data-offer-id="a"></p>');
    const { tracker } = site.start({ viewability, occlusion: false });
    await tracker.flush();
    site.browser.show(find('p'), { ratio: 1 });
    expect(asked()).toBe(0);
    tracker.stop();
    await site.start({ viewability }).tracker.flush();
    site.browser.show(find('p'), { ratio: 1 });
    expect(asked()).not.toBe(0);
  });
});
