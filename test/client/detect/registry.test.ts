import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ObservedOffer, Placement } from '../../../src/client/detect/placement.js';
import { createRegistry, type Registry } from '../../../src/client/detect/registry.js';
import { find, render } from '../../support/page.js';
import { settle } from '../../support/runtime.js';

type Told = readonly [what: 'mount' | 'unmount', offerId: string];

let frames: FrameRequestCallback[] = [];
let registry: Registry | undefined;

/** Lets mutations be noticed and the frame come. */
const frame = async (): Promise<void> => {
  await settle();
  for (const callback of frames.splice(0)) callback(0);
};

const shownBy = ({ placements }: Registry): Placement[] => placements.filter(() => true);

const start = () => {
  const told: Told[] = [];
  const mounted: Placement[] = [];
  const started = createRegistry({
    onMount(placement) {
      told.push(['mount', placement.offerId]);
      mounted.push(placement);
    },
    onUnmount: ({ offerId }) => told.push(['unmount', offerId]),
  });
  started.start();
  registry = started;
  return { registry: started, told, mounted };
};

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => frames.push(callback));
  vi.stubGlobal('cancelAnimationFrame', (handle: number) => {
    frames.splice(handle - 1, 1);
  });
});

afterEach(() => {
  registry?.stop();
  document.body.innerHTML = '';
  vi.unstubAllGlobals();
});

describe('offers come and go', () => {
  const put = (markup: string) => (): void => document.body.insertAdjacentHTML('beforeend', markup);
  const A = '<p data-offer-id="a"></p>';

  /** What the page has, what it does then, and what is said of that with the next frame. */
  const CASES: Record<string, [markup: string, change: () => unknown, ...then: Told[]]> = {
    'come with the page': [`${A}<section></section><p></p>`, () => undefined],
    'come later': [A, put('<p data-offer-id="late"></p>'), ['mount', 'late']],
    'come when an element gets the attribute': [
      `${A}<i></i>`,
      () => find('i').setAttribute('data-offer-id', 'one'),
      ['mount', 'one'],
    ],
    'come when what was empty gets its offer': [
      `${A}<i data-offer-id=""></i>`,
      () => find('i').setAttribute('data-offer-id', 'two'),
      ['mount', 'two'],
    ],
    'come once, however much else changes': [A, put('<i></i>')],
    'come also under a name that cannot be an offer’s: who records checks it': [
      A,
      put('<p data-offer-id="no good"></p>'),
      ['mount', 'no good'],
    ],
    'come in several places as several placements': [A, put('<i data-offer-id="a"></i>'), ['mount', 'a']],
    'go with their element': [A, () => find('p').remove(), ['unmount', 'a']],
    'go with their attribute': [A, () => find('p').removeAttribute('data-offer-id'), ['unmount', 'a']],
    'go when the element shows another': [
      A,
      () => find('p').setAttribute('data-offer-id', 'b'),
      ['unmount', 'a'],
      ['mount', 'b'],
    ],
    'stay if the element only moved': [`<div></div>${A}`, () => find('div').append(find('p'))],
  };

  test.each(Object.entries(CASES))('they %s', async (_, [markup, change, ...then]) => {
    render(markup);
    const { told, registry } = start();
    expect(told).toEqual([['mount', 'a']]);
    change();
    await settle();
    expect(told).toHaveLength(1);
    await frame();
    expect(told.slice(1)).toEqual(then);
    const shown = [...document.querySelectorAll('[data-offer-id]:not([data-offer-id=""])')];
    expect(shownBy(registry).map(({ element }) => element)).toEqual(shown);
  });

  test('many in one moment are one look', async () => {
    start();
    await frame();
    for (const id of ['x', 'y', 'z']) {
      put(`<p data-offer-id="${id}"></p>`)();
      await settle();
    }
    expect(frames).toHaveLength(1);
  });
});

describe('settings', () => {
  test.each([
    ['nothing', '', {}],
    ['a share', 'data-offer-ratio="0.75"', { ratio: 0.75 }],
    ['a share of none', 'data-offer-ratio="0"', { ratio: 0 }],
    ['a time', 'data-offer-dwell="2500"', { dwellMs: 2_500 }],
    ['no time', 'data-offer-dwell="0"', { dwellMs: 0 }],
    ['how often', 'data-offer-repeat="mount"', { repeat: 'mount' }],
    ['an end in seconds', 'data-offer-expires="1763600123"', { expiresAt: 1_763_600_123_000 }],
    ['an end in milliseconds', 'data-offer-expires="1763600123456"', { expiresAt: 1_763_600_123_456 }],
    [
      'an end as a date',
      'data-offer-expires="2025-11-20T09:00:00Z"',
      { expiresAt: Date.UTC(2025, 10, 20, 9) },
    ],
    ['words for numbers', 'data-offer-ratio="half" data-offer-dwell="soon" data-offer-expires="never"', {}],
    ['empty values', 'data-offer-ratio="" data-offer-dwell="" data-offer-expires=""', {}],
  ])('read from attributes: %s', (_, attributes, expected) => {
    render(`<p data-offer-id="a" ${attributes}></p>`);
    const { mounted } = start();
    const given = mounted.map((placement) =>
      Object.fromEntries(
        // A value that is not a number is left out when the rule is made.
        Object.entries(placement).filter(([, value]) => value != null && !Number.isNaN(value)),
      ),
    );
    expect(given).toEqual([{ ...expected, offerId: 'a', element: find('p') }]);
  });
});

describe('what the page renews while it shows an offer', () => {
  test('is its token, its end and its group, and nothing else', async () => {
    const element = render('<p data-offer-id="a" data-offer-token="old" data-offer-dwell="300"></p>');
    const { told, mounted } = start();
    element.setAttribute('data-offer-token', 'new');
    element.setAttribute('data-offer-expires', '1763600123');
    element.setAttribute('data-offer-dwell', '900');
    element.setAttribute('data-offer-group', 'summer');
    await frame();
    expect(mounted[0]).toMatchObject({
      token: 'new',
      expiresAt: 1_763_600_123_000,
      group: 'summer',
      dwellMs: 300,
    });
    expect(told).toEqual([['mount', 'a']]);
  });

  test('the token of the next offer is not that of the one before', async () => {
    const element = render('<p data-offer-id="a" data-offer-token="of-a"></p>');
    const { registry, mounted } = start();
    element.setAttribute('data-offer-token', 'of-b');
    element.setAttribute('data-offer-id', 'b');
    await frame();
    expect(registry.past.get('a')?.token).toBe('of-a');
    expect(mounted.map(({ token }) => token)).toEqual(['of-a', 'of-b']);
  });
});

describe('a placement', () => {
  test('is tested as well if it comes during the test of another one', () => {
    render('<p data-offer-id="a"></p><i></i>');
    const { registry } = start();
    const tested: string[] = [];
    registry.placements.filter(({ offerId }) => {
      tested.push(offerId);
      if (offerId === 'a') registry.observe(find('i'), { id: 'b' });
      return false;
    });
    expect(tested).toEqual(['a', 'b']);
  });

  test('is not there again if who hears that it comes takes it out', () => {
    render('<p data-offer-id="a"></p>');
    registry = createRegistry({ onMount: () => registry?.stop(), onUnmount: () => undefined });
    registry.start();
    expect(shownBy(registry)).toEqual([]);
  });

  test('is not tested any more if it goes during the test of another one', () => {
    render('<p data-offer-id="a"></p><i data-offer-id="b"></i>');
    const { registry } = start();
    const tested: string[] = [];
    registry.placements.filter(({ offerId }) => {
      tested.push(offerId);
      registry.stop();
      return true;
    });
    expect(tested).toEqual(['a']);
  });
});

describe('other trees', () => {
  const shadow = (mode: ShadowRootMode): ShadowRoot => {
    const root = render('<div></div>').attachShadow({ mode });
    root.innerHTML = '<p data-offer-id="inside"></p>';
    return root;
  };

  test('are looked through with the next frame, once they are given', async () => {
    const root = shadow('closed');
    const { registry, told, mounted } = start();
    expect([...registry.roots]).toEqual([document]);
    registry.search(root);
    expect([told, [...registry.roots]]).toEqual([[], [document, root]]);
    await frame();
    expect(told).toEqual([['mount', 'inside']]);
    expect(mounted[0]?.element).toBe(find('p', root));
  });

  test('are looked through again when something changes there', async () => {
    const root = shadow('open');
    const { registry, told } = start();
    registry.search(root);
    await frame();
    root.innerHTML = '<i data-offer-id="later"></i>';
    await frame();
    find('i', root).setAttribute('data-offer-id', 'another');
    await frame();
    expect(told.slice(1)).toEqual([
      ['unmount', 'inside'],
      ['mount', 'later'],
      ['unmount', 'later'],
      ['mount', 'another'],
    ]);
  });

  test('go with all that they show when they are taken back', async () => {
    const root = shadow('closed');
    const { registry, told } = start();
    const stop = registry.search(root);
    await frame();
    stop();
    stop();
    await frame();
    root.append(document.createElement('b'));
    await frame();
    expect(told).toEqual([
      ['mount', 'inside'],
      ['unmount', 'inside'],
    ]);
    expect([...registry.roots]).toEqual([document]);
  });

  test('keep an offer that moves from one to the other', async () => {
    const root = shadow('open');
    const { registry, told } = start();
    registry.search(root);
    await frame();
    document.body.append(find('p', root));
    await frame();
    expect(told).toEqual([['mount', 'inside']]);
  });
});

describe('by hand', () => {
  test.each([
    ['milliseconds', { expiresAt: 1_763_600_123_456 }, { expiresAt: 1_763_600_123_456 }],
    [
      'what can only be seconds, as the API gives them',
      { expiresAt: 1_763_600_123 },
      { expiresAt: 1_763_600_123_000 },
    ],
    ['a date', { expiresAt: new Date(1_893_456_000_000) }, { expiresAt: 1_893_456_000_000 }],
    ['a time as text', { expiresAt: '2030-01-01T00:00:00Z' }, { expiresAt: 1_893_456_000_000 }],
    ['a number as text', { dwellMs: '300' }, { dwellMs: 300 }],
    ['a text that is no time', { expiresAt: 'soon' }, { expiresAt: undefined }],
    ['a large number', { dwellMs: 1n, ratio: 1n }, { dwellMs: Number.NaN, ratio: Number.NaN }],
    ['a symbol', { token: Symbol('t'), group: Symbol('g') }, { token: '?', group: '?' }],
    ['an object that has no text', { token: Object.create(null) }, { token: '?' }],
    ['null', { token: null, ratio: null }, {}],
    ['what is no setting', { impression: { id: 'x' }, isSeen: true, element: 1 }, {}],
  ])('a setting by hand is read like an attribute, and throws nothing: %s', (_, given, read) => {
    const { registry, mounted } = start();
    registry.observe(render('<p></p>'), { id: 'a', ...given } as ObservedOffer);
    expect({ ...mounted[0] }).toEqual({
      element: find('p'),
      offerId: 'a',
      isByHand: true,
      ignore: undefined,
      ...read,
    });
  });

  test.each([
    ['that the element names, by default', '<p data-offer-id="a"></p>', 'a'],
    ['without a name, if the element names none', '<p></p>', ''],
  ])('the offer is the one %s', (_, markup, offerId) => {
    const { registry, mounted } = start();
    registry.observe(render(markup), { ratio: 0.9 });
    expect(mounted).toEqual([expect.objectContaining({ offerId, ratio: 0.9, isByHand: true })]);
  });

  test('what is said by hand wins over the attributes, also later', async () => {
    render('<p data-offer-id="attribute" data-offer-dwell="40"></p>');
    const { registry, told, mounted } = start();
    registry.observe(find('p'), { id: 'hand', ratio: 0.9 });
    find('p').setAttribute('data-offer-id', 'another');
    await frame();
    expect(told).toEqual([
      ['mount', 'attribute'],
      ['unmount', 'attribute'],
      ['mount', 'hand'],
    ]);
    expect(mounted[1]).toMatchObject({ ratio: 0.9, dwellMs: 40 });
  });

  test('ending an older watch of an element leaves the newer one, whose own end counts once', () => {
    const { registry, told } = start();
    const stopOlder = registry.observe(render('<p></p>'), { id: 'older' });
    const stopNewer = registry.observe(find('p'), { id: 'newer' });
    stopOlder();
    expect(told.splice(0)).toEqual([
      ['mount', 'older'],
      ['unmount', 'older'],
      ['mount', 'newer'],
    ]);
    stopNewer();
    stopNewer();
    expect(told).toEqual([['unmount', 'newer']]);
  });
});

describe('stopped', () => {
  test('everything goes, and nothing comes any more', async () => {
    render('<p data-offer-id="a"></p><p data-offer-id="b"></p>');
    const { registry, told } = start();
    registry.stop();
    document.body.insertAdjacentHTML('beforeend', '<p data-offer-id="c"></p>');
    await frame();
    expect(told.slice(2)).toEqual([
      ['unmount', 'a'],
      ['unmount', 'b'],
    ]);
  });

  test('nothing comes of a tree that is taken back later', async () => {
    render('<p data-offer-id="a"></p><div></div>');
    const { registry, told } = start();
    const stop = registry.search(find('div').attachShadow({ mode: 'open' }));
    await frame();
    registry.stop();
    stop();
    await frame();
    expect(told.slice(1)).toEqual([['unmount', 'a']]);
    expect(shownBy(registry).map(({ element }) => element)).toEqual([]);
  });

  test('between a change and its frame, nothing comes either', async () => {
    const { registry, told } = start();
    render('<p data-offer-id="a"></p>');
    await settle();
    registry.stop();
    await frame();
    expect(told).toEqual([]);
  });
});
