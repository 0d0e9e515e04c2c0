/** Offers that counted as dismissed and still show, as behind a question whether that was meant. */
import type { Impression, Placement } from '../client/detect/placement.js';
import type { Inside } from '../client/inside.js';
import { createLasting } from './lasting.js';

/** Pages may fade an offer out; after so many looks, which are three seconds, it stays. */
const LOOKS = 15;

/** Makes what says so, once in each look at an offer. One that was gone and shows again was closed. */
export const createStaying = ({ isDrawn, registry }: Pick<Inside, 'isDrawn' | 'registry'>) => {
  const lasting = createLasting();
  const gone = new WeakSet<Impression>();
  const isShared = ({ element, offerId }: Placement): boolean =>
    [...registry.placements.values()].some((each) => each.offerId === offerId && each.element !== element);

  return (placement: Placement, impression: Impression | undefined): string[] => {
    if (!impression?.isDismissed) return [];
    if (!isDrawn(placement.element)) gone.add(impression);
    // Another element of it may be the one that was closed.
    const isSo = !gone.has(impression) && !isShared(placement);
    return lasting(impression, isSo) < LOOKS
      ? []
      : [
          'It counted as dismissed, and still shows. If the page asks first, put data-offer-dismiss on what confirms, and not on what asks.',
        ];
  };
};
