import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExposureNote, explain } from '../../src/client/later/diagnosis.js';
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

const OFFER = '<p data-offer-id="a"><button data-offer-dismiss></button><i aria-label="Close"></i></p>';

/** A shadow tree on the page that shows an offer. */
const shadow = (mode: ShadowRootMode, markup = OFFER): ShadowRoot => {
  const root = render('<div></div>').attachShadow({ mode });
  root.innerHTML = markup;
  return root;
};

describe('an offer in an open shadow root', () => {
  test('is seen, announced out of it, and closed inside', async () => {
    const root = shadow('open');
    const announced = vi.fn();
    document.addEventListener('offersight:viewed', announced, { once: true });
    const { tracker, events } = site.start();
    await tracker.flush();
    await site.frame();
    site.see(find('p', root));
    find('button', root).click();
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
    expect(announced).toHaveBeenCalledOnce();
  });

  test('is closed by a conventional control inside', async () => {
    const root = shadow('open');
    const { tracker, events } = site.start();
    await tracker.flush();
    await site.frame();
    site.see(find('p', root));
    find('i', root).dispatchEvent(trusted(new MouseEvent('click', { bubbles: true, composed: true })));
    find('p', root).remove();
    // A timer of the page follows the press.
    await vi.waitFor(() => expect(told(events)).toEqual(['viewed a', 'dismissed a']), PATIENCE_MS);
  });

  test('is seen no more by a tracker that was stopped', async () => {
    const root = shadow('open');
    document.body.insertAdjacentHTML('beforeend', '<b data-offer-id="b"></b>');
    const { tracker, events } = site.start();
    await tracker.flush();
    await site.frame();
    tracker.stop();
    await site.frame();
    document.body.append(document.createElement('u'));
    await site.frame();
    for (const element of [find('p', root), find('b')]) {
      site.see(element);
      expect(site.browser.isObserved(element)).toBe(false);
    }
    await site.frame();
    expect(told(events)).toEqual([]);
  });
});

describe('an offer in a closed shadow root', () => {
  test('is not found', async () => {
    const root = shadow('closed');
    const { tracker } = site.start();
    await tracker.flush();
    await site.frame();
    expect(site.browser.isObserved(find('p', root))).toBe(false);
  });

  test.each([
    ['once its tree is given', true],
    ['also where that is given before the offer part came', false],
  ])('is seen and closed %s', async (_, isLoaded) => {
    const root = shadow('closed');
    const { tracker, events } = site.start();
    if (isLoaded) await tracker.flush();
    tracker.observe(root);
    await tracker.flush();
    await site.frame();
    site.see(find('p', root));
    find('button', root).click();
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
  });

  test('is closed inside also where the offer itself was given', async () => {
    const root = shadow('closed');
    const { tracker, events } = site.start();
    await tracker.flush();
    tracker.observe(find('p', root));
    find('button', root).click();
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a', 'dismissed a']);
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

describe('an option that breaks the offer part', () => {
  test('such as an invalid selector is reported, and conventions replace it', async () => {
    render(OFFER);
    const { tracker, events, errors } = site.start({ dismissal: { controls: ':::' } });
    await tracker.flush();
    site.see(find('p'));
    find('i').dispatchEvent(trusted(new MouseEvent('click', { bubbles: true })));
    find('p').remove();
    // A timer of the page follows the press.
    await vi.waitFor(() => expect(told(events)).toEqual(['viewed a', 'dismissed a']), PATIENCE_MS);
    expect(errors.map(({ code }) => code)).toEqual(['configuration']);
  });
});
