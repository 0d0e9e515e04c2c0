/**
 * Composes what becomes of the events of a page: records that recover from faults, the leasing side of the outbox, flusher and
 * transport, the farewell, what the user decides, the other tabs, and the site's service worker. Knows no offers.
 */
import type { OffersightError } from '../../errors.js';
import type { Runtime, Stop } from '../../runtime.js';
import { hearTabs, tellTabs } from '../../tabs.js';
import type { ResolvedOptions } from '../options.js';
import { indexedDbRecords, type StoreRows } from '../outbox/indexeddb.js';
import type { Outbox } from '../outbox/outbox.js';
import type { Connection, Rows } from '../outbox/records.js';
import type { Page } from '../page.js';
import { createBackgroundSync } from './background-sync.js';
import { type ConsentContext, type ConsentState, createConsentState } from './consent.js';
import { createDelivering, type DeliveringContext } from './delivering.js';
import { createFarewell } from './farewell.js';
import { createConnecting } from './outbox/connecting.js';
import { isGranted } from './outbox/giving-up.js';
import type { Leasing } from './outbox/leasing.js';
import { mendedRecords } from './outbox/mended.js';
import type { OutboxPause } from './outbox/remembering.js';

/** What it works with. */
export interface PageDeliveryContext extends Required<Pick<DeliveringContext, 'onRecorded' | 'onDiscard'>> {
  readonly options: Pick<ResolvedOptions, 'delivery' | 'endpoint' | 'isLocal' | 'name' | 'outbox'>;
  readonly owner: ConsentContext['owner'];
  readonly runtime: Runtime;
  readonly page: Page;
  readonly outbox: Outbox<StoreRows>;
  readonly report: (error: OffersightError) => void;
  /** Called if nothing is sent for now as delivery begins. */
  readonly onPause: (pause: OutboxPause) => void;
  /** The page is left: what is recorded now still goes along. */
  readonly onLeave: () => void;
}

/** Delivers what this page records, and what earlier pages left. */
export interface PageDelivery extends Pick<Leasing, 'accept' | 'drop' | 'stats'> {
  /** Offers that were accepted, also on other pages. */
  readonly acceptedOffers: Set<string>;
  /** Users decide at once; what they decided is judged when it is known what was accepted before. */
  whenLearned<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void;
  /** What was recorded is stored, or could not be stored. */
  onCommitted(): void;
  readonly onDecided: ConsentState['onDecided'];
  /** Delivers what is due, with what users and the page decided before. */
  flush(): Promise<void>;
  stop: Stop;
}

/** Starts it. */
export const createPageDelivery = (context: PageDeliveryContext): PageDelivery => {
  const { options, owner, page, runtime, report, onPause, onLeave } = context;
  const { name } = options;
  const { connect, abandon } = createConnecting();
  const open = (): Connection => connect(indexedDbRecords(name, runtime));
  const first = connect(context.outbox.records);
  const outbox = context.outbox as Outbox as Outbox<Rows>;
  const { leasing, flusher, settleFarewell } = createDelivering({
    ...context,
    outbox,
    mend: (listener) => mendedRecords(outbox, first, open, listener),
    tellTabs: (ids) => tellTabs(name, ids),
    // Somebody who repairs an endpoint on localhost wants to see it work at once.
    options: { ...(options.isLocal && { longestPauseMs: 5_000 }), ...options.outbox, ...options.delivery },
    report(error) {
      // The page may be gone when it works again.
      sync.request();
      report(error);
    },
  });
  const sync = createBackgroundSync(name, () =>
    leasing.setSite({
      ...options.outbox,
      ...options.delivery,
      endpoint: options.endpoint,
      subject: owner.subject,
    }),
  );
  const hear = (): Stop => hearTabs(name, leasing.onSettled);
  let stopHearing = hear();

  const acceptedOffers = new Set<string>();
  let isLearned = false;
  const learn = async (): Promise<ReadonlySet<string>> => {
    for (const { type, offerId } of await leasing.marks())
      if (type === 'accepted') acceptedOffers.add(offerId);
    isLearned = true;
    return acceptedOffers;
  };
  const learned = learn();

  const onCommitted = (): void => {
    leasing.tell(outbox.isBlocked);
    flusher.wake();
    void sync.find();
  };
  const { onDecided, decided } = createConsentState({
    ...context,
    ...leasing,
    ...flusher,
    learn,
    onCommitted,
  });

  const rest = (): void => {
    // Otherwise a frozen page would block the database for all others.
    abandon();
    stopHearing();
    flusher.pause();
  };
  page.capture(['freeze'], rest);
  // If two windows are side by side, the offer may have been accepted in the other one a moment ago.
  page.capture(['focus'], ({ target }) => {
    if (target === window) void learn();
  });
  page.listen((change) => {
    if (change === 'visible') {
      stopHearing();
      stopHearing = hear();
      flusher.wake();
      void learn();
    } else if (change === 'online') void flusher.hurry();
    else if (outbox.mirror.size && isGranted(owner)) sync.request();
  });
  createFarewell(
    context,
    () => {
      // First, so that nothing is in the way of what is recorded now.
      rest();
      onLeave();
    },
    settleFarewell,
  );

  void learned.then(async () => {
    // A page that loads shows that there is a network, and perhaps a repaired deployment.
    void flusher.hurry();
    const { pause } = await leasing.stats();
    if (pause) onPause(pause);
  });
  // What was recorded before this came.
  if (outbox.mirror.size) onCommitted();

  return {
    ...leasing,
    acceptedOffers,
    whenLearned:
      (act) =>
      (...args) => {
        if (isLearned) act(...args);
        else void learned.then(() => act(...args));
      },
    onCommitted,
    onDecided,
    async flush() {
      await learned;
      await decided();
      await flusher.flush();
    },
    stop() {
      stopHearing();
      flusher.stop();
    },
  };
};
