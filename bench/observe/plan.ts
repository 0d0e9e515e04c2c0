/** What is measured: the words that the page and the command share. */

/** No observing at all, one plain IntersectionObserver, the built script file, a published tracker, and another release. */
export const STRATEGIES = ['none', 'bare', 'ours', 'snowplow', 'against'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** The document gets this event for each offer that Snowplow's tracker counts. */
export const SNOWPLOW_COUNTED = 'snowplow:counted';

/** Many offers side by side, one below the other, or in rows that scroll sideways. */
export const LAYOUTS = ['grid', 'column', 'carousels'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** In this order. At rest the first screen counts, and what counted is delivered. */
export const PHASES = ['mount', 'rest', 'scroll', 'layout', 'churn'] as const;
export type Phase = (typeof PHASES)[number];

/** What the page offers the command. */
export interface BenchPage {
  /** Resolves when the page has come to rest. */
  ready(): Promise<void>;
  /** Does the work of one phase; resolves to how many frames it took. */
  run(phase: Phase): Promise<number>;
  /** How many offers counted. */
  counted(): number;
}
