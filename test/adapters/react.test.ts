import { act, createElement, type ReactNode, StrictMode, useState } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Offer, useOffer } from '../../src/adapters/react.js';
import { createFakeTracker, type FakeTracker } from '../../src/testing.js';
import { find } from '../support/page.js';

let root: Root;
let fake: FakeTracker;

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  document.body.innerHTML = '<main></main>';
  root = createRoot(find('main'));
  fake = createFakeTracker();
});

afterEach(async () => {
  await act(async () => root.unmount());
  fake.stop();
});

const show = (node: ReactNode): Promise<void> =>
  act(async () => root.render(createElement(StrictMode, null, node)));

describe('Offer', () => {
  test('renders an element that says which offer it shows, and passes on the rest', async () => {
    const ref = vi.fn();
    await show(
      createElement(
        Offer<'article'>,
        { as: 'article', offer: { id: 'a', dwellMs: 300 }, className: 'card', ref },
        'Two months',
      ),
    );
    expect(find('main').innerHTML).toBe(
      '<article class="card" data-offer-id="a" data-offer-dwell="300">Two months</article>',
    );
    expect(ref).toHaveBeenCalledWith(find('article'));
  });

  test('shows another offer in the same element, and none before it has arrived', async () => {
    await show(createElement(Offer, { offer: undefined }));
    const element = find('main > div');
    expect(element.getAttributeNames()).toEqual([]);
    await show(createElement(Offer, { offer: { id: 'a', token: 't' } }));
    await show(createElement(Offer, { offer: 'b' }));
    expect(find('main').innerHTML).toBe('<div data-offer-id="b"></div>');
    expect(find('main > div')).toBe(element);
  });

  test('is the same on a server, so that hydrating changes nothing', async () => {
    const faults = vi.spyOn(console, 'error');
    const node = createElement(Offer<'section'>, {
      as: 'section',
      offer: { id: 'a', expiresAt: 1_893_456_000_000 },
    });
    document.body.innerHTML = `<nav>${renderToString(node)}</nav>`;
    const served = find('section');
    fake.see('a');
    const hydrated = await act(async () => hydrateRoot(find('nav'), node));
    expect(find('section')).toBe(served);
    expect(faults).not.toHaveBeenCalled();
    await act(async () => hydrated.unmount());
  });

  test('has controls that JSX marks without a value', async () => {
    await show(createElement(Offer, { offer: 'a' }, createElement('b', { 'data-offer-dismiss': true })));
    find('b').click();
    expect(fake.events.map(({ type, offerId }) => `${type} ${offerId}`)).toEqual(['viewed a', 'dismissed a']);
  });
});

describe('useOffer', () => {
  let renders: number;
  let observed: string[];

  /** Watches, and knows what is watched now. */
  const spied = (): FakeTracker => ({
    ...fake,
    observe: (target, offer) => {
      const stop = fake.observe(target, offer);
      observed.push(offer?.id ?? '');
      return () => {
        observed.splice(observed.indexOf(offer?.id ?? ''), 1);
        stop();
      };
    },
  });

  let tracker: FakeTracker;

  const Card = ({ id }: { readonly id: string }): ReactNode => {
    renders++;
    const [count, setCount] = useState(0);
    // Written in place: another object at each render.
    const { ref, dismiss, accept } = useOffer(tracker, { id, dwellMs: 0 });
    return createElement(
      'article',
      { ref, onClick: () => setCount(count + 1) },
      createElement('b', { onClick: dismiss }),
      createElement('i', { onClick: accept }),
    );
  };

  beforeEach(() => {
    renders = 0;
    observed = [];
    tracker = spied();
  });

  test('watches the element once, also where React mounts twice, and until it goes', async () => {
    await show(createElement(Card, { id: 'a' }));
    expect(observed).toEqual(['a']);
    fake.see('a');
    await show(null);
    expect(observed).toEqual([]);
    expect(() => fake.see('a')).toThrow();
  });

  test('renders nothing again by itself, and watches on through renders of others', async () => {
    await show(createElement(Card, { id: 'a' }));
    const before = renders;
    fake.see('a');
    expect(renders).toBe(before);
    const observe = vi.spyOn(tracker, 'observe');
    await act(async () => find('article').click());
    expect(renders).toBeGreaterThan(before);
    expect(observe).not.toHaveBeenCalled();
    expect(observed).toEqual(['a']);
  });

  test('watches the next offer in place of the one before', async () => {
    await show(createElement(Card, { id: 'a' }));
    await show(createElement(Card, { id: 'b' }));
    expect(observed).toEqual(['b']);
  });

  test('watches nothing, and says nothing, while no offer has arrived', async () => {
    const Empty = (): ReactNode => {
      const { ref, dismiss, accept } = useOffer(tracker, undefined);
      return createElement('b', { ref, onClick: dismiss, onMouseUp: accept });
    };
    const acts = [vi.spyOn(tracker, 'dismiss'), vi.spyOn(tracker, 'accept')];
    await show(createElement(Empty));
    await act(async () => find('b').click());
    expect(observed).toEqual([]);
    for (const act of acts) expect(act).not.toHaveBeenCalled();
  });

  test('gives what the component can say by itself', async () => {
    await show(createElement(Card, { id: 'a' }));
    await act(async () => find('b').click());
    expect(fake.events.map(({ type, offerId }) => `${type} ${offerId}`)).toEqual(['viewed a', 'dismissed a']);
    expect(fake.events[1]).toMatchObject({ reason: 'api' });
    await show(createElement(Card, { id: 'b' }));
    await act(async () => find('i').click());
    await act(async () => find('b').click());
    expect(fake.events.slice(2).map(({ type, offerId }) => `${type} ${offerId}`)).toEqual(['viewed b']);
  });
});
