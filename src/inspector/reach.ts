/** What keeps an offer out of view, and whether scrolling helps. */
import { nameOf } from '../client/later/debug/wording.js';
import { outward } from '../client/later/detect/roots.js';

/** Whether any of an element's box lies in the viewport. */
export const isInViewport = (element: Element): boolean => {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
};

type Box = Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>;

/** The innermost ancestor that clips an element. */
const findClipper = (element: Element, isCut: (box: Box, clip: Box) => boolean): Element | undefined => {
  const box = element.getBoundingClientRect();
  for (const at of outward(element)) {
    const { overflow, contain, position } = getComputedStyle(at);
    const isRoot = at === document.body || at === document.documentElement;
    const isClipping = overflow !== 'visible' || /paint|content|strict/.test(contain);
    if (at !== element && !isRoot && isClipping && isCut(box, at.getBoundingClientRect())) return at;
    // Nothing around it clips what is fixed.
    if (position === 'fixed') return undefined;
  }
  return undefined;
};

/** The innermost ancestor out of whose box an element lies, although the viewport holds it. */
export const clipperOf = (element: Element): Element | undefined =>
  findClipper(
    element,
    (box, { left, right, top, bottom }) =>
      box.right <= left || right <= box.left || box.bottom <= top || bottom <= box.top,
  );

/** Why too little of an element is visible, in words. */
export const tooLittleOf = (element: Element): string => {
  const cutter = findClipper(
    element,
    (box, { left, right, top, bottom }) =>
      Math.max(left - box.left, box.right - right, top - box.top, box.bottom - bottom) > 1,
  );
  return cutter && !/auto|scroll/.test(getComputedStyle(cutter).overflow)
    ? `Too little of it is visible: ${nameOf(cutter)} cuts a part of it off.`
    : 'Too little of it is visible.';
};

/** What an element that clips leaves to do, in words. */
export const clippingWords = (clipper: Element): string => {
  const { width, height } = clipper.getBoundingClientRect();
  const clips = `It is not in view: ${nameOf(clipper)} clips it`;
  if (!(width * height)) return `${clips}, and has no ${height ? 'width' : 'height'}.`;
  return /auto|scroll/.test(getComputedStyle(clipper).overflow)
    ? `${clips}. Scroll it into view there.`
    : `${clips}, until the page moves it there.`;
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
    ? `${nameOf(scroller)} has overflow: ${overflowY}, so users cannot scroll to it. A lock has to end when its dialog or banner closes.`
    : undefined;
};
