/** Whether any part of an element is in sight right now. Observers report the same, but some frames later. */
import type { Size } from '../../detect/viewability.js';
import { animationsOf, outward } from './roots.js';

/** The part of one box that another lets through; nothing, if right or bottom is not beyond left or top. */
const cut = (
  box: DOMRect,
  { left, top, right, bottom }: Pick<DOMRect, 'left' | 'top' | 'right' | 'bottom'>,
): DOMRect => {
  const x = Math.max(box.left, left);
  const y = Math.max(box.top, top);
  return new DOMRect(
    x,
    y,
    Math.max(0, Math.min(box.right, right) - x),
    Math.max(0, Math.min(box.bottom, bottom) - y),
  );
};

/** Whether it is the body or the root of its document: all of the page. */
export const isPage = ({ nodeName }: Node): boolean => /^(?:body|html)$/i.test(nodeName);

/** Knows what is drawn for offers, of which some leave that to their children. */
export interface Sight {
  /** What is drawn for an offer: itself, or its children. */
  boxesOf(element: Element): Element[];
  /** Whether styles let an offer be seen, or what is drawn for it. */
  isDrawn(element: Element): boolean;
}

/** How a box is drawn at a moment. */
export interface Drawing {
  /** Its own. */
  readonly opacity: number;
  /** The place that its own style gives it. Movement around it, or of the whole page, does not change that. */
  readonly place: string;
  /** Top, right, bottom and left, as far as it is positioned. */
  readonly inset: readonly string[];
  /** How large it is, CSS px². */
  readonly area: number;
  /** How many animations of its own there are. */
  readonly animations: number;
}

/** How a box is drawn now. */
export const drawingOf = (element: Element): Drawing => {
  const { opacity, transform, translate, scale, margin, top, right, bottom, left } =
    getComputedStyle(element);
  const { width, height } = element.getBoundingClientRect();
  return {
    opacity: +opacity,
    place: [transform, translate, scale, margin].join(),
    inset: [top, right, bottom, left],
    area: width * height,
    animations: animationsOf(element).length,
  };
};

/** Whether its own style put a box elsewhere, or folded it. One that only grew or shrank keeps one of two edges. */
export const hasMoved = ({ place, inset, area }: Drawing, before: Drawing): boolean =>
  (!area && before.area > 0) ||
  place !== before.place ||
  [0, 1].some((edge) => [edge, edge + 2].every((each) => inset[each] !== before.inset[each]));

/** How far an element is scrolled. */
export const scrolledOf = ({ scrollLeft, scrollTop }: Element): number => scrollLeft + scrollTop;

/**
 * The boxes that clip an element, the innermost first, as far as `holder`. What the page's root clips, the viewport does.
 * @param holder A dialog or the like; what is around it does not clip what lies above the page.
 */
export function* clippersOf(element: Element, holder: Node): Generator<Element> {
  // What is positioned is clipped only by what it is positioned in.
  let isAbsolute = false;
  for (const at of outward(element)) {
    if (at === holder || at === element.ownerDocument.body) return;
    const { overflow, position, transform } = getComputedStyle(at);
    const isHolding = position !== 'static' || transform !== 'none';
    if (at !== element && overflow !== 'visible' && (isHolding || !isAbsolute)) yield at;
    if (position === 'fixed') return;
    if (isHolding) isAbsolute = position === 'absolute';
  }
}

/** The part of a box that lies in sight, as far as the viewport and {@link clippersOf} go. */
export const partInView = (box: Element, holder: Element): DOMRect => {
  // In a frame it is the frame's own.
  const { innerWidth: right, innerHeight: bottom } = box.ownerDocument.defaultView ?? window;
  let rest = cut(box.getBoundingClientRect(), { left: 0, top: 0, right, bottom });
  for (const clipper of clippersOf(box, holder)) rest = cut(rest, clipper.getBoundingClientRect());
  return rest;
};

/** What clips so little shows as if it were so wide and high, CSS px: the edge of a folded box is not all that can show. */
const LEAST = 200;

/** How much can show at once of an element that is larger: as much as the viewport shows, and what clips it. */
export const windowOf = (element: Element, viewport: Size): Size => {
  // In a frame it is the frame's own, and the viewport is the window's.
  const { innerWidth, innerHeight } = element.ownerDocument.defaultView ?? window;
  let width = Math.min(viewport.width, innerWidth);
  let height = Math.min(viewport.height, innerHeight);
  for (const clipper of clippersOf(element, document.documentElement)) {
    const box = clipper.getBoundingClientRect();
    width = Math.min(width, Math.max(LEAST, box.width));
    height = Math.min(height, Math.max(LEAST, box.height));
  }
  return { width, height };
};

/** Whether any of the boxes that are drawn for an element lies in sight: {@link partInView}. */
export const isInView = (boxes: readonly Element[], holder: Element): boolean =>
  boxes.some((box) => {
    const { width, height } = partInView(box, holder);
    return width * height > 0;
  });
