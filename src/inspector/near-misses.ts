/** What is right by itself, and not what was meant: close marks on an offer, links that say close, ids in another case. */
import type { Inside, PageView } from '../client/inside.js';
import { nameOf } from '../client/later/debug/wording.js';
import { leadsOn, namesClose } from './closing-words.js';

/** At most so many offers are looked at. */
const MOST_OFFERS = 200;

/** Says them, in words. */
export const nearMisses = ({ registry }: Inside, view: PageView): string[] => {
  const shown = [...registry.placements.values()].slice(0, MOST_OFFERS);
  const marked = shown.flatMap(({ element }) =>
    element.hasAttribute('data-offer-dismiss') && element.childElementCount
      ? `${nameOf(element)} is an offer and has data-offer-dismiss itself, so a press anywhere in it closes it: put that on its close control.`
      : [],
  );
  const links = shown.flatMap(({ element }) =>
    [...element.querySelectorAll('a[href]:not([data-offer-dismiss])')].flatMap((link) =>
      leadsOn(link) && namesClose(link)
        ? `${nameOf(link)} says that it closes something, and links do not count: if it closes the offer, give it data-offer-dismiss.`
        : [],
    ),
  );
  const ids = new Map(shown.map(({ offerId }) => [String(offerId).toLowerCase(), offerId]));
  const cases = [...view.keys()].flatMap((id) => {
    const other = ids.get(id.toLowerCase());
    return other === undefined || other === id || ids.has(id)
      ? []
      : `Events name “${id}”, and an element “${other}”: ids differ by their case.`;
  });
  return [...new Set([...marked, ...links, ...cases])];
};
