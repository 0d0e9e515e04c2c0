/** Offers on a page that its tracker cannot see. */
import { beforeEach, describe, expect, it } from 'vitest';
import { idleControls } from '../../src/tools/inspector/idle-controls.js';
import { unseenIn } from '../../src/tools/inspector/unseen.js';
import { createPlacements } from '../support/placements.js';

/** The frame's document is outside of the page's, since no frame can load here. */
const page = document.createElement('main');
beforeEach(() => page.replaceChildren());

const said = (isNone = true): string => unseenIn([page], isNone).join('\n');

/** A frame of this origin. */
const frameOf = (html: string): HTMLIFrameElement => {
  const frame = document.createElement('iframe');
  frame.className = 'shop';
  // Nothing has a layout here.
  for (const name of ['clientWidth', 'clientHeight'])
    Object.defineProperty(frame, name, { value: 200, configurable: true });
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
      '<iframe.shop> holds 1 offer that no tracker sees: put the script tag into its page, or give its contentDocument to tracker.observe().',
    );
  });

  it('that has its page in srcdoc, and so no address, can only be observed from outside', () => {
    frameOf(OFFER).setAttribute('srcdoc', OFFER);
    expect(said(false)).toBe(
      '<iframe.shop> holds 1 offer that no tracker sees: give its contentDocument to tracker.observe().',
    );
  });

  it('are named in an object as well', () => {
    const frame = frameOf(OFFER);
    const object = document.createElement('object');
    Object.defineProperty(object, 'contentDocument', { value: frame.contentDocument });
    frame.replaceWith(object);
    expect(said(false)).toMatch(/^<object> holds 1 offer that no tracker sees: /);
  });

  it('are not named if the page’s tracker observes them, or the frame has one', () => {
    const frame = frameOf(OFFER);
    expect(unseenIn([page, frame.contentDocument as Document], false)).toEqual([]);
    Object.assign(frame.contentWindow as Window, {
      [Symbol('offersight https://shop.example/e')]: new Map(),
    });
    expect(said(false)).toBe('');
    expect(said()).toBe('<iframe.shop> holds 1 offer of its own tracker: open the inspector in that frame.');
    Object.defineProperty(frame, 'clientHeight', { value: 0 });
    expect(said(false)).toBe('<iframe.shop> holds 1 offer of its own tracker, and has no height.');
  });
});

describe('offers in a shadow tree', () => {
  it('are named if the tracker does not know the tree, since it came late', () => {
    const component = document.createElement('shop-box');
    page.append(component);
    const tree = component.attachShadow({ mode: 'open' });
    expect(said(false)).toBe('');
    tree.innerHTML = OFFER;
    expect(said(false)).toBe(
      '<shop-box> got its shadow tree late, with 1 offer that no tracker watches: give its shadowRoot to tracker.observe().',
    );
    expect(unseenIn([page, tree], false)).toEqual([]);
  });
});

describe('a marked control', () => {
  const idleIn = (html: string, offers: readonly string[] = ['a']): string[] => {
    page.innerHTML = html;
    const placements = createPlacements(
      ...offers.flatMap((offerId) => {
        const element = page.querySelector(`[data-offer-id="${offerId}"]`);
        return element ? [{ element, offerId }] : [];
      }),
    );
    const inside = { registry: { placements }, trees: () => [page] };
    return idleControls(inside as never, new Map([['gone', {}]]) as never);
  };

  it('is named if it names no offer and is in none, or names one that is not on the page', () => {
    expect(
      idleIn(`${OFFER}<button data-offer-dismiss></button><button id="b" data-offer-accept="b"></button>`),
    ).toEqual([
      '<button> with data-offer-dismiss names no offer and is not in one.',
      '<button#b> with data-offer-accept="b" names an offer that no element shows.',
    ]);
  });

  it('is not named in an offer or a dialog, or if it names one that is or was there', () => {
    const controls = '<button data-offer-dismiss></button><button data-offer-accept="true"></button>';
    expect(
      idleIn(`<p data-offer-id="a">${controls}</p><dialog>${controls}</dialog>
        <button data-offer-dismiss="a"></button><button data-offer-dismiss="gone"></button>`),
    ).toEqual([]);
  });
});
