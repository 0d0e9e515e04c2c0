/** A registry that knows at once what the test puts on the page. */

import type { Placement } from '../../src/client/detect/placement.js';
import type { Placements, Registry } from '../../src/client/detect/registry.js';
import type { DecisionListener } from '../../src/client/later/detect/controls.js';

/** Placements that come and go as a test says. */
export interface TestPlacements extends Placements {
  add(placement: Placement): void;
  delete(element: Element): void;
}

/** Starts with these. */
export const createPlacements = (...shown: readonly Placement[]): TestPlacements => {
  const known = new Map(shown.map((placement) => [placement.element, placement]));
  return {
    get: (element) => known.get(element),
    filter: (test) => [...known.values()].filter(test),
    add: (placement) => known.set(placement.element, placement),
    delete: (element) => known.delete(element),
  };
};

/** Every element of the page with `data-offer-id`, as it is now. */
export const placementsOfPage = (): Registry => ({
  start: () => undefined,
  observe: () => () => undefined,
  search: () => () => undefined,
  past: new Map(),
  roots: new Set([document]),
  get placements() {
    const elements = [...document.querySelectorAll<HTMLElement>('[data-offer-id]')];
    return createPlacements(
      ...elements.map((element) => ({ element, offerId: element.dataset.offerId ?? '' })),
    );
  },
  look: () => undefined,
  discover: () => undefined,
  extend: () => () => undefined,
  stop: () => undefined,
});

/** The decisions, in order. The element is the one that shows the offer there, if any does. */
export type Decision = readonly [what: string, offerId: string, element: Element | undefined];

/** A listener that records decisions. */
export const decisionLog = (): DecisionListener & { readonly log: Decision[] } => {
  const log: Decision[] = [];
  return {
    log,
    onDismiss: (offerId, reason = 'api', placement) => void log.push([reason, offerId, placement?.element]),
    onAccept: (offerId, placement) => void log.push(['accept', offerId, placement?.element]),
  };
};
