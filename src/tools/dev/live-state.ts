/** What the live page shows, and what tests read. */
import type { DevEvent, DevProblem } from './trail.js';

/** What the page and tests read. */
export interface DevState {
  readonly events: readonly DevEvent[];
  readonly problems: readonly DevProblem[];
  /** What is broken at the mock API, in the form of its faults. */
  readonly faults: readonly unknown[];
  /** Whether requests of pages break off before the proxy. */
  readonly isNetworkOff: boolean;
  /** How many of them did. */
  readonly brokenOff: number;
  /** Whether ids count that the mock API never made. */
  readonly isAnyId: boolean;
}

/** How many events there are of each type and state. */
export type DevFigures = Readonly<
  Record<'viewed' | 'dismissed' | 'delivered' | 'waiting' | 'refused', number>
>;

/** What the page is sent whenever something changed. */
export type LiveState = DevState & {
  readonly figures: DevFigures;
  /** The endpoint's path. */
  readonly path: string;
  readonly sampleOfferId: string;
};

/** Counts them. */
export const figuresOf = (events: readonly DevEvent[]): DevFigures => {
  const ofType = (name: string): number => events.filter(({ type }) => type === name).length;
  const inState = (name: DevEvent['state']): number => events.filter(({ state }) => state === name).length;
  return {
    viewed: ofType('viewed'),
    dismissed: ofType('dismissed'),
    delivered: inState('delivered'),
    waiting: inState('waiting'),
    refused: inState('refused'),
  };
};
