/** Offers on a page that its tracker cannot see. */
import { beforeEach, describe, expect, it } from 'vitest';
import { unseenIn } from '../../src/inspector/unseen.js';

/** The frame's document is outside of the page's, since no frame can load here. */
const page = document.createElement('main');
beforeEach(() => page.replaceChildren());

const said = (isNone = true): string => unseenIn([page], isNone).join('\n');

/** A frame of this origin. */
const frameOf = (html: string): HTMLIFrameElement => {
  const frame = document.createElement('iframe');
  frame.className = 'shop';
  const inner = document.implementation.createHTMLDocument();
  inner.body.innerHTML = html;
  Object.defineProperties(frame, {
    contentDocument: { value: inner, configurable: true },
    contentWindow: { value: {} },
  });
  page.append(frame);
  return frame;
};

const OFFER = '<p data-offer-id="a"></p>';

describe('offers in a frame', () => {
  it('are named if no tracker sees them, even beside offers that one sees', () => {
    frameOf(OFFER);
    expect(said(false)).toBe(
      '<iframe.shop> holds 1 offer that no tracker sees: put the script tag into its page, or observe(frame.contentDocument).',
    );
  });

  it('are not named if the page’s tracker observes them, or the frame has one', () => {
    const frame = frameOf(OFFER);
    expect(unseenIn([page, frame.contentDocument as Document], false)).toEqual([]);
    Object.assign(frame.contentWindow as Window, {
      [Symbol('offersight https://shop.example/e')]: new Map(),
    });
    expect(said(false)).toBe('');
  });

  it('are not suspected in a frame that seems to have none, unless the page shows no offer at all', () => {
    const frame = frameOf('<p>A film</p>');
    expect(said()).toBe('');
    Object.defineProperty(frame, 'contentDocument', { value: null });
    expect(said(false)).toBe('');
    expect(said()).toBe('<iframe.shop> may not be looked into: offers in it need a tracker of its own.');
  });
});

describe('a page without offers', () => {
  it('has other attributes named that may have been meant', () => {
    page.innerHTML =
      '<p data-chargebee-offer="a" data-offer-group="b"></p><p data-offer-uuid="c" class="offer"></p>';
    expect(said()).toBe(
      [
        'data-chargebee-offer does not mark an offer: data-offer-id does.',
        'data-offer-uuid does not mark an offer: data-offer-id does.',
      ].join('\n'),
    );
    expect(said(false)).toBe('');
  });

  it('has components named whose trees nobody can find', () => {
    page.innerHTML = '<shop-offer></shop-offer><shop-open></shop-open><shop-slot><p></p></shop-slot>';
    for (const each of page.querySelectorAll('*'))
      Object.defineProperty(each, 'offsetHeight', { value: 200 });
    page.querySelector('shop-open')?.attachShadow({ mode: 'open' });
    page.querySelector('shop-offer')?.attachShadow({ mode: 'closed' });
    expect(said()).toBe(
      '<shop-offer> may hold offers in a closed shadow tree: give that to tracker.observe().',
    );
  });

  it('reports nothing if nothing may be an offer', () => {
    page.innerHTML = '<p data-id="a" class="offer">Two months on us</p>';
    expect(said()).toBe('');
  });
});
