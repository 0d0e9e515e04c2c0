/** What keeps an offer from being seen: which ancestor hides or clips it, which element covers it. */
import { hidingOf, nameOf } from '../client/later/debug/wording.js';
import { drawnIn, holds } from '../client/later/detect/roots.js';
import { partInView } from '../client/later/detect/sight.js';

/** Points in a row and in a column. */
const POINTS = 8;

const isEmpty = ({ width, height }: DOMRectReadOnly): boolean => !(width * height);

/** The innermost ancestor out of whose box an element lies, although the viewport holds it. */
const clipperOf = (element: Element): Element | undefined => {
  const box = element.getBoundingClientRect();
  for (let at = drawnIn(element); at; at = drawnIn(at)) {
    if (!(at instanceof Element) || at === document.body || getComputedStyle(at).overflow === 'visible')
      continue;
    const { left, right, top, bottom } = at.getBoundingClientRect();
    if (box.right <= left || right <= box.left || box.bottom <= top || bottom <= box.top) return at;
  }
  return undefined;
};

/** Why none of an offer is in view, in words. */
export const outOfViewOf = (element: Element, boxes: readonly Element[], isDrawn: boolean): string => {
  const dialog = element.closest('dialog:not([open])');
  if (dialog) return `${nameOf(dialog)} around it is not open.`;
  if (!isDrawn) return hidingOf(element);
  if (!boxes.length) return 'It has no box: it is display: contents, and has no children.';
  if (boxes.every((box) => isEmpty(box.getBoundingClientRect())))
    return 'It has no size. Give it content, or a width and a height.';
  const clippers = boxes.map(clipperOf);
  const [clipper] = clippers;
  if (clipper && clippers.every((each) => each))
    return `It is not in view: ${nameOf(clipper)} clips it. Scroll it into view there.`;
  return 'It is not in view. Scroll to it.';
};

/**
 * The element that covers most of what is in view of an offer.
 * @param boxes What is drawn for it.
 * @param apart What is above every page, and covers nothing of it: the inspector.
 */
const coveringOf = (element: Element, boxes: readonly Element[], apart: Element): Element | undefined => {
  const hits = new Map<Element, number>();
  for (const box of boxes) {
    const { left, top, width, height } = partInView(box, document.documentElement);
    for (let at = 0; at < POINTS ** 2; at++) {
      const x = left + (width * ((at % POINTS) + 0.5)) / POINTS;
      const y = top + (height * (Math.floor(at / POINTS) + 0.5)) / POINTS;
      const [hit] = document.elementsFromPoint(x, y).filter((each) => each !== apart);
      if (hit && !holds(element, hit) && !holds(hit, element)) hits.set(hit, (hits.get(hit) ?? 0) + 1);
    }
  }
  const [most] = [...hits].sort(([, one], [, other]) => other - one);
  return most?.[0];
};

/** What covers an offer, in words. */
export const coverageOf = (element: Element, boxes: readonly Element[], apart: Element): string => {
  const covering = coveringOf(element, boxes, apart);
  return covering ? `${nameOf(covering)} covers it.` : 'Something covers it.';
};
