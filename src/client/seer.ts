/**
 * The seer, which every page loads: finds offers, sees them, has what is seen recorded and stored. Once the page has an offer, or
 * something waits in the database, it asks for the offer part: offer-part.ts.
 */
import type { OffersightError } from '../errors.js';
import type { OfferEvent } from '../protocol/event.js';
import { platformRuntime } from '../runtime.js';
import { load } from './asking.js';
import { createExposureWatch } from './detect/exposure.js';
import { createRegistry, type SearchRoot } from './detect/registry.js';
import { ACTS, actOf, type EarlyAct, keep } from './early.js';
import type { PageView } from './inside.js';
import type { OfferPart } from './later/offer-part.js';
import type { OfferTracker } from './offer-tracker.js';
import type { ResolvedOptions } from './options.js';
import { indexedDbRecords } from './outbox/indexeddb.js';
import { createOutbox } from './outbox/outbox.js';
import { createPage } from './page.js';
import { createPart } from './part.js';
import { createRecording } from './recording.js';

/** Does nothing. */
export const nothing = (): undefined => undefined;

/** Runs a host's callback: what it throws, or rejects with, is the host's own fault and never breaks us. */
export const call = (callback: () => unknown): void =>
  void new Promise((resolve) => resolve(callback())).catch(console.error);

/** Starts a tracker. Everything that can be wrong with the options or the browser was found before. */
export const createSeer = (
  options: ResolvedOptions,
  report: (error: OffersightError) => void,
  latest: PageView,
): OfferTracker => {
  const runtime = platformRuntime();
  const page = createPage();
  let isStopped = false;

  /** The options say how it begins. */
  const owner = { consent: options.consent, subject: options.subject };
  const outbox = createOutbox(indexedDbRecords(options.name, runtime), runtime, options.endpoint, owner);
  const context = { call, outbox, owner, page, report, runtime };

  /** What users do before the offer part is there. */
  const early: EarlyAct[] = [];
  const part = createPart(context, 'offers', load.offers, ({ createOfferPart }) =>
    createOfferPart({ ...context, exposure, latest, options, early, recorder, registry }),
  );

  /** Asks for the offer part. If that does not load, it has been reported. */
  const ask = (): Promise<OfferPart | undefined> => part.need().catch(nothing);
  const ready = async (): Promise<OfferPart | undefined> => (isStopped ? undefined : (part.now() ?? ask()));
  /** Leaves it to the offer part, whenever that comes. */
  const later = (act: (there: OfferPart) => unknown): void => {
    if (isStopped) return;
    if (!part.now()) void ask();
    part.tell(act);
  };

  /** The event that was recorded last. */
  let newest: OfferEvent | undefined;
  /** Stores what is not stored yet, unless a later event follows, whose commit does so. */
  const commit = async (event: OfferEvent | undefined): Promise<void> => {
    if (event !== newest || owner.consent !== 'granted') return;
    // If this fails, the offer part repairs the records or delivers from memory.
    await outbox.commit().catch(nothing);
    // Also after a stop, since what is stored was recorded. An offer part that comes later looks by itself.
    part.now()?.onCommitted();
  };

  const recorder = createRecording(latest, { owner, ...options }, runtime, (event, { isOnce }, placement) => {
    later((there) => there.onAnnounced(event, placement));
    outbox.add(event, isOnce);
    newest = event;
    // A browser may not run it in a page that is frozen by then, so no later one may rely on it.
    queueMicrotask(() => commit(event));
  });

  const registry = createRegistry({
    onMount(placement) {
      if (recorder.isOpen(placement)) exposure.watch(placement);
      else placement.isSeen = true;
      void ask();
      part.now()?.onMount(placement);
    },
    onUnmount(placement) {
      exposure.unwatch(placement.element);
      part.now()?.onUnmount(placement);
    },
    onEmpty: () => void ask(),
  });
  const exposure = createExposureWatch({ ...context, registry }, options.viewability, (placement) =>
    recorder.onViewed(placement.offerId, placement, true),
  );
  page.capture(ACTS, (event) => {
    // A page without offers asks for no part that could judge it.
    if (!part.now() && registry.placements.filter(() => true)[0])
      keep(early, actOf(event, registry, exposure));
  });
  /** What an earlier page left is delivered by this one. */
  const askForLeft = async (): Promise<void> => {
    if (owner.consent !== 'granted' || part.now()) return;
    const left = outbox.records.transact(({ query }) => query('count', 'entry'));
    if (await left.catch(nothing)) void ask();
  };
  /** Deletes everything that is stored. If the database does not do so now, the offer part sees to it. */
  const forget = (): void => void outbox.records.transact(async ({ store }) => store.clear()).catch(ask);
  /** What the owner says, while there is no offer part. */
  const onOwner = (): void => {
    if (owner.consent === 'denied') forget();
    else {
      void commit(newest);
      void askForLeft();
    }
  };
  /** Notes a decision of the user, or that there is another user. */
  const decide =
    <Name extends keyof typeof owner>(name: Name) =>
    (value: (typeof owner)[Name]): void => {
      owner[name] = value;
      const { consent } = owner;
      const copies = [...outbox.mirror.values()];
      if (consent === 'denied') outbox.mirror.clear();
      if (isStopped) return;
      // The offer part first judges what waits, since an offer that was dismissed may have been accepted before.
      const there = part.now();
      if (there) {
        there.onDecided(consent, copies);
        return;
      }
      onOwner();
      if (consent !== 'denied') return;
      for (const copy of copies) copy.isStored = false;
      part.tell((offers) => offers.drop(copies));
    };

  page.listen((change) => {
    if (change === 'visible') void askForLeft();
  });
  // A parser gives a host its declarative shadow root only after it has inserted it.
  page.capture(['DOMContentLoaded'], () => registry.discover(document));
  // In a task of its own: users wait less long for each.
  runtime.after(0, () => {
    if (isStopped) return;
    registry.start();
    onOwner();
    // Who sets a page up is told what is wrong with it, also if no offer is found.
    if (options.debug || location.hash.startsWith('#offersight-')) void ask();
  });

  return {
    observe(target, offer) {
      // Not by `instanceof`, since a frame has classes of its own.
      const kind = isStopped ? 0 : target?.nodeType;
      if (kind === Node.ELEMENT_NODE) return registry.observe(target as Element, offer || {});
      // Documents and shadow roots have the numbers behind it.
      return kind > Node.COMMENT_NODE ? registry.search(target as SearchRoot) : nothing;
    },
    dismiss: (offerId, reason) => later((there) => there.onDismiss(offerId, reason)),
    accept: (offerId) => later((there) => there.onAccept(offerId)),
    flush: async () => (await ready())?.flush(),
    consent: decide('consent'),
    subject: decide('subject'),
    pageView() {
      // Now, since what counts before the offer part is there belongs to this page view.
      for (const impression of latest.values()) impression.isPast = !impression.isOnce;
      later((there) => there.onPageView());
    },
    stats: async () => (await ready())?.stats() ?? { offers: {} },
    stop() {
      if (isStopped) return;
      isStopped = true;
      part.now()?.stop();
      part.stop();
      latest.tracker = undefined;
      registry.stop();
      exposure.stop();
      page.stop();
    },
  };
};
