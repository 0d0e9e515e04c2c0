/** Whether scrolling brings an offer into view, and what keeps it from that. */
import { nameOf } from '../../client/later/debug/wording.js';
import { outward } from '../../client/later/detect/roots.js';

/** Whether any of an element's box lies in the viewport. */
export const isInViewport = (element: Element): boolean => {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
};

/** Why scrolling does not bring an element into view. */
export const unreachableOf = (element: Element): string | undefined => {
  if (!(innerWidth * innerHeight)) return 'The frame that shows this page has no size.';
  for (const at of outward(element))
    if (getComputedStyle(at).position === 'fixed')
      return `${nameOf(at)} is fixed outside of the screen, so scrolling does not help.`;
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const { direction, overflowX } = getComputedStyle(document.documentElement);
  const overflows = overflowX + getComputedStyle(document.body).overflowX;
  const isBeside =
    // If one reads from right to left, the page goes on there.
    direction === 'ltr' && (right + scrollX <= 0 || (left >= innerWidth && /hidden|clip/.test(overflows)));
  if (isBeside || bottom + scrollY <= 0)
    return 'It lies beside the page or above it, so scrolling does not help.';
  // The viewport takes this of the body only if the root leaves it open (CSS Overflow 3, § 3.3).
  const root = document.documentElement;
  const scroller = getComputedStyle(root).overflowY === 'visible' ? document.body : root;
  const { overflowY } = getComputedStyle(scroller);
  return /hidden|clip/.test(overflowY) && (bottom <= 0 || top >= innerHeight)
    ? `${nameOf(scroller)} has overflow: ${overflowY}, so users cannot scroll to it. If a dialog or a banner locks the page, that has to end when it closes.`
    : undefined;
};
