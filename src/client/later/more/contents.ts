/**
 * Offers without a box of their own (`display: contents`): their children stand for them, all together as one
 * area.
 */
import type { Stop } from '../../../runtime.js';
import type { ExposureWatch, Watched } from '../../detect/exposure.js';
import { hasNoBox } from '../detect/sight.js';

/** Watches the children of such offers. */
export interface Contents {
  /** Looks whether an offer is, or is no longer, one of these. */
  onEvaluation(item: Watched): void;
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

/** As they are drawn: what a slot is given, or what an open shadow root holds. */
const childrenOf = (element: Element): Element[] => {
  if (element.localName === 'slot') return (element as HTMLSlotElement).assignedElements({ flatten: true });
  // A form control of that name would shadow the property.
  const { children } = element.shadowRoot ?? {
    children: Reflect.get<Element, 'children'>(Element.prototype, 'children', element),
  };
  return [...children];
};

/** What is drawn for an element: itself, or its children's boxes. */
export const boxesOf = (element: Element): Element[] =>
  hasNoBox(element) ? childrenOf(element).flatMap(boxesOf) : [element];

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

  const inspect = (item: Watched): void => {
    const { element } = item.placement;
    const isWatched = exposure.watched.get(element) === item;
    let whole = wholes.get(item);
    if (!whole && !(isWatched && Number.isNaN(item.needed))) return;
    const isOne = isWatched && hasNoBox(element);
    whole ??= { item, parts: new Map() };
    wholes[isOne ? 'set' : 'delete'](item, whole);
    part(whole, isOne ? boxesOf(element) : []);
  };

  return {
    onEvaluation: inspect,
    refresh() {
      for (const item of wholes.keys()) inspect(item);
    },
    stop() {
      observer.disconnect();
      resized.disconnect();
    },
  };
};
