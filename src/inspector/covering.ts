/** What lies over an offer: the reason why it does not count under `occlusion`, and else what hides it though it counts. */
import { nameOf } from '../client/later/debug/wording.js';
import { holds, outward } from '../client/later/detect/roots.js';
import { partInView } from '../client/later/detect/sight.js';
import type { Runtime } from '../runtime.js';

/** Points in a row and in a column. */
const POINTS = 6;
/** What covers fewer of them is no reason to doubt that users see the offer. */
const MOST = 0.9;

/** How long an answer holds, milliseconds, and how many offers are asked about in one look. */
const COVER_MS = 1_000;
const MOST_ASKED = 5;

const isIn = ({ left, right, top, bottom }: DOMRect, x: number, y: number): boolean =>
  left <= x && x <= right && top <= y && y <= bottom;

/** Whether an element hides all that is behind its box, by its styles. */
const isOpaque = (element: Element): boolean => {
  const { backgroundColor, backgroundImage } = getComputedStyle(element);
  const isPainted = element.matches('img,video,iframe') || /url\(/.test(backgroundImage);
  if (!isPainted && !/^rgb\(/.test(backgroundColor)) return false;
  for (const at of outward(element)) {
    const { opacity, visibility } = getComputedStyle(at);
    if (parseFloat(opacity) < 1 || (at === element && visibility !== 'visible')) return false;
  }
  return true;
};

/**
 * The element that covers most of what is in view of an offer, and the share that it covers, 0–1.
 * @param boxes What is drawn for it.
 * @param apart What is above every page, and covers nothing of it: the inspector.
 * @param hides Which of the elements over a point counts.
 */
const coveringOf = (
  element: Element,
  boxes: readonly Element[],
  apart: Element,
  hides: (hit: Element, x: number, y: number) => boolean,
): { readonly covering?: Element; readonly share: number } => {
  const hits = new Map<Element, number>();
  let points = 0;
  for (const box of boxes) {
    const { left, top, width, height } = partInView(box, document.documentElement);
    if (width * height)
      for (let at = 0; at < POINTS ** 2; at++) {
        const x = left + (width * ((at % POINTS) + 0.5)) / POINTS;
        const y = top + (height * (Math.floor(at / POINTS) + 0.5)) / POINTS;
        const all = document.elementsFromPoint(x, y).filter((each) => each !== apart);
        // What no pointer hits, such as the back of a card, is behind all that does not hold it.
        const end = all.findIndex((each) => holds(element, each) || holds(each, element));
        const hit = all.slice(0, end < 0 ? undefined : end).find((each) => hides(each, x, y));
        points++;
        if (hit) hits.set(hit, (hits.get(hit) ?? 0) + 1);
      }
  }
  const [most] = [...hits].sort(([, one], [, other]) => other - one);
  return most ? { covering: most[0], share: most[1] / points } : { share: 0 };
};

/** Answers what lies over offers. */
export interface Covers {
  /** Begins a look. */
  begin(): void;
  /**
   * In words; `undefined` if nothing does, or if it was not asked yet: asking costs dozens of questions to the browser.
   * @param boxes What is drawn for the offer.
   */
  over(element: Element, boxes: readonly Element[]): string | undefined;
}

/**
 * Makes the one who answers.
 * @param isOccluding Whether what is covered does not count.
 * @param apart The inspector's own element.
 */
export const createCovers = (
  isOccluding: boolean,
  apart: Element,
  { elapsed }: Pick<Runtime, 'elapsed'>,
): Covers => {
  const known = new WeakMap<Element, { readonly at: number; readonly words: string | undefined }>();
  let asked = 0;

  const wordsOf = (element: Element, boxes: readonly Element[]): string | undefined => {
    if (isOccluding) {
      const { covering } = coveringOf(element, boxes, apart, () => true);
      return covering ? `${nameOf(covering)} covers it.` : 'Whether something covers it is not known yet.';
    }
    // What lets pointers through is hit by none of them.
    if (boxes.some((box) => getComputedStyle(box).pointerEvents === 'none')) return undefined;
    const { covering, share } = coveringOf(
      ...[element, boxes, apart],
      (hit, x, y) => isIn(hit.getBoundingClientRect(), x, y) && isOpaque(hit),
    );
    return covering && share >= MOST
      ? `${nameOf(covering)} lies over it. That keeps it from counting only with the option occlusion.`
      : undefined;
  };

  return {
    begin() {
      asked = 0;
    },
    over(element, boxes) {
      const last = known.get(element);
      const at = elapsed();
      if (last && at - last.at < COVER_MS) return last.words;
      if (asked++ >= MOST_ASKED) return last?.words;
      const words = wordsOf(element, boxes);
      known.set(element, { at, words });
      return words;
    },
  };
};
