import { createRoot, createSignal } from 'solid-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OfferImpressionElement } from '../../src/adapters/element.js';
import { offer as solidOffer } from '../../src/adapters/solid.js';
import { offer, offerAction } from '../../src/adapters/svelte.js';
import type { Offered } from '../../src/index.js';
import { render } from '../support/page.js';

const marks = (element: Element): string => element.getAttributeNames().join(' ');

beforeEach(() => {
  document.body.innerHTML = '';
});

describe('Svelte’s attachment', () => {
  test('marks an element for as long as it is attached', () => {
    const element = render('<p></p>');
    const detach = offer({ id: 'a', dwellMs: 300 })(element);
    expect(marks(element)).toBe('data-offer-id data-offer-dwell');
    if (detach) detach();
    expect(marks(element)).toBe('');
  });
});

describe('Svelte’s action', () => {
  test('marks an element, and again when the offer is another one', () => {
    const element = render('<p></p>');
    const action = offerAction(element, { id: 'a', dwellMs: 300 });
    action?.update?.('b');
    expect(element.outerHTML).toBe('<p data-offer-id="b"></p>');
    action?.destroy?.();
    expect(marks(element)).toBe('');
  });
});

describe('Solid’s directive', () => {
  test('marks an element, and again when the offer is another one', () => {
    const element = render('<p></p>');
    const [shown, show] = createSignal<Offered>();
    const dispose = createRoot((end) => {
      solidOffer(element, shown);
      return end;
    });
    expect(marks(element)).toBe('');
    show({ id: 'a', dwellMs: 300 });
    expect(marks(element)).toBe('data-offer-id data-offer-dwell');
    show('b');
    expect(element.outerHTML).toBe('<p data-offer-id="b"></p>');
    dispose();
  });
});

describe('the custom element', () => {
  afterEach(() => {
    document.body.innerHTML = '';
  });

  test('is defined once, and takes an offer as a property', () => {
    expect(customElements.get('offer-impression')).toBe(OfferImpressionElement);
    const element = document.createElement('offer-impression');
    document.body.append(element);
    element.offer = { id: 'a', dwellMs: 300 };
    expect(element.offer).toEqual({ id: 'a', dwellMs: 300 });
    expect(marks(element)).toBe('data-offer-id data-offer-dwell');
    expect(element.tracker).toBeUndefined();
  });

  test('starts the tracker of its endpoint, one for all', () => {
    render('<div><offer-impression endpoint="/offer-events"></offer-impression></div>');
    const first = document.querySelector('offer-impression');
    const second = document.createElement('offer-impression');
    second.setAttribute('endpoint', '/offer-events');
    expect(first?.tracker).toBeDefined();
    expect(second.tracker).toBe(first?.tracker);
    first?.tracker?.stop();
  });
});
