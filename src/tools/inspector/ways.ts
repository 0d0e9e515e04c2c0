/** How far each event of this page came. It listens beside the page's own callbacks and does not change what these get. */
import type { Impression } from '../../client/detect/placement.js';
import type { EventListeners, Inside, PageView } from '../../client/inside.js';
import type { DismissReason, OfferEvent } from '../../protocol/event.js';
import type { Runtime, Stop } from '../../runtime.js';
import type { Stored } from './stored.js';
import { madeAt, meaningOf, momentOf } from './words.js';

/** The steps of an event, in order. */
export const STEPS = ['recorded', 'left the page', 'taken by the proxy', 'delivered to Chargebee'] as const;

/** One event and its way. */
export interface Way {
  /** The event's own, where it is known, and else one that no other way has. */
  readonly id: string;
  readonly isIdKnown: boolean;
  /** Whether somebody says whether Chargebee has it. */
  readonly isUpstreamKnown: boolean;
  readonly type: OfferEvent['type'];
  /** How the offer was closed, if anybody heard of that. */
  readonly reason?: DismissReason | undefined;
  readonly offerId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** How many of {@link STEPS} are done. */
  readonly steps: number;
  /** Whether it will get no further. */
  readonly isOver: boolean;
  /** What holds it, or what became of it, if that is more than its steps say. */
  readonly why: string | undefined;
}

/** What can be learned about an event only by listening. */
interface Heard {
  readonly event: OfferEvent;
  isVetoed?: boolean;
  /** Whether the database had it when it was reported, and when that was on the monotonic clock, milliseconds. */
  isDurable?: boolean;
  toldAt?: number;
  givenUp?: string;
}

/** What the mock API says of an event, only under `offersight dev`. */
export interface Delivered {
  readonly state: 'waiting' | 'delivered' | 'refused';
  readonly reason?: string | undefined;
}

const VETOED = 'not recorded: a listener of this page called preventDefault, or consent was denied then';
const PENDING = 'only in memory, until the user consents';
const DENIED = 'given up, since consent was denied';
const UNDECIDED = 'neither stored nor sent, since the given consent is not valid';
const GONE =
  'no longer waits in this browser: it was delivered, refused or given up, or the storage was cleared';

/** Some browsers have none, and some pages put something else in its place. */
const openChannel = (name: string): BroadcastChannel | undefined => {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
};

/** Listens until stopped. */
export interface Ways {
  /** The latest first. */
  list(stored: Stored | undefined, delivered: ReadonlyMap<string, Delivered>, now: number): Way[];
  stop: Stop;
}

/** What it listens to. */
export type WaysContext = Pick<Inside, 'owner' | 'listeners' | 'registry'> & {
  readonly options: Pick<Inside['options'], 'name'>;
};

/** Starts listening. */
export const createWays = (
  { options, owner, listeners, registry }: WaysContext,
  view: PageView,
  runtime: Pick<Runtime, 'elapsed' | 'now'>,
): Ways => {
  /** With `repeat: 'mount'` each placement has its own. */
  const isOwn = (impressionId: string | undefined): boolean =>
    [...view.values()].some(({ id }) => id === impressionId) ||
    registry.placements.filter(({ impression }) => impression?.id === impressionId && impression).length > 0;

  const heard = new Map<string, Heard>();
  const hear = (event: OfferEvent): Heard => {
    const known = heard.get(event.id) ?? { event };
    heard.set(event.id, known);
    return known;
  };

  const listening = new AbortController();
  const hearAnnounced = (announced: CustomEvent<OfferEvent>): void =>
    // A later listener may still veto it.
    queueMicrotask(() => {
      // Anybody can dispatch an event of this name, and other trackers of the page do.
      if (isOwn((announced.detail as OfferEvent | null)?.impressionId))
        hear(announced.detail).isVetoed = announced.defaultPrevented;
    });
  for (const type of ['offersight:viewed', 'offersight:dismissed'] as const)
    window.addEventListener(type, hearAnnounced, { signal: listening.signal });

  const listener: EventListeners = {
    onEvent(event, isDurable) {
      Object.assign(hear(event), { isDurable, toldAt: runtime.elapsed() });
    },
    onDiscard(event, reason, code) {
      hear(event).givenUp =
        reason === 'refused' ? `refused as ${meaningOf(code ?? reason)}` : meaningOf(reason);
    },
  };
  listeners.add(listener);

  // A tab that settles events says so to the other tabs, and this listens like one.
  const channel = openChannel(options.name);
  // Also for events that are not known here yet: the database is read later than this message arrives.
  const answered = new Set<unknown>();
  const givenUpElsewhere = new Set<unknown>();
  channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const [first, ...rest] = Array.isArray(data) ? (data as unknown[]) : [];
    if (first === '') for (const id of rest) givenUpElsewhere.add(id);
    else for (const id of [first, ...rest]) answered.add(id);
  });

  const wayOf = (
    { event, isVetoed, isDurable, toldAt = -Infinity, givenUp }: Heard,
    stored: Stored | undefined,
    delivered: ReadonlyMap<string, Delivered>,
    now: number,
  ): Way => {
    const { id, type, offerId, occurredAt: at } = event;
    const reason = event.type === 'dismissed' ? event.reason : undefined;
    const way = (steps: number, why?: string, isOver = false): Way => ({
      ...{ id, isIdKnown: true, isUpstreamKnown: delivered.has(id), type, reason },
      ...{ offerId, at, steps, isOver, why },
    });
    const upstream = delivered.get(id);
    if (upstream?.state === 'delivered') return way(4, undefined, true);
    if (upstream?.state === 'refused') return way(3, `refused as ${meaningOf(upstream.reason ?? '')}`, true);
    if (isVetoed) return way(0, VETOED, true);
    if (givenUp !== undefined) return way(givenUp.startsWith('refused') ? 2 : 1, givenUp, true);
    const letter = stored?.dead.find((each) => each.event?.id === id);
    if (letter) return way(2, `refused as ${meaningOf(letter.code)}`, true);
    const entry = stored?.entries.find((each) => each.event.id === id);
    if (entry?.lease && entry.lease.until > now)
      return way(2, `on its way, or reserved by another tab, until ${momentOf(entry.lease.until, now)}`);
    if (entry)
      return way(
        1,
        entry.notBeforeAt > now ? `deferred until ${momentOf(entry.notBeforeAt, now)}` : undefined,
      );
    if (answered.has(id)) return way(3, upstream?.reason);
    if (givenUpElsewhere.has(id)) return way(1, 'given up, or refused, in another tab', true);
    if (owner.consent === 'pending') return way(1, PENDING);
    if (owner.consent === 'denied') return way(1, DENIED, true);
    if (owner.consent !== 'granted') return way(1, UNDECIDED);
    if (isDurable === undefined) return way(1, 'being stored, or known already in this browser');
    if (!isDurable) return way(1, 'only in this page’s memory, since the database does not take it');
    // What was read before it was written says nothing, and neither does a part of what waits.
    const isRead = stored && stored.readAt > toldAt && stored.waiting <= stored.entries.length;
    // Only a verdict says that it was taken.
    return isRead ? way(1, GONE, true) : way(1);
  };

  /** What became of events that were recorded before anybody listened, as far as that is known. */
  const outcomeOf = (
    { isVetoed }: Impression,
    stored: Stored | undefined,
    now: number,
  ): Pick<Way, 'steps' | 'isOver' | 'why'> => {
    if (isVetoed) return { steps: 0, isOver: true, why: VETOED };
    if (owner.consent === 'pending') return { steps: 1, isOver: false, why: PENDING };
    if (owner.consent === 'denied') return { steps: 1, isOver: true, why: DENIED };
    // More wait than are looked at, or nothing can be read.
    if (!stored || stored.waiting > stored.entries.length)
      return { steps: 1, isOver: false, why: 'recorded before the inspector was opened' };
    return {
      steps: 1,
      isOver: true,
      why: `${GONE}, before the inspector was opened at ${momentOf(openedAt, now)}`,
    };
  };

  const earlier = (stored: Stored | undefined, now: number): Way[] => {
    const known = new Set([...heard.values()].map(({ event }) => `${event.impressionId} ${event.type}`));
    return [...view].flatMap(([offerId, impression]) => {
      const { id } = impression;
      // Whether it was closed says nothing of a dismissal: a listener may have vetoed that.
      const type = 'viewed';
      const way = {
        id: `${id} ${type}`,
        isIdKnown: false,
        isUpstreamKnown: false,
        type,
        offerId,
        at: madeAt(id),
      } as const;
      return known.has(way.id) ? [] : { ...way, ...outcomeOf(impression, stored, now) };
    });
  };
  const openedAt = runtime.now();

  return {
    list(stored, delivered, now) {
      const impressions = new Set([...view.values()].map(({ id }) => id));
      for (const { event } of [...(stored?.entries ?? []), ...(stored?.dead ?? [])])
        if (event && impressions.has(event.impressionId) && !heard.has(event.id))
          hear(event).isDurable = true;
      const known = [...heard.values()].map((each) => wayOf(each, stored, delivered, now));
      return [...known, ...earlier(stored, now)].sort((one, other) => other.at - one.at);
    },
    stop() {
      listening.abort();
      channel?.close();
      listeners.delete(listener);
    },
  };
};
