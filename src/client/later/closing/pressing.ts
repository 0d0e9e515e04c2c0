/**
 * Presses outside: which of them may close what holds an offer. Knows the press, the holder and the URL; whether
 * the holder is really closed then is closing.ts.
 */
import type { DismissReason } from '../../../protocol/event.js';
import { matches, nearest, pathOf } from '../detect/controls.js';

/** What a user did, and what of it counts if something is closed by it. */
export interface Act {
  /** How it is closed then. */
  readonly reason: DismissReason;
  /** The view that the page showed; left out where a close counts even though the view changed. */
  readonly view?: string | undefined;
  /** The control, if what it closes holds offers and none of these holds the control. */
  readonly control?: Element | undefined;
  /** What holds the control, something else and no offer: if that leaves alone, the control closed it. */
  readonly row?: Element | undefined;
}

/** Holders that the browser closes by a press outside. */
const NATIVE = ':is(dialog[closedby=any],[popover]:not([popover=manual]))';

/**
 * What a press may be meant for. During a view transition every press hits the root, and nothing below it. `:is()`
 * skips what a browser does not know; without it older browsers would throw.
 */
const MEANT =
  ':is(a,button,input,select,textarea,label,summary,li,[onclick],[tabindex="0"],[role*=button],[role*=item],[role*=box],[role=link],[role=tab],[role=option],:active-view-transition)';

/** No scrollbar of a platform is wider. */
const SCROLLBAR_PX = 17;

/** Compares to the pixel, since the viewport's size is rounded and the box is not. */
const coversViewport = (element: Element): boolean => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  // `innerWidth` would include the scrollbar, beside which an overlay ends. What fills an overlay that scrolls ends
  // beside the overlay's own.
  const { clientWidth, clientHeight } = element.ownerDocument.documentElement;
  return Math.max(left, top, clientWidth - right - SCROLLBAR_PX, clientHeight - bottom) < 1;
};

/** Whether an element lies above the page. */
const isLayer = (element: Element): boolean =>
  matches(element, ':is(:modal,:popover-open)') || getComputedStyle(element).position === 'fixed';

/** Whether a press is outside of a box. A click made by keyboard has no position. */
const isBeyond = ({ left, right, top, bottom }: DOMRect, { clientX: x, clientY: y }: MouseEvent): boolean =>
  x + y > 0 && (x < left || x >= right || y < top || y >= bottom);

/**
 * Whether a press is on a scrollbar that takes room, or on the border beside it: both are part of what scrolls, around its
 * content.
 */
export const isOnScrollbar = (event: MouseEvent): boolean => {
  const [target] = pathOf(event);
  if (!target) return false;
  const isRoot = target === target.ownerDocument.documentElement;
  // The root's own box is all of the page.
  const box = isRoot ? new DOMRect() : target.getBoundingClientRect();
  const { clientLeft, clientTop, clientWidth, clientHeight } = target;
  const content = new DOMRect(box.left + clientLeft, box.top + clientTop, clientWidth, clientHeight);
  return (
    isBeyond(content, event) &&
    // The backdrop of a dialog is outside of its box.
    (isRoot || (!isBeyond(box, event) && /auto|scroll/.test(getComputedStyle(target).overflow)))
  );
};

/**
 * What a press is to a holder, if it may close it from outside. An overlay covers the viewport, and is a layer or
 * fills one; a press on it can only be meant to close. Any other press on the page itself may be meant for something
 * there, or lead to a view without the holder, which no browser tells apart from closing it.
 */
export const actOutside = (holder: Element, event: MouseEvent, view: string): Act | undefined => {
  const path = pathOf(event);
  const [target] = path;
  // An alert dialog waits for an answer; only where the browser itself closes it by such a press it is closed.
  if (!target || matches(holder, '[role=alertdialog]:not([closedby=any],[popover])')) return undefined;
  // Without the body and the root: a page that must not scroll behind an overlay may have its body fixed.
  if (coversViewport(target) && path.slice(0, -2).some(isLayer))
    return { reason: 'backdrop', view: target === holder ? view : undefined };
  if (target === holder ? !isBeyond(holder.getBoundingClientRect(), event) : path.includes(holder))
    return undefined;
  if (matches(holder, NATIVE)) return { reason: 'backdrop' };
  // Everything above a modal dialog belongs to another one.
  if (matches(holder, ':is(dialog:modal)')) return target === holder ? { reason: 'backdrop' } : undefined;
  const isMeant = nearest(event, MEANT) || getComputedStyle(target).cursor === 'pointer';
  return isMeant ? undefined : { reason: 'backdrop', view };
};
