/**
 * The second load: composes what a page needs soon, but not first. Other trees than the document, what observers do
 * not report, marked and inferred closing, ignoring, the leasing side of the outbox, delivery, memory where storage
 * is blocked, and what is told to others.
 */
import { OffersightError } from '../errors.js';
import { platformLock } from '../locks.js';
import { isOfferId, type OfferEvent } from '../protocol/event.js';
import { decodeReply } from '../protocol/reply.js';
import type { Runtime, Stop } from '../runtime.js';
import { createDataLayer } from './data-layer.js';
import { createDecisions } from './decisions.js';
import { createFlusher } from './delivery/flusher.js';
import { createTransport } from './delivery/transport.js';
import { createClosing } from './detect/closing.js';
import { createContents, isDrawn } from './detect/contents.js';
import { createControls, type DecisionListener } from './detect/controls.js';
import type { EvaluationListener, ExposureWatch } from './detect/exposure.js';
import { createIgnoring } from './detect/ignoring.js';
import { createMotion } from './detect/motion.js';
import { createOcclusion } from './detect/occlusion.js';
import type { Placement, Registry, SearchRoot } from './detect/registry.js';
import { createRoots } from './detect/roots.js';
import type { ResolvedOptions } from './options.js';
import { createLeasing, type DiscardReason } from './outbox/leasing.js';
import { withMemoryFallback } from './outbox/memory.js';
import type { KeepaliveBytes, Outbox } from './outbox/outbox.js';
import { applyVerdicts } from './outbox/verdicts.js';
import type { Page } from './page.js';
import type { OfferStats, Recorder, TrackerStats } from './tracker.js';

/** What the first load hands over. */
export interface LaterContext extends Recorder {
  readonly options: ResolvedOptions;
  readonly runtime: Runtime;
  readonly page: Page;
  readonly registry: Registry;
  readonly exposure: ExposureWatch;
  readonly outbox: Outbox;
  readonly keepalive: KeepaliveBytes;
  readonly report: (error: OffersightError) => void;
}

/** What the second load gives. */
export interface Later extends DecisionListener {
  onMount(placement: Placement): void;
  onUnmount(placement: Placement): void;
  /** An event was announced on the page, and not vetoed. */
  onAnnounced(event: OfferEvent, placement?: Placement): void;
  /** Events are durable; also called without any, when something may be waiting. */
  onDurable(events: readonly OfferEvent[]): void;
  /** The page is left. */
  onLeave(): void;
  /** What a farewell came to, if the page lives on. Reads the reply to its end. */
  settleFarewell(events: readonly OfferEvent[], response: Response): Promise<void>;
  /** Looks for offers in a tree that nobody can find. */
  search(root: SearchRoot): Stop;
  flush(): Promise<void>;
  stats(): Promise<TrackerStats>;
  stop: Stop;
}

const isSelector = (text: string): boolean => {
  try {
    document.querySelector(text);
    return true;
  } catch {
    return false;
  }
};

/**
 * Starts everything that came with the second load, once it is known what earlier pages saw accepted: until then no
 * dismissal may be recorded.
 */
export const createLater = async (context: LaterContext): Promise<Later> => {
  const { options, runtime, page, registry, exposure, outbox, keepalive, call, report } = context;
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
  const onInvalid = (offerId: string): void =>
    report(new OffersightError('configuration', `No offer id: ${String(offerId).slice(0, 60)}`));

  /** What was accepted on other pages, also on those that are open beside this one. */
  const learn = async (): Promise<void> => {
    for (const { offerId, type } of await leasing.marks())
      if (type === 'accepted') acceptedOffers.add(offerId);
  };
  await learn();

  const decisions = createDecisions(context, leasing, acceptedOffers, onInvalid, (offerId) => {
    count(offerId, 'accepted');
    ignoring.onReaction(offerId);
  });
  const flusher = createFlusher(
    outbox,
    leasing,
    createTransport(options.endpoint, runtime, keepalive),
    runtime,
    platformLock,
    options.name,
    options.delivery ?? {},
    report,
  );

  const roots = createRoots(registry, page, () => contents.refresh());
  const contents = createContents(exposure);
  const motion = createMotion(exposure, roots);
  const ignoring = createIgnoring(registry, roots, page, runtime, options, decisions);
  createControls(registry, roots, decisions);
  const { controls, ...dismissal } = options.dismissal ?? {};
  const hasControls = controls !== undefined && isSelector(controls);
  if (controls !== undefined && !hasControls)
    report(new OffersightError('configuration', `No selector: ${controls}`));
  const closing = createClosing(
    registry,
    roots,
    page,
    runtime,
    hasControls ? { ...dismissal, controls } : dismissal,
    decisions,
  );

  const tellDataLayer = createDataLayer(options.dataLayer);
  const occlusion = options.occlusion ? createOcclusion(exposure) : undefined;
  exposure.isShown = (element) => isDrawn(element) && occlusion?.isClear(element) !== false;
  const listeners: EvaluationListener[] = [contents.onEvaluation, motion.onEvaluation];
  if (occlusion) listeners.push(occlusion.onEvaluation);
  if (typeof options.debug === 'function') listeners.push(options.debug(exposure, page, call));
  exposure.onEvaluation = (item, before, at) => {
    for (const listener of listeners) listener(item, before, at);
  };
  for (const item of exposure.watched.values()) exposure.onEvaluation(item, undefined, runtime.elapsed());

  const onMount = (placement: Placement): void => {
    const { offerId, element } = placement;
    if (!isOfferId(offerId)) {
      onInvalid(offerId);
      return;
    }
    const before = left.get(element);
    if (before?.offerId === offerId) placement.impression = before.impression;
    else count(offerId, 'rendered');
    roots.join(element);
    ignoring.onMount(placement);
  };
  for (const placement of registry.placements.values()) onMount(placement);

  const stops = [
    roots.stop,
    contents.stop,
    motion.stop,
    () => occlusion?.stop(),
    ignoring.stop,
    closing.stop,
    flusher.stop,
  ];
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
      // What a user closed is not ignored.
      closing.check();
      ignoring.onUnmount(placement);
    },
    onAnnounced({ type, offerId }, placement) {
      count(offerId, type);
      if (type === 'dismissed') ignoring.onReaction(offerId, placement);
      else if (placement) ignoring.onViewed(placement);
    },
    onDurable(events) {
      for (const event of events) call(() => tellDataLayer(event));
      flusher.wake();
    },
    onLeave: ignoring.onLeave,
    async settleFarewell(events, response) {
      const verdicts = decodeReply(await response.text());
      if (response.status === 200 && verdicts) await applyVerdicts(leasing, events, verdicts, runtime.now());
    },
    search: roots.search,
    flush: flusher.flush,
    stats: async () => ({ offers, outbox: await leasing.stats(), discarded: { ...discarded } }),
    stop() {
      exposure.onEvaluation = undefined;
      for (const stop of stops) stop();
    },
  };
};
