/**
 * Composes delivery for a page: the leasing side of the outbox, flusher and transport, the other tabs, and the site's
 * service worker. It loads on need, and may be another file than what it talks to, of which no name that crosses may be
 * shortened.
 */
import type { OffersightError } from '../../errors.js';
import type { Runtime, Stop } from '../../runtime.js';
import { hearTabs, tellTabs } from '../../tabs.js';
import type { ResolvedOptions } from '../options.js';
import type { Outbox, Owner } from '../outbox/outbox.js';
import type { Page } from '../page.js';
import { createBackgroundSync } from './background-sync.js';
import { createDelivering, type Delivering, type DeliveringContext } from './delivering.js';
import type { Flusher } from './delivery/flusher.js';
import { isGranted } from './outbox/giving-up.js';
import type { Leasing } from './outbox/leasing.js';
import type { OutboxPause } from './outbox/remembering.js';
import { PURGE_RETRY_MS } from './outbox/waits.js';

export { VERSION } from '../../version.js';

/** What it works with. */
export interface PageDeliveryContext extends Required<Pick<DeliveringContext, 'onRecorded' | 'onDiscard'>> {
  readonly options: Pick<ResolvedOptions, 'delivery' | 'endpoint' | 'isLocal' | 'name' | 'outbox'>;
  readonly owner: Owner;
  readonly runtime: Runtime;
  readonly page: Page;
  /** Its records recover from faults. */
  readonly outbox: Outbox;
  readonly report: (error: OffersightError) => void;
  /** Whether a denial is not carried out yet. */
  readonly isPurging: () => boolean;
  /** Called if nothing is sent for now as delivery begins. */
  readonly onPause: (pause: OutboxPause) => void;
}

/** Delivers what this page records, and what earlier pages left. */
export interface PageDelivery
  extends Pick<Delivering, 'settleFarewell'>,
    Pick<Leasing, 'accept' | 'drop' | 'makeRoom' | 'purge' | 'stats'>,
    Pick<Flusher, 'flush' | 'pause'> {
  /** What was recorded is stored, or could not be stored. */
  onCommitted(): void;
  /** The page is left or frozen. */
  rest(): void;
  stop: Stop;
}

/** Starts it. */
export const createPageDelivery = (context: PageDeliveryContext): PageDelivery => {
  const { options, owner, page, outbox, runtime, report, onPause } = context;
  const { name } = options;
  const { leasing, flusher, settleFarewell } = createDelivering({
    ...context,
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

  const tellPause = async (): Promise<void> => {
    const { pause } = await leasing.stats();
    if (pause) onPause(pause);
  };
  /** What the user denied is not sent: nothing is leased until this has ended. */
  const purge = (): void =>
    void leasing.purge().catch(() => {
      runtime.after(PURGE_RETRY_MS, purge);
    });
  if (context.isPurging()) purge();
  // Forgets what is over.
  void leasing.marks().then(() => {
    void tellPause();
    // A page that loads shows that there is a network, and perhaps a repaired deployment.
    void flusher.hurry();
  });

  page.listen((change) => {
    if (change === 'visible') {
      stopHearing();
      stopHearing = hear();
      flusher.wake();
      void leasing.marks();
    } else if (change === 'online') void flusher.hurry();
    else if (outbox.mirror.size && isGranted(owner)) sync.request();
  });

  const onCommitted = (): void => {
    leasing.tell();
    flusher.wake();
    void sync.find();
  };
  // What was recorded before this came.
  if (outbox.mirror.size) onCommitted();

  return {
    ...leasing,
    ...flusher,
    settleFarewell,
    onCommitted,
    rest() {
      stopHearing();
      flusher.pause();
    },
    stop() {
      stopHearing();
      flusher.stop();
    },
  };
};
