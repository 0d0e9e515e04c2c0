/**
 * The composition root of the first load: sees offers, turns what is detected into events, once per impression,
 * and hands them to the outbox. What is needed soon, but not first, is later.ts.
 */
import { OffersightError } from '../errors.js';
import { createIds, type DismissReason, isOfferId, type OfferEvent } from '../protocol/event.js';
import { isSubject } from '../protocol/subject.js';
import { platformRuntime, type Stop } from '../runtime.js';
import { createExposureWatch } from './detect/exposure.js';
import {
  createRegistry,
  type Impression,
  type ObservedOffer,
  type Past,
  type Placement,
  type Repeat,
  type SearchRoot,
} from './detect/registry.js';
import { createFarewell } from './farewell.js';
import type { Later } from './later/later.js';
import type { DiscardReason } from './later/outbox/giving-up.js';
import type { OutboxStats } from './later/outbox/remembering.js';
import { type ResolvedOptions, resolveOptions, type TrackerOptions } from './options.js';
import { indexedDbRecords } from './outbox/indexeddb.js';
import { type Consent, createOutbox } from './outbox/outbox.js';
import { createPage } from './page.js';

/** What happened to one offer on this page. */
export interface OfferStats {
  /** How often an element began to show it. */
  readonly rendered: number;
  /** How many of its `viewed` were recorded. */
  readonly viewed: number;
  /** How many of its `dismissed` were recorded. */
  readonly dismissed: number;
  /** How often it was accepted. */
  readonly accepted: number;
}

/** What the tracker did and what waits. */
export interface TrackerStats {
  /** By offer id, on this page; empty if the second load failed. */
  readonly offers: Readonly<Record<string, OfferStats>>;
  /** Of this browser, since all pages and tabs share one outbox; left out if the second load failed. */
  readonly outbox?: OutboxStats;
  /** Events given up by this page, by reason. */
  readonly discarded?: Readonly<Partial<Record<DiscardReason, number>>>;
}

/** Sees offers, notices how they are closed, records both and delivers them. No method ever throws. */
export interface OfferTracker {
  /**
   * Watches an element that no attribute names, or names wrongly; also one in a same-origin frame. Or looks for
   * `[data-offer-id]`, now and later, where the page itself cannot: in a closed shadow root, in a frame's document.
   * @returns Ends the watch; calling it again does nothing.
   */
  observe(target: Element | SearchRoot, offer?: ObservedOffer): Stop;
  /** The user closed the offer in a way that the page alone knows. Records `viewed` first if need be. */
  dismiss(offerId: string, reason?: DismissReason): void;
  /** The user accepted: proves display, and nothing can dismiss the offer any more. Sends nothing itself. */
  accept(offerId: string): void;
  /** Delivers what is due now; resolves when nothing more can be done at the moment. */
  flush(): Promise<void>;
  /**
   * What the user said to keeping and reporting events. While it is pending, events are only in memory, with their
   * own times; `granted` records and delivers them; `denied` gives up and forgets everything, also what is stored.
   */
  consent(state: Consent): void;
  /**
   * Who has the page: an opaque id, such as a hash of the customer's, 1–128 characters of `A–Z a–z 0–9 _ . : ~ -`, or
   * nobody. Events belong to who had the page when they happened, and wait while another one has it.
   */
  subject(value: string | undefined): void;
  /** What happened so far. */
  stats(): Promise<TrackerStats>;
  /**
   * Ends everything, for all who share this page's tracker, so never when a component goes; what is stored stays
   * and is delivered by the next one.
   */
  stop: Stop;
}

/** What an event adds to what all events have. */
export type Happened =
  | { readonly type: 'viewed' }
  | { readonly type: 'dismissed'; readonly reason: DismissReason };

/** How the second load records what it notices. */
export interface Recorder {
  /** Makes sure that the offer's `viewed` is recorded. */
  onViewed(offerId: string, placement?: Placement | Past): Impression;
  /** Announces an event on the page and, unless a listener vetoes it, records it; tells whether it did. */
  record(happened: Happened, offerId: string, impression: Impression, placement?: Placement | Past): boolean;
}

/**
 * An endpoint's latest impressions by offer id, and who tracks them. It lives as long as the document, so that an
 * offer counts once a page view, however often a tracker is started.
 */
interface PageView extends Map<string, Impression> {
  tracker?: OfferTracker | undefined;
}

/** How long to wait before asking for the second load again. */
const RELOAD_MS = 30_000;

/** `Node`'s own numbers; documents and shadow roots come behind comments. */
const ELEMENT_NODE = 1;
const COMMENT_NODE = 8;

const nothing = (): undefined => undefined;

/** Runs a host's callback; what it throws is the host's own fault and never breaks us. */
const call = (callback: () => void): void => {
  try {
    callback();
  } catch (cause) {
    console.error(cause);
  }
};

const createRunningTracker = (
  options: ResolvedOptions,
  report: (error: OffersightError) => void,
  latest: PageView,
): OfferTracker => {
  const runtime = platformRuntime();
  const page = createPage();
  const newId = createIds(runtime);
  let loading: Promise<Later> | undefined;
  let loaded: Later | undefined;
  let isStopped = false;

  const outbox = createOutbox(indexedDbRecords(options.name, runtime), runtime, options.endpoint);

  const repeats = (repeat: Repeat, placement?: Placement | Past): boolean =>
    (placement?.repeat ?? options.repeat) === repeat;

  const impressionOf = (offerId: string, placement?: Placement | Past): Impression | undefined =>
    placement && repeats('mount', placement) ? placement.impression : latest.get(offerId);

  /** The second load follows at once; one that failed is repeated. */
  const load = (): Promise<Later> => {
    loading ??= import('./later/later.js')
      .then(({ createLater }) => {
        loaded = createLater({
          options,
          runtime,
          exposure,
          call,
          record,
          registry,
          outbox,
          page,
          report,
          onViewed,
        });
        return loaded;
      })
      .catch((cause: unknown) => {
        runtime.after(RELOAD_MS, () => {
          loading = undefined;
          void later(nothing);
        });
        report(new OffersightError('delivery', 'Check its files.', cause));
        throw cause;
      });
    return loading;
  };

  /** Leaves it to the second load; that it did not come is reported where it failed. */
  const later = async <T>(act: (loaded: Later) => T | Promise<T>): Promise<T | undefined> =>
    isStopped ? undefined : load().then(act, nothing);

  /** Stores what is not stored yet. */
  const commit = async (): Promise<void> => {
    if (options.consent !== 'granted') return;
    // What fails the second load mends, or it delivers from memory.
    await outbox.commit().catch(nothing);
    void later((loaded) => loaded.onCommitted());
  };

  const record: Recorder['record'] = (happened, offerId, impression, placement) => {
    const event: OfferEvent = {
      ...happened,
      id: newId(),
      offerId,
      impressionId: impression.id,
      occurredAt: runtime.now(),
      expiresAt: placement?.expiresAt,
      token: placement?.token,
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
    if (options.consent === 'denied' || !target.dispatchEvent(announced)) return false;
    void later((loaded) => loaded.onAnnounced(event, placement));
    outbox.add(event, impression.isOnce);
    // The first of a task takes along those that follow.
    queueMicrotask(commit);
    return true;
  };

  const onViewed: Recorder['onViewed'] = (offerId, placement) => {
    let impression = impressionOf(offerId, placement);
    if (!impression) {
      impression = {
        id: newId(),
        isOnce: repeats('browser', placement),
        // One that is no subject, such as an e-mail address, never leaves the page; the second load reports it.
        subject: isSubject(options.subject) ? options.subject : undefined,
      };
      if (placement) placement.impression = impression;
      latest.set(offerId, impression);
      // In the map before the page's listeners run: one of them may close the offer.
      impression.isVetoed = !record({ type: 'viewed' }, offerId, impression, placement);
    }
    return impression;
  };

  const exposure = createExposureWatch(page, runtime, options.viewability, (placement) =>
    onViewed(placement.offerId, placement),
  );
  // What covers an offer is known once the second load is there.
  if (options.occlusion) exposure.isShown = nothing;
  const registry = createRegistry({
    onMount(placement) {
      const { offerId } = placement;
      if (isOfferId(offerId) && !impressionOf(offerId, placement)) exposure.watch(placement);
      loaded?.onMount(placement);
    },
    onUnmount(placement) {
      exposure.unwatch(placement.element);
      loaded?.onUnmount(placement);
    },
  });
  /** The user decided, or is another one. */
  const decide =
    <Name extends 'consent' | 'subject'>(name: Name) =>
    (value: ResolvedOptions[Name]): void => {
      options[name] = value;
      const { consent } = options;
      const copies = [...outbox.mirror.values()];
      if (consent === 'denied') outbox.mirror.clear();
      void later((loaded) => loaded.onDecided(consent, copies));
      // The second load judges what waits first: a dismissal may be of an offer that was accepted.
      if (!loaded) void commit();
    };

  createFarewell(
    outbox,
    page,
    runtime,
    options,
    () => loaded?.onLeave(),
    (...reply) => later((loaded) => loaded.settleFarewell(...reply)),
  );

  void later(nothing);

  return {
    observe(target, offer) {
      // Not by classes, since those of a frame are others.
      const kind = isStopped ? 0 : target?.nodeType;
      if (kind === ELEMENT_NODE) return registry.observe(target as Element, offer ?? {});
      return kind > COMMENT_NODE ? (loaded ?? registry).search(target as SearchRoot) : nothing;
    },
    dismiss: (offerId, reason) => void later((loaded) => loaded.onDismiss(offerId, reason)),
    accept: (offerId) => void later((loaded) => loaded.onAccept(offerId)),
    flush: () => later((loaded) => loaded.flush()),
    consent: decide('consent'),
    subject: decide('subject'),
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

const createInertTracker = (): OfferTracker => ({
  observe: () => nothing,
  dismiss: nothing,
  accept: nothing,
  flush: async () => undefined,
  consent: nothing,
  subject: nothing,
  stats: async () => ({ offers: {} }),
  stop: nothing,
});

/**
 * Starts tracking the offers of this page.
 *
 * Never throws: with a wrong configuration, on a server or in a browser that lacks what it needs, the tracker is
 * inert and one report tells what to do. One endpoint has one tracker a page: a second call gives the first one.
 */
export const createOfferTracker = (given: TrackerOptions): OfferTracker => {
  // Pages without types call it, too.
  const options = given ?? ({} as TrackerOptions);
  const report = (error: OffersightError): void => {
    if (options.debug) console.error(error);
    call(() => options.onError?.(error));
  };
  if (!globalThis.IntersectionObserver)
    report(new OffersightError('unsupported', 'Needs IntersectionObserver.'));
  else
    try {
      const resolved = resolveOptions(options);
      // Found also by another copy of this package.
      const key = Symbol.for(`offersight ${resolved.endpoint}`);
      const shared = globalThis as { [key]?: PageView };
      shared[key] ??= new Map();
      const latest = shared[key];
      latest.tracker ??= createRunningTracker(resolved, report, latest);
      return latest.tracker;
    } catch (cause) {
      report(new OffersightError('configuration', 'Check its options.', cause));
    }
  return createInertTracker();
};
