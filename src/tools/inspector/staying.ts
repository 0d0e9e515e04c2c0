/** Offers that counted as dismissed and still show, as behind a question whether that was meant. */
import type { Impression, Placement } from '../../client/detect/placement.js';
import type { Inside } from '../../client/inside.js';
import { createLasting } from './lasting.js';

/** Pages may fade an offer out; after so many looks, which are three seconds, it stays. */
const LOOKS = 15;

/** Makes what says so, once in each look at an offer. One that was gone and shows again was closed. */
export const createStaying = ({ isDrawn }: Pick<Inside, 'isDrawn'>) => {
  const lasting = createLasting();
  const gone = new WeakSet<Impression>();

  /** @param isShared Whether several elements show it: another one may be what was closed. */
  return ({ element }: Placement, impression: Impression | undefined, isShared: boolean): string[] => {
    if (!impression?.isDismissed) return [];
    if (!isDrawn(element)) gone.add(impression);
    return lasting(impression, !gone.has(impression) && !isShared) < LOOKS
      ? []
      : [
          'It counted as dismissed, and still shows. If the page asks first, put data-offer-dismiss on what confirms, and not on what asks.',
        ];
  };
};
