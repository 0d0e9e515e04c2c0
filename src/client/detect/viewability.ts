/**
 * The viewability rule, pure: sizes and shares in, a decision out. No DOM, no timers.
 * Source: MRC Viewable Ad Impression Measurement Guidelines (display: 50 % of pixels for 1 continuous second;
 * 30 % from 242,500 px²).
 */

/** When an offer counts as seen. */
export interface ViewabilityRule {
  /**
   * The share of the offer's pixels that must be visible.
   * @default 0.5
   * @range 0 to 1, so half is 0.5 and not 50
   * @example `0.7`
   */
  readonly ratio: number;
  /**
   * For how long without a break, milliseconds.
   * @default 1000
   * @range from 0
   * @example `2_000`
   */
  readonly dwellMs: number;
  /**
   * From this area on `largeRatio` is enough, CSS px².
   * @default 242500
   * @range from 0
   * @example `400_000`
   */
  readonly largeAreaPx: number;
  /**
   * The share of large offers that must be visible.
   * @default 0.3
   * @range 0 to 1
   * @example `0.5`
   */
  readonly largeRatio: number;
}

/** Width and height, CSS px. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Since when an offer qualifies without a break, milliseconds on the monotonic clock; undefined if it does not. */
export type Dwell = number | undefined;

/** The rule with what an offer has of its own; what is out of range counts as left out. */
export const ruleOf = (
  rule: ViewabilityRule,
  { ratio, dwellMs }: { readonly ratio?: number | undefined; readonly dwellMs?: number | undefined },
): ViewabilityRule =>
  ({
    ...rule,
    // What is left out compares like a number that is none: never. What is said of one offer is meant as it is said,
    // also of a large one.
    ...((ratio as number) >= 0 && (ratio as number) <= 1 && { ratio, largeRatio: ratio }),
    ...((dwellMs as number) >= 0 && { dwellMs }),
  }) as ViewabilityRule;

/** From one threshold to the next it shrinks by a tenth; 60 of them reach offers of 500 viewports. */
const SHRINK = 0.9;
const THRESHOLDS = 60;

/** The thresholds at which an observer must report, so that every offer under the rule has its own among them. */
export const thresholdsOf = ({ ratio, largeRatio }: ViewabilityRule): number[] =>
  Array.from({ length: THRESHOLDS }, (_, power) => [
    ratio * SHRINK ** power,
    largeRatio * SHRINK ** power,
  ]).flat();

/**
 * The visible share that makes an offer count. An offer that does not fit the viewport can never
 * show all of itself. So it needs that share of the most that can show at once, rounded down to the
 * next threshold at which an observer reports.
 */
export const neededRatio = (offer: Size, viewport: Size, rule: ViewabilityRule): number => {
  const area = offer.width * offer.height;
  const ratio = area < rule.largeAreaPx ? rule.ratio : Math.min(rule.ratio, rule.largeRatio);
  const most = Math.min(offer.width, viewport.width) * Math.min(offer.height, viewport.height);
  return ratio * SHRINK ** Math.ceil(Math.log(most / area) / Math.log(SHRINK));
};

/**
 * One step: leaving ends the dwell, and it starts again from zero.
 * @param qualifies Whether the offer is exposed, shown and the page visible.
 * @param at Milliseconds on the monotonic clock.
 */
export const step = (dwell: Dwell, qualifies: boolean | undefined, at: number): Dwell =>
  qualifies ? (dwell ?? at) : undefined;

/** When the dwell will have lasted long enough; never, if there is none. */
export const deadlineOf = (dwell: Dwell, { dwellMs }: ViewabilityRule): number =>
  (dwell ?? Infinity) + dwellMs;
