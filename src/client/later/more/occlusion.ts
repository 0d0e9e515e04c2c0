/**
 * What covers an offer, where the browser can tell: the second version of its observer, at work on exposed offers
 * alone, because it costs an order of magnitude more.
 * Source: Intersection Observer v2 (W3C), `trackVisibility`.
 */
import type { Stop } from '../../../runtime.js';
import type { ExposureWatch, Watched } from '../../detect/exposure.js';

/** Knows what is clear of anything above it. */
export interface Occlusion {
  onEvaluation(item: Watched): void;
  isClear(element: Element): boolean;
  stop: Stop;
}

/** The least that browsers allow, milliseconds. */
const DELAY_MS = 100;

/** Starts watching. */
export const createOcclusion = ({
  exposed,
  recheck,
}: Pick<ExposureWatch, 'exposed' | 'recheck'>): Occlusion => {
  const clear = new WeakSet<Element>();
  const observer = new IntersectionObserver(
    (entries: readonly (IntersectionObserverEntry & { readonly isVisible?: boolean })[]) => {
      for (const { target, isVisible } of entries) clear[isVisible === false ? 'delete' : 'add'](target);
      recheck();
    },
    { trackVisibility: true, delay: DELAY_MS } as IntersectionObserverInit,
  );

  return {
    isClear: (element) => clear.has(element),
    onEvaluation(item) {
      const { element } = item.placement;
      if (exposed.has(item)) observer.observe(element);
      else {
        observer.unobserve(element);
        clear.delete(element);
      }
    },
    stop: () => observer.disconnect(),
  };
};
