/** A tracker on the test's page. The test decides what is seen, and posts are recorded. */
import { randomUUID } from 'node:crypto';
import 'fake-indexeddb/auto';
import { vi } from 'vitest';
import { createConnecting } from '../../src/client/later/outbox/connecting.js';
import type { OfferTracker } from '../../src/client/offer-tracker.js';
import type { TrackerOptions } from '../../src/client/options.js';
import { indexedDbRecords } from '../../src/client/outbox/indexeddb.js';
import type { Records } from '../../src/client/outbox/records.js';
import { createOfferTracker } from '../../src/client/tracker.js';
import type { OffersightError } from '../../src/errors.js';
import type { WireEvent, WireRequest } from '../../src/protocol/batch.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { type Intersections, scriptIntersections } from './intersections.js';
import { fakeRuntime, settle } from './runtime.js';

/** What a page does and hears. */
export interface Site {
  readonly browser: Intersections;
  /** What the endpoint got, in order, each event once. */
  readonly posted: WireEvent[];
  /** Errors of our own callbacks that nothing caught. */
  readonly uncaught: unknown[];
  /** The name of a database that no other test has. */
  readonly name: string;
  /** The content of the database, regardless of any tracker. */
  readonly database: Records;
  /** Starts a tracker that counts an offer as soon as it is shown. */
  start(options?: Partial<TrackerOptions>): Started;
  /** Shows the whole element to the user. */
  see(element: Element): void;
  /** Lets mutations be noticed, frames come and microtasks run. */
  frame(): Promise<void>;
  /** Ends all trackers and gives the page back as it was. */
  close(): void;
}

/** A tracker and its reports. */
export interface Started {
  readonly tracker: OfferTracker;
  readonly events: OfferEvent[];
  readonly errors: OffersightError[];
}

/** `type offer` of each event, in order. */
export const told = (events: Iterable<OfferEvent>): string[] =>
  [...events].map(({ type, offerId }) => `${type} ${offerId}`);

/** `type offer` of each posted event, in order. */
export const wired = (events: Iterable<WireEvent>): string[] =>
  [...events].map(({ type, personalized_offer_id }) => `${type} ${personalized_offer_id}`);

/** Answers as a proxy does that takes everything. */
const takeAll = ({ events }: WireRequest): Response =>
  new Response(JSON.stringify({ v: 1, results: events.map(({ id }) => ({ id, status: 'accepted' })) }));

/** The page forgets the trackers that ended, so the next one starts as if on a new page. */
const turnPage = (): void => {
  const page = globalThis as unknown as Record<symbol, { tracker?: OfferTracker } | undefined>;
  for (const key of Object.getOwnPropertySymbols(page))
    if (key.description?.startsWith('offersight ') && !page[key]?.tracker) page[key] = undefined;
};

/**
 * Runs the first task that a tracker puts off as it starts, right behind the start, as if nothing else waited. So a test finds
 * that offers are found and that the offer part has not begun.
 */
const throughFirstTask = <T>(start: () => T): T => {
  const { setTimeout } = globalThis;
  let slice: (() => void) | undefined;
  globalThis.setTimeout = ((task: () => void) => {
    slice = task;
    globalThis.setTimeout = setTimeout;
  }) as typeof setTimeout;
  try {
    return start();
  } finally {
    globalThis.setTimeout = setTimeout;
    slice?.();
  }
};

/** Makes the test's page a site. */
export const openSite = (): Site => {
  const name = `site-${randomUUID()}`;
  const browser = scriptIntersections();
  const posted = new Map<string, WireEvent>();
  const uncaught: unknown[] = [];
  const trackers: OfferTracker[] = [];
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    const body = typeof input === 'string' ? (init?.body as string) : await input.text();
    const request = JSON.parse(body) as WireRequest;
    for (const event of request.events) posted.set(event.id, event);
    return takeAll(request);
  });
  vi.spyOn(window, 'addEventListener');
  const noticing: MutationObserver[] = [];
  vi.stubGlobal(
    'MutationObserver',
    class extends MutationObserver {
      constructor(callback: MutationCallback) {
        super(callback);
        noticing.push(this);
      }
    },
  );
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) =>
    setImmediate(() => {
      try {
        callback(0);
      } catch (cause) {
        uncaught.push(cause);
      }
    }),
  );
  const onRejection = (cause: unknown): void => void uncaught.push(cause);
  process.on('unhandledRejection', onRejection);
  return {
    browser,
    uncaught,
    name,
    database: createConnecting().connect(indexedDbRecords(name, fakeRuntime())),
    get posted() {
      return [...posted.values()];
    },
    start(options = {}) {
      const events: OfferEvent[] = [];
      const errors: OffersightError[] = [];
      turnPage();
      const settings = {
        endpoint: '/offer-events',
        onEvent: (event: OfferEvent) => events.push(event),
        onError: (error: OffersightError) => errors.push(error),
        ...options,
        viewability: { dwellMs: 0, ...options.viewability },
        outbox: { name, ...options.outbox },
      };
      const tracker = vi.isFakeTimers()
        ? createOfferTracker(settings)
        : throughFirstTask(() => createOfferTracker(settings));
      trackers.push(tracker);
      // The task that looks for offers starts the offer part in another one, which the fake clock runs a millisecond later.
      if (vi.isFakeTimers()) vi.advanceTimersByTime(1);
      return { tracker, events, errors };
    },
    see: (element) => browser.show(element, { ratio: 1, at: performance.now() }),
    frame: settle,
    close() {
      for (const tracker of trackers) tracker.stop();
      turnPage();
      // Anything that a tracker forgot to end must not affect the next test.
      for (const observer of noticing) observer.disconnect();
      process.off('unhandledRejection', onRejection);
      document.body.innerHTML = '';
      vi.unstubAllGlobals();
      vi.mocked(window.addEventListener).mockRestore();
    },
  };
};
