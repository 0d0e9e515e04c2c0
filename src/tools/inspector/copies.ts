/** What people see in the place of an offer: copies that a slider, a test of variants or a template for phones makes. */
import { isShown } from '../../client/detect/exposure.js';
import type { Placement } from '../../client/detect/placement.js';
import type { Inside, PageView } from '../../client/inside.js';
import { nameOf } from '../../client/later/debug/wording.js';
import { outward } from '../../client/later/detect/roots.js';
import { isInViewport } from './reach.js';
import { textOf } from './words.js';

/** At most so many elements are compared with offers that are not in view. */
const MOST = 500;
/** A shorter text is often that of several elements, as is one in a link. */
const SHORTEST_TEXT = 12;
/** Nothing scrolls so far to the left or above, CSS px. Pages move there what only machines should read. */
const FAR_PX = 5_000;

const isMovedAway = (element: Element): boolean => {
  const { right, bottom } = element.getBoundingClientRect();
  return right < -FAR_PX || bottom + scrollY < -FAR_PX;
};

const wordsFor = (shown: Element, does: string, offerId: string, is: string): string =>
  `${nameOf(shown)} ${does} the offer ${offerId}, which is ${is}, and has no data-offer-id. Mark what people see.`;

/** Says them, in words. */
export const copiesOf = (
  placements: readonly Placement[],
  view: PageView,
  { isDrawn, boxesOf }: Pick<Inside, 'isDrawn' | 'boxesOf'>,
): string[] => {
  const missing = placements.filter(
    ({ element, offerId }) =>
      !view.has(offerId) && !(isDrawn(element) && boxesOf(element).some(isInViewport)),
  );
  if (!missing.length) return [];
  // What is around an offer holds its text as well.
  const around = new Set(placements.flatMap(({ element }) => [...outward(element)]));
  const keyOf = (element: Element): string => `${element.localName} ${textOf(element)}`;
  const byText = new Map(missing.map(({ element, offerId }) => [keyOf(element), offerId]));
  const moved = missing.filter(({ element }) => isMovedAway(element));
  const kinds = new Set(missing.map(({ element }) => element.localName));
  return [...kinds]
    .flatMap((kind) => [...document.getElementsByTagName(kind)])
    .slice(0, MOST)
    .filter(
      (each) => !around.has(each) && isInViewport(each) && !each.closest('[data-offer-id]') && isShown(each),
    )
    .flatMap((each) => {
      const copied =
        each.childElementCount && textOf(each).length >= SHORTEST_TEXT ? byText.get(keyOf(each)) : undefined;
      if (copied !== undefined) return wordsFor(each, 'shows the text of', copied, 'not in view');
      const classes = each.getAttribute('class');
      const replaced = moved.find(
        ({ element }) =>
          element.localName === each.localName &&
          element.parentElement === each.parentElement &&
          element.getAttribute('class') === classes,
      );
      return replaced && classes
        ? wordsFor(each, 'is shown in the place of', replaced.offerId, 'moved away')
        : [];
    });
};
