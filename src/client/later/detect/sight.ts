/** Whether any of an element lies in sight right now. Observers tell the same, but up to some frames later. */
import { drawnIn, outward } from './roots.js';

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

/** Knows what is drawn for offers, of which some leave that to their children. */
export interface Sight {
  /** What is drawn for an offer: itself, or its children. */
  boxesOf(element: Element): Element[];
  /** Whether an offer can be seen as far as styles tell, or what is drawn for it. */
  isDrawn(element: Element): boolean;
}

/** How an element is drawn at a moment. */
export interface Drawing {
  /** Where, how large and how opaque. */
  readonly look: string;
  /** How far everything around it is scrolled. */
  readonly scrolled: number;
}

/** How an element is drawn now. */
export const drawingOf = (element: Element): Drawing => {
  const { x, y, width, height } = element.getBoundingClientRect();
  let opacity = 1;
  let scrolled = 0;
  for (const at of outward(element)) {
    opacity *= +getComputedStyle(at).opacity;
    scrolled += at.scrollLeft + at.scrollTop;
  }
  return { look: [x, y, width, height, opacity].join(), scrolled };
};

/** Whether an element leaves it to its children to be drawn. */
export const hasNoBox = (element: Element): boolean => getComputedStyle(element).display === 'contents';

/**
 * Tells by geometry, as far as the viewport and what clips inside `holder` go.
 * @param boxes What is drawn for the element.
 * @param holder A dialog or the like; what is around it does not clip what lies above the page.
 */
export const isInView = (boxes: readonly Element[], holder: Element): boolean =>
  boxes.some((box) => {
    // In a frame it is the frame's own.
    const { innerWidth: right, innerHeight: bottom } = box.ownerDocument.defaultView ?? window;
    let rest = cut(box.getBoundingClientRect(), { left: 0, top: 0, right, bottom });
    for (let at: Node | null | undefined = box; at && at !== holder; ) {
      at = drawnIn(at);
      if (at?.nodeType === Node.ELEMENT_NODE && getComputedStyle(at as Element).overflow !== 'visible')
        rest = cut(rest, (at as Element).getBoundingClientRect());
    }
    return rest.width * rest.height > 0;
  });
