/** What people see in the place of an offer: copies that a slider, a test of variants or a template for phones makes. */
import type { Placement } from '../client/detect/placement.js';
import type { Inside, PageView } from '../client/inside.js';
import { nameOf } from '../client/later/debug/wording.js';
import { isRendered } from '../client/later/detect/sight.js';
import { isInViewport } from './reach.js';

/** At most so many elements are compared with offers that are not in view. */
const MOST = 500;
/** A shorter text is often that of several elements, as is one in a link. */
const SHORTEST_TEXT = 12;
/** Nothing scrolls so far to the left or above, CSS px. Pages move there what only machines should read. */
const FAR_PX = 5_000;

const textOf = ({ textContent }: Element): string =>
  // A form may have a field of that name.
  String(textContent).replaceAll(/\s+/g, ' ').trim();

const isMovedAway = (element: Element): boolean => {
  const { right, bottom } = element.getBoundingClientRect();
  return right < -FAR_PX || bottom + scrollY < -FAR_PX;
};

interface Missing {
  readonly offerId: string;
  readonly text: string;
  /** What holds it, if it was moved away. Its place may be another’s. */
  readonly place: Element | null;
  readonly classes: string | null;
  readonly kind: string;
}

const missingOf = ({ element, offerId }: Placement): Missing => ({
  ...{ offerId, text: textOf(element), kind: element.localName, classes: element.getAttribute('class') },
  place: isMovedAway(element) ? element.parentElement : null,
});

const wordsOf = (shown: Element, { offerId, text, place, classes, kind }: Missing): string | undefined => {
  if (shown.localName !== kind) return undefined;
  const what = (does: string, is: string): string =>
    `${nameOf(shown)} ${does} the offer ${offerId}, which is ${is}, and has no data-offer-id. Mark what people see.`;
  if (text.length >= SHORTEST_TEXT && shown.childElementCount && textOf(shown) === text)
    return what('shows the text of', 'not in view');
  return place && shown.parentElement === place && classes && shown.getAttribute('class') === classes
    ? what('is shown in the place of', 'moved away')
    : undefined;
};

/** Says them, in words. */
export const copiesOf = (
  placements: readonly Placement[],
  view: PageView,
  { isDrawn, boxesOf }: Pick<Inside, 'isDrawn' | 'boxesOf'>,
): string[] => {
  const missing = placements
    .filter(
      ({ element, offerId }) =>
        !view.has(offerId) && !(isDrawn(element) && boxesOf(element).some(isInViewport)),
    )
    .map(missingOf);
  const kinds = [...new Set(missing.map(({ kind }) => kind))];
  if (!kinds.length) return [];
  return [...document.querySelectorAll(kinds.join())]
    .slice(0, MOST)
    .filter((each) => isInViewport(each) && !each.closest('[data-offer-id]') && isRendered(each))
    .flatMap((each) => missing.map((one) => wordsOf(each, one)).find((words) => words) ?? []);
};
