/** Where a page view begins without a page load, as in single-page applications: what still shows may count again. */
import { isOfferId } from '../../protocol/event.js';
import type { ExposureWatch } from '../detect/exposure.js';
import type { Impression, Registry, Repeat } from '../detect/registry.js';

/** What a page view is made of. */
export interface PageViewContext {
  /** The latest impressions by offer id. */
  readonly latest: Map<string, Impression>;
  readonly registry: Pick<Registry, 'placements'>;
  readonly exposure: Pick<ExposureWatch, 'watched' | 'watch'>;
  readonly options: { readonly repeat?: Repeat | undefined };
}

/**
 * Begins one: offers that count once a page view may count again, after a whole dwell from now. Those that count once a mount
 * or once a browser have counted. What dwells and has not counted yet goes on.
 */
export const beginPageView = ({ latest, registry, exposure, options }: PageViewContext): void => {
  for (const [offerId, { isOnce }] of latest) if (!isOnce) latest.delete(offerId);
  for (const placement of registry.placements.values()) {
    const { element, offerId, repeat } = placement;
    const isOver = (repeat ?? options.repeat) === 'mount' || latest.has(offerId);
    if (isOver || exposure.watched.has(element) || !isOfferId(offerId)) continue;
    placement.impression = undefined;
    exposure.watch(placement);
  }
};
