/**
 * Recording: what was noticed becomes an event, once for each impression. The event is announced on the page, where a
 * listener may veto it, and then kept. Recording knows neither what notices nor where events are kept.
 */
import { createIds, type DismissReason, isOfferId, type OfferEvent } from '../protocol/event.js';
import { isSubject } from '../protocol/subject.js';
import type { Runtime } from '../runtime.js';
import type { Impression, Past, Placement, Repeat } from './detect/placement.js';
import type { Owner } from './outbox/outbox.js';

/** What an event adds to what all events have. */
export type Happened =
  | { readonly type: 'viewed' }
  | { readonly type: 'dismissed'; readonly reason: DismissReason };

/** Records what is noticed. */
export interface Recorder {
  /**
   * Makes sure that the offer's `viewed` is recorded.
   * @param isSeen Whether it was seen just now, so that what counted in an earlier page view counts again.
   */
  onViewed(offerId: string, placement?: Placement | Past, isSeen?: boolean): Impression;
  /** Announces an event on the page and, unless a listener vetoes it, has it kept. Returns whether it did. */
  record(happened: Happened, offerId: string, impression: Impression, placement?: Placement | Past): boolean;
}

/** A recorder, and what it knows. */
export interface Recording extends Recorder {
  /** Whether an offer may count, with `repeat: 'mount'` this placement of it: it has an id, and has not yet in this page view. */
  isOpen(placement: Placement): boolean;
}

/** Whose events are recorded, and how often. */
export interface RecordingSettings {
  /** Who has the page, and their consent, as they are when an event is made. */
  readonly owner: Owner;
  /** How often an offer may count. */
  readonly repeat?: Repeat | undefined;
}

/**
 * Makes a recorder.
 * @param latest The page view's latest impressions by offer id.
 * @param keep Called with each event that nobody vetoed.
 */
export const createRecording = (
  latest: Map<string, Impression>,
  { owner, repeat: usual }: RecordingSettings,
  runtime: Pick<Runtime, 'now' | 'randomBits'>,
  keep: (event: OfferEvent, impression: Impression, placement?: Placement | Past) => void,
): Recording => {
  const newId = createIds(runtime);

  const repeats = (repeat: Repeat, placement?: Placement | Past): boolean =>
    (placement?.repeat ?? usual) === repeat;

  /** The impression that has counted for an offer, with `repeat: 'mount'` for this placement of it. */
  const impressionOf = (offerId: string, placement?: Placement | Past): Impression | undefined =>
    placement && repeats('mount', placement) ? placement.impression : latest.get(offerId);

  /** Whether it counted in an earlier page view; with `repeat: 'mount'` views make no difference. */
  const isOver = ({ isPast }: Impression, placement?: Placement | Past): boolean =>
    !!isPast && !(placement && repeats('mount', placement));

  const record: Recorder['record'] = (happened, offerId, impression, placement) => {
    const event: OfferEvent = {
      ...happened,
      id: newId(),
      offerId,
      impressionId: impression.id,
      occurredAt: runtime.now(),
      expiresAt: placement?.expiresAt,
      token: placement?.token,
      // A value that cannot be a group, such as an e-mail address, never leaves the page. The
      // proxy's operator reads that there was one.
      group: placement?.group && (/^[\w.:/~-]{1,50}$/.exec(placement.group) ?? '?')[0],
      subject: impression.subject,
    };
    const announced = new CustomEvent(`offersight:${event.type}`, {
      detail: event,
      bubbles: true,
      composed: true,
      cancelable: true,
    });
    // An event on an element that has left the page would reach no listener above it.
    const target = placement?.element?.isConnected ? placement.element : document;
    if (owner.consent === 'denied' || !target.dispatchEvent(announced)) return false;
    keep(event, impression, placement);
    return true;
  };

  const onViewed: Recorder['onViewed'] = (offerId, placement, isSeen) => {
    let impression = impressionOf(offerId, placement);
    // Until an offer counts in the next page view, closing it closes its last showing, unless that is closed already.
    if (!impression || (isOver(impression, placement) && (isSeen || impression.isDismissed))) {
      impression = {
        id: newId(),
        isOnce: repeats('browser', placement),
        // A value that is not a subject, such as an e-mail address, never leaves the page. The offer part reports it.
        subject: isSubject(owner.subject) ? owner.subject : undefined,
      };
      if (placement) placement.impression = impression;
      latest.set(offerId, impression);
      // It has to be in the map before the page's listeners run, since one of them may close the offer.
      impression.isVetoed = !record({ type: 'viewed' }, offerId, impression, placement);
    }
    return impression;
  };

  return {
    isOpen(placement) {
      const { offerId } = placement;
      const impression = impressionOf(offerId, placement);
      return isOfferId(offerId) && (!impression || isOver(impression, placement));
    },
    record,
    onViewed,
  };
};
