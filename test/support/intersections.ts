/** IntersectionObservers whose view a test sets; the DOM of the tests has no layout. */
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
  /** Whether it is further from the viewport than an observer with a margin looks. @default false */
  readonly isFar?: boolean;
  /** Whether nothing covers it; undefined in browsers that cannot tell. */
  readonly isVisible?: boolean | undefined;
}

/** Options that newer observers also take. */
type Init = IntersectionObserverInit & { readonly delay?: number; readonly trackVisibility?: boolean };

const rectOf = ({ width, height }: Size): DOMRect => new DOMRect(0, 0, width, height);

const entryOf = (target: Element, sight: Sight, hasMargin: boolean): IntersectionObserverEntry => {
  const {
    ratio,
    at = 0,
    offer = { width: 300, height: 200 },
    viewport = { width: 1280, height: 720 },
    isFar = false,
    isVisible,
  } = sight;
  const entry = {
    target,
    time: at,
    intersectionRatio: ratio,
    isIntersecting: hasMargin ? !isFar : ratio > 0,
    boundingClientRect: rectOf(offer),
    intersectionRect: rectOf({ width: offer.width, height: offer.height * ratio }),
    rootBounds: viewport && rectOf(viewport),
    isVisible,
  };
  return entry;
};

/** One observer, as a page made it. */
export class ScriptedObserver implements IntersectionObserver {
  readonly root: Element | Document | null;
  readonly rootMargin: string;
  readonly scrollMargin = '0px';
  readonly thresholds: readonly number[];
  readonly delay: number | undefined;
  readonly trackVisibility: boolean | undefined;
  readonly observed = new Set<Element>();
  /** Whether each element was near at the last report. */
  readonly #told = new Map<Element, boolean>();
  #queued: IntersectionObserverEntry[] = [];
  readonly #callback: IntersectionObserverCallback;

  constructor(
    callback: IntersectionObserverCallback,
    { root, rootMargin = '0px', threshold = 0, delay, trackVisibility }: Init = {},
  ) {
    this.#callback = callback;
    this.root = root ?? null;
    this.rootMargin = rootMargin;
    this.thresholds = [threshold].flat();
    this.delay = delay;
    this.trackVisibility = trackVisibility;
    // Browsers do the same.
    for (const each of this.thresholds) {
      if (!Number.isFinite(each)) throw new TypeError('The threshold is not finite.');
      if (each < 0 || each > 1) throw new RangeError('Threshold values must be numbers between 0 and 1.');
    }
  }

  /** Whether it looks beyond the viewport. */
  get hasMargin(): boolean {
    return this.rootMargin !== '0px';
  }

  observe(element: Element): void {
    this.observed.add(element);
  }

  unobserve(element: Element): void {
    this.observed.delete(element);
    this.#told.delete(element);
    this.#queued = this.#queued.filter(({ target }) => target !== element);
  }

  disconnect(): void {
    this.observed.clear();
    this.#told.clear();
    this.#queued = [];
  }

  takeRecords(): IntersectionObserverEntry[] {
    return this.#queued.splice(0);
  }

  /** Computed, but not delivered yet. One that looks beyond the viewport gets only changes there. */
  queue(element: Element, sight: Sight): void {
    const entry = entryOf(element, sight, this.hasMargin);
    if (this.hasMargin && this.#told.get(element) === entry.isIntersecting) return;
    this.#told.set(element, entry.isIntersecting);
    this.#queued.push(entry);
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
  /** Shows an element to its observers; those that look beyond the viewport see it first. */
  show(element: Element, sight: Sight): void;
  /** As `show`, but the browser has not called back yet. */
  queue(element: Element, sight: Sight): void;
}

/** Replaces the page's IntersectionObserver until globals are restored. */
export const scriptIntersections = (): Intersections => {
  const observers: ScriptedObserver[] = [];
  vi.stubGlobal('visualViewport', { width: 1280, height: 720 });
  vi.stubGlobal(
    'IntersectionObserver',
    class extends ScriptedObserver {
      constructor(callback: IntersectionObserverCallback, init?: Init) {
        super(callback, init);
        observers.push(this);
      }
    },
  );
  const watching = (element: Element, hasMargin: boolean) =>
    observers.filter((observer) => observer.hasMargin === hasMargin && observer.observed.has(element));
  return {
    observers,
    isObserved: (element) => observers.some(({ observed }) => observed.has(element)),
    show(element, sight) {
      // Observers that look beyond the viewport decide which elements are watched exactly.
      for (const hasMargin of [true, false]) {
        for (const observer of watching(element, hasMargin)) {
          observer.queue(element, sight);
          observer.deliver();
        }
      }
    },
    queue(element, sight) {
      for (const observer of watching(element, false)) observer.queue(element, sight);
    },
  };
};
