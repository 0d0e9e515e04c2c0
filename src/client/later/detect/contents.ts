/**
 * Offers whose own box is not what they show: `display: contents` has none, and that of an inline element is as high as a
 * line of text. What they hold stands for them, all together as one area.
 */
import type { Stop } from '../../../runtime.js';
import type { EvaluationListener, ExposureWatch, Sample, Watched } from '../../detect/exposure.js';

/** Watches what such offers hold. */
export interface Contents {
  /** Whether an offer can be judged: it stands for itself, or what it holds was looked at. */
  isMeasured(element: Element): boolean;
  /** Looks whether an offer is, or is no longer, one of these. */
  readonly onEvaluation: EvaluationListener;
  /** Elements came or went, perhaps children of these. */
  refresh(): void;
  stop: Stop;
}

/** An offer and what its children show, by child. */
interface Whole {
  item: Watched;
  readonly parts: Map<Element, IntersectionObserverEntry | undefined>;
  /** All together, when they were last looked at. */
  sample?: Sample;
}

/** Fine enough that a sum over several children is right to a twentieth of each, and for one that is larger than the viewport. */
const STEPS = 20;
const THRESHOLDS = Array.from({ length: 3 * STEPS }, (_, step) => [
  Math.min(1, step / STEPS),
  0.9 ** step,
]).flat();

/** Where an element's content is: in its open shadow root, if it has one. */
const inside = (element: Element): Node & ParentNode => element.shadowRoot ?? element;

/** As they are drawn: what a slot is given, or what an open shadow root holds. */
const childrenOf = (element: Element): Element[] => {
  if (element.localName === 'slot') return (element as HTMLSlotElement).assignedElements({ flatten: true });
  // A form control of that name would shadow the property.
  const { children } = element.shadowRoot ?? {
    children: Reflect.get<Element, 'children'>(Element.prototype, 'children', element),
  };
  return [...children];
};

/** Inline elements whose children are not drawn as boxes in a line. */
const REPLACED = /^(?:svg|math|video|audio|canvas|object)$/;

/** What is drawn for an element: itself, or the boxes of what it holds. */
export const boxesOf = (element: Element): Element[] => {
  const { display } = getComputedStyle(element);
  if (display === 'contents') return childrenOf(element).flatMap(boxesOf);
  const children = display !== 'inline' || REPLACED.test(element.localName) ? [] : childrenOf(element);
  if (!children[0]) return [element];
  // Its own text has no other box.
  const hasText = [...inside(element).childNodes].some(
    ({ nodeType, nodeValue }) => nodeType === Node.TEXT_NODE && nodeValue?.trim(),
  );
  return [...(hasText ? [element] : []), ...children.flatMap(boxesOf)];
};

/** Whether an element's own box, and no other, is drawn for it. */
export const standsForItself = (element: Element, boxes = boxesOf(element)): boolean =>
  boxes.length === 1 && boxes[0] === element;

const areaOf = ({ width, height }: DOMRectReadOnly): number => width * height;

/** Starts watching. */
export const createContents = (exposure: Pick<ExposureWatch, 'recheck' | 'take' | 'watched'>): Contents => {
  /** By offer. */
  const wholes = new Map<Element, Whole>();
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
      for (const [whole, { time, rootBounds }] of changed) {
        const { item, parts } = whole;
        const seen = [...parts.values()].filter((entry) => entry !== undefined);
        const sum = (area: (entry: IntersectionObserverEntry) => number): number =>
          seen.reduce((total, entry) => total + area(entry), 0);
        const total = sum(({ boundingClientRect }) => areaOf(boundingClientRect));
        const width = Math.max(...seen.map(({ boundingClientRect }) => boundingClientRect.width));
        whole.sample = {
          intersectionRatio: sum(({ intersectionRect }) => areaOf(intersectionRect)) / total,
          // As if they stood one below the other.
          boundingClientRect: { width, height: total / width },
          rootBounds,
          time,
        };
        exposure.take(item, whole.sample);
      }
      // Their deadlines are new to it.
      exposure.recheck();
    },
    { threshold: THRESHOLDS },
  );

  /** Without a size a child counts as wholly visible, so observers would not report the change to that. */
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

  const inspect = (item: Watched, at?: number): void => {
    const { element } = item.placement;
    const isWatched = exposure.watched.get(element) === item;
    const boxes = isWatched ? boxesOf(element) : [element];
    const isOne = !standsForItself(element, boxes);
    const known = wholes.get(element);
    if (!known && !isOne) return;
    const whole: Whole = known ?? { item, parts: new Map() };
    whole.item = item;
    part(whole, isOne ? boxes : []);
    wholes[isOne ? 'set' : 'delete'](element, whole);
    // Its own box says nothing as long as others stand for it.
    if (isWatched) item.near[isOne ? 'unobserve' : 'observe'](element);
    const { sample } = whole;
    if (isOne && sample && at !== undefined && !Object.is(item.ratio, sample.intersectionRatio))
      exposure.take(item, { ...sample, time: at });
  };

  return {
    isMeasured: (element) => !!wholes.get(element)?.sample || standsForItself(element),
    onEvaluation: (item, _, at) => inspect(item, at),
    refresh() {
      for (const { item } of wholes.values()) inspect(item);
    },
    stop() {
      observer.disconnect();
      resized.disconnect();
    },
  };
};
