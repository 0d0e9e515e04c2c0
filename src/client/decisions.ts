/**
 * What a user's decision records: a dismissal proves display, and an acceptance forbids every later dismissal,
 * also after a reload while the offer lives.
 */
import { isOfferId } from '../protocol/event.js';
import type { DecisionListener } from './detect/controls.js';
import type { Leasing } from './outbox/leasing.js';
import type { Recorder } from './tracker.js';

/**
 * Starts deciding.
 * @param acceptedOffers What other pages saw accepted; what is accepted here joins them.
 * @param onAccepted Told of each offer when it is first accepted.
 */
export const createDecisions = (
  recorder: Recorder,
  leasing: Leasing,
  acceptedOffers: Set<string>,
  onInvalid: (offerId: string) => void,
  onAccepted: (offerId: string) => void,
): DecisionListener => {
  const isOpen = (offerId: string): boolean => {
    if (!isOfferId(offerId)) onInvalid(offerId);
    else if (!acceptedOffers.has(offerId)) return true;
    return false;
  };

  const decisions: DecisionListener = {
    onDismiss(offerId, reason = 'api', placement) {
      if (!isOpen(offerId)) return;
      // So in every funnel dismissed ≤ viewed.
      const impression = recorder.onViewed(offerId, placement);
      if (impression.isVetoed === undefined) {
        // A listener of `viewed` closes the offer: whether that is vetoed is known when all were heard.
        queueMicrotask(() => decisions.onDismiss(offerId, reason, placement));
        return;
      }
      if (impression.isVetoed || impression.isDismissed) return;
      impression.isDismissed = true;
      recorder.record({ type: 'dismissed', reason }, offerId, impression, placement);
    },
    onAccept(offerId, placement) {
      if (!isOpen(offerId)) return;
      acceptedOffers.add(offerId);
      recorder.onViewed(offerId, placement);
      onAccepted(offerId);
      void leasing.accept(offerId, placement?.expiresAt);
    },
  };
  return decisions;
};
