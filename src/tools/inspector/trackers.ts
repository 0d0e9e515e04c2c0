/** The trackers of this page: each leaves what may be looked at under a symbol that says its endpoint. */
import type { Inside, PageView } from '../../client/inside.js';
import type { OfferTracker } from '../../client/offer-tracker.js';

/** A tracker of this page, or what one left that was stopped. */
export interface Tracked {
  /** Absolute, of this page's origin. */
  readonly endpoint: string;
  /** Its latest impressions by offer id. */
  readonly view: PageView;
  /** Left out when it was stopped. */
  readonly tracker: OfferTracker | undefined;
  /** Left out until the offer part is there. */
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

/** The script file's tag. */
const FILE = 'script[src*="offersight"]';

/** Types of scripts that run; others are kept back, mostly until a user agrees. */
const RUNS = /^(?:text|application)\/(?:java|ecma)script$|^$/i;

const UNKNOWN = 'Look at the console: the script’s file did not load, or an option is wrong.';

/** Why a tag did not start a tracker, as far as the page shows it. */
const tagFault = (tag: Element): string => {
  const type = tag.getAttribute('type')?.trim() ?? '';
  if (type === 'module') return 'The script tag has type="module": remove that attribute.';
  if (!RUNS.test(type))
    return `The script tag has type="${type}", so the browser does not run it. A consent manager changes that once the user agrees.`;
  if (tag.hasAttribute('nomodule'))
    return 'The script tag has nomodule, so no browser of today runs it: remove that attribute.';
  return UNKNOWN;
};

/** An element that holds a tag and never runs it. */
const holderOfTag = (): string | undefined => {
  const isInNoscript = [...document.querySelectorAll('noscript')].some(({ textContent }) =>
    /<script[^>]*offersight/i.test(textContent),
  );
  if (isInNoscript) return 'noscript';
  const isInTemplate = [...document.querySelectorAll('template')].some(({ content }) =>
    content.querySelector(FILE),
  );
  return isInTemplate ? 'template' : undefined;
};

const MACHINE =
  ' Perhaps since a script drives this browser (navigator.webdriver), which counts only with “machines” set to “count”.';

/** Why no tracker runs here, as far as the page shows it. */
export const whyNone = (): string => {
  const tag = document.querySelector(FILE);
  const holder = holderOfTag();
  const untagged = holder
    ? `The script tag is in <${holder}>, where nothing runs it.`
    : 'There is no script tag. If code calls createOfferTracker, look at the console: an option is wrong.';
  const fault = tag && tagFault(tag);
  const isOpen = !fault || fault === UNKNOWN;
  return `No tracker runs here. ${fault ?? untagged}${isOpen && globalThis.navigator.webdriver ? MACHINE : ''}`;
};

/** The file itself, perhaps with a hash in its name; no file of the site's own and none that it loads from beside itself. */
const ITSELF =
  /\/offersight(?!-(?:offers|closing|more|debug|inspector|worker))(?:[.-]min|[.-](?=[\w-]*\d)[\w-]{8,})?\.js/;

/** Tags that run and start nothing, since another one came first. */
export const ignoredTags = (): string[] =>
  [...document.querySelectorAll<HTMLScriptElement>(FILE)]
    .filter(({ src, type }) => ITSELF.test(src) && RUNS.test(type))
    .slice(1)
    .map(({ src, dataset: { endpoint } }) => {
      const named = endpoint === undefined ? '' : ` with data-endpoint="${endpoint}"`;
      return `A tag of ${new URL(src).pathname}${named} is ignored, since another one came first: keep one.`;
    });
