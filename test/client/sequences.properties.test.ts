import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Ignore, Repeat } from '../../src/client/detect/placement.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { find, trusted } from '../support/page.js';
import { openSite, type Site, type Started } from '../support/tracker.js';

const DWELL_MS = 1_000;
/** What a user closed has to stay away for so long. */
const SETTLE_MS = 1_000;
const SLOTS = ['s0', 's1', 's2'] as const;
const OFFERS = ['a', 'b'] as const;
type Slot = (typeof SLOTS)[number];
type Offer = (typeof OFFERS)[number];

/** One thing that a page, a user or a browser does. */
type Act =
  | { readonly kind: 'mount'; readonly slot: Slot; readonly offer: Offer }
  | { readonly kind: 'unmount' | 'press' | 'close' | 'take'; readonly slot: Slot }
  | { readonly kind: 'sample'; readonly slot: Slot; readonly ratio: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'hide' | 'show' | 'leave' | 'reload' }
  | { readonly kind: 'dismiss' | 'accept' | 'veto'; readonly offer: Offer }
  | { readonly kind: 'allow' };

const slot = fc.constantFrom(...SLOTS);
const offer = fc.constantFrom(...OFFERS);
const of = (
  weight: number,
  kinds: readonly Act['kind'][],
  more: Record<string, fc.Arbitrary<unknown>> = {},
) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constantFrom(...kinds), ...more }) as fc.Arbitrary<Act>,
});
const act = fc.oneof(
  of(4, ['mount'], { slot, offer }),
  of(5, ['sample'], { slot, ratio: fc.constantFrom(0, 0.49, 0.5, 1, 1) }),
  of(5, ['wait'], { ms: fc.constantFrom(1, 500, 999, 1_000, 2_000) }),
  of(4, ['unmount', 'press', 'close', 'take'], { slot }),
  of(3, ['hide', 'show', 'leave']),
  of(2, ['reload']),
  of(3, ['dismiss', 'accept', 'veto'], { offer }),
  of(1, ['allow']),
);
const settings = fc.record({
  repeat: fc.constantFrom<Repeat>('page', 'mount', 'browser'),
  ignore: fc.constantFrom<Ignore>('off', 'leave', 0, 1_500),
});

/** An announcement, as the page heard it. */
interface Announced {
  readonly event: OfferEvent;
  readonly page: number;
  readonly element: EventTarget | null;
  readonly isVetoed: boolean;
  /** Whether nothing was decided just then, so that it was seen. */
  readonly isSeen: boolean;
  /** Since when an element of the offer had been shown without a break, at the most. */
  readonly shownMs: number;
}

/** What a whole run came to. */
interface Run {
  readonly announced: Announced[];
  readonly recorded: OfferEvent[];
  readonly posted: Site['posted'];
  /** How many announcements there were when each offer was accepted. */
  readonly accepted: ReadonlyMap<string | undefined, number>;
  /** Elements that were shown for long enough, and by then had to be viewed. */
  readonly missed: string[];
}

/** Lives through a sequence on a page of its own. */
const live = async (acts: readonly Act[], options: { repeat: Repeat; ignore: Ignore }): Promise<Run> => {
  document.body.innerHTML = '';
  let visibility: DocumentVisibilityState = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
  // The sizes that the observers of the tests report.
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1280);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(720);
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 300, 200));
  const site = openSite();
  const announced: Announced[] = [];
  const recorded: OfferEvent[] = [];
  const accepted = new Map<string | undefined, number>();
  const missed: string[] = [];
  const shownSince = new Map<Element, number | undefined>();
  const exposed = new Set<Element>();
  /** When the user closed offers whose views may be missing: a dismissal brings its own. */
  const closed: (readonly [offerId: string | undefined, at: number])[] = [];
  let vetoed: Offer | undefined;
  let page = 0;
  let isSeen = false;

  const now = (): number => performance.now();
  const elementOf = (name: Slot): HTMLElement | null => document.querySelector<HTMLElement>(`#${name}`);
  const shownMs = (offerId: string): number =>
    Math.max(
      -1,
      ...[...shownSince]
        .filter(([element]) => (element as HTMLElement).dataset.offerId === offerId)
        .map(([, since]) => (since === undefined ? -1 : now() - since)),
    );
  /** The naive reading: shown since the later of coming into sight and of the page's becoming visible. */
  const judge = (): void => {
    for (const element of shownSince.keys()) {
      const isShown = exposed.has(element) && visibility === 'visible' && element.isConnected;
      shownSince.set(element, isShown ? (shownSince.get(element) ?? now()) : undefined);
    }
  };

  const ending = new AbortController();
  const hear = (event: Event): void => {
    const { detail, target } = event as CustomEvent<OfferEvent>;
    const isVetoed = detail.offerId === vetoed;
    if (isVetoed) event.preventDefault();
    const isDecided = closed.some(
      // The first press brings the part that judges it, in tasks of their own.
      ([offerId, at]) => offerId === detail.offerId && [0, 1, 2].includes(Math.round(now() - at) - SETTLE_MS),
    );
    announced.push({
      event: detail,
      page,
      element: target,
      isVetoed,
      isSeen: isSeen && !isDecided,
      shownMs: shownMs(detail.offerId),
    });
  };
  for (const type of ['viewed', 'dismissed'])
    document.addEventListener(`offersight:${type}`, hear, { signal: ending.signal });

  const start = async (): Promise<Started> => {
    const started = site.start({
      ...options,
      viewability: { dwellMs: DWELL_MS },
      onEvent: (event) => recorded.push(event),
    });
    const flushed = started.tracker.flush();
    // The task in which the offer part is loaded.
    await vi.advanceTimersByTimeAsync(1);
    await flushed;
    return started;
  };
  let { tracker } = await start();

  const change = (state: DocumentVisibilityState): void => {
    visibility = state;
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  };

  const noteAccepted = (name: string | undefined): void => {
    if (!accepted.has(name)) accepted.set(name, announced.length);
  };

  const remove = (element: HTMLElement | null): void => {
    if (element) shownSince.delete(element);
    element?.remove();
  };

  const perform = async (act: Act): Promise<void> => {
    switch (act.kind) {
      case 'mount': {
        remove(elementOf(act.slot));
        document.body.insertAdjacentHTML(
          'beforeend',
          `<section id="${act.slot}" data-offer-id="${act.offer}"><b data-offer-dismiss></b><i aria-label="Close"></i><a data-offer-accept></a></section>`,
        );
        shownSince.set(find(`#${act.slot}`), undefined);
        return;
      }
      case 'unmount':
        return remove(elementOf(act.slot));
      case 'press':
        elementOf(act.slot)?.querySelector('b')?.click();
        return;
      case 'close': {
        const element = elementOf(act.slot);
        if (element) closed.push([element.dataset.offerId, now()]);
        element?.querySelector('i')?.dispatchEvent(trusted(new MouseEvent('click', { bubbles: true })));
        return remove(element);
      }
      case 'take': {
        const element = elementOf(act.slot);
        element?.querySelector('a')?.click();
        if (element) noteAccepted(element.dataset.offerId);
        return;
      }
      case 'sample': {
        const element = elementOf(act.slot);
        if (!element) return;
        exposed[act.ratio >= 0.5 ? 'add' : 'delete'](element);
        isSeen = true;
        site.browser.show(element, { ratio: act.ratio, at: now() });
        return;
      }
      case 'wait': {
        isSeen = true;
        await vi.advanceTimersByTimeAsync(act.ms);
        return;
      }
      case 'hide':
        return change('hidden');
      case 'show':
        return change('visible');
      case 'leave':
        visibility = 'hidden';
        window.dispatchEvent(new Event('pagehide'));
        return;
      case 'reload': {
        await tracker.flush();
        tracker.stop();
        // Ids ascend within a page; between two pages time passes.
        await vi.advanceTimersByTimeAsync(1);
        await site.frame();
        page++;
        exposed.clear();
        change('visible');
        ({ tracker } = await start());
        return;
      }
      case 'dismiss':
        return tracker.dismiss(act.offer);
      case 'accept':
        return tracker.accept(act.offer);
      case 'veto':
        vetoed = act.offer;
        return;
      case 'allow':
        vetoed = undefined;
    }
  };

  try {
    for (const each of acts) {
      isSeen = false;
      await perform(each);
      await site.frame();
      if (each.kind === 'accept') noteAccepted(each.offer);
      judge();
      for (const [element, since] of shownSince) {
        if (since === undefined || now() - since < DWELL_MS) continue;
        const { offerId } = (element as HTMLElement).dataset;
        const isViewed = announced.some(
          ({ event, page: its, element: at }) =>
            event.type === 'viewed' &&
            event.offerId === offerId &&
            its === page &&
            (options.repeat !== 'mount' || at === element),
        );
        if (!isViewed) missed.push(`${element.id} ${offerId}`);
      }
    }
    isSeen = false;
    visibility = 'visible';
    await tracker.flush();
    await site.frame();
    await tracker.flush();
    expect(site.uncaught).toEqual([]);
    return { announced: [...announced], recorded: [...recorded], posted: site.posted, accepted, missed };
  } finally {
    ending.abort();
    site.close();
    await site.frame();
    vi.clearAllTimers();
  }
};

/** What was announced and not vetoed. */
const kept = ({ announced }: Run): OfferEvent[] =>
  announced.filter(({ isVetoed }) => !isVetoed).map(({ event }) => event);

const repeated = (texts: readonly string[]): string[] =>
  texts.filter((text, index) => texts.indexOf(text) !== index);

beforeEach(() => {
  // The frames and storage of the tests run on immediates, which stay real.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('with any actions of a page, its user and the browser every promise about views and dismissals is kept', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 8, maxLength: 40, size: 'max' }),
      settings,
      async (acts, options) => {
        const run = await live(acts, options);
        const { repeat } = options;
        const events = kept(run);
        const viewed = events.filter(({ type }) => type === 'viewed');
        const dismissed = events.filter(({ type }) => type === 'dismissed');

        // At most one of each an impression, and each with an id of its own.
        expect(repeated(events.map(({ type, impressionId }) => `${type} ${impressionId}`))).toEqual([]);
        expect(repeated(events.map(({ id }) => id))).toEqual([]);
        // The view first, of the same offer and impression; so none without a view, and none of a vetoed one.
        for (const { impressionId, offerId, id } of dismissed) {
          const before = viewed.filter((view) => view.impressionId === impressionId);
          expect(before.map((view) => [view.offerId, view.id < id])).toEqual([[offerId, true]]);
          expect(
            events.findIndex((event) => event.impressionId === impressionId && event.type === 'viewed'),
          ).toBeLessThan(events.findIndex((event) => event.id === id));
        }
        // A vetoed view has not even the announcement of a dismissal.
        const vetoed = run.announced.filter(({ event, isVetoed }) => isVetoed && event.type === 'viewed');
        for (const { event: view } of vetoed) {
          const its = run.announced.filter(({ event }) => event.impressionId === view.impressionId);
          expect(its.map(({ event }) => event.type)).toEqual(['viewed']);
        }
        // One of each an offer and page, or browser.
        if (repeat === 'page') {
          const each = run.announced.map(({ event, page }) => `${page} ${event.type} ${event.offerId}`);
          expect(repeated(each)).toEqual([]);
        }
        if (repeat === 'browser')
          expect(repeated(run.recorded.map(({ type, offerId }) => `${type} ${offerId}`))).toEqual([]);
        // No dismissal of what was accepted, on this page or a later one.
        for (const [offerId, from] of run.accepted) {
          const late = run.announced.slice(from).map(({ event }) => event);
          expect(late.filter((event) => event.type === 'dismissed' && event.offerId === offerId)).toEqual([]);
        }
        // What was seen was shown for its time without a break, and what was shown so long was seen.
        for (const { event, isSeen, shownMs } of run.announced)
          if (isSeen && event.type === 'viewed') expect(shownMs).toBeGreaterThanOrEqual(DWELL_MS);
        expect(run.missed).toEqual([]);
        // What is announced is recorded, and what is recorded is delivered, in its order.
        const ids = run.recorded.map(({ id }) => id);
        if (repeat !== 'browser') expect([...ids].sort()).toEqual(events.map(({ id }) => id).sort());
        expect(run.posted.map(({ id }) => id).sort()).toEqual([...ids].sort());
        for (const offerId of OFFERS) {
          const its = run.posted
            .filter((event) => event.personalized_offer_id === offerId)
            .map(({ id }) => id);
          expect(its).toEqual([...its].sort());
        }
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);
