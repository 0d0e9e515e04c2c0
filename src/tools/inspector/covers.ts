/** What covers an offer: why it does not count, or why it would not but for `occlusion: false`. */
import type { Placement } from '../../client/detect/placement.js';
import type { ViewabilityRule } from '../../client/detect/viewability.js';
import { nameOf } from '../../client/later/debug/wording.js';
import { clearShareOf } from '../../client/later/detect/covering.js';
import { holds } from '../../client/later/detect/roots.js';
import { partInView } from '../../client/later/detect/sight.js';
import type { Runtime } from '../../runtime.js';
import { isInViewport } from './reach.js';

/** Points in a row and in a column. */
const POINTS = 8;

/** How long an answer holds at least, milliseconds, and how many offers are asked about in one look. */
const COVER_MS = 1_000;
const MOST_ASKED = 2;

/**
 * The element that covers most of what is in view of an offer.
 * @param boxes What is drawn for it.
 * @param apart What is above every page, and covers nothing of it: the inspector.
 */
const coveringOf = (element: Element, boxes: readonly Element[], apart: Element): Element | undefined => {
  const hits = new Map<Element, number>();
  for (const box of boxes) {
    const { left, top, width, height } = partInView(box, document.documentElement);
    for (let at = 0; at < POINTS ** 2; at++) {
      const x = left + (width * ((at % POINTS) + 0.5)) / POINTS;
      const y = top + (height * (Math.floor(at / POINTS) + 0.5)) / POINTS;
      const [hit] = element.ownerDocument.elementsFromPoint(x, y).filter((each) => each !== apart);
      if (hit && !holds(element, hit) && !holds(hit, element)) hits.set(hit, (hits.get(hit) ?? 0) + 1);
    }
  }
  const [most] = [...hits].sort(([, one], [, other]) => other - one);
  return most?.[0];
};

/** So much an observer and we may differ. */
const TOLERANCE = 1e-4;

const areaOf = ({ width, height }: DOMRectReadOnly): number => width * height;
const sumOf = (areas: readonly number[]): number => areas.reduce((sum, area) => sum + area, 0);

/**
 * Whether enough of an offer is in view, and so little of that is clear that it would not count if it were tested. Offers
 * larger than what clips them need less than is asked for here. The rule's own room is not asked: it would have to be a part of
 * its own for bundlers, which costs the seer of every page 10 bytes.
 */
const isDecidedByCover = (
  { element, ratio }: Placement,
  boxes: readonly Element[],
  rule: ViewabilityRule,
): boolean => {
  const area = sumOf(boxes.map((box) => areaOf(box.getBoundingClientRect())));
  const inView = sumOf(boxes.map((box) => areaOf(partInView(box, document.documentElement))));
  const usual = area < rule.largeAreaPx ? rule.ratio : Math.min(rule.ratio, rule.largeRatio);
  // An attribute that is not there is read as NaN.
  const needed = (ratio !== undefined && ratio >= 0 && ratio <= 1 ? ratio : usual) - TOLERANCE;
  return inView > 0 && inView >= area * needed && clearShareOf(element) < needed;
};

/** Answers what covers offers. */
export interface Covers {
  /** Begins a look. */
  begin(): void;
  /**
   * In words; `undefined` if nothing does, or if it was not asked yet: asking costs dozens of questions to the browser.
   * @param boxes What is drawn for the offer.
   */
  over(placement: Placement, boxes: readonly Element[]): string | undefined;
}

/**
 * Makes the one who answers.
 * @param options Those of the tracker: whether what is covered does not count, and the rule of what does.
 * @param apart The inspector's own element.
 */
export const createCovers = (
  options: { readonly occlusion?: boolean | undefined; readonly viewability: ViewabilityRule },
  apart: Element,
  { elapsed }: Pick<Runtime, 'elapsed'>,
): Covers => {
  const known = new WeakMap<
    Element,
    { readonly at: number; readonly round: number; readonly words: string | undefined }
  >();
  /** Counts looks. */
  let round = 0;
  let asked = 0;
  /** How many offers want an answer in this look, and how many wanted one in the last. */
  let wanting = 0;
  let wanted = 0;

  const wordsOf = (placement: Placement, boxes: readonly Element[]): string | undefined => {
    const { element } = placement;
    const isHitTesting = options.occlusion !== false;
    if (!isHitTesting && !isDecidedByCover(placement, boxes, options.viewability)) return undefined;
    const covering = coveringOf(element, boxes, apart);
    if (!isHitTesting)
      return `Only occlusion: false lets it count now: ${covering ? nameOf(covering) : 'something'} covers it.`;
    return covering ? `${nameOf(covering)} covers it.` : 'Whether something covers it is not known yet.';
  };

  /** A form's fields may hide the methods that are called here. That must cost no more than the answer. */
  const tryWords = (...asked: Parameters<typeof wordsOf>): string | undefined => {
    try {
      return wordsOf(...asked);
    } catch {
      return undefined;
    }
  };

  return {
    begin() {
      [round, wanted, wanting, asked] = [round + 1, wanting, 0, 0];
    },
    over(placement, boxes) {
      if (!boxes.some(isInViewport)) return undefined;
      wanting++;
      const last = known.get(placement.element);
      const at = elapsed();
      // All have their turn before one has a second.
      const isFresh = last && (at - last.at < COVER_MS || round - last.round < wanted / MOST_ASKED);
      if (isFresh) return last.words;
      if (asked++ >= MOST_ASKED) return last?.words;
      const words = tryWords(placement, boxes);
      known.set(placement.element, { at, round, words });
      return words;
    },
  };
};
