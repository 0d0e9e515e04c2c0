/** What is right by itself, and not what was meant: close marks on an offer, links that say close, ids in another case. */
import type { Inside, PageView } from '../client/inside.js';
import { nameOf } from '../client/later/debug/wording.js';
import { matches } from '../client/later/detect/controls.js';
import { DISMISSING, isMarkFor, isNamedClose } from './closing-words.js';

/** At most so many offers are looked at, and so many links in each. */
const MOST_OFFERS = 200;
const MOST_LINKS = 20;

/** An offer that any press in it closes. A control may be an offer and close itself. */
const isMarkedItself = (element: Element, offerId: string): boolean =>
  isMarkFor(element, offerId) && !!element.childElementCount && !matches(element, 'button,a,[role=button]');

/** Whether a link leads to another page, unless code keeps it from that. */
const leadsAway = ({ href }: HTMLAnchorElement): boolean =>
  URL.canParse(href) && /^http/.test(href) && href.split('#', 1)[0] !== location.href.split('#', 1)[0];

/** Says them, in words. */
export const nearMisses = ({ registry }: Inside, view: PageView): string[] => {
  const all = [...registry.placements.values()];
  const shown = all.slice(0, MOST_OFFERS);
  const marked = shown.flatMap(({ element, offerId }) =>
    isMarkedItself(element, offerId)
      ? `${nameOf(element)} is an offer and has data-offer-dismiss itself, so a press anywhere in it closes it: put that on its close control.`
      : [],
  );
  const links = shown.flatMap(({ element }) =>
    [...element.querySelectorAll<HTMLAnchorElement>('a[href]')]
      .slice(0, MOST_LINKS)
      .flatMap((link) =>
        isNamedClose(link) && leadsAway(link) && !link.closest(DISMISSING)
          ? `${nameOf(link)} is named as a close control and leads to another page. If that closes the offer, give it data-offer-dismiss: else leaving the page does not count.`
          : [],
      ),
  );
  const exact = new Set(all.map(({ offerId }) => offerId));
  const ids = new Map(all.map(({ offerId }) => [String(offerId).toLowerCase(), offerId]));
  const cases = [...view.keys()].flatMap((id) => {
    const other = ids.get(id.toLowerCase());
    return other === undefined || exact.has(id)
      ? []
      : `Events name “${id}”, and an element “${other}”: ids differ by their case.`;
  });
  return [...new Set([...marked, ...links, ...cases])];
};
