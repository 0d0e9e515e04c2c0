/** What users do before the second load is there, which judges it as if it had been there. Only types. */
import type { Placement } from './detect/placement.js';

/** What a user did, and what it may have been about: what is closed may be gone by the time that somebody can judge it. */
export interface EarlyAct {
  readonly event: Event;
  /** What the event passed, innermost first; afterwards the event itself does not say that any more. */
  readonly path: EventTarget[];
  /** What was in sight then. */
  readonly placements: readonly Placement[];
}
