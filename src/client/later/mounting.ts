/** Placements as they come and go on the page, also those that a framework takes out and puts in again at once. */
import { isOfferId } from '../../protocol/event.js';
import type { Placement } from '../detect/placement.js';
import type { Noticing } from './noticing.js';

/**
 * Makes what hears of them, and notices what happens to them if that works on this page.
 * @param onInvalid Called with a string that cannot be an offer's id.
 * @param onGone Called with an offer that is gone, and not only moved.
 */
export const createMounting = (
  noticing: Noticing | undefined,
  onInvalid: (offerId: string) => void,
  onGone: (offerId: string) => void,
): Pick<Noticing, 'onMount' | 'onUnmount'> => {
  /** Elements that left in this task: a framework may take an element out and put it in again at once. */
  const left = new Map<Element, Placement>();
  const part = ({ offerId }: Placement): void => {
    if (isOfferId(offerId)) onGone(offerId);
  };
  return {
    onMount(placement) {
      const { offerId, element } = placement;
      if (!isOfferId(offerId)) {
        onInvalid(offerId);
        return;
      }
      const before = left.get(element);
      left.delete(element);
      if (before?.offerId === offerId) placement.impression = before.impression;
      else if (before) part(before);
      noticing?.onMount(placement);
    },
    onUnmount(placement) {
      left.set(placement.element, placement);
      queueMicrotask(() => {
        left.forEach(part);
        left.clear();
      });
      noticing?.onUnmount(placement);
    },
  };
};
