/**
 * Whether something covers an offer. If the browser's own observer says that nothing does, that is
 * cheap and certain. Otherwise points of the offer are hit-tested soon after its dwell began, and when it ends.
 * Chromium's observer also says no because of any effect on the offer, and other engines have no
 * such observer. Source: Intersection Observer v2 (W3C), `trackVisibility`.
 */
import type { Runtime, Stop } from '../../../runtime.js';
import type { ExposureWatch, Watched } from '../../detect/exposure.js';
import { standsForItself } from './contents.js';

/** Knows what is clear of anything above it. */
export interface Occlusion {
  onEvaluation(item: Watched): void;
  isClear(element: Element): boolean;
  stop: Stop;
}

/**
 * How late the browser says what covers an offer, at least, milliseconds: less is not allowed. Browsers that cannot tell say so
 * at once, and what a user scrolls past should not be tested, so their answer waits as long.
 */
const DELAY_MS = 100;
/** How often one offer is tested at most, milliseconds: ever more rarely while it stays covered on a busy page. */
const AGAIN_MS = 100;
const SELDOM_MS = 1_000;
/** Shares are computed. */
const TOLERANCE = 1e-4;

/** What a test found, and when on the monotonic clock. */
interface Tested {
  readonly at: number;
  readonly isClear: boolean;
  /** Not again before so long, milliseconds. */
  readonly gapMs: number;
}

/**
 * Starts watching.
 * @param clearShareOf The share of an offer that shows, 0–1, found by hit testing.
 */
export const createOcclusion = (
  { watched, exposed, recheck }: Pick<ExposureWatch, 'watched' | 'exposed' | 'recheck'>,
  runtime: Pick<Runtime, 'elapsed' | 'after'>,
  clearShareOf: (element: Element) => number,
): Occlusion => {
  /** What the browser says that it is clear. */
  const clear = new WeakSet<Element>();
  /** The offers of which it did not say so since they were tested. */
  const doubtful = new WeakSet<Element>();
  const tests = new WeakMap<Element, Tested>();
  let stopTimer: Stop | undefined;

  const observer = new IntersectionObserver(
    (entries: readonly (IntersectionObserverEntry & { readonly isVisible?: boolean })[]) => {
      const hear = (): void => {
        for (const { target, isVisible } of entries) {
          // The strip below a link's picture may be clear, and the picture covered.
          const isClear = isVisible && standsForItself(target);
          clear[isClear ? 'add' : 'delete'](target);
          doubtful[isClear ? 'delete' : 'add'](target);
        }
        recheck();
      };
      if (entries[0]?.isVisible === undefined) runtime.after(DELAY_MS, hear);
      else hear();
    },
    { trackVisibility: true, delay: DELAY_MS } as IntersectionObserverInit,
  );

  const test = ({ placement: { element }, needed }: Watched, at: number): boolean => {
    const isClear = clearShareOf(element) >= needed - TOLERANCE;
    const gapMs = isClear || doubtful.has(element) ? 0 : (tests.get(element)?.gapMs ?? 0) * 2;
    doubtful.delete(element);
    tests.set(element, { at, isClear, gapMs: Math.min(SELDOM_MS, Math.max(AGAIN_MS, gapMs)) });
    return isClear;
  };

  const testAgain = (): void => {
    stopTimer = undefined;
    recheck();
  };

  return {
    isClear(element) {
      const item = watched.get(element);
      if (!item || clear.has(element)) return true;
      const now = runtime.elapsed();
      const last = tests.get(element);
      // What was covered has to be found clear before its time begins again.
      const start = item.dwell ?? (last?.isClear === false ? -Infinity : now);
      if (now < start + item.rule.dwellMs && !doubtful.has(element)) return true;
      if (!last || now - last.at >= last.gapMs) return test(item, now);
      stopTimer ??= runtime.after(last.at + last.gapMs - now, testAgain);
      return last.isClear;
    },
    onEvaluation(item) {
      const { element } = item.placement;
      if (exposed.has(item)) observer.observe(element);
      else {
        observer.unobserve(element);
        for (const known of [clear, doubtful, tests]) known.delete(element);
      }
    },
    stop() {
      observer.disconnect();
      stopTimer?.();
    },
  };
};
