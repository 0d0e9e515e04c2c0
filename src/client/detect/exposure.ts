/**
 * Seeing: few shared observers for any number of offers, one timer for all dwells. A lazy far
 * observer finds the elements that come near the viewport, and an exact one watches only those.
 * Knows elements and the rule, never what is recorded.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { Page } from '../page.js';
import type { Placement } from './placement.js';
import {
  type Dwell,
  deadlineOf,
  neededRatio,
  ruleOf,
  type Size,
  step,
  thresholdsOf,
  type ViewabilityRule,
} from './viewability.js';

/** What an observer saw of an offer. */
export type Sample = Pick<IntersectionObserverEntry, 'intersectionRatio' | 'rootBounds' | 'time'> & {
  readonly boundingClientRect: Size;
};

/** What newer observers take beside. */
type Init = IntersectionObserverInit & { readonly delay?: number };

/** An offer that has not counted yet. */
export interface Watched {
  readonly placement: Placement;
  readonly rule: ViewabilityRule;
  /** Watches it exactly while it is near the viewport. */
  readonly near: IntersectionObserver;
  /** The visible share when it was last looked at, and what it needs at the size it had; NaN without a box. */
  ratio: number;
  needed: number;
  dwell: Dwell;
}

/** Called at each evaluation, with the dwell before it and its time on the monotonic clock. */
export type EvaluationListener = (item: Watched, before: Dwell, at: number) => void;

/** What another room may decide and hear. */
export interface ExposureExtension {
  /** Whether a user could see an element that is exposed. Without an extension its styles decide. */
  isShown(element: Element): boolean | undefined;
  readonly onEvaluation?: EvaluationListener;
}

/** Watches elements until they count as seen. */
export interface ExposureWatch {
  /** What has not counted yet, by element. */
  readonly watched: ReadonlyMap<Element, Watched>;
  /** Those whose geometry meets the rule: they dwell, or wait to be shown. */
  readonly exposed: ReadonlySet<Watched>;
  watch(placement: Placement): void;
  unwatch(element: Element): void;
  /** Takes what somebody else saw of an offer that has no box of its own. */
  take(item: Watched, sample: Sample): void;
  /** Looks again at what is exposed, because what was transparent or hidden may have become visible. */
  recheck(): void;
  /** Uses an extension instead of the one before, until it stops. */
  extend(extension: ExposureExtension): Stop;
  stop: Stop;
}

/**
 * Whether the element is rendered and its styles let it be seen: not `display: none`,
 * `visibility: hidden` or opacity 0, on itself or an ancestor. Browsers without the method are
 * believed.
 */
export const isShown = (element: Element): boolean =>
  element.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) ?? element.isConnected;

/** Observers report shares in single precision. */
const TOLERANCE = 1e-4;
/** How late, at most, an offer that comes near is noticed, milliseconds; browsers without `delay` notice at once. */
const FAR_DELAY_MS = 100;

/**
 * Starts watching on this document.
 * @param onViewed Called once, when the rule is met; the offer is forgotten by then.
 */
export const createExposureWatch = (
  page: Page,
  runtime: Pick<Runtime, 'elapsed' | 'after'>,
  rule: ViewabilityRule,
  onViewed: (placement: Placement) => void,
): ExposureWatch => {
  const watched = new Map<Element, Watched>();
  const exposed = new Set<Watched>();
  const observers = new Map<string, IntersectionObserver>();
  let extension: ExposureExtension = { isShown };
  let stopTimer: Stop | undefined;

  const evaluate = (item: Watched, at: number): void => {
    const { placement, dwell } = item;
    const qualifies = exposed.has(item) && page.isVisible() && extension.isShown(placement.element);
    item.dwell = step(dwell, qualifies, at);
    if (deadlineOf(item.dwell, item.rule) <= at) {
      unwatch(placement.element);
      onViewed(placement);
    }
    extension.onEvaluation?.(item, dwell, at);
  };

  const unwatch = (element: Element): void => {
    const item = watched.get(element);
    if (!item) return;
    watched.delete(element);
    exposed.delete(item);
    for (const observer of observers.values()) observer.unobserve(element);
  };

  const take: ExposureWatch['take'] = (item, sample) => {
    // Inside a frame of another origin the browser keeps the viewport to itself.
    const viewport = sample.rootBounds ?? (visualViewport as Size);
    item.ratio = sample.intersectionRatio;
    item.needed = neededRatio(sample.boundingClientRect, viewport, item.rule);
    exposed[item.ratio > Math.max(0, item.needed - TOLERANCE) ? 'add' : 'delete'](item);
    evaluate(item, sample.time);
  };

  const takeAll = (entries: readonly IntersectionObserverEntry[], observer: IntersectionObserver): void => {
    for (const entry of entries) {
      const { target } = entry;
      const item = watched.get(target);
      if (!item) continue;
      const isNear = observer === item.near;
      if (!isNear) item.near[entry.isIntersecting ? 'observe' : 'unobserve'](target);
      // At first nearly all are reported to be far. One of these needs more only if it has no box: then its children count.
      if (isNear || (!entry.isIntersecting && (exposed.has(item) || !entry.boundingClientRect.width)))
        take(item, entry);
    }
  };

  const evaluateAll = (): void => {
    // What left before a deadline may have been computed but not yet delivered.
    for (const observer of observers.values()) takeAll(observer.takeRecords(), observer);
    for (const item of exposed) evaluate(item, runtime.elapsed());
    schedule();
  };

  const schedule = (): void => {
    stopTimer?.();
    const deadlines = [...exposed].map(({ dwell, rule }) => deadlineOf(dwell, rule));
    stopTimer = runtime.after(Math.min(...deadlines) - runtime.elapsed(), evaluateAll);
  };

  const observerFor = (element: Element, key: string, init: () => Init): IntersectionObserver => {
    // With the document as root the browser skips most of the work. Inside a frame the frame's own viewport would
    // count then, also while the frame itself is scrolled away, so there the root stays the top-level viewport.
    const root = self === top && element.ownerDocument === document ? document : null;
    const name = root ? key : `-${key}`;
    const observer =
      observers.get(name) ??
      new IntersectionObserver(
        (entries, self) => {
          takeAll(entries, self);
          schedule();
        },
        { root, ...init() },
      );
    observers.set(name, observer);
    return observer;
  };

  page.listen(evaluateAll);

  return {
    watched,
    exposed,
    watch(placement) {
      const { element } = placement;
      const own = ruleOf(rule, placement);
      const near = observerFor(element, `${own.ratio} ${own.largeRatio}`, () => ({
        threshold: thresholdsOf(own),
      }));
      watched.set(element, { placement, rule: own, near, ratio: 0, needed: 0, dwell: undefined });
      // What counts at a glance must not be late.
      const first = own.dwellMs
        ? observerFor(element, '', () => ({ rootMargin: '100% 0%', delay: FAR_DELAY_MS }))
        : near;
      first.observe(element);
    },
    unwatch,
    take,
    recheck: evaluateAll,
    extend(next) {
      const before = extension;
      extension = next;
      return () => {
        extension = before;
      };
    },
    stop: () => stopTimer?.(),
  };
};
