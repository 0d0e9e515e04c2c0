/**
 * The second load: composes what a page needs soon, but not first. Noticing, decisions, the leasing
 * side of the outbox, delivery, and reports to others.
 */
import { OffersightError } from '../../errors.js';
import type { OfferEvent } from '../../protocol/event.js';
import type { Stop } from '../../runtime.js';
import { hearTabs, tellTabs } from '../../tabs.js';
import type { Past, Placement } from '../detect/placement.js';
import type { TrackerStats } from '../offer-tracker.js';
import { indexedDbRecords, type StoreRows } from '../outbox/indexeddb.js';
import type { Outbox } from '../outbox/outbox.js';
import type { Recording } from '../recording.js';
import { loadMore } from './asking.js';
import { createBackgroundSync } from './background-sync.js';
import { type ConsentContext, type ConsentState, createConsentState } from './consent.js';
import { createDecisions } from './decisions.js';
import { createDelivering, type Delivering } from './delivering.js';
import type { DecisionListener } from './detect/controls.js';
import { createMounting } from './mounting.js';
import { createNoticing, type Noticing, type NoticingContext } from './noticing.js';
import { isGranted } from './outbox/giving-up.js';
import { createConnecting } from './outbox/indexeddb-kinds.js';
import type { Leasing } from './outbox/leasing.js';
import { watchAgain } from './page-view.js';
import { createReports } from './reports.js';

export { tellWrongOption } from './wrong-option.js';

/** What the first load hands over. */
export interface LaterContext extends Omit<NoticingContext, 'listeners'> {
  readonly recorder: Recording;
  readonly outbox: Outbox<StoreRows>;
  /** Who has the page, and their consent now. */
  readonly owner: ConsentContext['owner'];
}

/** What the second load gives. */
export interface Later
  extends DecisionListener,
    Pick<Noticing, 'onMount' | 'onUnmount' | 'onLeave' | 'search'> {
  /** An event was announced on the page, and not vetoed. */
  onAnnounced(event: OfferEvent, placement?: Placement | Past): void;
  /** What was recorded is stored, or could not be stored. */
  onCommitted(): void;
  settleFarewell: Delivering['settleFarewell'];
  onDecided: ConsentState['onDecided'];
  /** A page view begins without a page load. */
  onPageView(): void;
  /** Delivers what is due, with what users and the page decided before. */
  flush(): Promise<void>;
  stats(): Promise<TrackerStats>;
  stop: Stop;
}

/** Starts everything that came with the second load. */
export const createLater = (context: LaterContext): Later => {
  const { options, owner, runtime, page, registry, outbox, call, report } = context;
  const reports = createReports(options, call);
  const { listeners, offers, discarded, count } = reports;
  const { connect, abandon } = createConnecting();
  const delivering = createDelivering({
    outbox,
    owner,
    connection: connect(outbox.records),
    open: () => connect(indexedDbRecords(options.name, runtime)),
    runtime,
    tellTabs: (ids) => tellTabs(options.name, ids),
    // Somebody who repairs an endpoint on localhost wants to see it work at once.
    options: { ...(options.isLocal && { longestPauseMs: 5_000 }), ...options.outbox, ...options.delivery },
    report(error) {
      // The page may be gone when it works again.
      sync.request();
      report(error);
    },
    ...reports,
  });
  const { leasing, flusher, settleFarewell } = delivering;
  let stopHearing = hearTabs(options.name, leasing.onSettled);
  const sync = createBackgroundSync(options.name, () =>
    leasing.setSite({
      ...options.outbox,
      ...options.delivery,
      endpoint: options.endpoint,
      subject: owner.subject,
    }),
  );
  const onInvalid = (offerId: string): void =>
    report(new OffersightError('configuration', `No offer id: ${String(offerId).slice(0, 60)}`));

  /** What was accepted is remembered for other pages, unless the user denied that. */
  const remember = (...acceptance: Parameters<Leasing['accept']>): unknown =>
    owner.consent !== 'denied' && leasing.accept(...acceptance);

  const acceptedOffers = new Set<string>();
  let isLearned = false;
  /** Learns what was accepted on other pages, also on those that are open at the same time. */
  const learn = async (): Promise<ReadonlySet<string>> => {
    for (const { offerId, type } of await leasing.marks())
      if (type === 'accepted') acceptedOffers.add(offerId);
    isLearned = true;
    return acceptedOffers;
  };
  const learned = learn();
  /** Users decide at once; what they decided is judged when it is known what was accepted before. */
  const whenLearned =
    <Args extends unknown[]>(act: (...args: Args) => void) =>
    (...args: Args): void => {
      if (isLearned) act(...args);
      else void learned.then(() => act(...args));
    };
  const judged = createDecisions(context.recorder, registry, acceptedOffers, {
    remember,
    onInvalid,
    onAccepted(offerId) {
      count(offerId, 'accepted');
      noticing?.onReaction(offerId);
    },
  });
  /** Developers see at once why nothing is sent. */
  const tellPause = async (): Promise<void> => {
    const { pause } = await leasing.stats();
    if (pause && (options.debug || options.isLocal)) console.warn((await loadMore()).describePause(pause));
  };
  void learned.then(() => {
    tellPause().catch(() => undefined);
    // A page that loads shows that there is a network, and perhaps a repaired deployment.
    void flusher.hurry();
  });
  const onDismiss = whenLearned(judged.onDismiss);
  const onAccept = whenLearned(judged.onAccept);
  const decisions: DecisionListener = { onDismiss, onAccept };

  let noticing: Noticing | undefined;
  try {
    noticing = createNoticing({ ...context, listeners }, decisions);
  } catch (cause) {
    // What was seen is delivered all the same.
    report(new OffersightError('configuration', 'Closing goes unnoticed.', cause));
  }

  const mounting = createMounting(noticing, count, onInvalid);
  for (const placement of registry.placements.values()) mounting.onMount(placement);

  page.listen((change) => {
    if (change === 'visible') {
      stopHearing();
      stopHearing = hearTabs(options.name, leasing.onSettled);
      flusher.wake();
      void learn();
    } else if (change === 'online') void flusher.hurry();
    else if (outbox.mirror.size && isGranted(owner)) sync.request();
  });
  /** Otherwise a frozen page would block the database for all others. */
  const rest = (): void => {
    abandon();
    stopHearing();
    flusher.pause();
  };
  page.capture(['freeze'], rest);
  // If two windows are side by side, the offer may have been accepted in the other one a moment ago.
  page.capture(['focus'], ({ target }) => {
    if (target === window) void learn();
  });

  const onCommitted = (): void => {
    leasing.tell();
    flusher.wake();
    void sync.find();
  };
  const { onDecided, decided } = createConsentState({ ...context, ...delivering, learn, onCommitted });

  return {
    ...decisions,
    ...mounting,
    onAnnounced({ type, offerId }, placement) {
      count(offerId, type);
      if (type === 'dismissed') noticing?.onReaction(offerId, placement);
      else if (placement?.element) noticing?.onViewed(placement);
    },
    onCommitted,
    onLeave() {
      // First, so that nothing is in the way of what is recorded now.
      rest();
      noticing?.onLeave();
    },
    settleFarewell,
    onDecided,
    onPageView() {
      noticing?.onPageView();
      watchAgain(context);
    },
    search: (root) => (noticing ?? registry).search(root),
    async flush() {
      await learned;
      await decided();
      await flusher.flush();
    },
    stats: async () => ({ offers, outbox: await leasing.stats(), discarded: { ...discarded } }),
    stop() {
      noticing?.stop();
      stopHearing();
      flusher.stop();
    },
  };
};
