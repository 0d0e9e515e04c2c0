/**
 * What a user's decision records: a dismissal proves display, and an acceptance forbids every later dismissal,
 * also after a reload while the offer lives.
 */
import { isOfferId } from '../../protocol/event.js';
import type { Impression, Past, Placement } from '../detect/placement.js';
import type { Registry } from '../detect/registry.js';
import type { Recorder } from '../recording.js';
import type { DecisionListener } from './detect/controls.js';

/** What follows a decision. */
export interface DecisionsListener {
  /** Lets other pages know what was accepted. */
  remember(offerId: string): unknown;
  /** Called with a string that cannot be an offer's id. */
  onInvalid(offerId: string): void;
  /** Called with each offer when it is first accepted. */
  onAccepted(offerId: string): void;
}

/**
 * Starts deciding.
 * @param acceptedOffers The offers that were accepted on other pages. Those that are accepted here are added.
 */
export const createDecisions = (
  recorder: Recorder,
  { placements, past }: Pick<Registry, 'placements' | 'past'>,
  acceptedOffers: Set<string>,
  { remember, onInvalid, onAccepted }: DecisionsListener,
): DecisionListener => {
  const isOpen = (offerId: string): boolean => {
    if (isOfferId(offerId)) return !acceptedOffers.has(offerId);
    onInvalid(offerId);
    return false;
  };

  /**
   * The placement that an id without an element means: one that shows the offer, if possible one that was seen. If none
   * does, the last one that did.
   */
  const placementOf = (offerId: string): Placement | Past | undefined => {
    let found: Placement | Past | undefined = past.get(offerId);
    for (const placement of placements.filter((each) => each.offerId === offerId))
      if (!found?.element || placement.impression) found = placement;
    return found;
  };

  /** The impression of a showing, with its view. What is known of it once it is gone is another object. */
  const impressionOf = (offerId: string, placement: Placement | Past | undefined): Impression => {
    const gone = placement?.element && placement.past;
    if (gone) placement.impression ??= gone.impression;
    const impression = recorder.onViewed(offerId, placement);
    if (gone) gone.impression = placement.impression;
    return impression;
  };

  return {
    onDismiss(offerId, reason = 'api', placement: Placement | Past | undefined = placementOf(offerId)) {
      if (!isOpen(offerId)) return;
      // This records the view if it is missing, so that dismissed ≤ viewed in every funnel.
      const impression = impressionOf(offerId, placement);
      const dismiss = (): void => {
        if (impression.isVetoed || impression.isDismissed) return;
        impression.isDismissed = true;
        recorder.record({ type: 'dismissed', reason }, offerId, impression, placement);
      };
      // A listener of `viewed` may close the offer. All listeners have to run before it is known whether one vetoes.
      if (impression.isVetoed === undefined) queueMicrotask(dismiss);
      else dismiss();
    },
    onAccept(offerId, placement: Placement | Past | undefined = placementOf(offerId)) {
      if (!isOpen(offerId)) return;
      acceptedOffers.add(offerId);
      recorder.onViewed(offerId, placement);
      onAccepted(offerId);
      remember(offerId);
    },
  };
};
