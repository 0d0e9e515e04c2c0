/** What a user may configure; the first load's defaults and checks. Each later room has its own defaults. */
import type { OffersightError } from '../errors.js';
import type { OfferEvent } from '../protocol/event.js';
import type { Ignore, Repeat } from './detect/registry.js';
import type { ViewabilityRule } from './detect/viewability.js';
import type { FlusherOptions } from './later/delivery/flusher.js';
import type { ClosingOptions } from './later/detect/closing.js';
import type { Explainer } from './later/diagnosis.js';
import type { DiscardReason } from './later/outbox/giving-up.js';
import type { LeasingOptions } from './later/outbox/remembering.js';
import type { Consent } from './outbox/outbox.js';

/** Options of {@link createOfferTracker}. All have defaults that suit a shop. */
export interface TrackerOptions {
  /** The proxy's address: a path or URL of this page's own origin. @default '/offer-events' */
  readonly endpoint?: string | undefined;
  /** When an offer counts as viewed; by default the MRC's rule for display. */
  readonly viewability?: Partial<ViewabilityRule> | undefined;
  /** What counts as closing beside `[data-offer-dismiss]`. */
  readonly dismissal?: ClosingOptions | undefined;
  /** How often an offer may be reported: once a page view, once a mount, once until it expires. @default 'page' */
  readonly repeat?: Repeat | undefined;
  /**
   * When an offer that was viewed and then left alone counts as dismissed, reason `ignored`: never; when the page
   * is left or no element shows it any more; or once it was out of sight, or gone, for so many milliseconds. It loads on request: beside the script file `offersight-more.js` has to be served. @default 'off'
   */
  readonly ignore?: Ignore | undefined;
  /**
   * Whether an offer that something else covers does not count. What draws nothing there, or takes no pointer events, covers
   * nothing; what covers it for less than its dwell may go unnoticed. It loads on request: beside the
   * script file `offersight-more.js` has to be served; without it, covered offers count. @default false
   */
  readonly occlusion?: boolean | undefined;
  /**
   * The name of a global array, such as `dataLayer`, to which each durable event is pushed as
   * `personalized_offer_viewed` or `personalized_offer_dismissed`; by default none is.
   */
  readonly dataLayer?: string | undefined;
  /**
   * What the user said to keeping and reporting events, until `tracker.consent` says otherwise.
   * @default 'granted', since an event names the offer alone, and nobody
   */
  readonly consent?: Consent | undefined;
  /**
   * Whether the browser's Global Privacy Control counts as denied consent, until the user decides by
   * `tracker.consent`. Source: the GPC specification, `navigator.globalPrivacyControl`. @default false
   */
  readonly respectGpc?: boolean | undefined;
  /** Who has the page, until `tracker.subject` says otherwise; opaque, never an e-mail address. */
  readonly subject?: string | undefined;
  /** Where events wait until they are answered for. */
  readonly outbox?: LeasingOptions & {
    /** The database's name; the endpoints of an origin may share one. @default 'offersight' */
    readonly name?: string;
  };
  /**
   * What becomes of what a browser sees that says of itself that a script drives it (`navigator.webdriver`): nothing counts, or
   * it counts like a visitor's. Source: WebDriver, W3C. @default 'ignore', but 'count' on localhost, what ends in .localhost, 127.0.0.1 and [::1]
   */
  readonly machines?: 'ignore' | 'count' | undefined;
  /** How events leave. */
  readonly delivery?: FlusherOptions | undefined;
  /**
   * Told of each recorded event once: as soon as it is durable or, where the database does not take it, while it is only in
   * this page's memory. It may become durable later, and is delivered either way as long as the page lives.
   */
  readonly onEvent?: ((event: OfferEvent, isDurable: boolean) => void) | undefined;
  /** Told of what went wrong and what to do next. Nothing is ever thrown into the page. */
  readonly onError?: ((error: OffersightError) => void) | undefined;
  /** Told of each event that was given up, and why. */
  readonly onDiscard?: (event: OfferEvent, reason: DiscardReason, code: string | undefined) => void;
  /**
   * Writes every error to the console; without it, only those of the configuration are. {@link explain} also tells why an
   * offer has not counted yet. @default false
   */
  readonly debug?: boolean | Explainer | undefined;
}

/** The options, and what the first load needs of them decided. */
export interface ResolvedOptions extends Omit<TrackerOptions, 'consent' | 'subject'> {
  /** Absolute, of this page's origin. */
  readonly endpoint: string;
  readonly viewability: ViewabilityRule;
  /** Name of the database, and of the channel between its tabs. */
  readonly name: string;
  /** Whether the page is on the machine of who develops it. */
  readonly isLocal: boolean;
  /** As the user said last. */
  consent: Consent;
  /** Who has the page now. */
  subject?: string | undefined;
}

/**
 * Fills in what was left out.
 * @throws {Error} If the endpoint is on another origin, a number is out of its range, or a machine is not to count.
 * @throws {TypeError} If the endpoint is no URL.
 */
export const resolveOptions = (options: TrackerOptions): ResolvedOptions => {
  const isLocal = /^(.+\.)?localhost$|^127\.0\.0\.1$|^\[::1]$/.test(location.hostname);
  const { endpoint, consent = 'granted', machines = isLocal && 'count' } = options;
  const { origin, href } = new URL(endpoint || '/offer-events', location.href);
  const { ratio = 0.5, dwellMs = 1_000, largeAreaPx = 242_500, largeRatio = 0.3 } = options.viewability ?? {};
  const isInRange = Math.max(ratio, largeRatio) <= 1 && Math.min(ratio, largeRatio, dwellMs) >= 0;
  const isIgnored = globalThis.navigator.webdriver && machines !== 'count';
  if (origin !== location.origin || !isInRange || isIgnored) throw new Error();
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
