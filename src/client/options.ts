/** What a user may configure; the seer's defaults and checks. Each later room has its own defaults. */
import type { OffersightError } from '../errors.js';
import type { OfferEvent } from '../protocol/event.js';
import type { Ignore, Repeat } from './detect/placement.js';
import type { ViewabilityRule } from './detect/viewability.js';
import type { ClosingOptions } from './later/closing/closing.js';
import type { FlusherOptions } from './later/delivery/flusher.js';
import type { Explainer } from './later/diagnosis.js';
import type { DiscardReason } from './later/outbox/giving-up.js';
import type { LeasingOptions } from './later/outbox/remembering.js';
import type { Consent } from './outbox/outbox.js';

/** Options of {@link createOfferTracker}. All have defaults that suit a shop. */
export interface TrackerOptions {
  /**
   * The proxy's address.
   * @default '/offer-events'
   * @range a path or URL of this page's own origin
   * @example `'/shop/offer-events'`
   */
  readonly endpoint?: string | undefined;
  /** When an offer counts as viewed; by default the MRC's rule for display. */
  readonly viewability?: Partial<ViewabilityRule> | undefined;
  /** What counts as closing beside `[data-offer-dismiss]`. */
  readonly dismissal?: ClosingOptions | undefined;
  /**
   * How often an offer may be reported: once a page view, once a mount, once a browser.
   * @default 'page'
   * @range `'page'`, `'mount'` or `'browser'`
   * @example `'browser'`
   */
  readonly repeat?: Repeat | undefined;
  /**
   * When an offer that was viewed and then left alone counts as dismissed, reason `ignored`. `off`
   * is never. `leave` is when the page is left or no element shows it any more. A number is once it
   * was out of sight, or gone, for so many milliseconds. It loads on request: beside the script
   * file `offersight-more.js` has to be served.
   * @default 'off'
   * @range `'off'`, `'leave'` or milliseconds from 0; anything else counts as left out
   * @example `30_000`
   */
  readonly ignore?: Ignore | undefined;
  /**
   * Whether an offer that something else covers does not count. Something that draws nothing there,
   * or takes no pointer events, covers nothing. A cover that lasts for less than the dwell may go
   * unnoticed. Where the browser cannot say by itself what covers an offer, each offer that stays
   * in view is tested at 64 points, twice.
   * @default true
   * @range `true` or `false`
   * @example `false`
   */
  readonly occlusion?: boolean | undefined;
  /**
   * The name of a global array to which each recorded event is pushed as `personalized_offer_viewed` or
   * `personalized_offer_dismissed`, for tag managers, with its group as `offer_group`. The offer's id is made for one
   * customer, so it is pushed only if the name is followed by a space and `personalized_offer_id`.
   * @default nothing is pushed
   * @range the name of a property of `window`, and `personalized_offer_id` behind a space
   * @example `'dataLayer'`
   */
  readonly dataLayer?: string | undefined;
  /**
   * What the user said to keeping and reporting events, until `tracker.consent` says otherwise.
   * @default 'granted': whether you have to ask first is for you to decide
   * @range `'granted'`, `'pending'` or `'denied'`
   * @example `'pending'`
   */
  readonly consent?: Consent | undefined;
  /**
   * Whether the browser's Global Privacy Control counts as denied consent, until the user decides by
   * `tracker.consent`. Source: the GPC specification, `navigator.globalPrivacyControl`.
   * @default false
   * @range `true` or `false`
   * @example `true`
   */
  readonly respectGpc?: boolean | undefined;
  /**
   * Who has the page, until `tracker.subject` says otherwise. It is opaque, such as a hash, and never an e-mail address.
   * @default nobody
   * @range 1–128 characters of `A–Z a–z 0–9 _ . : ~ -`
   * @example `'c-8f14e45f'`
   */
  readonly subject?: string | undefined;
  /** The outbox in the browser, in which events wait until the proxy has them. */
  readonly outbox?: LeasingOptions & {
    /**
     * The database's name; the endpoints of an origin may share one.
     * @default 'offersight'
     * @range any string
     * @example `'shop-offers'`
     */
    readonly name?: string;
  };
  /**
   * What becomes of what a browser sees that says of itself that a script drives it (`navigator.webdriver`): nothing counts, or
   * it counts like a visitor's. Source: WebDriver, W3C.
   * @default 'ignore', but 'count' on localhost, what ends in .localhost, 127.0.0.1 and [::1]
   * @range `'ignore'` or `'count'`
   * @example `'count'`
   */
  readonly machines?: 'ignore' | 'count' | undefined;
  /** How events leave. */
  readonly delivery?: FlusherOptions | undefined;
  /**
   * Called once for each recorded event: as soon as it is durable or, if the database does not take
   * it, while it is only in this page's memory. It may become durable later, and is delivered
   * either way as long as the page lives.
   * @default nothing is called
   * @range a function, also an async one; what it throws stops nothing
   * @example `(event, isDurable) => console.log(event.type, event.offerId, isDurable)`
   */
  readonly onEvent?: ((event: OfferEvent, isDurable: boolean) => void) | undefined;
  /**
   * Called with what went wrong and what to do next. Nothing is ever thrown into the page.
   * @default only errors of the configuration and of loading are written to the console
   * @range a function, also an async one; what it throws stops nothing
   * @example `({ code, hint }) => console.warn(code, hint)`
   */
  readonly onError?: ((error: OffersightError) => void) | undefined;
  /**
   * Called for each event that was given up, with the reason.
   * @default nothing is called
   * @range a function, also an async one; what it throws stops nothing
   * @example `(event, reason, code) => console.warn(event.id, reason, code)`
   */
  readonly onDiscard?: (event: OfferEvent, reason: DiscardReason, code: string | undefined) => void;
  /**
   * Writes every error to the console; without it, only those of the configuration and of loading are.
   * {@link explain} also says why an offer has not counted yet.
   * @default false
   * @range `true`, `false`, or what `explain` gives
   * @example `true`
   */
  readonly debug?: boolean | Explainer | undefined;
}

/** The options, and what the seer needs of them decided. */
export interface ResolvedOptions extends TrackerOptions {
  /** Absolute, of this page's origin. */
  readonly endpoint: string;
  readonly viewability: ViewabilityRule;
  /** Name of the database, and of the channel between its tabs. */
  readonly name: string;
  /** Whether the page is on the machine of who develops it. */
  readonly isLocal: boolean;
  readonly consent: Consent;
}

/**
 * Fills in what was left out.
 * @throws {Error} If the endpoint is on another origin, a number is out of its range, or a machine is not to count.
 * @throws {TypeError} If the endpoint is not a URL.
 */
export const resolveOptions = (options: TrackerOptions): ResolvedOptions => {
  // A pattern takes longer to compile than the rest of this.
  const host = `.${location.hostname}`;
  const isLocal = host.endsWith('.localhost') || host === '.127.0.0.1' || host === '.[::1]';
  const { endpoint, consent = 'granted', machines = isLocal && 'count' } = options;
  const { origin, href } = new URL(endpoint || '/offer-events', location.href);
  const { ratio = 0.5, dwellMs = 1_000, largeAreaPx = 242_500, largeRatio = 0.3 } = options.viewability ?? {};
  const isInRange =
    Math.max(ratio, largeRatio) <= 1 && Math.min(ratio, largeRatio, dwellMs, largeAreaPx) >= 0;
  const isIgnored = globalThis.navigator.webdriver && machines !== 'count';
  if (isIgnored || !isInRange || origin !== location.origin)
    throw new Error(isIgnored ? 'machines' : isInRange ? 'endpoint' : 'viewability');
  return {
    ...options,
    isLocal,
    endpoint: href,
    viewability: { ratio, dwellMs, largeAreaPx, largeRatio },
    name: options.outbox?.name ?? 'offersight',
    consent:
      options.respectGpc && (globalThis.navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl
        ? 'denied'
        : consent,
  };
};
