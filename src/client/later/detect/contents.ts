/**
 * Offers without a box of their own (`display: contents`): their children stand for them, all together as one
 * area.
 */
import type { Stop } from '../../../runtime.js';
import { type EvaluationListener, type ExposureWatch, isShown, type Watched } from '../../detect/exposure.js';

/** Watches the children of such offers. */
export interface Contents {
  /** Looks whether an offer is, or is no longer, one of these. */
  readonly onEvaluation: EvaluationListener;
  /** Elements came or went, perhaps children of these. */
  refresh(): void;
  stop: Stop;
}

/** An offer and what its children show, by child. */
interface Whole {
  readonly item: Watched;
  readonly parts: Map<Element, IntersectionObserverEntry | undefined>;
}

/** Fine enough that a sum over several children is right to a twentieth of each. */
const STEPS = 20;
const THRESHOLDS = Array.from({ length: STEPS + 1 }, (_, step) => step / STEPS);

/** A form's field of that name must not stand for the property. */
const childrenOf = (element: Element): Element[] => [
  ...Reflect.get<Element, 'children'>(Element.prototype, 'children', element),
];

/** Asked before styles, since the styles of what is not rendered have to be computed first. */
const hasBoxBelow = (element: Element): boolean =>
  childrenOf(element).some((child) => child.checkVisibility?.() || hasBoxBelow(child));

const isContents = (element: Element): boolean =>
  (!childrenOf(element).length || hasBoxBelow(element)) && getComputedStyle(element).display === 'contents';

/** What is drawn for an element: itself, or its children's boxes. */
export const boxesOf = (element: Element): Element[] =>
  isContents(element) ? childrenOf(element).flatMap(boxesOf) : [element];

/** Whether an element can be seen as far as styles tell, or what is drawn for it. */
export const isDrawn = (element: Element): boolean =>
  isShown(element) || (isContents(element) && boxesOf(element).some(isShown));

const areaOf = ({ width, height }: DOMRectReadOnly): number => width * height;

/** Starts watching. */
export const createContents = (exposure: Pick<ExposureWatch, 'recheck' | 'take' | 'watched'>): Contents => {
  const wholes = new Map<Watched, Whole>();
  /** Which offer a child stands for. */
  const wholeOf = new Map<Element, Whole>();

  const observer = new IntersectionObserver(
    (entries) => {
      const changed = new Map<Whole, IntersectionObserverEntry>();
      for (const entry of entries) {
        const whole = wholeOf.get(entry.target);
        whole?.parts.set(entry.target, entry);
        if (whole) changed.set(whole, entry);
      }
      for (const [{ item, parts }, { time, rootBounds }] of changed) {
        const seen = [...parts.values()].filter((entry) => entry !== undefined);
        const sum = (area: (entry: IntersectionObserverEntry) => number): number =>
          seen.reduce((total, entry) => total + area(entry), 0);
        const total = sum(({ boundingClientRect }) => areaOf(boundingClientRect));
        const width = Math.max(...seen.map(({ boundingClientRect }) => boundingClientRect.width));
        exposure.take(item, {
          intersectionRatio: sum(({ intersectionRect }) => areaOf(intersectionRect)) / total,
          // As if they stood one below the other.
          boundingClientRect: { width, height: total / width },
          rootBounds,
          time,
        });
      }
      // Their deadlines are new to it.
      exposure.recheck();
    },
    { threshold: THRESHOLDS },
  );

  /** Without a size a child counts as wholly visible, so becoming that would be no change. */
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      observer.unobserve(target);
      observer.observe(target);
    }
  });

  const part = (whole: Whole, elements: readonly Element[]): void => {
    for (const element of whole.parts.keys()) {
      if (elements.includes(element)) continue;
      observer.unobserve(element);
      resized.unobserve(element);
      wholeOf.delete(element);
      whole.parts.delete(element);
    }
    for (const element of elements) {
      if (whole.parts.has(element)) continue;
      whole.parts.set(element, undefined);
      wholeOf.set(element, whole);
      observer.observe(element);
      resized.observe(element);
    }
  };

  const look: EvaluationListener = (item) => {
    const { element } = item.placement;
    const isWatched = exposure.watched.get(element) === item;
    let whole = wholes.get(item);
    if (!whole && !(isWatched && Number.isNaN(item.needed))) return;
    const isOne = isWatched && isContents(element);
    whole ??= { item, parts: new Map() };
    wholes[isOne ? 'set' : 'delete'](item, whole);
    part(whole, isOne ? boxesOf(element) : []);
  };

  return {
    onEvaluation: look,
    refresh() {
      for (const item of wholes.keys()) look(item, undefined, 0);
    },
    stop() {
      observer.disconnect();
      resized.disconnect();
    },
  };
};
