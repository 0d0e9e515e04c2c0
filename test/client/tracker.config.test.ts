import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OfferTracker } from '../../src/client/offer-tracker.js';
import type { TrackerOptions } from '../../src/client/options.js';
import { createOfferTracker } from '../../src/client/tracker.js';
import { isOffersightError } from '../../src/errors.js';
import { find, render } from '../support/page.js';
import { PATIENCE_MS } from '../support/patience.js';
import { openSite, type Site, told } from '../support/tracker.js';

let site: Site;

beforeEach(() => {
  site = openSite();
});

afterEach(() => {
  site.close();
  expect(site.uncaught).toEqual([]);
});

/** Uses everything a tracker has; nothing may throw. */
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
    [
      'an endpoint on another origin',
      { endpoint: 'https://elsewhere.example/offer-events' },
      `endpoint is on https://elsewhere.example: it has to be on ${location.origin}.`,
    ],
    [
      'an endpoint without an origin',
      { endpoint: 'data:,x' },
      `endpoint is on null: it has to be on ${location.origin}.`,
    ],
    [
      'a malformed endpoint',
      { endpoint: 'http://[' },
      'endpoint is http://[: give a path, such as /offer-events.',
    ],
    ['a share above all', { viewability: { ratio: 2 } }, 'viewability.ratio is 2: give a share from 0 to 1.'],
    [
      'a share below none',
      { viewability: { largeRatio: -0.1 } },
      'viewability.largeRatio is -0.1: give a share from 0 to 1.',
    ],
    [
      'a share that is no number',
      { viewability: { ratio: Number.NaN } },
      'viewability.ratio is NaN: give a share from 0 to 1.',
    ],
    [
      'a dwell that is no number',
      { viewability: { dwellMs: Number.NaN } },
      'viewability.dwellMs is NaN: give a number from 0.',
    ],
    [
      'a dwell before the beginning',
      { viewability: { ratio: 0.5, dwellMs: -1 } },
      'viewability.dwellMs is -1: give a number from 0.',
    ],
    [
      'an area that is no number',
      { viewability: { largeAreaPx: Number.NaN } },
      'viewability.largeAreaPx is NaN: give a number from 0.',
    ],
  ];

  /** What is wrong is looked up, which takes a moment. */
  const untilReported = (errors: readonly unknown[]): Promise<void> =>
    vi.waitFor(() => expect(errors).toHaveLength(1), PATIENCE_MS);

  test.each(wrong)('%s, on a page with an offer', async (_, options, hint) => {
    render('<p data-offer-id="a"></p>');
    const { tracker, events, errors } = site.start(options);
    site.see(find('p'));
    document.body.insertAdjacentHTML('beforeend', '<p data-offer-id="later"></p>');
    await site.frame();
    await useAll(tracker);
    await untilReported(errors);
    expect(errors.map((error) => [isOffersightError(error), error.code, error.hint])).toEqual([
      [true, 'configuration', hint],
    ]);
    // It costs events.
    expect(vi.mocked(console.error).mock.calls).toEqual([errors]);
    expect([events, site.posted, site.uncaught]).toEqual([[], [], []]);
    expect(site.browser.isObserved(find('p'))).toBe(false);
  });

  test('a browser without IntersectionObserver is reported', async () => {
    vi.stubGlobal('IntersectionObserver', undefined);
    render('<p data-offer-id="a"></p>');
    const { tracker, events, errors } = site.start();
    await useAll(tracker);
    expect(errors.map(({ code }) => code)).toEqual(['unsupported']);
    expect([events, site.posted]).toEqual([[], []]);
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

describe('without an endpoint it is /offer-events', () => {
  test.each([
    ['left out', {}],
    ['empty, as a template leaves it', { endpoint: '' }],
    ['without any options, as a page without types may call it', undefined as unknown as TrackerOptions],
  ])('%s', async (_, options) => {
    const { tracker } = site.start();
    expect(createOfferTracker(options)).toBe(tracker);
  });
});

describe('a wrong attribute or argument spoils nothing else', () => {
  test('a share of 2 on one offer, also one that comes later', async () => {
    const wrong = '<i data-offer-id="wrong" data-offer-ratio="2"></i>';
    render(wrong);
    const { tracker, events } = site.start();
    render(`${wrong}<p data-offer-id="right"></p>`);
    await site.frame();
    site.see(find('p'));
    await tracker.flush();
    expect(told(events)).toEqual(['viewed right']);
  });

  test('an offer id that cannot be one is reported once', async () => {
    render('<i data-offer-id="no good"></i><p data-offer-id="good"></p>');
    const { tracker, events, errors } = site.start();
    site.see(find('p'));
    await tracker.flush();
    expect(errors.map(({ code, hint }) => [code, hint.includes('no good')])).toEqual([
      ['configuration', true],
    ]);
    expect(told(events)).toEqual(['viewed good']);
  });

  test.each<readonly [TrackerOptions, string]>([
    [{ repeat: 'pages' as 'page' }, 'repeat is pages: give page, mount or browser.'],
    [{ dismissal: { controls: '[' } }, 'dismissal.controls is [: give a CSS selector.'],
    [
      { dismissal: { labels: 'Not now' as unknown as string[] } },
      'dismissal.labels is Not now: give a list of texts.',
    ],
  ])('the option %j is reported once, by its name', async (options, hint) => {
    render('<p data-offer-id="good"></p>');
    const { tracker, events, errors } = site.start(options);
    site.see(find('p'));
    await tracker.flush();
    expect(errors.map((error) => [error.code, error.hint])).toEqual([['configuration', hint]]);
    expect(told(events)).toEqual(['viewed good']);
  });

  test('an id that stays empty is said once to be none, and one that arrives is not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    render(
      '<p data-offer-id="good"></p><i data-offer-id=""></i><b data-offer-id=" "></b><u data-offer-id=""></u>',
    );
    const { tracker } = site.start();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(warn).not.toHaveBeenCalled();
    find('i').setAttribute('data-offer-id', 'late');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(warn.mock.calls).toEqual([
      ['Offersight: data-offer-id is empty, so this is no offer.', find('b')],
    ]);
    tracker.stop();
    vi.useRealTimers();
  });

  test('observing with an end that is not a time posts none', async () => {
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

  test.each<[string, unknown, unknown]>([
    ['a share of 2', document.createElement('p'), { id: 'a', ratio: 2 }],
    ['an element that was not found', null, undefined],
    ['an element that was not found, with an id', null, { id: 'a' }],
    ...[undefined, null, 7, {}].map((id): [string, unknown, unknown] => [
      `the id ${JSON.stringify(id)}`,
      document.body,
      { id },
    ]),
  ])('observing %s', async (_, element, offer) => {
    const { tracker, events } = site.start();
    expect(() => tracker.observe(element as Element, offer as { id: string })()).not.toThrow();
    const { id } = Object(offer) as { id: string };
    if (typeof id !== 'string') for (const decide of [tracker.dismiss, tracker.accept]) decide(id);
    await tracker.flush();
    await site.frame();
    expect(events).toEqual([]);
  });

  test('settings that are there only at times still give an end', () => {
    const { tracker } = site.start();
    const element = render('<p data-offer-id="a"></p>');
    tracker.observe(element, false as unknown as undefined)();
    expect(site.browser.isObserved(element)).toBe(false);
  });

  test('a dwell that is none leaves that of the tracker, so that what counts at a glance is watched exactly at once', () => {
    const { tracker } = site.start();
    const [exact, far] = [render('<p></p>'), render('<p></p>')];
    tracker.observe(exact, { id: 'a', dwellMs: -1 });
    tracker.observe(far, { id: 'b', dwellMs: 1_000 });
    const isFar = (element: Element): boolean[] =>
      site.browser.observers
        .filter(({ observed }) => observed.has(element))
        .map(({ hasMargin }) => hasMargin);
    expect([isFar(exact), isFar(far)]).toEqual([[false], [true]]);
  });
});
