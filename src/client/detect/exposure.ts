/**
 * Seeing: few shared observers for any number of offers, one timer for all dwells. A lazy far
 * observer finds the elements that come near the viewport, and an exact one watches only those.
 * Knows elements and the rule, never what is recorded.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { Page } from '../page.js';
import type { Placement } from './placement.js';
import type { Placements } from './registry.js';
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

/** What is known of an offer that has not counted yet. */
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
  /** How much of an element could show at once. Without an extension the viewport decides. */
  windowOf?(element: Element, viewport: Size): Size;
  readonly onEvaluation?: EvaluationListener;
}

/** Watches elements until they count as seen. */
export interface ExposureWatch {
  /** What is known of those that have not counted and are near the viewport, or have no box, by element. */
  readonly watched: ReadonlyMap<Element, Watched>;
  /** Those whose geometry meets the rule: they dwell, or wait to be shown. */
  readonly exposed: ReadonlySet<Watched>;
  /** Begins, also again. What is watched already goes on. */
  watch(placement: Placement): void;
  unwatch(element: Element): void;
  /** What is known of an offer that has not counted yet. It begins with nothing, as everything that is far does. */
  itemOf(placement: Placement): Watched;
  /** Takes what somebody else saw of an offer that has no box of its own. */
  take(item: Watched, sample: Sample): void;
  /** Looks again at what is exposed, because what was transparent or hidden may have become visible. */
  recheck(): void;
  /** Uses an extension instead of the one before, until it stops. */
  extend(extension: ExposureExtension): Stop;
  stop: Stop;
}

/**
 * Whether the element is rendered and styles let it and its content be seen: not `display: none`, `visibility: hidden` or
 * opacity 0, on itself or an ancestor. Browsers without the method are believed. What is hidden until it is found has a box,
 * and only its content is hidden.
 */
export const isShown = (element: Element): boolean =>
  (element.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) ?? element.isConnected) &&
  getComputedStyle(element).contentVisibility !== 'hidden';

/** Chromium (156) keeps thresholds in single precision: 0.1 is 0.10000000149. */
const TOLERANCE = 1e-4;
/** No offer needs such a share. */
const FAR = 2;
/** How late, at most, an offer that comes near is noticed, milliseconds; browsers without `delay` (Chromium 74) notice at once. */
const FAR_DELAY_MS = 100;

/** What it works with. */
export interface ExposureContext {
  readonly page: Page;
  readonly runtime: Pick<Runtime, 'elapsed' | 'after'>;
  readonly registry: { readonly placements: Pick<Placements, 'get'> };
}

/**
 * Starts watching on this document.
 * @param onViewed Called once, when the rule is met; the offer is forgotten by then.
 */
export const createExposureWatch = (
  { page, runtime, registry }: ExposureContext,
  rule: ViewabilityRule,
  onViewed: (placement: Placement) => void,
): ExposureWatch => {
  const watched = new Map<Element, Watched>();
  const exposed = new Set<Watched>();
  const observers = new Map<number, IntersectionObserver>();
  let extension: ExposureExtension = { isShown };
  let stopTimer: Stop | undefined;

  const evaluate = (item: Watched, at: number): void => {
    const { placement, dwell } = item;
    const qualifies = exposed.has(item) && page.isVisible() && extension.isShown(placement.element);
    item.dwell = step(dwell, qualifies, at);
    if (deadlineOf(item.dwell, item.rule) <= at) {
      unwatch(placement.element);
      placement.isSeen = true;
      onViewed(placement);
    }
    extension.onEvaluation?.(item, dwell, at);
  };

  const unwatch = (element: Element): void => {
    const item = watched.get(element);
    watched.delete(element);
    if (item) exposed.delete(item);
    for (const observer of observers.values()) observer.unobserve(element);
  };

  const take: ExposureWatch['take'] = (item, sample) => {
    // Inside a frame of another origin the browser keeps the viewport to itself.
    const viewport = sample.rootBounds ?? (visualViewport as Size);
    item.ratio = sample.intersectionRatio;
    const window = extension.windowOf?.(item.placement.element, viewport) ?? viewport;
    item.needed = neededRatio(sample.boundingClientRect, window, item.rule);
    exposed[item.ratio > Math.max(0, item.needed - TOLERANCE) ? 'add' : 'delete'](item);
    evaluate(item, sample.time);
  };

  const takeAll = (entries: readonly IntersectionObserverEntry[], observer: IntersectionObserver): void => {
    for (const entry of entries) {
      const { target, isIntersecting } = entry;
      const hasBox = entry.boundingClientRect.width;
      // At first nearly all are reported to be far. Only those without a box need more: there their children count.
      const isFar = !isIntersecting && hasBox && !watched.has(target);
      const placement = isFar ? undefined : registry.placements.get(target);
      if (!placement || placement.isSeen) continue;
      const item = itemOf(placement);
      if (observer !== item.near) {
        item.near[isIntersecting ? 'observe' : 'unobserve'](target);
        if (isIntersecting) continue;
        if (hasBox) watched.delete(target);
      }
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

  /** The exact observer for an offer that needs this share, or the far one. */
  const observerFor = (element: Element, ratio = FAR): IntersectionObserver => {
    // With the document as root the browser skips most of the work. Inside a frame the frame's own viewport would
    // count then, also while the frame itself is scrolled away, so there the root stays the top-level viewport.
    const root = self === top && element.ownerDocument === document ? document : null;
    // Text made of fractions would fill V8's cache of such text, 46 KB in Chromium 156.
    const key = root ? ratio : -1 - ratio;
    const observer =
      observers.get(key) ??
      new IntersectionObserver(
        (entries, self) => {
          takeAll(entries, self);
          schedule();
        },
        {
          root,
          ...(ratio === FAR
            ? { rootMargin: '100% 0%', delay: FAR_DELAY_MS }
            : { threshold: thresholdsOf({ ...rule, ratio }) }),
        },
      );
    observers.set(key, observer);
    return observer;
  };

  const itemOf = (placement: Placement): Watched => {
    const { element } = placement;
    let item = watched.get(element);
    if (!item) {
      const own = ruleOf(rule, placement);
      item = {
        placement,
        rule: own,
        near: observerFor(element, own.ratio),
        ratio: 0,
        needed: 0,
        dwell: undefined,
      };
      watched.set(element, item);
    }
    return item;
  };

  page.listen(evaluateAll);

  return {
    watched,
    exposed,
    watch(placement) {
      const { element } = placement;
      const { dwellMs, ratio } = ruleOf(rule, placement);
      placement.isSeen &&= false;
      // What counts at a glance must not be late.
      observerFor(element, dwellMs ? FAR : ratio).observe(element);
    },
    unwatch,
    itemOf,
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
