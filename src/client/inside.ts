/** What a tracker leaves on the page for the next one of its endpoint, and for tools that look inside. Only types. */
import type { ExposureWatch } from './detect/exposure.js';
import type { Impression } from './detect/placement.js';
import type { Registry } from './detect/registry.js';
import type { OfferTracker } from './offer-tracker.js';
import type { ResolvedOptions, TrackerOptions } from './options.js';
import type { Owner } from './outbox/outbox.js';
import type { Page } from './page.js';

/**
 * An endpoint's latest impressions by offer id, and what tracks them. It lives as long as the document, so that an
 * offer counts once a page view, no matter how often a tracker is started.
 */
export interface PageView extends Map<string, Impression> {
  tracker?: OfferTracker | undefined;
  /** What may be looked at, once the offer part is there. */
  inside?: Inside;
}

/** Listens to what becomes of events. An error that it throws does no harm. */
export type EventListeners = Pick<TrackerOptions, 'onEvent' | 'onDiscard'>;

/** What shows why offers count or do not: for the console and for the inspector, which may be files of their own. */
export interface Inside {
  readonly options: ResolvedOptions;
  /** Who has the page, and their consent now. */
  readonly owner: Owner;
  /** The listeners for events. The first is the page's own options. */
  readonly listeners: Set<EventListeners>;
  readonly exposure: Pick<ExposureWatch, 'watched' | 'exposed' | 'itemOf'>;
  readonly page: Pick<Page, 'isVisible'>;
  readonly registry: Pick<Registry, 'placements'>;
  readonly isDrawn: (element: Element) => boolean;
  /** What is drawn for an offer: itself, or its children. */
  readonly boxesOf: (element: Element) => Element[];
  /** The trees that may show offers. */
  readonly trees: () => readonly Node[];
}
