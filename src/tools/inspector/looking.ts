/** What there is to see at a moment: the tracker, its offers, its events and what waits, as data and as text. */
import type { Placement } from '../../client/detect/placement.js';
import type { Inside } from '../../client/inside.js';
import { createChecking } from '../../client/later/debug/checking.js';
import { nameOf } from '../../client/later/debug/wording.js';
import type { Runtime, Stop } from '../../runtime.js';
import { createAsking } from './asking.js';
import { createClosings } from './closings.js';
import { idleControls, wideMarks } from './idle-controls.js';
import { createOffers, type OfferNote } from './offers.js';
import { pageFacts } from './page-facts.js';
import { type Setting, settingsOf } from './settings.js';
import { readStored, type Stored } from './stored.js';
import { findTrackers, ignoredTags, type Tracked, whyNone } from './trackers.js';
import { unseenIn } from './unseen.js';
import { createUpstream } from './upstream.js';
import { type Fact, whatWaits } from './waiting.js';
import { createWays, type Delivered, type Way } from './ways.js';

/** Everything that the panel shows. */
export interface Snapshot {
  /** Why there is no tracker, or not yet all of one. */
  readonly problem: string | undefined;
  readonly endpoint: string | undefined;
  /** Other endpoints that this page has trackers for. */
  readonly others: readonly string[];
  /** The offers; on a page of thousands those near the viewport, and some of the others. */
  readonly offers: readonly OfferNote[];
  /** How many there are on the page. */
  readonly offerCount: number;
  readonly events: readonly Way[];
  readonly waiting: readonly Fact[];
  readonly page: readonly Fact[];
  readonly settings: readonly Setting[];
  /** Mistakes in attributes of other elements than offers, such as the script tag. */
  readonly mistakes: readonly string[];
  /** What may be offers that the tracker cannot see. */
  readonly unseen: readonly string[];
  /** Offers that were closed by something that does not count. */
  readonly closings: readonly string[];
}

/** Looks at one endpoint's tracker. */
export interface Looking {
  /** As it is now; what the database holds may be a second old. */
  snapshot(): Snapshot;
  /** Looks into the database, and asks `offersight dev` where that runs. */
  refresh(): Promise<void>;
  stop: Stop;
}

const shownIn = ({ registry }: Inside): Placement[] => registry.placements.filter(() => true);

const NOTHING: Omit<Snapshot, 'problem' | 'offers' | 'offerCount'> = {
  endpoint: undefined,
  others: [],
  events: [],
  waiting: [],
  page: [],
  settings: [],
  mistakes: [],
  unseen: [],
  closings: [],
};

/** An offer of which an event was refused has not counted, though it was seen. */
const withRefusal = (note: OfferNote, events: readonly Way[]): OfferNote => {
  const refused = events.find(({ offerId, why }) => offerId === note.offerId && why?.startsWith('refused'));
  if (!refused || note.standing !== 'counted') return note;
  const hasToken = note.element.getAttribute('data-offer-token');
  const token = refused.why?.includes('invalid_event')
    ? [
        hasToken
          ? 'Its data-offer-token may be another offer’s or user’s, over, or of another secret.'
          : 'It has no data-offer-token, which the proxy may ask for.',
      ]
    : [];
  return {
    ...note,
    standing: 'wrong',
    hints: [`Its ${refused.type} was ${refused.why}.`, ...token, ...note.hints],
  };
};

/** At most so many controls that are about no offer are named. */
const MOST_IDLE = 5;
/** At most so many unwatched elements are listed. */
const MOST_UNWATCHED = 100;

/** What is wrong with attributes of other elements than offers that are listed, each with its element. */
const mistakesOf = (
  mistakes: ReadonlyMap<Element, readonly string[]>,
  listed: ReadonlySet<Element>,
): readonly string[] => {
  const lines = [...mistakes].flatMap(([element, all]) =>
    listed.has(element) ? [] : all.map((words) => `${nameOf(element)}: ${words}`),
  );
  // Cards that are repeated have the same mistake.
  return [...new Set(lines)];
};

/** What the page shows as offers although nobody watches them. */
const unwatched = (): Pick<Snapshot, 'offers' | 'offerCount'> => {
  const elements = [...document.querySelectorAll('[data-offer-id]')];
  const offers = elements.slice(0, MOST_UNWATCHED).map(
    (element): OfferNote => ({
      element,
      boxes: [element],
      offerId: element.getAttribute('data-offer-id')?.trim() ?? '',
      standing: 'wrong',
      words: 'No tracker watches it.',
      ...{ hints: [], ratio: undefined, needed: undefined, progress: 0 },
    }),
  );
  return { offers, offerCount: elements.length };
};

/** What is made once the tracker is whole. */
const lookInside = ({ endpoint, view, inside }: Tracked, apart: Element, runtime: Runtime) => {
  if (!inside) return undefined;
  const mistakes = new Map<Element, readonly string[]>();
  const stopChecking = createChecking(inside.trees, (words, element) =>
    mistakes.set(element, [...(mistakes.get(element) ?? []), words]),
  );
  const asking = createAsking(endpoint, runtime);
  const hearing = createWays(inside, view, runtime);
  const closings = createClosings(inside, view, apart, runtime);
  return {
    inside,
    mistakes,
    hearing,
    closings,
    offers: createOffers({ inside, view, mistakes, apart, runtime }),
    upstream: createUpstream(endpoint, runtime),
    asking,
    stop() {
      asking.stop();
      stopChecking();
      hearing.stop();
      closings.stop();
    },
  };
};

/**
 * Starts looking.
 * @param chosen The endpoint to look at; by default that of the first tracker.
 * @param apart The inspector's own element.
 */
export const createLooking = (chosen: string | undefined, apart: Element, runtime: Runtime): Looking => {
  let stored: Stored | undefined;
  let delivered: ReadonlyMap<string, Delivered> = new Map();
  let whole: ReturnType<typeof lookInside>;
  let unseen: readonly string[] = [];
  let idle: readonly string[] = [];

  const find = (): readonly [Tracked | undefined, readonly string[]] => {
    const all = findTrackers();
    const found =
      all.find(({ endpoint }) => endpoint === chosen) ?? all.find(({ tracker }) => tracker) ?? all[0];
    if (whole && whole.inside !== found?.inside) {
      whole.stop();
      whole = undefined;
    }
    whole ??= found && lookInside(found, apart, runtime);
    // A page without offers does not load it by itself.
    if (!whole) void found?.tracker?.stats();
    return [found, all.flatMap(({ endpoint }) => (endpoint === found?.endpoint ? [] : endpoint))];
  };

  return {
    snapshot() {
      const [found, others] = find();
      if (!found) return { ...NOTHING, problem: whyNone(), ...unwatched() };
      const { endpoint, tracker } = found;
      if (!tracker || !whole)
        return {
          ...NOTHING,
          endpoint,
          others,
          problem: tracker
            ? 'The offer part of the tracker is not there yet. If this stays, look at the console.'
            : 'The tracker was stopped by code of this page (tracker.stop).',
          ...unwatched(),
        };
      const now = runtime.now();
      const { inside, mistakes } = whole;
      const events = whole.hearing.list(stored, delivered, now);
      const offers = whole.offers(stored, now).map((note) => withRefusal(note, events));
      const offerCount = Math.max(offers.length, shownIn(inside).length);
      const listed = new Set(offers.map(({ element }) => element));
      return {
        ...{ problem: undefined, endpoint, others, offers, offerCount },
        events,
        waiting: [...whatWaits(inside, endpoint, stored, now), ...whole.asking.facts()],
        page: pageFacts(inside, stored, now),
        settings: settingsOf(inside.options),
        mistakes: [...mistakesOf(mistakes, listed), ...ignoredTags(), ...idle],
        unseen,
        closings: whole.closings.list(stored, now),
      };
    },
    async refresh() {
      const [found] = find();
      if (!found || !whole) return;
      const { upstream, inside, asking } = whole;
      stored = await readStored(inside.options.name, found.endpoint, runtime).catch(() => undefined);
      delivered = await upstream().catch(() => delivered);
      unseen = unseenIn(inside.trees(), shownIn(inside).length + found.view.size === 0);
      idle = [...idleControls(inside, found.view), ...wideMarks(inside)].slice(0, MOST_IDLE);
      const { pause } = stored ?? {};
      void asking.ask(pause?.kind === 'none' ? undefined : pause);
    },
    stop() {
      whole?.stop();
    },
  };
};
