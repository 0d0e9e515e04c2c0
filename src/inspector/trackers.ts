/** The trackers of this page: each leaves what may be looked at under a symbol that says its endpoint. */
import type { Inside, PageView } from '../client/inside.js';
import type { OfferTracker } from '../client/offer-tracker.js';

/** A tracker of this page, or what one left that was stopped. */
export interface Tracked {
  /** Absolute, of this page's origin. */
  readonly endpoint: string;
  /** Its latest impressions by offer id. */
  readonly view: PageView;
  /** Left out when it was stopped. */
  readonly tracker: OfferTracker | undefined;
  /** Left out until its second load is there. */
  readonly inside: Inside | undefined;
}

const KEY = /^offersight (.+)$/;

/** Finds them all, the one that began first ahead. */
export const findTrackers = (): Tracked[] =>
  Object.getOwnPropertySymbols(globalThis).flatMap((symbol) => {
    const [, endpoint] = KEY.exec(symbol.description ?? '') ?? [];
    const view: unknown = endpoint && Reflect.get(globalThis, symbol);
    // Another copy of the package has the same built-in class.
    if (endpoint === undefined || !(view instanceof Map)) return [];
    const { tracker, inside } = view as PageView;
    return [{ endpoint, view: view as PageView, tracker, inside }];
  });

/** Why no tracker runs here, as far as the page tells. */
export const whyNone = (): string => {
  if (!('IntersectionObserver' in globalThis))
    return 'No tracker runs here: this browser has no IntersectionObserver.';
  if (navigator.webdriver)
    return 'No tracker runs here: a script drives this browser (navigator.webdriver), and machines do not count. Set machines to “count” where tests should count.';
  const tag = document.querySelector('script[src*="offersight"]');
  if (tag?.getAttribute('type') === 'module')
    return 'No tracker runs here: the script tag has type="module". Remove that attribute.';
  if (tag)
    return 'No tracker runs here, although there is a script tag. Look at the console: the file did not load, or one of its options is wrong.';
  return 'No tracker runs here. There is no script tag, and no code called createOfferTracker, or one of its options is wrong: look at the console.';
};
