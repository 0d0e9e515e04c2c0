/** Why none of an offer is in view: which ancestor hides it, clips it, or is not open. */
import { hidingOf, nameOf } from '../../client/later/debug/wording.js';
import { matches } from '../../client/later/detect/controls.js';
import { outward } from '../../client/later/detect/roots.js';
import { clipperOf, clippingWords } from './clipping.js';
import { isInViewport, unreachableOf } from './reach.js';

const isEmpty = ({ width, height }: DOMRectReadOnly): boolean => !(width * height);

/** The element, or one around it, whose style leaves nothing of it without moving it elsewhere. */
const vanisherOf = (element: Element): string | undefined => {
  const { offsetWidth = 0, offsetHeight = 0 } = element as Partial<HTMLElement>;
  const isFlattened = offsetWidth * offsetHeight > 0 && isEmpty(element.getBoundingClientRect());
  for (const at of outward(element)) {
    const { clipPath, transform, scale, rotate } = getComputedStyle(at);
    // Pages still hide by the old property.
    const clip = getComputedStyle(at).getPropertyValue('clip');
    if (clipPath !== 'none') return `${nameOf(at)} may clip it by clip-path: ${clipPath}.`;
    if (clip !== 'auto') return `${nameOf(at)} may clip it by clip: ${clip}.`;
    const isTurned = transform !== 'none' || rotate !== 'none';
    if (scale === '0' || /^matrix\(0, 0, 0, 0,/.test(transform) || (isFlattened && isTurned))
      return `${nameOf(at)} shrinks it to nothing by a transform.`;
  }
  return undefined;
};

/** What is drawn for an element without a size is positioned or floated, and has a box of its own. */
const sizelessWords = (element: Element): string => {
  const drawn = [...element.querySelectorAll('*')].find((each) => !isEmpty(each.getBoundingClientRect()));
  const { position, float } = getComputedStyle(drawn ?? element);
  const isApart = /absolute|fixed/.test(position) || float !== 'none';
  // A picture has no content of its own.
  if (!element.childNodes.length && element.localName !== 'img')
    return 'It is empty, and has no size. If a portal draws the offer elsewhere, put data-offer-id there.';
  return drawn && isApart && getComputedStyle(element).overflow === 'visible'
    ? `It has no size: ${nameOf(drawn)} in it is drawn outside of its box. Put data-offer-id on that element.`
    : 'It has no size. Give it content, or a width and a height.';
};

const CLOSED = 'dialog:not([open]),[popover]:not(:is(:popover-open))';

/** The dialog, popover or details that an element lies in, or that it is, and that is not open. */
const closedAround = (element: Element, isDrawn: boolean): Element | null => {
  const details = element.closest('details:not([open])');
  if (details && !element.closest('summary')) return details;
  // A browser without popovers draws them, and its `:is()` selects nothing.
  if (isDrawn) return null;
  for (const at of outward(element)) if (matches(at, CLOSED)) return at;
  return null;
};

/** What is left to say if nothing hides or clips an offer. */
const SCROLL = 'It is not in view. Scroll to it.';

/** Why none of an offer is in view, in words. */
export const outOfViewOf = (element: Element, boxes: readonly Element[], isDrawn: boolean): string => {
  const closed = closedAround(element, isDrawn);
  if (closed) return `${nameOf(closed)}${closed === element ? '' : ' around it'} is not open.`;
  if (getComputedStyle(element).display === 'contents' && !element.childElementCount)
    return 'It has no box: it is display: contents, and holds no element. Put data-offer-id on an element that has a box.';
  if (!isDrawn) return hidingOf(element);
  if (boxes.every((box) => isEmpty(box.getBoundingClientRect())))
    return vanisherOf(element) ?? sizelessWords(element);
  const clippers = boxes.map(clipperOf);
  const [clipper] = clippers.every((each) => each) ? clippers : [];
  if (clipper) return clippingWords(clipper);
  return (isInViewport(element) && vanisherOf(element)) || unreachableOf(element) || SCROLL;
};
