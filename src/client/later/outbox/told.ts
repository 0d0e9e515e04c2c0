/** Reports recorded events to the page's own code, each once. */
import type { OfferEvent } from '../../../protocol/event.js';
import type { Mirrored, Outbox } from '../../outbox/outbox.js';

/**
 * Reports recorded events that were not reported yet: those that are stored and, if asked for, those that are not. Leaves out
 * those that may not count.
 * @param isFailed Whether events that are not stored are reported as well.
 */
export type Tell = (isFailed?: boolean, copies?: Iterable<Mirrored>) => void;

/** Makes what reports them. */
export const createTell =
  (
    { mirror }: Pick<Outbox, 'mirror'>,
    onRecorded: ((event: OfferEvent, isDurable: boolean) => void) | undefined,
  ): Tell =>
  (isFailed = false, copies = mirror.values()) => {
    for (const copy of copies) {
      const { event, heldUntil, isStored = false, isTold } = copy;
      if (isTold || !(isStored || (isFailed && heldUntil < Infinity))) continue;
      copy.isTold = true;
      onRecorded?.(event, isStored);
    }
  };
