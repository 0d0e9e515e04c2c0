/** Elements that code of the page took the id from before their offer counted. */
import type { Inside, PageView } from '../client/inside.js';
import { nameOf } from '../client/later/debug/wording.js';

/** At most so many are named. */
const MOST = 5;

/** Makes what remembers from one look to the next which elements showed an offer, and says which do not any more. */
export const createLostIds = ({ registry }: Pick<Inside, 'registry'>, view: PageView) => {
  let known: ReadonlyMap<Element, string> = new Map();
  const lost = new Map<Element, string>();

  return (): string[] => {
    for (const [element, offerId] of known)
      if (!registry.placements.has(element) && !element.hasAttribute('data-offer-id'))
        lost.set(element, offerId);
    // What was given by hand may have no attribute that could be lost.
    const attributed = [...registry.placements.values()].filter(({ element }) =>
      element.hasAttribute('data-offer-id'),
    );
    const shown = new Set([...registry.placements.values()].map(({ offerId }) => offerId));
    known = new Map(attributed.map(({ element, offerId }) => [element, offerId]));
    for (const [element, offerId] of lost)
      if (!element.isConnected || known.has(element) || view.has(offerId) || shown.has(offerId))
        lost.delete(element);
    return [...lost]
      .slice(0, MOST)
      .map(
        ([element, offerId]) =>
          `${nameOf(element)} showed ${offerId} until code of this page took its data-offer-id. It did not count before.`,
      );
  };
};
