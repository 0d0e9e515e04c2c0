/**
 * The offer part: composes what a page needs that has offers, or whose outbox is not empty. Noticing, decisions, delivery and
 * the farewell. It may be another file than the seer.
 */
import { OffersightError } from '../../errors.js';
import type { OfferEvent } from '../../protocol/event.js';
import type { Stop } from '../../runtime.js';
import { load } from '../asking.js';
import type { Past, Placement } from '../detect/placement.js';
import type { Inside } from '../inside.js';
import type { TrackerStats } from '../offer-tracker.js';
import type { Recording } from '../recording.js';
import { createCounts } from './counts.js';
import { createDecisions } from './decisions.js';
import type { DecisionListener } from './detect/controls.js';
import { createMounting } from './mounting.js';
import { createNoticing, type Noticing, type NoticingContext } from './noticing.js';
import { createPageDelivery, type PageDelivery, type PageDeliveryContext } from './page-delivery.js';
import { createReports } from './reports.js';

export { VERSION } from '../../version.js';

/** What the seer hands over. */
export interface OfferPartContext extends Omit<NoticingContext, 'listeners'> {
  readonly recorder: Recording;
  readonly outbox: PageDeliveryContext['outbox'];
  readonly owner: PageDeliveryContext['owner'];
}

/** What it gives. */
export interface OfferPart
  extends DecisionListener,
    Pick<Noticing, 'onMount' | 'onUnmount'>,
    Pick<PageDelivery, 'drop' | 'onCommitted' | 'onDecided' | 'flush'> {
  /** An event was announced on the page, and not vetoed. */
  onAnnounced(event: OfferEvent, placement?: Placement | Past): void;
  /** A page view begins without a page load. */
  onPageView(): void;
  stats(): Promise<TrackerStats>;
  stop: Stop;
}

/** Does nothing. */
const nothing = (): undefined => undefined;

/** Starts everything that came with it. */
export const createOfferPart = (context: OfferPartContext): OfferPart => {
  const { options, owner, registry, exposure, recorder, call, report } = context;
  const listeners: Inside['listeners'] = new Set([options]);
  const { discarded, ...reports } = createReports({ options, listeners, call });
  const { count, all } = createCounts(registry);
  const delivery = createPageDelivery({
    ...context,
    ...reports,
    // Developers see at once why nothing is sent.
    onPause(pause) {
      if (options.debug || options.isLocal)
        load.more().then(({ describePause }) => console.warn(describePause(pause)), nothing);
    },
    onLeave: () => noticing?.onLeave(),
  });
  const onInvalid = (offerId: string): void =>
    report(new OffersightError('configuration', `No offer id: ${String(offerId).slice(0, 60)}`));

  const judged = createDecisions(recorder, registry, delivery.acceptedOffers, {
    // What was accepted is remembered for other pages, unless the user denied that.
    remember: (offerId) => owner.consent !== 'denied' && delivery.accept(offerId),
    onInvalid,
    onAccepted(offerId) {
      count(offerId, 'accepted');
      noticing?.onReaction(offerId);
    },
  });
  const onDismiss = delivery.whenLearned(judged.onDismiss);
  const onAccept = delivery.whenLearned(judged.onAccept);
  const decisions: DecisionListener = { onDismiss, onAccept };

  let noticing: Noticing | undefined;
  try {
    noticing = createNoticing({ ...context, listeners }, decisions);
  } catch (cause) {
    // What was seen is delivered all the same.
    report(
      new OffersightError(
        'configuration',
        `Closing is not noticed here, views are: ${cause as string}`,
        cause,
      ),
    );
  }

  const mounting = createMounting(noticing, onInvalid, (offerId) => count(offerId, 'rendered'));
  // None is kept for that.
  registry.placements.filter(mounting.onMount);

  noticing?.judgeEarly();
  return {
    ...mounting,
    onDismiss(offerId, reason) {
      noticing?.conclude(offerId);
      onDismiss(offerId, reason);
    },
    onAccept,
    onAnnounced({ type, offerId }, placement) {
      count(offerId, type);
      if (type === 'dismissed') noticing?.onReaction(offerId, placement);
      else if (placement?.element) noticing?.onViewed(placement);
    },
    drop: delivery.drop,
    onCommitted: delivery.onCommitted,
    onDecided: delivery.onDecided,
    onPageView() {
      noticing?.onPageView();
      // What has counted and still shows, from now on for a whole dwell. What dwells goes on.
      registry.placements.filter((placement) => recorder.isOpen(placement) && exposure.watch(placement));
    },
    flush: delivery.flush,
    async stats() {
      return { offers: all(), outbox: await delivery.stats(), discarded: { ...discarded } };
    },
    stop() {
      noticing?.stop();
      delivery.stop();
    },
  };
};
