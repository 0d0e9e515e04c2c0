/** Whether any of an element lies in sight right now. Observers tell the same, but up to some frames later. */
import { boxesOf } from './contents.js';
import { drawnIn } from './roots.js';

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

/**
 * Tells by geometry, as far as the viewport and what clips inside `holder` go.
 * @param holder A dialog or the like; what is around it does not clip what lies above the page.
 */
export const isInView = (element: Element, holder: Element): boolean =>
  boxesOf(element).some((box) => {
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
