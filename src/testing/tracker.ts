/**
 * A tracker for tests of a page's parts, in jsdom or happy-dom, in which nothing is ever in view.
 * It is made of the rooms that find offers, hear marked controls, decide and record, so it keeps to
 * the tracker's own rules. An offer counts once a page view, `viewed` comes before `dismissed`, an
 * accepted offer cannot be dismissed, and a listener may veto. The test says what only a browser
 * can know: {@link FakeTracker}.
 */

import type { Impression, Placement, Repeat } from '../client/detect/placement.js';
import { createRegistry } from '../client/detect/registry.js';
import { closesByConvention } from '../client/later/closing/conventions.js';
import { createCounts } from '../client/later/counts.js';
import { createDecisions } from '../client/later/decisions.js';
import { HOLDER } from '../client/later/detect/before.js';
import { createControls, type IsInSight, matches, pathOf, within } from '../client/later/detect/controls.js';
import type { Roots } from '../client/later/detect/roots.js';
import type { OfferTracker } from '../client/offer-tracker.js';
import type { Consent } from '../client/outbox/outbox.js';
import { createRecording } from '../client/recording.js';
import { OffersightError } from '../errors.js';
import { type DismissReason, isOfferId, type OfferEvent } from '../protocol/event.js';
import { platformRuntime } from '../runtime.js';

/** Options of {@link createFakeTracker}. */
export interface FakeTrackerOptions {
  /** As the tracker's own. @default 'page' */
  readonly repeat?: Repeat;
  /** As the tracker's own. @default 'granted' */
  readonly consent?: Consent;
  /** Called for each event, at once, and as durable. What it throws reaches the test, so that it may assert. */
  readonly onEvent?: (event: OfferEvent, isDurable: boolean) => void;
}

/**
 * A tracker whose user is the test. It goes wherever a tracker does, and the page's marked controls work. It does not infer
 * closing: where the browser counts a close control without a mark, Escape, a press outside, or a drag, once the offer is
 * gone, the test calls `close(offer, reason)`. If the test forgets that, one line on the console says so. It does not know
 * either that an offer has expired, is hidden or is covered.
 */
export interface FakeTracker extends OfferTracker {
  /** What a real one would have recorded, in order. */
  readonly events: readonly OfferEvent[];
  /**
   * The user sees an offer, named by its id or its element, for as long as it needs.
   * @throws {OffersightError} `configuration`, if no element shows it: no user could see it either.
   */
  see(offer: string | Element): void;
  /**
   * The user closes an offer, named by its id or its element.
   * @param reason How. @default 'control'
   * @throws {OffersightError} `configuration`, if no element shows it.
   */
  close(offer: string | Element, reason?: DismissReason): void;
  /** Forgets everything and begins a new page view, in which every offer counts again. */
  clear(): void;
}

/** `Node`'s own numbers, as the tracker has them. */
const ELEMENT_NODE = 1;
const COMMENT_NODE = 8;

/** How long after an act what it closes is gone, milliseconds. */
const CONSEQUENCE_MS = 3_000;

/**
 * Starts a fake tracker on this document; `stop()` ends it.
 * @throws {OffersightError} `configuration`, if there is no document.
 */
export const createFakeTracker = (options: FakeTrackerOptions = {}): FakeTracker => {
  if (typeof document === 'undefined')
    throw new OffersightError(
      'configuration',
      "createFakeTracker needs a document: run this test in jsdom or happy-dom (Vitest: environment: 'jsdom', Jest: testEnvironment: 'jsdom').",
    );
  const runtime = platformRuntime();
  const listening = new AbortController();
  const events: OfferEvent[] = [];
  const waiting: OfferEvent[] = [];
  const latest = new Map<string, Impression>();
  const acceptedOffers = new Set<string>();
  const owner: { consent: Consent; subject?: string | undefined } = { consent: options.consent ?? 'granted' };

  const commit = (): void => {
    if (owner.consent !== 'granted') return;
    for (const event of waiting.splice(0)) {
      events.push(event);
      options.onEvent?.(event, true);
    }
  };

  const recorder = createRecording(latest, { ...options, owner }, runtime, (event) => {
    counts.count(event.offerId, event.type);
    // What an event has not is left out, so that tests can compare strictly.
    const given = Object.entries(event).filter(([, value]) => value !== undefined);
    waiting.push(Object.fromEntries(given) as unknown as OfferEvent);
    commit();
  });

  const refuse = (hint: string): never => {
    throw new OffersightError('configuration', hint);
  };

  /** What the test did last that may close offers without a mark, and which. */
  let act:
    | { readonly reason: DismissReason; readonly offers: ReadonlySet<string>; readonly at: number }
    | undefined;
  /** An offer is gone. The browser may have counted that. */
  const remind = (offerId: string): void => {
    if (!act?.offers.has(offerId) || runtime.elapsed() - act.at > CONSEQUENCE_MS) return;
    const { isDismissed } = latest.get(offerId) ?? {};
    if (!isDismissed && !acceptedOffers.has(offerId))
      console.warn(
        `Offersight: ${offerId} was gone after ${act.reason === 'escape' ? 'Escape' : 'a press on a close control without a mark'}. A browser's tracker counts that as dismissed; the fake one does not infer it. Call close('${offerId}', '${act.reason}') in the test.`,
      );
    act = undefined;
  };

  const registry = createRegistry({
    onMount: () => undefined,
    onUnmount({ offerId }) {
      if (!isOfferId(offerId)) return;
      counts.count(offerId, 'rendered');
      runtime.after(0, () => remind(offerId));
    },
  });
  let counts = createCounts(registry);
  registry.start();
  const decisions = createDecisions(recorder, registry, acceptedOffers, {
    remember: () => undefined,
    // A real one reports it; what its methods are given never throws.
    onInvalid: () => undefined,
    onAccepted: (offerId) => counts.count(offerId, 'accepted'),
  });

  /** A test acts in the task in which it rendered, before observers report. */
  const look = (): void => {
    for (const { element } of registry.placements.filter(() => true)) registry.look(element);
    // Grows while it is gone through: an open shadow root may hold others.
    for (const root of registry.roots)
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) registry.search(element.shadowRoot);
        if (element.hasAttribute('data-offer-id')) registry.look(element);
      }
  };

  const find = (offer: string | Element): Placement => {
    look();
    const isNamed = ({ offerId, element }: Placement): boolean => offerId === offer || element === offer;
    const shown = registry.placements.filter(isNamed);
    const name = typeof offer === 'string' ? offer : offer.outerHTML.slice(0, 80);
    // With several the first one is meant, as a user would come to it.
    const [placement] = shown;
    if (!placement) return refuse(`No element shows the offer ${name}`);
    return isOfferId(placement.offerId) ? placement : refuse(`No offer id: ${name}`);
  };

  const { signal } = listening;
  const roots: Pick<Roots, 'capture'> = {
    capture(types, listener) {
      const hear = (event: Event): void => {
        look();
        (listener as (event: Event) => void)(event);
      };
      for (const type of types) window.addEventListener(type, hear, { capture: true, signal });
    },
  };
  const isInSight: IsInSight = ({ element }) => element.isConnected;
  const isConventional = closesByConvention();
  createControls({ registry, roots, isInSight, isConventional }, decisions);
  roots.capture(['click', 'keydown'], (event: Event) => {
    const isEscape = (event as KeyboardEvent).key === 'Escape';
    const control = pathOf(event).find(isConventional);
    if (!isEscape && (event.type === 'keydown' || !control)) return;
    const boxes = isEscape
      ? [...document.querySelectorAll(HOLDER)]
      : pathOf(event).filter((box) => registry.placements.get(box) || matches(box, HOLDER));
    const offers = boxes.flatMap((box) => within(registry, box, isInSight)).map(({ offerId }) => offerId);
    act = { reason: isEscape ? 'escape' : 'control', offers: new Set(offers), at: runtime.elapsed() };
  });

  return {
    events,
    see(offer) {
      const placement = find(offer);
      recorder.onViewed(placement.offerId, placement, true);
    },
    close(offer, reason = 'control') {
      const placement = find(offer);
      decisions.onDismiss(placement.offerId, reason, placement);
    },
    clear() {
      for (const list of [events, waiting]) list.length = 0;
      for (const known of [latest, acceptedOffers, registry.past]) known.clear();
      counts = createCounts(registry);
      for (const placement of registry.placements.filter(() => true)) placement.impression = undefined;
    },
    observe(target, offer) {
      const kind = signal.aborted ? 0 : target?.nodeType;
      if (kind === ELEMENT_NODE) return registry.observe(target as Element, offer || {});
      return kind > COMMENT_NODE ? registry.search(target as Document | ShadowRoot) : () => undefined;
    },
    dismiss(offerId, reason) {
      if (signal.aborted) return;
      look();
      decisions.onDismiss(offerId, reason);
    },
    accept(offerId) {
      if (signal.aborted) return;
      look();
      decisions.onAccept(offerId);
    },
    flush: async () => undefined,
    consent(state) {
      owner.consent = state;
      if (state === 'denied') for (const list of [events, waiting]) list.length = 0;
      commit();
    },
    subject(value) {
      owner.subject = value;
    },
    pageView() {
      for (const impression of latest.values()) impression.isPast = !impression.isOnce;
    },
    stats: async () => ({ offers: counts.all() }),
    stop() {
      listening.abort();
      registry.stop();
    },
  };
};
