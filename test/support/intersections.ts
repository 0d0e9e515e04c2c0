/** IntersectionObservers that see what a test tells them; the DOM of the tests has no layout. */
import { vi } from 'vitest';
import type { Size } from '../../src/client/detect/viewability.js';

/** What an observer sees of an element. */
export interface Sight {
  /** The visible share of its pixels. */
  readonly ratio: number;
  /** When, on the monotonic clock. */
  readonly at?: number;
  /** @default 300 × 200 */
  readonly offer?: Size;
  /** @default 1280 × 720; null as in a frame of another origin */
  readonly viewport?: Size | null;
}

const rectOf = ({ width, height }: Size): DOMRect => new DOMRect(0, 0, width, height);

const entryOf = (target: Element, sight: Sight): IntersectionObserverEntry => {
  const {
    ratio,
    at = 0,
    offer = { width: 300, height: 200 },
    viewport = { width: 1280, height: 720 },
  } = sight;
  return {
    target,
    time: at,
    intersectionRatio: ratio,
    isIntersecting: ratio > 0,
    boundingClientRect: rectOf(offer),
    intersectionRect: rectOf(offer),
    rootBounds: viewport && rectOf(viewport),
  };
};

/** One observer, as a page made it. */
export class ScriptedObserver implements IntersectionObserver {
  readonly root: Element | Document | null;
  readonly rootMargin = '0px';
  readonly scrollMargin = '0px';
  readonly thresholds: readonly number[];
  readonly observed = new Set<Element>();
  #queued: IntersectionObserverEntry[] = [];
  readonly #callback: IntersectionObserverCallback;

  constructor(
    callback: IntersectionObserverCallback,
    { root, threshold = 0 }: IntersectionObserverInit = {},
  ) {
    this.#callback = callback;
    this.root = root ?? null;
    this.thresholds = [threshold].flat();
    // As browsers do.
    for (const each of this.thresholds) {
      if (!Number.isFinite(each)) throw new TypeError('The threshold is not finite.');
      if (each < 0 || each > 1) throw new RangeError('Threshold values must be numbers between 0 and 1.');
    }
  }

  observe(element: Element): void {
    this.observed.add(element);
  }

  unobserve(element: Element): void {
    this.observed.delete(element);
  }

  disconnect(): void {
    this.observed.clear();
  }

  takeRecords(): IntersectionObserverEntry[] {
    return this.#queued.splice(0);
  }

  /** Computed, but not delivered yet. */
  queue(element: Element, sight: Sight): void {
    this.#queued.push(entryOf(element, sight));
  }

  deliver(): void {
    const entries = this.takeRecords();
    if (entries.length) this.#callback(entries, this);
  }
}

/** All observers since the script began. */
export interface Intersections {
  readonly observers: ScriptedObserver[];
  /** Whether anybody watches the element. */
  isObserved(element: Element): boolean;
  /** Shows an element to whoever watches it. */
  show(element: Element, sight: Sight): void;
  /** As `show`, but the browser has not called back yet. */
  queue(element: Element, sight: Sight): void;
}

/** Replaces the page's IntersectionObserver until globals are restored. */
export const scriptIntersections = (): Intersections => {
  const observers: ScriptedObserver[] = [];
  vi.stubGlobal(
    'IntersectionObserver',
    class extends ScriptedObserver {
      constructor(callback: IntersectionObserverCallback, init?: IntersectionObserverInit) {
        super(callback, init);
        observers.push(this);
      }
    },
  );
  const watching = (element: Element) => observers.filter(({ observed }) => observed.has(element));
  return {
    observers,
    isObserved: (element) => watching(element).length > 0,
    show(element, sight) {
      for (const observer of watching(element)) {
        observer.queue(element, sight);
        observer.deliver();
      }
    },
    queue(element, sight) {
      for (const observer of watching(element)) observer.queue(element, sight);
    },
  };
};
