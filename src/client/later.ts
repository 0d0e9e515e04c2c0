/**
 * The second load: composes what a page needs soon, but not first. Noticing, decisions, the leasing side of the
 * outbox, delivery, memory where storage is blocked, and what is told to others.
 */
import { OffersightError } from '../errors.js';
import { platformLock } from '../locks.js';
import { isOfferId, type OfferEvent } from '../protocol/event.js';
import { decodeReply } from '../protocol/reply.js';
import type { Stop } from '../runtime.js';
import { createDataLayer } from './data-layer.js';
import { createDecisions } from './decisions.js';
import { createFlusher } from './delivery/flusher.js';
import { createTransport } from './delivery/transport.js';
import type { DecisionListener } from './detect/controls.js';
import type { Placement } from './detect/registry.js';
import { createNoticing, type Noticing, type NoticingContext } from './noticing.js';
import { createLeasing, type DiscardReason } from './outbox/leasing.js';
import { withMemoryFallback } from './outbox/memory.js';
import type { Outbox } from './outbox/outbox.js';
import { applyVerdicts } from './outbox/verdicts.js';
import type { OfferStats, Recorder, TrackerStats } from './tracker.js';

/** What the first load hands over. */
export interface LaterContext extends NoticingContext, Recorder {
  readonly outbox: Outbox;
}

/** What the second load gives. */
export interface Later
  extends DecisionListener,
    Pick<Noticing, 'onMount' | 'onUnmount' | 'onLeave' | 'search'> {
  /** An event was announced on the page, and not vetoed. */
  onAnnounced(event: OfferEvent, placement?: Placement): void;
  /** Events are durable; also called without any, when something may be waiting. */
  onDurable(events: readonly OfferEvent[]): void;
  /** What a farewell came to, if the page lives on. Reads the reply to its end. */
  settleFarewell(events: readonly OfferEvent[], response: Response): Promise<void>;
  /** Resolves when what was decided before is recorded, though perhaps not durable yet. */
  judged(): Promise<void>;
  flush(): Promise<void>;
  stats(): Promise<TrackerStats>;
  stop: Stop;
}

/** Starts everything that came with the second load. */
export const createLater = (context: LaterContext): Later => {
  const { options, runtime, page, registry, outbox, call, report } = context;
  const discarded: Partial<Record<DiscardReason, number>> = {};
  const offers = Object.create(null) as Record<string, { -readonly [Name in keyof OfferStats]: number }>;
  const acceptedOffers = new Set<string>();
  /** What left in this task: a framework may take an element out and put it in again at once. */
  const left = new Map<Element, Placement>();

  const count = (offerId: string, what: keyof OfferStats): void => {
    offers[offerId] ??= { rendered: 0, viewed: 0, dismissed: 0, accepted: 0 };
    offers[offerId][what]++;
  };

  outbox.records = withMemoryFallback(outbox.records, (cause) => {
    report(new OffersightError('storage', 'Allow IndexedDB; events die with the page.', cause));
  });
  const leasing = createLeasing(outbox, runtime, options.outbox ?? {}, (event, reason, code) => {
    discarded[reason] = (discarded[reason] ?? 0) + 1;
    call(() => options.onDiscard?.(event, reason, code));
  });
  const flusher = createFlusher(
    outbox,
    leasing,
    createTransport(options.endpoint, runtime, outbox),
    runtime,
    platformLock,
    options.name,
    options.delivery ?? {},
    report,
  );
  const tellDataLayer = createDataLayer(options.dataLayer);
  const onInvalid = (offerId: string): void =>
    report(new OffersightError('configuration', `No offer id: ${String(offerId).slice(0, 60)}`));

  /** What was accepted on other pages, also on those that are open beside this one. */
  const learn = async (): Promise<void> => {
    for (const { offerId, type } of await leasing.marks())
      if (type === 'accepted') acceptedOffers.add(offerId);
  };

  const decided = createDecisions(context, leasing, acceptedOffers, onInvalid, (offerId) => {
    count(offerId, 'accepted');
    noticing?.onReaction(offerId);
  });
  let isLearned = false;
  const learned = learn().then(() => {
    isLearned = true;
  });
  /** Users decide at once; what they decided is judged when it is known what was accepted before. */
  const judge = (act: () => void): void => {
    if (isLearned) act();
    else void learned.then(act);
  };
  const decisions: DecisionListener = {
    onDismiss: (...dismissal) => judge(() => decided.onDismiss(...dismissal)),
    onAccept: (...acceptance) => judge(() => decided.onAccept(...acceptance)),
  };

  let noticing: Noticing | undefined;
  try {
    noticing = createNoticing(context, decisions);
  } catch (cause) {
    // What was seen is delivered all the same.
    report(new OffersightError('configuration', 'Closing is not noticed; see the cause.', cause));
  }

  const onMount = (placement: Placement): void => {
    const { offerId, element } = placement;
    if (!isOfferId(offerId)) {
      onInvalid(offerId);
      return;
    }
    const before = left.get(element);
    if (before?.offerId === offerId) placement.impression = before.impression;
    else count(offerId, 'rendered');
    noticing?.onMount(placement);
  };
  for (const placement of registry.placements.values()) onMount(placement);

  page.listen((change) => {
    if (change === 'visible') {
      flusher.wake();
      void learn();
    }
    if (change === 'online') void flusher.hurry();
  });
  // Where two windows are side by side, the other one may have accepted a moment ago.
  page.capture(['focus'], ({ target }) => {
    if (target === window) void learn();
  });
  // A page that loads shows that there is a network.
  void flusher.hurry();

  return {
    ...decisions,
    onMount,
    onUnmount(placement) {
      left.set(placement.element, placement);
      queueMicrotask(() => left.clear());
      noticing?.onUnmount(placement);
    },
    onAnnounced({ type, offerId }, placement) {
      count(offerId, type);
      if (type === 'dismissed') noticing?.onReaction(offerId, placement);
      else if (placement) noticing?.onViewed(placement);
    },
    onDurable(events) {
      for (const event of events) call(() => tellDataLayer(event));
      flusher.wake();
    },
    onLeave: () => noticing?.onLeave(),
    async settleFarewell(events, response) {
      const verdicts = decodeReply(await response.text());
      if (response.status === 200 && verdicts) await applyVerdicts(leasing, events, verdicts, runtime.now());
    },
    search: (root) => (noticing ?? registry).search(root),
    async judged() {
      await learned;
    },
    flush: flusher.flush,
    stats: async () => ({ offers, outbox: await leasing.stats(), discarded: { ...discarded } }),
    stop() {
      noticing?.stop();
      flusher.stop();
    },
  };
};
