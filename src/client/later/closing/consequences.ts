/**
 * What acts lead to: whether the offers that an act may have closed are gone soon after it, and stay so. Knows elements
 * and time; which acts there are is closing.ts.
 */
import type { Runtime, Stop } from '../../../runtime.js';
import { isShown } from '../../detect/exposure.js';
import type { Placement } from '../../detect/placement.js';
import { offerIdOf, type Registry } from '../../detect/registry.js';
import {
  type Before,
  BUTTON,
  beforeNow,
  dialogsIn,
  HOLDER,
  isVisible,
  type KnownRegistry,
  offersIn,
  type Shown,
  shownNow,
  viewNow,
} from '../detect/before.js';
import {
  type DecisionListener,
  type IsConventional,
  type IsInSight,
  matches,
  within,
} from '../detect/controls.js';
import { holds, outward, type Roots } from '../detect/roots.js';
import {
  clippersOf,
  type Drawing,
  drawingOf,
  hasMoved,
  isInView,
  type Sight,
  scrolledOf,
} from '../detect/sight.js';
import type { Act } from './pressing.js';

/** A close later than this after an act is not its consequence. */
const CONSEQUENCE_MS = 1_000;
/** Who pressed a close control meant to close, however long the page takes. */
const LONGEST_CONSEQUENCE_MS = 3_000;
/** What the handlers of an act do by themselves is done by then, also if a framework draws it. */
const PROMPT_MS = 100;
/** What is away for less may be drawn again: pages show skeletons, or nothing, while they load. */
const SETTLE_MS = 1_000;
/** Who is asked whether that is meant may think so long, seconds. */
const ASKED_S = 60;
/** Offers that the page changed by itself so shortly before an act go on changing. */
const RESTLESS_MS = 10_000;

/** What the browser shows until it is closed, though its end may be animated. */
const OPEN = ':is(dialog[open],:popover-open)';

/** What an act may close, and what it took away has not come back yet. */
interface Concerned extends Shown {
  /** Since when it is gone, on the monotonic clock. */
  goneAt?: number;
  /** The offer that took its place first. */
  next?: string | undefined;
}

/** Something that is closed or gone soon, if an act had its consequence. */
interface Awaited extends Act {
  /** The offers that it shows. */
  readonly shown: Concerned[];
  readonly before: Before;
  readonly wasOpen: boolean;
  /** Where in it the control is, as the places of children. */
  readonly path: readonly number[];
  /** Whether the page changed its offers by itself before. */
  readonly isRestless: boolean;
  /** When the act was over, on the monotonic clock. */
  since: number;
  /** How far what is around was scrolled then. */
  scrolled?: readonly (readonly [box: Element, by: number])[];
  /** Whether something around was scrolled before it had begun to close. */
  wasScrolled?: boolean;
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
  readonly runtime: Pick<Runtime, 'after' | 'elapsed'>;
  readonly isInSight: IsInSight;
  readonly isConventional: IsConventional;
  readonly sight: Sight;
  /** Called as soon as an act seems to have closed an offer. */
  readonly onGone?: (placement: Placement) => void;
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
  /**
   * What is gone will not come back: the page is left.
   * @param offerId Only what showed this offer, since the page itself says that it is closed.
   */
  conclude(offerId?: string): void;
  /**
   * What has not begun to close will not close because of what was done before this.
   * @param pressed What was pressed. The answer to what a close control asks drops nothing.
   */
  drop(isDropped?: (act: Act) => boolean, pressed?: Element): void;
  stop: Stop;
}

/** Whether a box is fading, folding or moving away, or begins to. */
const isLeaving = (now: Drawing, before: Drawing): boolean =>
  hasMoved(now, before) || now.opacity < before.opacity || now.animations > before.animations;

/** Whether another offer has taken its place in its element. */
const isReplaced = ({ placements }: Registry, { element, offerId, isByHand }: Placement): boolean => {
  const shown = placements.get(element);
  return isByHand ? !!shown && shown.offerId !== offerId : offerIdOf(element) !== offerId;
};

/** A form's fields hide its own properties behind their names. */
const childrenOf = (element: Element): Element[] => [
  ...Reflect.get<Element, 'children'>(Element.prototype, 'children', element),
];

/** The places of children that lead from a box to what is in it. */
const pathTo = (box: Element, inside: Element | undefined): number[] => {
  const path: number[] = [];
  for (let at = inside; at && at !== box; at = at.parentElement ?? undefined)
    path.unshift(at.parentElement ? childrenOf(at.parentElement).indexOf(at) : 0);
  return path;
};

/** Its text, without what only sets it apart. */
export const textOf = (element: Element): string => element.textContent.replace(/\s+/g, '');

const overlaps = (one: DOMRect, other: DOMRect): boolean =>
  Math.min(one.right, other.right) > Math.max(one.left, other.left) &&
  Math.min(one.bottom, other.bottom) > Math.max(one.top, other.top);

/** Makes what looks for them. */
export const createConsequences = (
  { registry, roots, runtime, isInSight, isConventional, sight, onGone }: ConsequencesContext,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): Consequences => {
  const awaited = new Map<Element, Awaited>();
  const timers = new Set<Stop>();
  /** When an offer left without an act. */
  let restlessAt = -RESTLESS_MS;

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

  /** What asks whether the act is meant: a dialog that came after it, and shows no offer. */
  const askerOf = ({ reason, before: { known } }: Awaited): Element | undefined =>
    reason === 'control'
      ? dialogsIn(roots.all()).find((each) => !known.has(each) && !within(registry, each, isInSight)[0])
      : undefined;

  /** Whether the offers gave way to a question in their own dialog. */
  const asksInside = (element: Element, { reason, shown, before: { known } }: Awaited): boolean =>
    reason === 'control' &&
    shown.some(({ goneAt }) => goneAt !== undefined) &&
    [...element.querySelectorAll(BUTTON)].some((each) => !known.has(each) && isShown(each));

  /** Whether a box that was moved or folded took an offer out of sight. */
  const hasTaken = (
    box: Element,
    now: Drawing,
    before: Drawing,
    { element }: Placement,
    { reason }: Act,
  ): boolean =>
    hasMoved(now, before)
      ? !isInView([box], document.documentElement) ||
        // A track that moves on in a frame shows other things there. A sheet that was dragged down to its handle may be
        // pulled up again.
        (reason !== 'swipe' && !!clippersOf(box, document.documentElement).next().done)
      : // Folded to what is left of it, as a bar that keeps its title.
        now.area < before.area &&
        getComputedStyle(box).overflow !== 'visible' &&
        !sight
          .boxesOf(element)
          .some((each) => overlaps(each.getBoundingClientRect(), box.getBoundingClientRect()));

  /**
   * How an offer is gone that an element showed: with all of that element, or only a part of it; nothing, if it shows.
   * Notes whether that has begun.
   */
  const look = (
    element: Element,
    each: Awaited,
    { placement, around, wasInView }: Concerned,
  ): 'all' | 'part' | undefined => {
    const isHidden = isGone(placement.element);
    const isAway = wasInView && !each.wasScrolled && !isVisible(placement, sight);
    /** The outermost box that left. */
    let left: Element | undefined;
    for (const [box, before] of around) {
      const now = drawingOf(box);
      each.hasBegun ||= !each.wasScrolled && isLeaving(now, before);
      if (
        (isHidden && !isShown(box)) ||
        matches(box, 'dialog:not([open])') ||
        (box === element && each.wasOpen && !matches(box, OPEN)) ||
        (isAway && hasTaken(box, now, before, placement, each))
      )
        left = box;
    }
    // What an early act took away is not in what it was in any more.
    if (!left && (isHidden || isGone(element))) left = placement.element;
    each.hasBegun ||= !!left;
    if (!left)
      return isReplaced(registry, placement) ? (placement.element === element ? 'all' : 'part') : undefined;
    return holds(left, element) ||
      isGone(element) ||
      // The panel of a dialog that stays in the page.
      (matches(element, HOLDER) && textOf(element) === (holds(element, left) ? textOf(left) : ''))
      ? 'all'
      : 'part';
  };

  /** Whether the control is one of what holds the offer, and still there or drawn again in its place. */
  const stands = (element: Element, { control, path }: Awaited): boolean => {
    let at: Element | undefined = element;
    if (control?.isConnected) return isShown(control);
    for (const place of path) at = at && childrenOf(at)[place];
    return !!control && !!at && isConventional(at);
  };

  /** The offer that took the place of another one, and was not drawn before. */
  const nextOf = ({ before: { drawn } }: Awaited, { placement, box }: Concerned): Placement | undefined =>
    registry.placements.filter(
      (each) =>
        each.offerId !== placement.offerId &&
        !drawn.has(each.offerId) &&
        !isGone(each.element) &&
        isVisible(each, sight) &&
        sight.boxesOf(each.element).some((its) => box && overlaps(its.getBoundingClientRect(), box)),
    )[0];

  /** Whether an act closed an offer that is gone; undefined as long as that cannot be known. */
  const judge = (
    element: Element,
    each: Awaited,
    shown: Concerned,
    how: 'all' | 'part',
  ): boolean | undefined => {
    const { since, reason, before, isRestless } = each;
    const goneAt = shown.goneAt ?? 0;
    const next = nextOf(each, shown);
    const isPrompt = goneAt - since <= PROMPT_MS;
    const isLate = runtime.elapsed() - since >= LONGEST_CONSEQUENCE_MS;
    // A cross of one part of a holder leaves the rest of it.
    if (how === 'part' && (reason !== 'control' || each.wasScrolled)) return false;
    if (how === 'part' && !next && asksInside(element, each)) return undefined;
    if (next) {
      shown.next ??= next.offerId;
      // Offers that rotate show one that was there, hidden, or go on rotating.
      if (
        !isPrompt &&
        (isRestless ||
          goneAt - since > CONSEQUENCE_MS ||
          before.offers.has(next.element) ||
          shown.next !== next.offerId)
      )
        return false;
    }
    // What may come of its own accord takes its time, and so does what loads.
    if ((next ? !isPrompt : how === 'part') && !isLate) return undefined;
    return how === 'all' || stands(element, each);
  };

  /**
   * @param isLate Whether the time of this one is over.
   * @param only Leaves out what does not concern this offer's element.
   * @param isLast Whether an offer that is gone cannot come back any more.
   */
  const check = (
    isLate: (each: Awaited) => boolean = () => false,
    only?: Element,
    isLast: (offerId: string) => boolean = () => false,
  ): void => {
    // An acceptance may follow, so nothing is decided before all early acts were heard.
    if (registry.early) {
      const { before, placements } = registry.early;
      for (const each of awaited.values())
        each.hasBegun ||= each.shown.every(({ placement, around }) => {
          const now = new Map(before?.shown.get(placement)?.around);
          return (
            !placements.includes(placement) ||
            around.some(([box, drawing]) => isLeaving(now.get(box) ?? drawing, drawing))
          );
        });
      return;
    }
    let now: ReadonlyMap<Element, string | undefined> | undefined;
    /** The page may have rendered the same offer again, as many do when anything changes. */
    const isAnew = ({ offerId }: Placement, { before: { offers } }: Awaited): boolean => {
      now ??= offersIn(registry, roots.all());
      for (const [element, id] of now)
        if (id === offerId && offers.get(element) !== offerId && sight.isDrawn(element)) return true;
      return false;
    };
    const at = runtime.elapsed();
    for (const [element, each] of awaited) {
      const { reason, row, shown } = each;
      if (only && !shown.some(({ placement }) => placement.element === only)) continue;
      const hadBegun = each.hasBegun;
      // What is hidden forgets how far it was scrolled.
      each.wasScrolled ||=
        !hadBegun && !!each.scrolled?.some(([box, by]) => isShown(box) && scrolledOf(box) !== by);
      /** Those of which nothing is known yet. */
      const open = shown.filter((one) => {
        const { placement, goneAt } = one;
        const how = look(element, each, one);
        // What is drawn again was not closed.
        if (!how) return goneAt === undefined;
        if (isAnew(placement, each)) return false;
        if (goneAt === undefined) {
          // The press led to another view, which has no place for it.
          if (each.view && each.view !== viewNow() && !(reason === 'control' && hadBegun)) return false;
          // What shows offers row by row takes rows away that are scrolled away, or gives them to the next offer.
          if (placement.element === element && each.wasScrolled) return false;
          one.goneAt = at;
          onGone?.(placement);
          after(SETTLE_MS, () => check());
        }
        const isClosed = judge(element, each, one, how);
        if (
          isClosed === undefined ||
          (isClosed && !isLast(placement.offerId) && at - (one.goneAt ?? at) < SETTLE_MS)
        )
          return true;
        if (isClosed) onDismiss(placement.offerId, reason, placement);
        return false;
      });
      const isPending = open.some(({ goneAt }) => goneAt !== undefined);
      // A control in a box of its own, which left without the offer, closed that.
      const isOwn = row && !hadBegun && !isPending && !isShown(row);
      shown.splice(0, shown.length, ...open);
      if (!open[0] || isOwn || (isLate(each) && !isPending)) awaited.delete(element);
    }
  };

  const conclude: Consequences['conclude'] = (only) =>
    check(undefined, undefined, (offerId) => !only || offerId === only);

  const drop: Consequences['drop'] = (isDropped = () => true, pressed) => {
    check();
    for (const [element, each] of awaited) {
      const isPending = each.shown.some(({ goneAt }) => goneAt !== undefined);
      if (isPending || (each.hasBegun && each.reason !== 'swipe') || !isDropped(each)) continue;
      const asker = pressed && askerOf(each);
      if (!asker || !holds(asker, pressed)) awaited.delete(element);
    }
  };

  const attend = (acts: Acts): void => {
    check();
    const own = new Map<Element, Awaited>();
    let before = registry.early?.before;
    for (const [element, act] of acts) {
      // Only what the user could see can be closed by the user.
      if (!act || !element || (!registry.early && isGone(element))) continue;
      const placements = within(registry, element, isInSight);
      if (!placements[0]) continue;
      before ??= beforeNow(registry, roots, sight);
      const { shown } = before;
      own.set(element, {
        ...act,
        shown: placements.map((placement) => ({ ...(shown.get(placement) ?? shownNow(placement, sight)) })),
        before,
        wasOpen: matches(element, OPEN),
        path: pathTo(element, act.control),
        isRestless: runtime.elapsed() - restlessAt < RESTLESS_MS,
        since: runtime.elapsed(),
      });
    }
    if (!own.size) return;
    for (const [element, each] of own) awaited.set(element, each);
    const isAwaitedStill = ([element, each]: [Element, Awaited]): boolean => awaited.get(element) === each;
    const end = (isOver: (each: Awaited) => boolean): void => {
      check((each) => [...own.values()].includes(each) && isOver(each));
      // It may take its time, but another view from here on is not what was asked for.
      for (const each of own.values()) each.view ??= viewNow();
    };
    /** Who is asked has time, and so has what follows the answer. */
    const finish = (seconds: number, wasAsked?: boolean): void => {
      check();
      const isAsked =
        seconds > 0 &&
        [...own].filter(isAwaitedStill).some(([element, each]) => askerOf(each) || asksInside(element, each));
      if (isAsked) after(1_000, () => finish(seconds - 1, true));
      else if (wasAsked) after(LONGEST_CONSEQUENCE_MS, () => finish(0));
      else end(() => true);
    };
    // The page's own handlers run after us; what they remove at once is gone when the task is over.
    after(0, () => {
      check();
      for (const each of own.values()) {
        each.since = runtime.elapsed();
        each.scrolled = each.shown
          .flatMap(({ placement }) => [...outward(placement.element)])
          .map((box) => [box, scrolledOf(box)]);
      }
      after(PROMPT_MS, () => check());
      after(CONSEQUENCE_MS, () => {
        end(({ reason }) => reason !== 'control');
        after(LONGEST_CONSEQUENCE_MS - CONSEQUENCE_MS, () => finish(ASKED_S));
      });
    });
  };

  return {
    attend,
    isAwaited: (element) => awaited.has(element),
    check(only) {
      if (
        only &&
        ![...awaited.values()].some(({ shown }) => shown.some(({ placement }) => placement.element === only))
      )
        restlessAt = runtime.elapsed();
      check(undefined, only);
    },
    conclude,
    drop,
    stop() {
      conclude();
      for (const stop of timers) stop();
      awaited.clear();
    },
  };
};
