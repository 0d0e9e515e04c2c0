/** What cuts an offer off, and how much of it can show there. */
import { nameOf } from '../../client/later/debug/wording.js';
import { outward } from '../../client/later/detect/roots.js';
import { percent } from './words.js';

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

/** The largest share of an element that another one can show at once. */
const mostIn = (element: Element, clipper: Element): number => {
  const { width, height } = element.getBoundingClientRect();
  const clip = clipper.getBoundingClientRect();
  return (Math.min(width, clip.width) * Math.min(height, clip.height)) / (width * height);
};

/**
 * Why too little of an element is visible, in words.
 * @param needed The share that it needs, 0–1.
 */
export const tooLittleOf = (element: Element, needed: number): string => {
  const cutter = findClipper(
    element,
    (box, { left, right, top, bottom }) =>
      Math.max(left - box.left, box.right - right, top - box.top, box.bottom - bottom) > 1,
  );
  if (!cutter) return 'Too little of it is visible.';
  if (!/auto|scroll/.test(getComputedStyle(cutter).overflow))
    return `Too little of it is visible: ${nameOf(cutter)} cuts a part of it off.`;
  const most = mostIn(element, cutter);
  return most < needed
    ? `Too little of it is visible: ${nameOf(cutter)} can show at most ${percent(most)} of it at once. Mark a smaller element, or give it a lower data-offer-ratio.`
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
