/** Elements that code of the page took the id from before their offer counted. */
import type { Inside, PageView } from '../../client/inside.js';
import { nameOf } from '../../client/later/debug/wording.js';

/** At most so many are named. */
const MOST = 5;

/** Makes what remembers from one look to the next which elements showed an offer, and says which do not any more. */
export const createLostIds = ({ registry }: Pick<Inside, 'registry'>, view: PageView) => {
  let known = new Map<Element, string>();
  const lost = new Map<Element, string>();
  const remember = (): ReadonlySet<string> => {
    const shown = new Set<string>();
    const next = new Map<Element, string>();
    for (const { element, offerId } of registry.placements.filter(() => true)) {
      shown.add(offerId);
      // What was given by hand may have no attribute that could be lost; other placements outlive theirs until a frame.
      if (element.hasAttribute('data-offer-id') || known.get(element) === offerId) next.set(element, offerId);
    }
    known = next;
    return shown;
  };
  // The first look comes a moment later.
  remember();

  return (): string[] => {
    for (const [element, offerId] of known)
      if (!registry.placements.get(element) && !element.hasAttribute('data-offer-id'))
        lost.set(element, offerId);
    const shown = remember();
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
