/**
 * The composition root of the first load: sees offers, has what is detected recorded, and hands it to the outbox. What
 * is needed soon, but not first, is later.ts.
 */
import { OffersightError } from '../errors.js';
import type { OfferEvent } from '../protocol/event.js';
import { platformRuntime } from '../runtime.js';
import { createExposureWatch } from './detect/exposure.js';
import { createRegistry, type SearchRoot } from './detect/registry.js';
import { keepEarly } from './early.js';
import type { PageView } from './inside.js';
import type { Later } from './later/later.js';
import type { OfferTracker } from './offer-tracker.js';
import type { ResolvedOptions } from './options.js';
import { indexedDbRecords } from './outbox/indexeddb.js';
import { createOutbox } from './outbox/outbox.js';
import { createPage } from './page.js';
import { createRecording } from './recording.js';
import { RELOAD_MS } from './times.js';

/** `Node`'s own numbers; documents and shadow roots come behind comments. */
const ELEMENT_NODE = 1;
const COMMENT_NODE = 8;

/** Does nothing. */
export const nothing = (): undefined => undefined;

/** Runs a host's callback: what it throws, or rejects with, is the host's own fault and never breaks us. */
export const call = (callback: () => unknown): void =>
  void new Promise((resolve) => resolve(callback())).catch(console.error);

/** Starts a tracker. Everything that can be wrong with the options or the browser was found before. */
export const createFirst = (
  options: ResolvedOptions,
  report: (error: OffersightError) => void,
  latest: PageView,
): OfferTracker => {
  const runtime = platformRuntime();
  const page = createPage();
  let loading: Promise<Later> | undefined;
  let loaded: Later | undefined;
  let isStopped = false;
  let isReported = false;

  /** The options say how it begins. */
  const owner = { consent: options.consent, subject: options.subject };
  const outbox = createOutbox(indexedDbRecords(options.name, runtime), runtime, options.endpoint, owner);
  const context = { call, outbox, owner, page, runtime };

  /**
   * Starts the second load, or gives the one that was started. One that failed is repeated. It has a task of its own, so
   * that users wait less long for each: in one file, and in a bundle, it would run at the end of the first one's.
   */
  const load = (): Promise<Later> => {
    loading ??= new Promise<void>((resolve) => runtime.after(0, resolve))
      .then(() => import('./later/later.js'))
      .then(({ createLater }) => {
        loaded = createLater({ ...context, exposure, latest, options, early, recorder, registry, report });
        return loaded;
      })
      .catch((cause: unknown) => {
        // It may never come, and what waits for it would grow.
        early.length = 0;
        runtime.after(RELOAD_MS, () => {
          loading = undefined;
          void later(nothing);
        });
        // An error is written with its name.
        if (!isReported)
          report(new OffersightError('load', `A file did not load: ${cause as string}`, cause));
        isReported = true;
        throw cause;
      });
    return loading;
  };

  /** Leaves it to the second load. If that failed, `load` has reported it. */
  const later = async <T>(act: (loaded: Later) => T | Promise<T>): Promise<T | undefined> =>
    isStopped ? undefined : load().then(act, nothing);

  /** The event that was recorded last. */
  let newest: OfferEvent | undefined;
  /** Stores what is not stored yet, unless a later event follows, whose commit does so. */
  const commit = async (event: OfferEvent | undefined): Promise<void> => {
    if (event !== newest || owner.consent !== 'granted') return;
    // If this fails, the second load repairs the records or delivers from memory.
    await outbox.commit().catch(nothing);
    // Also after a stop, since what is stored was recorded. A second load that comes later looks by itself.
    loaded?.onCommitted();
  };

  const recorder = createRecording(latest, { owner, ...options }, runtime, (event, { isOnce }, placement) => {
    void later((loaded) => loaded.onAnnounced(event, placement));
    outbox.add(event, isOnce);
    newest = event;
    // A browser may not run it in a page that is frozen by then, so no later one may rely on it.
    queueMicrotask(() => commit(event));
  });

  const registry = createRegistry({
    onMount(placement) {
      if (recorder.isOpen(placement)) exposure.watch(placement);
      else placement.isSeen = true;
      loaded?.onMount(placement);
    },
    onUnmount(placement) {
      exposure.unwatch(placement.element);
      loaded?.onUnmount(placement);
    },
  });
  const exposure = createExposureWatch({ ...context, registry }, options.viewability, (placement) =>
    recorder.onViewed(placement.offerId, placement, true),
  );
  const early = keepEarly(page, registry, exposure, () => loaded);
  /** Notes a decision of the user, or that there is another user. */
  const decide =
    <Name extends keyof typeof owner>(name: Name) =>
    (value: (typeof owner)[Name]): void => {
      owner[name] = value;
      const { consent } = owner;
      const copies = [...outbox.mirror.values()];
      if (consent === 'denied') outbox.mirror.clear();
      void later((loaded) => loaded.onDecided(consent, copies));
      // The second load first judges what waits, since an offer that was dismissed may have been accepted before.
      if (!loaded) void commit(newest);
    };

  // In a task of its own, ahead of the second load's: users wait less long for each.
  runtime.after(0, () => {
    void later(nothing);
    if (!isStopped) registry.start();
  });

  return {
    observe(target, offer) {
      // Not by `instanceof`, since a frame has classes of its own.
      const kind = isStopped ? 0 : target?.nodeType;
      if (kind === ELEMENT_NODE) return registry.observe(target as Element, offer || {});
      return kind > COMMENT_NODE ? (loaded ?? registry).search(target as SearchRoot) : nothing;
    },
    dismiss: (offerId, reason) => void later((loaded) => loaded.onDismiss(offerId, reason)),
    accept: (offerId) => void later((loaded) => loaded.onAccept(offerId)),
    flush: () => later((loaded) => loaded.flush()),
    consent: decide('consent'),
    subject: decide('subject'),
    pageView() {
      // Now, since what counts before the second load is there belongs to this page view.
      for (const impression of latest.values()) impression.isPast = !impression.isOnce;
      void later((loaded) => loaded.onPageView());
    },
    stats: async () => (await later((loaded) => loaded.stats())) ?? { offers: {} },
    stop() {
      if (isStopped) return;
      void later((loaded) => loaded.stop());
      isStopped = true;
      latest.tracker = undefined;
      registry.stop();
      exposure.stop();
      page.stop();
    },
  };
};
