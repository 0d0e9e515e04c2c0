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

/** Why no tracker runs here, as far as the page shows it. */
export const whyNone = (): string => {
  const tag = document.querySelector('script[src*="offersight"]');
  const cause =
    tag?.getAttribute('type') === 'module'
      ? 'The script tag has type="module": remove that attribute.'
      : tag
        ? 'Look at the console: the script’s file did not load, or an option is wrong.'
        : 'There is no script tag. If code calls createOfferTracker, look at the console: an option is wrong.';
  const machine = globalThis.navigator.webdriver
    ? ' Perhaps since a script drives this browser (navigator.webdriver), which counts only with “machines” set to “count”.'
    : '';
  return `No tracker runs here. ${cause}${machine}`;
};
