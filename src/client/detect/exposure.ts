/**
 * Seeing: few shared observers for any number of offers, one timer for all dwells. Knows elements and the rule,
 * never what is recorded.
 */
import type { Runtime, Stop } from '../../runtime.js';
import type { Page } from '../page.js';
import {
  type Dwell,
  deadlineOf,
  neededRatio,
  step,
  thresholdsOf,
  type ViewabilityRule,
} from './viewability.js';

/** Watches elements until they count as seen. */
export interface ExposureWatch {
  /** Calls `onViewed` once, when the rule is met, and forgets the element. */
  watch(element: Element, rule: ViewabilityRule, onViewed: () => void): void;
  unwatch(element: Element): void;
  /** Looks again at what is exposed, because what was transparent or hidden may have become visible. */
  recheck(): void;
  stop: Stop;
}

interface Watched {
  readonly element: Element;
  readonly rule: ViewabilityRule;
  readonly observer: IntersectionObserver;
  readonly onViewed: () => void;
  dwell: Dwell;
}

/**
 * Whether the element is rendered and can be seen as far as styles tell: not `display: none`, `visibility:
 * hidden` or opacity 0, on itself or an ancestor. Browsers without the method are believed.
 */
export const isShown = (element: Element): boolean =>
  element.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) ?? element.isConnected;

/** Observers report shares in single precision. */
const TOLERANCE = 1e-4;

/** Starts watching on this document. */
export const createExposureWatch = (
  page: Page,
  runtime: Pick<Runtime, 'elapsed' | 'after'>,
): ExposureWatch => {
  const watched = new Map<Element, Watched>();
  /** Those whose geometry meets the rule: they dwell, or wait to be shown. */
  const exposed = new Set<Watched>();
  const observers = new Map<string, IntersectionObserver>();
  let stopTimer: Stop | undefined;

  const evaluate = (item: Watched, at: number): void => {
    const qualifies = exposed.has(item) && page.isVisible() && isShown(item.element);
    item.dwell = step(item.dwell, qualifies, at);
    if (deadlineOf(item.dwell, item.rule) <= at) {
      unwatch(item.element);
      item.onViewed();
    }
  };

  const unwatch = (element: Element): void => {
    const item = watched.get(element);
    if (!item) return;
    watched.delete(element);
    exposed.delete(item);
    item.observer.unobserve(element);
  };

  const take = (entries: readonly IntersectionObserverEntry[]): void => {
    for (const { target, intersectionRatio, boundingClientRect, rootBounds, time } of entries) {
      const item = watched.get(target);
      if (!item) continue;
      // Inside a frame of another origin the browser keeps the viewport to itself.
      const viewport = rootBounds ?? { width: innerWidth, height: innerHeight };
      const needed = neededRatio(boundingClientRect, viewport, item.rule);
      exposed[intersectionRatio > Math.max(0, needed - TOLERANCE) ? 'add' : 'delete'](item);
      evaluate(item, time);
    }
  };

  const evaluateAll = (): void => {
    // What left before a deadline may have been computed but not yet delivered.
    for (const observer of observers.values()) take(observer.takeRecords());
    for (const item of [...exposed]) evaluate(item, runtime.elapsed());
    schedule();
  };

  const schedule = (): void => {
    stopTimer?.();
    const deadlines = [...exposed].map(({ dwell, rule }) => deadlineOf(dwell, rule));
    stopTimer = runtime.after(Math.min(...deadlines) - runtime.elapsed(), evaluateAll);
  };

  const observerFor = (element: Element, rule: ViewabilityRule): IntersectionObserver => {
    // With the document as root the browser skips most of the work. Inside a frame the frame's own viewport would
    // count then, also while the frame itself is scrolled away, so there the root stays the top-level viewport.
    const root = window === window.top && element.ownerDocument === document ? document : null;
    const key = `${rule.ratio} ${root === null}`;
    const observer =
      observers.get(key) ??
      new IntersectionObserver(
        (entries) => {
          take(entries);
          schedule();
        },
        { root, threshold: thresholdsOf(rule) },
      );
    observers.set(key, observer);
    return observer;
  };

  const stopListening = page.listen(evaluateAll);

  return {
    watch(element, rule, onViewed) {
      const observer = observerFor(element, rule);
      watched.set(element, { element, rule, observer, onViewed, dwell: undefined });
      observer.observe(element);
    },
    unwatch,
    recheck: evaluateAll,
    stop() {
      stopListening();
      stopTimer?.();
      for (const element of [...watched.keys()]) unwatch(element);
    },
  };
};
