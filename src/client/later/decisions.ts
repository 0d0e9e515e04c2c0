/**
 * What a user's decision records: a dismissal proves display, and an acceptance forbids every later dismissal,
 * also after a reload while the offer lives.
 */
import { isOfferId } from '../../protocol/event.js';
import type { Past, Placement, Registry } from '../detect/registry.js';
import type { Recorder } from '../recording.js';
import type { DecisionListener } from './detect/controls.js';
import type { Leasing } from './outbox/leasing.js';

/**
 * Starts deciding.
 * @param remember Lets other pages know what was accepted.
 * @param acceptedOffers What other pages saw accepted; what is accepted here joins them.
 * @param onAccepted Told of each offer when it is first accepted.
 */
export const createDecisions = (
  recorder: Recorder,
  { placements, past }: Pick<Registry, 'placements' | 'past'>,
  remember: (...acceptance: Parameters<Leasing['accept']>) => unknown,
  acceptedOffers: Set<string>,
  onInvalid: (offerId: string) => void,
  onAccepted: (offerId: string) => void,
): DecisionListener => {
  const isOpen = (offerId: string): boolean => {
    if (isOfferId(offerId)) return !acceptedOffers.has(offerId);
    onInvalid(offerId);
    return false;
  };

  /** What an id alone stands for: what shows the offer, of several one that was seen, or else the last that did. */
  const placementOf = (offerId: string): Placement | Past | undefined => {
    let found: Placement | Past | undefined = past.get(offerId);
    for (const placement of placements.values())
      if (placement.offerId === offerId && (!found?.element || placement.impression)) found = placement;
    return found;
  };

  return {
    onDismiss(offerId, reason = 'api', placement: Placement | Past | undefined = placementOf(offerId)) {
      if (!isOpen(offerId)) return;
      // So in every funnel dismissed ≤ viewed.
      const impression = recorder.onViewed(offerId, placement);
      const dismiss = (): void => {
        if (impression.isVetoed || impression.isDismissed) return;
        impression.isDismissed = true;
        recorder.record({ type: 'dismissed', reason }, offerId, impression, placement);
      };
      // Where a listener of `viewed` closes the offer, all have to be heard before it is known whether one vetoes.
      if (impression.isVetoed === undefined) queueMicrotask(dismiss);
      else dismiss();
    },
    onAccept(offerId, placement: Placement | Past | undefined = placementOf(offerId)) {
      if (!isOpen(offerId)) return;
      acceptedOffers.add(offerId);
      recorder.onViewed(offerId, placement);
      onAccepted(offerId);
      remember(offerId, placement?.expiresAt);
    },
  };
};
