/** An exposure watch whose placements are those that a test has it watch. */
import { createExposureWatch, type ExposureWatch } from '../../src/client/detect/exposure.js';
import type { Placement } from '../../src/client/detect/placement.js';
import type { ViewabilityRule } from '../../src/client/detect/viewability.js';
import type { FakePage } from './page.js';
import type { FakeRuntime } from './runtime.js';

/** The rule of the MRC. */
export const RULE: ViewabilityRule = { ratio: 0.5, dwellMs: 1_000, largeAreaPx: 242_500, largeRatio: 0.3 };

/** Starts one. */
export const startExposure = (
  page: FakePage,
  runtime: FakeRuntime,
  onViewed: (placement: Placement) => void,
): ExposureWatch => {
  const placements = new Map<Element, Placement>();
  const exposure = createExposureWatch({ page, runtime, registry: { placements } }, RULE, onViewed);
  return {
    ...exposure,
    watch(placement) {
      placements.set(placement.element, placement);
      exposure.watch(placement);
    },
    unwatch(element) {
      placements.delete(element);
      exposure.unwatch(element);
    },
  };
};
