/** Marked controls that do nothing when they are pressed, or close more than was meant. */
import type { Inside, PageView } from '../../client/inside.js';
import { DISMISSING, namedBy } from '../../client/later/debug/closing-words.js';
import { nameOf } from '../../client/later/debug/wording.js';
import { HOLDER } from '../../client/later/detect/before.js';
import { around, matches, PRESSED } from '../../client/later/detect/controls.js';
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
      [...(tree as ParentNode).querySelectorAll(`[${mark}]:not([data-offer-dismiss=false])`)].flatMap(
        (control) => {
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
        },
      ),
    ),
  );
};

/** At most so many offers are looked at, and so many marks in each. */
const MOST_OFFERS = 200;
const MOST_MARKS = 20;

/** Close marks on an offer itself, which any press in it hits, and on what holds several controls. */
export const wideMarks = ({ registry }: Inside): string[] => {
  const lines = registry.placements
    .filter(() => true)
    .slice(0, MOST_OFFERS)
    .flatMap(({ element, offerId }) => {
      const isMarked =
        matches(element, DISMISSING) &&
        (namedBy(element) ?? offerId) === offerId &&
        !!element.childElementCount &&
        !matches(element, 'button,a,[role=button]');
      const wrappers = [...element.querySelectorAll(DISMISSING)].slice(0, MOST_MARKS).flatMap((mark) => {
        // The innermost mark counts.
        const { length } = [...mark.querySelectorAll(PRESSED)].filter(
          (each) => each.closest('[data-offer-accept],[data-offer-dismiss]') === mark,
        );
        return length > 1
          ? `${nameOf(mark)} has data-offer-dismiss and holds ${length} controls, so a press on each of them closes the offer: put it on the one that closes.`
          : [];
      });
      return isMarked
        ? [
            `${nameOf(element)} is an offer and has data-offer-dismiss itself, so a press anywhere in it closes it: put that on its close control.`,
            ...wrappers,
          ]
        : wrappers;
    });
  return [...new Set(lines)];
};
