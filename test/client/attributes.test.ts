import { afterEach, describe, expect, test, vi } from 'vitest';
import { markOffer, type Offered, offerAttributes } from '../../src/client/attributes.js';
import type { Placement } from '../../src/client/detect/placement.js';
import { createRegistry } from '../../src/client/detect/registry.js';
import { mistakeOf } from '../../src/client/later/debug/attribute-mistakes.js';
import { find, render } from '../support/page.js';

afterEach(() => {
  document.body.innerHTML = '';
});

/** What a tracker reads of an element. */
const readBack = (offer: Offered): Placement | undefined => {
  markOffer(render('<p></p>'), offer);
  const mounted: Placement[] = [];
  const registry = createRegistry({
    onMount: (placement) => void mounted.push(placement),
    onUnmount: vi.fn(),
  });
  registry.start();
  registry.stop();
  return mounted[0];
};

describe('the attributes of an offer', () => {
  test('say each of its settings, as a tracker reads them', () => {
    const settings = {
      ratio: 0.25,
      dwellMs: 300,
      repeat: 'mount',
      expiresAt: 1_893_456_000_123,
      token: 't0ken.x',
      group: 'summer/2026',
    } as const;
    expect(readBack({ id: 'a', ...settings })).toMatchObject({ offerId: 'a', ...settings });
  });

  test('are those that a tracker reads, and those that the help for developers knows', () => {
    const element = render('<p></p>');
    markOffer(element, {
      ...{ id: 'a', ratio: 0.25, dwellMs: 300, repeat: 'mount', expiresAt: 1_893_456_000_123 },
      ...{ token: 't0ken.x', group: 'summer/2026', ignore: 'leave' },
    });
    const written = element.getAttributeNames();
    const asked = vi.spyOn(Element.prototype, 'getAttribute');
    readBack({ id: 'b' });
    // It is read when the offer has counted.
    const read = [...asked.mock.calls.map(([name]) => name), 'data-offer-ignore'];
    expect([...new Set(read)].filter((name) => name.startsWith('data-offer-')).sort()).toEqual(
      written.sort(),
    );
    for (const name of written) expect(mistakeOf(`${name}x`, 'a')).toContain(name);
  });

  const ID = { 'data-offer-id': 'a' };
  test.each<[what: string, offer: unknown, expected: object]>([
    ['are only that id, if there is nothing else', 'a', ID],
    [
      'leave out what was left out, what is null, and a time that is none',
      { id: 'a', ratio: undefined, dwellMs: null, token: '', expiresAt: Number.NaN },
      ID,
    ],
    ['leave out an end that is never', { id: 'a', expiresAt: Number.POSITIVE_INFINITY }, ID],
    [
      'take an end that can only be in seconds for seconds',
      { id: 'a', expiresAt: 1_893_456_000 },
      offerAttributes({ id: 'a', expiresAt: 1_893_456_000_000 }),
    ],
    [
      'say zero, which is a setting',
      { id: 'a', dwellMs: 0, ratio: 0, ignore: 0 },
      { ...ID, 'data-offer-dwell': '0', 'data-offer-ratio': '0', 'data-offer-ignore': '0' },
    ],
    ...[undefined, null, ''].map((offer): [string, unknown, object] => [
      'are missing if no offer has arrived yet',
      offer,
      {},
    ]),
    ['have no other kind', { id: 'a', onclick: 'evil()', title: 'Two months on us' }, ID],
  ])('%s', (_, offer, expected) => {
    expect(offerAttributes(offer as Offered)).toEqual(expected);
  });
});

describe('an element that is marked', () => {
  test('loses what belonged to the offer before, and keeps what is the page’s own', () => {
    const element = render('<p class="card" data-offer-repeat="browser"></p>');
    markOffer(element, { id: 'a', dwellMs: 100, token: 't' });
    markOffer(element, { id: 'b', ratio: 1 });
    expect(Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value]))).toEqual({
      class: 'card',
      'data-offer-repeat': 'browser',
      'data-offer-id': 'b',
      'data-offer-ratio': '1',
    });
    markOffer(element, undefined);
    expect(element.getAttributeNames()).toEqual(['class', 'data-offer-repeat']);
  });

  test('is not touched where it says so already', () => {
    markOffer(render('<p></p>'), { id: 'a', dwellMs: 100 });
    const touched = vi.spyOn(find('p'), 'setAttribute');
    markOffer(find('p'), { id: 'a', dwellMs: 100 });
    expect(touched).not.toHaveBeenCalled();
  });
});
