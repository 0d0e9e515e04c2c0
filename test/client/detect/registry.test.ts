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

describe('offers come', () => {
  test('they come with the page', () => {
    render('<p data-offer-id="a52ge40b"></p><section><p data-offer-id="b77"></p></section><p></p>');
    const { told, registry } = start();
    expect(told).toEqual([
      ['mount', 'a52ge40b'],
      ['mount', 'b77'],
    ]);
    expect(shownBy(registry).map(({ element }) => element)).toEqual([find('p'), find('section p')]);
  });

  test('they come later, with the next frame', async () => {
    const { told } = start();
    render('<p data-offer-id="late"></p>');
    await settle();
    expect(told).toEqual([]);
    await frame();
    expect(told).toEqual([['mount', 'late']]);
  });

  test('when an element gets the attribute, or what was empty gets its offer', async () => {
    render('<p id="bare"></p><p id="empty" data-offer-id=""></p>');
    const { told } = start();
    expect(told).toEqual([]);
    find('#bare').setAttribute('data-offer-id', 'one');
    find('#empty').setAttribute('data-offer-id', 'two');
    await frame();
    expect(told).toEqual([
      ['mount', 'one'],
      ['mount', 'two'],
    ]);
  });

  test('many in one moment are one look', async () => {
    start();
    await frame();
    for (const id of ['x', 'y', 'z']) {
      document.body.insertAdjacentHTML('beforeend', `<p data-offer-id="${id}"></p>`);
      await settle();
    }
    expect(frames).toHaveLength(1);
  });

  test('each mounts once, however often the page changes', async () => {
    render('<p data-offer-id="same"></p>');
    const { told } = start();
    document.body.append(document.createElement('i'));
    await frame();
    document.body.append(document.createElement('b'));
    await frame();
    expect(told).toEqual([['mount', 'same']]);
  });

  test('one offer in two places is two placements', () => {
    render('<p data-offer-id="twice"></p><i data-offer-id="twice"></i>');
    const { registry } = start();
    expect(shownBy(registry).map(({ element }) => element)).toEqual([find('p'), find('i')]);
  });
});

describe('offers go', () => {
  test('they go with their element', async () => {
    render('<p data-offer-id="a"></p><p data-offer-id="b"></p>');
    const { told, registry } = start();
    find('[data-offer-id=a]').remove();
    await frame();
    expect(told.slice(2)).toEqual([['unmount', 'a']]);
    expect(shownBy(registry).map(({ offerId }) => offerId)).toEqual(['b']);
  });

  test('they go with their attribute', async () => {
    render('<p data-offer-id="a"></p>');
    const { told } = start();
    find('p').removeAttribute('data-offer-id');
    await frame();
    expect(told.slice(1)).toEqual([['unmount', 'a']]);
  });

  test('when the element shows another', async () => {
    render('<p data-offer-id="a"></p>');
    const { told, mounted } = start();
    find('p').setAttribute('data-offer-id', 'b');
    await frame();
    expect(told.slice(1)).toEqual([
      ['unmount', 'a'],
      ['mount', 'b'],
    ]);
    expect(mounted[1]?.element).toBe(find('p'));
  });

  test('and an element that only moved stays', async () => {
    render('<div></div><p data-offer-id="a"></p>');
    const { told } = start();
    find('div').append(find('p'));
    await frame();
    expect(told).toEqual([['mount', 'a']]);
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

describe('settings that are given by hand', () => {
  test.each([
    ['milliseconds', 1_763_600_123_456, 1_763_600_123_456],
    ['what can only be seconds, as the API gives them', 1_763_600_123, 1_763_600_123_000],
    ['nothing', undefined, undefined],
  ])('an end in %s', (_, expiresAt, expected) => {
    const { registry, mounted } = start();
    registry.observe(render('<p></p>'), { id: 'a', expiresAt });
    expect(mounted[0]?.expiresAt).toBe(expected);
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
  test('is the same for everybody who asks', () => {
    render('<p data-offer-id="a"></p>');
    const { registry, mounted } = start();
    expect(mounted).toEqual([{ element: find('p'), offerId: 'a' }]);
    expect(registry.placements.get(find('p'))).toBe(mounted[0]);
    expect(shownBy(registry)[0]).toBe(mounted[0]);
  });

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

describe('a name that cannot be an offer’s', () => {
  test('is a placement all the same: who records checks it', () => {
    render('<p data-offer-id="a"></p><p data-offer-id="no good"></p>');
    const { told } = start();
    expect(told).toEqual([
      ['mount', 'a'],
      ['mount', 'no good'],
    ]);
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

  test('may be another document', async () => {
    const frameDocument = document.implementation.createHTMLDocument();
    frameDocument.body.innerHTML = '<p data-offer-id="framed"></p>';
    const { registry, told } = start();
    registry.search(frameDocument);
    await frame();
    expect(told).toEqual([['mount', 'framed']]);
  });
});

describe('by hand', () => {
  test('an element without attributes is mounted at once, with its settings', () => {
    const { registry, mounted } = start();
    registry.observe(render('<p></p>'), { id: 'a', dwellMs: 7 });
    expect(mounted).toEqual([
      expect.objectContaining({ element: find('p'), offerId: 'a', dwellMs: 7, isByHand: true }),
    ]);
  });

  test.each([
    ['a date', { expiresAt: new Date(1_893_456_000_000) }, { expiresAt: 1_893_456_000_000 }],
    ['a time as text', { expiresAt: '2030-01-01T00:00:00Z' }, { expiresAt: 1_893_456_000_000 }],
    ['a number as text', { dwellMs: '300' }, { dwellMs: 300 }],
    ['a text that is no time', { expiresAt: 'soon' }, { expiresAt: undefined }],
    ['a large number', { dwellMs: 1n, ratio: 1n }, { dwellMs: Number.NaN, ratio: Number.NaN }],
    ['a symbol', { token: Symbol('t'), group: Symbol('g') }, { token: '?', group: '?' }],
    ['an object that has no text', { token: Object.create(null) }, { token: '?' }],
    ['null', { token: null, ratio: null }, {}],
    ['what is no setting', { impression: { id: 'x' }, isSeen: true, element: 1 }, {}],
  ])(
    'a setting by hand that has another type is read like an attribute, and throws nothing: %s',
    (_, given, read) => {
      const { registry, mounted } = start();
      registry.observe(render('<p></p>'), { id: 'a', ...given } as ObservedOffer);
      expect({ ...mounted[0] }).toEqual({
        element: find('p'),
        offerId: 'a',
        isByHand: true,
        ignore: undefined,
        ...read,
      });
    },
  );

  test('the offer is by default the one that the element names', () => {
    const { registry, mounted } = start();
    registry.observe(render('<p data-offer-id="a"></p>'), { ratio: 0.9 });
    expect(mounted).toEqual([expect.objectContaining({ offerId: 'a', ratio: 0.9, isByHand: true })]);
  });

  test('an element that names no offer is mounted under no name', () => {
    const { registry, told } = start();
    registry.observe(render('<p></p>'), { ratio: 0.9 });
    expect(told).toEqual([['mount', '']]);
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

  test('an offer is over once its end is called, once', async () => {
    const { registry, told } = start();
    const stop = registry.observe(render('<p></p>'), { id: 'a' });
    stop();
    stop();
    await frame();
    expect(told).toEqual([
      ['mount', 'a'],
      ['unmount', 'a'],
    ]);
  });

  test('ending an older watch of an element leaves the newer one', () => {
    const { registry, told } = start();
    const stopOlder = registry.observe(render('<p></p>'), { id: 'older' });
    registry.observe(find('p'), { id: 'newer' });
    stopOlder();
    expect(told).toEqual([
      ['mount', 'older'],
      ['unmount', 'older'],
      ['mount', 'newer'],
    ]);
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
