/** Begins a page view without a page load, as in single-page applications: offers that still show may count again. */
import { isOfferId } from '../../protocol/event.js';
import type { ExposureWatch } from '../detect/exposure.js';
import type { Registry } from '../detect/registry.js';
import type { Recording } from '../recording.js';

/** What a page view is made of. */
export interface PageViewContext {
  readonly recorder: Pick<Recording, 'isOpen'>;
  readonly registry: Pick<Registry, 'placements'>;
  readonly exposure: Pick<ExposureWatch, 'watched' | 'watch'>;
}

/**
 * Watches what has counted in the page view before and still shows, from now on for a whole dwell. What dwells and has not
 * counted yet goes on.
 */
export const watchAgain = ({ recorder, registry, exposure }: PageViewContext): void => {
  for (const placement of registry.placements.values()) {
    const { element, offerId } = placement;
    if (isOfferId(offerId) && recorder.isOpen(offerId, placement) && !exposure.watched.has(element))
      exposure.watch(placement);
  }
};
