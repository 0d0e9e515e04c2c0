/**
 * What acts lead to: whether an element that an act may have closed really is closed or gone soon after it. Knows elements
 * and time; which acts there are is closing.ts.
 */
import type { Runtime, Stop } from '../../../runtime.js';
import { isShown } from '../../detect/exposure.js';
import type { Placement } from '../../detect/placement.js';
import { OFFER, offerIdOf, type Registry, type SearchRoot } from '../../detect/registry.js';
import { type DecisionListener, type IsInSight, type KnownRegistry, matches, within } from './controls.js';
import { type Act, viewNow } from './pressing.js';
import { outward, type Roots } from './roots.js';
import { type Drawing, drawingOf, hasMoved, isInView, type Sight, scrolledOf } from './sight.js';

/** A close later than this after an act is not its consequence. */
const CONSEQUENCE_MS = 1_000;
/** Who pressed a close control meant to close, however long the page takes. */
const LONGEST_CONSEQUENCE_MS = 3_000;

/** What the browser shows until it is closed, though its end may be animated. */
const OPEN = ':is(dialog[open],:popover-open)';

/** Something that is closed or gone soon, if an act had its consequence. */
interface Awaited extends Act {
  /** The offers that it shows, and which offers all elements showed then. */
  readonly placements: readonly Placement[];
  readonly offers: ReadonlyMap<Element, string | undefined>;
  readonly wasInView: boolean;
  readonly wasOpen: boolean;
  /** How it was drawn then. */
  readonly drawing: Drawing;
  /** For a control on an offer: the element around the offer, and how far that was scrolled when the task was over. */
  scroll?: { readonly around: readonly Element[]; readonly by: number } | undefined;
  /** Whether it has begun to close. */
  hasBegun?: boolean | undefined;
  view?: string | undefined;
}

/** What an act is to each element that it may close. */
export type Acts = Map<Element | null | undefined, Act | undefined>;

/** What they are looked for with. */
export interface ConsequencesContext {
  readonly registry: KnownRegistry;
  readonly roots: Pick<Roots, 'all'>;
  readonly runtime: Pick<Runtime, 'after'>;
  readonly isInSight: IsInSight;
  readonly sight: Sight;
}

/** What was done, and has not had its consequence yet. */
export interface Consequences {
  /** Awaits those of an act; of several that concern one element it is the last that counts. */
  attend(acts: Acts): void;
  /** Whether something is awaited of an element. */
  isAwaited(element: Element): boolean;
  /**
   * Looks whether what acts concerned is gone by now.
   * @param only Leaves out what does not concern this offer's element.
   */
  check(only?: Element): void;
  /** What has not begun to close will not close because of what was done before this. */
  drop(isDropped?: (act: Act) => boolean): void;
  stop: Stop;
}

/** Whether another offer has taken its place. */
const isReplaced = ({ placements }: Registry, { element, offerId, isByHand }: Placement): boolean => {
  const shown = placements.get(element);
  return isByHand ? !!shown && shown.offerId !== offerId : offerIdOf(element) !== offerId;
};

/** Which offers elements show; what trees have is known only now, and some of it is not found yet. */
const offersNow = (
  { placements }: Registry,
  trees: readonly SearchRoot[],
): Map<Element, string | undefined> => {
  const offers = new Map<Element, string | undefined>();
  for (const tree of trees)
    for (const element of tree.querySelectorAll(`[${OFFER}]`)) offers.set(element, offerIdOf(element));
  for (const { element, offerId } of placements.filter(({ isByHand }) => isByHand || !trees[0]))
    offers.set(element, offerId);
  return offers;
};

/** What is around an element, and how far it is scrolled now. */
const scrollOf = (element: Element): Awaited['scroll'] => {
  const around = [...outward(element)];
  return { around, by: scrolledOf(around) };
};

/** Makes what looks for them. */
export const createConsequences = (
  { registry, roots, runtime, isInSight, sight }: ConsequencesContext,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): Consequences => {
  const awaited = new Map<Element, Awaited>();
  const timers = new Set<Stop>();

  const after = (delayMs: number, act: () => void): void => {
    const stop = runtime.after(delayMs, () => {
      timers.delete(stop);
      act();
    });
    timers.add(stop);
  };

  // A holder has a box of its own; an offer may be drawn by its children.
  const isGone = (element: Element): boolean =>
    !(registry.placements.get(element) ? sight.isDrawn : isShown)(element) ||
    matches(element, 'dialog:not([open])');

  const isVisible = ({ element }: Placement): boolean =>
    isInView(sight.boxesOf(element), document.documentElement);

  /** Whether it is closed by now; notes whether it has begun to be. */
  const isClosed = (element: Element, each: Awaited): boolean => {
    const drawing = drawingOf(element);
    const isElsewhere = hasMoved(drawing, each.drawing);
    // Moved out of the viewport by its own style, or folded to nothing.
    const isAway =
      isElsewhere &&
      each.wasInView &&
      !each.placements.some(isVisible) &&
      // A sheet that was dragged down to its handle may be pulled up again.
      (each.reason !== 'swipe' || !isInView([element], document.documentElement));
    const isOver = isGone(element) || (each.wasOpen && !matches(element, OPEN)) || isAway;
    each.hasBegun ||=
      isOver ||
      isElsewhere ||
      drawing.opacity < each.drawing.opacity ||
      drawing.animations > each.drawing.animations;
    return isOver;
  };

  /** Whether a control closed an offer, though what holds it stands. */
  const hasLeft = (
    element: Element,
    placement: Placement,
    { reason, control }: Awaited,
    isLate: boolean,
  ): boolean =>
    reason === 'control' &&
    (placement.element === element
      ? isReplaced(registry, placement)
      : // The holder has come to rest, and its control still stands, so that it did not close a part of its own.
        isLate && !!control?.isConnected && (isGone(placement.element) || isReplaced(registry, placement)));

  /**
   * @param isLate Whether the time of this one is over.
   * @param only Leaves out what does not concern this offer's element.
   */
  const check = (isLate: (each: Awaited) => boolean = () => false, only?: Element): void => {
    // An acceptance may follow, so nothing is decided before all early acts were heard.
    if (registry.early) {
      for (const each of awaited.values())
        each.hasBegun ||= !each.placements.some(({ element }) => registry.placements.get(element));
      return;
    }
    let now: ReadonlyMap<Element, string | undefined> | undefined;
    /** The page may have rendered the same offer again, as many do when anything changes. */
    const isAnew = ({ offerId }: Placement, { offers }: Awaited): boolean => {
      now ??= offersNow(registry, roots.all());
      for (const [element, id] of now)
        if (id === offerId && offers.get(element) !== offerId && sight.isDrawn(element)) return true;
      return false;
    };
    for (const [element, each] of awaited) {
      const { reason, view, placements, hasBegun, scroll } = each;
      if (only && !placements.some((placement) => placement.element === only)) continue;
      const isOver = isClosed(element, each);
      const isEnd = isLate(each);
      const isMeant = reason === 'control' && hasBegun;
      // What shows offers row by row takes rows away that are scrolled away, or gives them to the next offer.
      const isScrolled = scroll && !isMeant && scrolledOf(scroll.around) !== scroll.by;
      if (isOver || isEnd || isScrolled) awaited.delete(element);
      // The press led to another view, which has no place for it.
      if (isScrolled || (view && view !== viewNow() && !isMeant)) continue;
      for (const placement of placements)
        if ((isOver || hasLeft(element, placement, each, isEnd)) && !isAnew(placement, each))
          onDismiss(placement.offerId, reason, placement);
    }
  };

  const drop = (isDropped: (each: Awaited) => boolean = () => true): void => {
    check();
    for (const [element, each] of awaited)
      if ((!each.hasBegun || each.reason === 'swipe') && isDropped(each)) awaited.delete(element);
  };

  const attend = (acts: Acts): void => {
    check();
    const own = new Map<Element, Awaited>();
    let offers: ReadonlyMap<Element, string | undefined> | undefined;
    for (const [element, act] of acts) {
      // Only what the user could see can be closed by the user.
      if (!act || !element || (!registry.early && isGone(element))) continue;
      const placements = within(registry, element, isInSight);
      if (!placements[0]) continue;
      // What the page rendered again since then is new.
      offers ??= offersNow(registry, registry.early ? [] : roots.all());
      own.set(element, {
        ...act,
        placements,
        offers,
        wasInView: placements.some(isVisible),
        wasOpen: matches(element, OPEN),
        drawing: drawingOf(element),
      });
    }
    if (!own.size) return;
    for (const [element, each] of own) awaited.set(element, each);
    const end = (isOver: (each: Awaited) => boolean): void => {
      check((each) => [...own.values()].includes(each) && isOver(each));
      // It may take its time, but another view from here on is not what was asked for.
      for (const each of own.values()) each.view ??= viewNow();
    };
    // The page's own handlers run after us; what they remove at once is gone when the task is over.
    after(0, () => {
      check();
      for (const [element, each] of own)
        if (each.reason === 'control' && registry.placements.get(element)) each.scroll = scrollOf(element);
      after(CONSEQUENCE_MS, () => {
        end(({ reason }) => reason !== 'control');
        after(LONGEST_CONSEQUENCE_MS - CONSEQUENCE_MS, () => end(() => true));
      });
    });
  };

  return {
    attend,
    isAwaited: (element) => awaited.has(element),
    check: (only) => check(undefined, only),
    drop,
    stop() {
      for (const stop of timers) stop();
      awaited.clear();
    },
  };
};
