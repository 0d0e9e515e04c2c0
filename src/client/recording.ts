/**
 * Recording: what was noticed becomes an event, once an impression. It is announced on the page, where a listener may
 * veto it, and then kept. Knows neither who notices nor where events are kept.
 */
import { createIds, type DismissReason, type OfferEvent } from '../protocol/event.js';
import { isSubject } from '../protocol/subject.js';
import type { Runtime } from '../runtime.js';
import type { Impression, Past, Placement, Repeat } from './detect/registry.js';
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
  /** Announces an event on the page and, unless a listener vetoes it, has it kept; tells whether it did. */
  record(happened: Happened, offerId: string, impression: Impression, placement?: Placement | Past): boolean;
}

/** A recorder, and what it knows. */
export interface Recording extends Recorder {
  /** Whether an offer may count, with `repeat: 'mount'` this placement of it: it has not yet in this page view. */
  isOpen(offerId: string, placement: Placement): boolean;
}

/**
 * Makes a recorder.
 * @param latest The page view's latest impressions by offer id.
 * @param settings Who has the page, what they said, and how often an offer may count; read whenever an event is made.
 * @param keep Given each event that nobody vetoed.
 */
export const createRecording = (
  latest: Map<string, Impression>,
  settings: Owner & { readonly repeat?: Repeat | undefined },
  runtime: Pick<Runtime, 'now' | 'randomBits'>,
  keep: (event: OfferEvent, impression: Impression, placement?: Placement | Past) => void,
): Recording => {
  const newId = createIds(runtime);

  const repeats = (repeat: Repeat, placement?: Placement | Past): boolean =>
    (placement?.repeat ?? settings.repeat) === repeat;

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
      // What can be none, such as an e-mail address, never leaves the page; whoever runs the proxy reads that there was one.
      group: placement?.group && (/^[\w.:/~-]{1,50}$/.exec(String(placement.group)) ?? '?')[0],
      subject: impression.subject,
    };
    const announced = new CustomEvent(`offersight:${event.type}`, {
      detail: event,
      bubbles: true,
      composed: true,
      cancelable: true,
    });
    // An element that is gone by now has nobody above it to hear.
    const target = placement?.element?.isConnected ? placement.element : document;
    if (settings.consent === 'denied' || !target.dispatchEvent(announced)) return false;
    keep(event, impression, placement);
    return true;
  };

  const onViewed: Recorder['onViewed'] = (offerId, placement, isSeen) => {
    let impression = impressionOf(offerId, placement);
    // Until an offer counts in the next page view, what closes it closes its last showing, if that was not closed before.
    if (!impression || (isOver(impression, placement) && (isSeen || impression.isDismissed))) {
      impression = {
        id: newId(),
        isOnce: repeats('browser', placement),
        // One that is no subject, such as an e-mail address, never leaves the page; the second load reports it.
        subject: isSubject(settings.subject) ? settings.subject : undefined,
      };
      if (placement) placement.impression = impression;
      latest.set(offerId, impression);
      // In the map before the page's listeners run: one of them may close the offer.
      impression.isVetoed = !record({ type: 'viewed' }, offerId, impression, placement);
    }
    return impression;
  };

  return {
    isOpen(offerId, placement) {
      const impression = impressionOf(offerId, placement);
      return !impression || isOver(impression, placement);
    },
    record,
    onViewed,
  };
};
