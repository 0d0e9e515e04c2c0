/**
 * The second load: composes what a page needs soon, but not first. Noticing, decisions and the farewell; it asks for
 * delivery when the page needs that.
 */
import { OffersightError } from '../../errors.js';
import type { OfferEvent } from '../../protocol/event.js';
import type { Stop } from '../../runtime.js';
import type { Past, Placement } from '../detect/placement.js';
import type { Inside } from '../inside.js';
import type { TrackerStats } from '../offer-tracker.js';
import { indexedDbRecords, type StoreRows } from '../outbox/indexeddb.js';
import type { Outbox } from '../outbox/outbox.js';
import type { Connection, Rows } from '../outbox/records.js';
import type { Recording } from '../recording.js';
import { loadMore } from './asking.js';
import { type ConsentContext, type ConsentState, createConsentState } from './consent.js';
import { createCounts } from './counts.js';
import { createDecisions } from './decisions.js';
import type { DecisionListener } from './detect/controls.js';
import { createFarewell } from './farewell.js';
import { createLearning } from './learning.js';
import { createMeanwhile } from './meanwhile.js';
import { createMounting } from './mounting.js';
import { createNoticing, type Noticing, type NoticingContext } from './noticing.js';
import { createOnNeed, type OnNeed } from './on-need.js';
import { createConnecting } from './outbox/indexeddb-kinds.js';
import { mendedRecords } from './outbox/mended.js';
import { createTell } from './outbox/told.js';
import { createReports } from './reports.js';

export { tellWrongOption } from './wrong-option.js';

/** What the first load hands over. */
export interface LaterContext extends Omit<NoticingContext, 'listeners' | 'isDelivering'> {
  readonly recorder: Recording;
  readonly outbox: Outbox<StoreRows>;
  /** Who has the page, and their consent now. */
  readonly owner: ConsentContext['owner'];
}

/** What the second load gives. */
export interface Later extends DecisionListener, Pick<Noticing, 'onMount' | 'onUnmount' | 'search'> {
  /** An event was announced on the page, and not vetoed. */
  onAnnounced(event: OfferEvent, placement?: Placement | Past): void;
  /** What was recorded is stored, or could not be stored. */
  onCommitted(): void;
  onDecided: ConsentState['onDecided'];
  /** A page view begins without a page load. */
  onPageView(): void;
  /** Delivers what is due, with what users and the page decided before. */
  flush(): Promise<void>;
  stats(): Promise<TrackerStats>;
  stop: Stop;
}

/** Does nothing. */
const nothing = (): undefined => undefined;

/** Starts everything that came with the second load. */
export const createLater = (context: LaterContext): Later => {
  const { options, owner, runtime, page, registry, exposure, recorder, call, report } = context;
  const listeners: Inside['listeners'] = new Set([options]);
  const { discarded, ...reports } = createReports({ options, listeners, call });
  const { count, all } = createCounts(registry);
  const { connect, abandon } = createConnecting();
  const open = (): Connection => connect(indexedDbRecords(options.name, runtime));
  const outbox = context.outbox as Outbox as Outbox<Rows>;
  outbox.records = mendedRecords(outbox, connect(context.outbox.records), open, {
    // Who decides something does not wait for a load.
    makeRoom: async (records) => delivery.now()?.makeRoom(records),
    report,
  });
  const tell = createTell(outbox, reports.onRecorded);
  const delivery: OnNeed = createOnNeed({
    ...context,
    ...reports,
    isPurging: () => isPurging(),
    // Developers see at once why nothing is sent.
    onPause(pause) {
      if (options.debug || options.isLocal)
        loadMore()
          .then(({ describePause }) => console.warn(describePause(pause)))
          .catch(nothing);
    },
  });
  const { isPurging, accept, pay, ...denying } = createMeanwhile({
    ...context,
    ...reports,
    outbox,
    delivery,
  });
  const onInvalid = (offerId: string): void =>
    report(new OffersightError('configuration', `No offer id: ${String(offerId).slice(0, 60)}`));

  const { acceptedOffers, learn, learned, whenLearned } = createLearning({ ...context, outbox, delivery });
  const judged = createDecisions(recorder, registry, acceptedOffers, {
    // What was accepted is remembered for other pages, unless the user denied that.
    remember: (offerId) => owner.consent !== 'denied' && accept(offerId),
    onInvalid,
    onAccepted(offerId) {
      count(offerId, 'accepted');
      noticing?.onReaction(offerId);
    },
  });
  const onDismiss = whenLearned(judged.onDismiss);
  const onAccept = whenLearned(judged.onAccept);
  const decisions: DecisionListener = { onDismiss, onAccept };

  let noticing: Noticing | undefined;
  try {
    noticing = createNoticing({ ...context, listeners, isDelivering: () => !!delivery.now() }, decisions);
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

  const mounting = createMounting(noticing, onInvalid, delivery.ask, (offerId) => count(offerId, 'rendered'));
  // None is kept for that.
  registry.placements.filter(mounting.onMount);

  /** Otherwise a frozen page would block the database for all others. */
  const rest = (): void => {
    abandon();
    delivery.now()?.rest();
  };
  page.capture(['freeze'], rest);
  createFarewell(
    context,
    () => {
      // First, so that nothing is in the way of what is recorded now.
      rest();
      noticing?.onLeave();
    },
    // Without delivery nothing is settled, and the endpoint recognizes what it gets again.
    (...reply) => delivery.need().then((there) => there.settleFarewell(...reply)),
  );

  const onCommitted = (): void => {
    tell(outbox.isBlocked);
    void pay();
    delivery.now()?.onCommitted();
  };
  const { onDecided, decided } = createConsentState({
    ...context,
    outbox,
    learn,
    onCommitted,
    ...denying,
    pause: () => delivery.now()?.pause(),
  });

  noticing?.judgeEarly();
  return {
    ...mounting,
    onDismiss(offerId, reason) {
      noticing?.conclude(offerId);
      onDismiss(offerId, reason);
    },
    onAccept,
    onAnnounced({ type, offerId }, placement) {
      delivery.ask();
      count(offerId, type);
      if (type === 'dismissed') noticing?.onReaction(offerId, placement);
      else if (placement?.element) noticing?.onViewed(placement);
    },
    onCommitted,
    onDecided,
    onPageView() {
      noticing?.onPageView();
      // What has counted and still shows, from now on for a whole dwell. What dwells goes on.
      registry.placements.filter((placement) => recorder.isOpen(placement) && exposure.watch(placement));
    },
    search: (root) => (noticing ?? registry).search(root),
    async flush() {
      await learned;
      await decided();
      await delivery.need().then((there) => there.flush(), nothing);
    },
    async stats() {
      const waiting = await delivery.need().then((there) => there.stats(), nothing);
      return { offers: all(), ...(waiting && { outbox: waiting }), discarded: { ...discarded } };
    },
    stop() {
      noticing?.stop();
      delivery.stop();
    },
  };
};
