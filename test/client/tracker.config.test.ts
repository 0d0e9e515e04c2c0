import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OfferTracker } from '../../src/client/offer-tracker.js';
import type { TrackerOptions } from '../../src/client/options.js';
import { createOfferTracker } from '../../src/client/tracker.js';
import { isOffersightError } from '../../src/errors.js';
import { find, render } from '../support/page.js';
import { openSite, type Site, told } from '../support/tracker.js';

let site: Site;

beforeEach(() => {
  site = openSite();
});

afterEach(() => {
  site.close();
  expect(site.uncaught).toEqual([]);
});

/** Uses everything a tracker has; whatever it is, nothing may throw. */
const useAll = async (tracker: OfferTracker): Promise<void> => {
  const stop = tracker.observe(find('p'), { id: 'b' });
  stop();
  stop();
  tracker.dismiss('a');
  tracker.accept('a');
  await tracker.flush();
  await tracker.stats();
  tracker.stop();
  tracker.stop();
};

describe('a wrong configuration gives an inert tracker and one report', () => {
  const wrong: readonly (readonly [string, Partial<TrackerOptions>, string])[] = [
    ['no endpoint', { endpoint: undefined as unknown as string }, 'configuration'],
    ['an empty endpoint', { endpoint: '' }, 'configuration'],
    [
      'an endpoint on another origin',
      { endpoint: 'https://elsewhere.example/offer-events' },
      'configuration',
    ],
    ['an endpoint without an origin', { endpoint: 'data:,x' }, 'configuration'],
    ['a malformed endpoint', { endpoint: 'http://[' }, 'configuration'],
    ['a share above all', { viewability: { ratio: 2 } }, 'configuration'],
    ['a share below none', { viewability: { ratio: -0.1 } }, 'configuration'],
    ['a share that is no number', { viewability: { ratio: Number.NaN } }, 'configuration'],
    ['a dwell that is no number', { viewability: { dwellMs: Number.NaN } }, 'configuration'],
  ];

  test.each(wrong)('%s, on a page with an offer', async (_, options, code) => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events, errors } = site.start(options);
    site.see(find('p'));
    document.body.insertAdjacentHTML('beforeend', '<p data-offer-id="later"></p>');
    await site.frame();
    await useAll(tracker);
    expect(errors.map((error) => [isOffersightError(error), error.code])).toEqual([[true, code]]);
    expect([events, site.posted, site.uncaught]).toEqual([[], [], []]);
    expect(site.browser.isObserved(find('p'))).toBe(false);
  });

  test.each(wrong)('%s, on a page whose offer comes later', async (_, options, code) => {
    render('<p></p>');
    const { tracker, events, errors } = site.start(options);
    find('p').setAttribute('data-offer-id', 'a');
    await site.frame();
    site.see(find('p'));
    await useAll(tracker);
    expect(errors.map((error) => error.code)).toEqual([code]);
    expect([events, site.posted, site.uncaught]).toEqual([[], [], []]);
  });

  test('a browser without IntersectionObserver', async () => {
    vi.stubGlobal('IntersectionObserver', undefined);
    render('<p data-offer-id="a"></p>');
    const { tracker, events, errors } = site.start();
    await useAll(tracker);
    expect(errors.map(({ code }) => code)).toEqual(['unsupported']);
    expect([events, site.posted]).toEqual([[], []]);
  });

  test('no options at all', async () => {
    render('<p data-offer-id="a"></p>');
    const tracker = createOfferTracker(undefined as unknown as TrackerOptions);
    await expect(useAll(tracker)).resolves.toBeUndefined();
  });

  test('says what to do, and keeps the cause', () => {
    const [error] = site.start({ endpoint: 'http://[' }).errors;
    expect(error?.hint).not.toBe('');
    expect(error?.cause).toBeInstanceOf(TypeError);
  });

  test('is written to the console only where debugging is wanted', () => {
    site.start({ endpoint: '' });
    expect(console.error).not.toHaveBeenCalled();
    const { errors } = site.start({ endpoint: '', debug: true });
    expect(vi.mocked(console.error).mock.calls).toEqual([errors]);
  });

  test('leaves the tracker of a right one to come', async () => {
    render('<p data-offer-id="a"></p>');
    site.start({ viewability: { ratio: 2 } });
    const { tracker, events } = site.start();
    site.see(find('p'));
    await tracker.flush();
    expect(told(events)).toEqual(['viewed a']);
  });
});

describe('a wrong attribute or argument spoils nothing else', () => {
  test.each(['2', 'Infinity', 'half', '-1'])('a share of %s on one offer', async (ratio) => {
    render(`<i data-offer-id="wrong" data-offer-ratio="${ratio}"></i><p data-offer-id="right"></p>`);
    const { tracker, events } = site.start();
    site.see(find('p'));
    await tracker.flush();
    expect(told(events)).toEqual(['viewed right']);
  });

  test('a share of 2 on an offer that comes later', async () => {
    render('<p></p>');
    const { tracker, events } = site.start();
    render('<i data-offer-id="wrong" data-offer-ratio="2"></i><p data-offer-id="right"></p>');
    await site.frame();
    site.see(find('p'));
    await tracker.flush();
    expect([told(events), site.uncaught]).toEqual([['viewed right'], []]);
  });

  test('an offer id that cannot be one is told once', async () => {
    render('<i data-offer-id="no good"></i><p data-offer-id="good"></p>');
    const { tracker, events, errors } = site.start();
    site.see(find('p'));
    await tracker.flush();
    expect(errors.map(({ code, hint }) => [code, hint.includes('no good')])).toEqual([
      ['configuration', true],
    ]);
    expect(told(events)).toEqual(['viewed good']);
  });

  test('observing with a share of 2', () => {
    const { tracker } = site.start();
    expect(() => tracker.observe(render('<p></p>'), { id: 'a', ratio: 2 })).not.toThrow();
  });

  test('observing with a dwell that is no number makes no timer run wild', async () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    const { tracker } = site.start();
    const element = render('<p></p>');
    tracker.observe(element, { id: 'a', dwellMs: Number.NaN });
    site.see(element);
    await tracker.flush();
    for (const [, delayMs] of setTimer.mock.calls) expect(delayMs).not.toBeNaN();
  });

  test('observing with an end that is no time posts none', async () => {
    const { tracker } = site.start();
    for (const [id, expiresAt] of [
      ['a', Infinity],
      ['b', Number.NaN],
    ] as const) {
      const element = render('<p></p>');
      tracker.observe(element, { id, expiresAt });
      site.see(element);
    }
    await tracker.flush();
    const ends = site.posted.map((event) => [event.personalized_offer_id, event.expires_at ?? undefined]);
    expect(ends).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
  });

  test('observing an element that was not found', () => {
    const { tracker } = site.start();
    const missing = document.querySelector('.missing') as unknown as Element;
    expect(() => tracker.observe(missing)()).not.toThrow();
    expect(() => tracker.observe(missing, { id: 'a' })()).not.toThrow();
  });

  test('ids that are no texts', async () => {
    const { tracker, events } = site.start();
    for (const id of [undefined, null, 7, {}] as unknown as string[]) {
      tracker.dismiss(id);
      tracker.accept(id);
      tracker.observe(render('<p></p>'), { id });
    }
    await tracker.flush();
    await site.frame();
    expect([events, site.uncaught]).toEqual([[], []]);
  });

  test('offers named like members of every object', async () => {
    render('<i data-offer-id="__proto__"></i><p data-offer-id="constructor"></p>');
    const { tracker } = site.start();
    site.see(find('p'));
    const { offers } = await tracker.stats();
    const touched = [Object.prototype, Object].flatMap((shared) =>
      ['rendered', 'viewed'].filter(
        (name) => Object.hasOwn(shared, name) && Reflect.deleteProperty(shared, name),
      ),
    );
    expect(touched).toEqual([]);
    expect(Object.entries(offers)).toContainEqual([
      'constructor',
      { rendered: 1, viewed: 1, dismissed: 0, accepted: 0 },
    ]);
  });
});
