/** Marked controls that do nothing when they are pressed. */
import type { Inside, PageView } from '../../client/inside.js';
import { namedBy } from '../../client/later/debug/closing-words.js';
import { nameOf } from '../../client/later/debug/wording.js';
import { around, HOLDER, matches } from '../../client/later/detect/controls.js';
import { outward } from '../../client/later/detect/roots.js';

const isUnpressable = (element: Element): boolean => getComputedStyle(element).pointerEvents === 'none';

/** Whether the control around it is pressed in its place. What is closed or disabled may well take no presses. */
const isPassedOver = (control: Element): boolean => {
  const outer = control.parentElement?.closest('button, a, label, [role=button]');
  return !!outer && isUnpressable(control) && !isUnpressable(outer);
};

/**
 * Marked controls that are about no offer of the page.
 * @param view The offers that have counted: these may be gone.
 */
export const idleControls = ({ registry, trees }: Inside, view: PageView): string[] => {
  const shown = registry.placements.filter(() => true);
  return trees().flatMap((tree) =>
    ['data-offer-dismiss', 'data-offer-accept'].flatMap((mark) =>
      [...(tree as ParentNode).querySelectorAll(`[${mark}]`)].flatMap((control) => {
        if (isPassedOver(control))
          return `${nameOf(control)} with ${mark} has pointer-events: none: mark the element around it.`;
        const named = namedBy(control, mark);
        const about = around(registry, control);
        if (named !== undefined) {
          if (!view.has(named) && shown.every(({ offerId }) => offerId !== named))
            return `${nameOf(control)} with ${mark}="${named}" names an offer that no element shows.`;
          const [own] = about;
          return own && about.every(({ offerId }) => offerId !== named)
            ? `${nameOf(control)} in the offer ${own.offerId} has ${mark}="${named}", so it is about that other offer. If it is about its own, leave the value out.`
            : [];
        }
        const isInHolder = [...outward(control)].some((each) => matches(each, HOLDER));
        return isInHolder || about.length
          ? []
          : `${nameOf(control)} with ${mark} names no offer and is not in one.`;
      }),
    ),
  );
};
