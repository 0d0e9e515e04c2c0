/**
 * Closing that no attribute marks: conventional close controls, Escape, backdrop, the browser's own close
 * requests. An act counts only if what holds the offer is really closed or gone soon after it.
 */
import type { Runtime, Stop } from '../../../runtime.js';
import { isShown } from '../../detect/exposure.js';
import { OFFER, type Placement, type Registry } from '../../detect/registry.js';
import type { Page } from '../../page.js';
import {
  acceptedBy,
  around,
  concerned,
  type DecisionListener,
  DISMISS,
  HOLDER,
  type IsConventional,
  type IsInSight,
  marking,
  matches,
  nearest,
  pathOf,
  within,
} from './controls.js';
import { targetOf } from './conventions.js';
import { type Act, actOutside, viewNow } from './pressing.js';
import { outward, type Roots } from './roots.js';
import { type Drawing, drawingOf, hasMoved, isInView, type Sight, scrolledOf } from './sight.js';

/** What closing looks like on this site. */
export interface ClosingOptions {
  /** CSS selector of controls that close what they stand in; in place of all common conventions. */
  readonly controls?: string;
  /** Names of close controls beside those that are known, in any case. */
  readonly labels?: readonly string[];
  /** Whether Escape closes dialogs and popovers here. @default true */
  readonly escape?: boolean;
}

/** A close later than this after an act is not its consequence. */
const CONSEQUENCE_MS = 1_000;
/** Who pressed a close control meant to close, however long the page takes. */
const LONGEST_CONSEQUENCE_MS = 3_000;

/** What libraries draw around what they show for a while. */
const TOAST = '[role=alert],[role=status],li';

/** What the browser shows until it is closed, though its end may be animated. */
const OPEN = ':is(dialog[open],:popover-open)';

/** Something that is closed or gone soon, if an act had its consequence. */
interface Awaited extends Act {
  /** The offers that it shows, and which offers all elements showed then. */
  readonly placements: readonly Placement[];
  readonly offers: ReadonlyMap<Element, string | null>;
  readonly wasInView: boolean;
  readonly wasOpen: boolean;
  /** How it was drawn then. */
  readonly drawing: Drawing;
  /** Of a control on an offer: what the offer lies in, and how far that was scrolled when the task was over. */
  scroll?: { readonly around: readonly Element[]; readonly by: number } | undefined;
  /** Whether it has begun to close. */
  hasBegun?: boolean | undefined;
  view?: string | undefined;
}

/** What an act is to each element that it may close. */
type Acts = Map<Element | null | undefined, Act | undefined>;

/** What closing works with. */
export interface ClosingContext {
  readonly registry: Registry;
  readonly roots: Roots;
  readonly page: Page;
  readonly runtime: Pick<Runtime, 'after'>;
  readonly isInSight: IsInSight;
  readonly sight: Sight;
  readonly isConventional: IsConventional;
  /** Whether Escape closes anything here. */
  readonly hasEscape: boolean;
}

/** Notices closing that no attribute marks. */
export interface Closing {
  /** Looks whether what acts concerned is gone by now, where an offer's element leaves. */
  check(element: Element): void;
  stop: Stop;
}

/** Starts listening. */
export const createClosing = (
  { registry, roots, page, runtime, isInSight, sight, isConventional, hasEscape }: ClosingContext,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): Closing => {
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
    !(registry.placements.has(element) ? sight.isDrawn : isShown)(element) ||
    matches(element, 'dialog:not([open])');

  const isVisible = ({ element }: Placement): boolean =>
    isInView(sight.boxesOf(element), document.documentElement);

  /** Whether another offer stands in its place. */
  const isReplaced = ({ element, offerId, isByHand }: Placement): boolean => {
    const shown = registry.placements.get(element);
    return isByHand ? !!shown && shown.offerId !== offerId : element.getAttribute(OFFER) !== offerId;
  };

  /** Which offers elements show now; some are not found yet. */
  const offersNow = (): Map<Element, string | null> => {
    const offers = new Map<Element, string | null>();
    for (const root of roots.all())
      for (const element of root.querySelectorAll(`[${OFFER}]`))
        offers.set(element, element.getAttribute(OFFER));
    for (const { element, offerId, isByHand } of registry.placements.values())
      if (isByHand) offers.set(element, offerId);
    return offers;
  };

  /** Whether it is closed by now; notes whether it has begun to be. */
  const isClosed = (element: Element, each: Awaited): boolean => {
    const drawing = drawingOf(element);
    const isElsewhere = hasMoved(drawing, each.drawing);
    // Moved out of the viewport by its own style, or folded to nothing.
    const isAway = isElsewhere && each.wasInView && !each.placements.some(isVisible);
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
      ? isReplaced(placement)
      : // The holder has come to rest, and its control still stands, so that it did not close a part of its own.
        isLate && !!control?.isConnected && (isGone(placement.element) || isReplaced(placement)));

  /**
   * @param isLate Whether the time of this one is over.
   * @param only Leaves out what does not concern this offer's element.
   */
  const check = (isLate: (each: Awaited) => boolean = () => false, only?: Element): void => {
    let now: ReadonlyMap<Element, string | null> | undefined;
    /** The page may have drawn the same offer anew, as many do when anything changes. */
    const isAnew = ({ offerId }: Placement, { offers }: Awaited): boolean => {
      now ??= offersNow();
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

  /** What has not begun to close will not close because of what was pressed before this. */
  const drop = (isDropped: (each: Awaited) => boolean = () => true): void => {
    check();
    for (const [element, each] of awaited) if (!each.hasBegun && isDropped(each)) awaited.delete(element);
  };

  /** Awaits the consequences of an act; of several that concern one element it is the last that counts. */
  const attend = (acts: Acts): void => {
    check();
    const own = new Map<Element, Awaited>();
    let offers: ReadonlyMap<Element, string | null> | undefined;
    for (const [element, act] of acts) {
      // Only what the user could see can be closed by the user.
      if (!act || !element || isGone(element)) continue;
      const placements = within(registry, element, isInSight);
      if (!placements[0]) continue;
      offers ??= offersNow();
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
        if (each.reason === 'control' && registry.placements.has(element)) {
          const chain = [...outward(element)];
          each.scroll = { around: chain, by: scrolledOf(chain) };
        }
      after(CONSEQUENCE_MS, () => {
        end(({ reason }) => reason !== 'control');
        after(LONGEST_CONSEQUENCE_MS - CONSEQUENCE_MS, () => end(() => true));
      });
    });
  };

  // Neither Escape nor a press elsewhere closes a manual popover: it is a toast, and hides itself.
  const holders = (): Element[] =>
    roots
      .all()
      .flatMap((root) => [...root.querySelectorAll(HOLDER)])
      .filter((holder) => !matches(holder, '[popover=manual]:not([role*=dialog])'));

  /** Which elements show the offers that a marked control is about. */
  const shown = (event: Event, marked: Element): Element[] => {
    const ids = new Set(concerned(registry, isInSight, event, marked, DISMISS).map(([offerId]) => offerId));
    return [...registry.placements.values()]
      .filter(({ offerId }) => ids.has(offerId))
      .map(({ element }) => element);
  };

  /** What a conventional control closes: what it stands in, stands beside, or names. */
  const closedBy = (event: Event, control: Element): Acts => {
    const act: Act = { reason: 'control' };
    const own = around(registry, control)[0]?.element;
    const { parentElement, previousElementSibling, nextElementSibling } = control;
    const beside = parentElement === document.body ? [] : [previousElementSibling, nextElementSibling];
    return new Map([
      ...[...beside.filter((sibling) => sibling && matches(sibling, HOLDER)), targetOf(control), own].map(
        (element) => [element, act] as const,
      ),
      // Toasts are mostly drawn around the offer that they are given.
      [nearest(event, TOAST), own ? act : { ...act, control }],
      [nearest(event, HOLDER), own ? act : { ...act, control }],
    ]);
  };

  /** The same act for a holder and for the offers that it lies in, which are gone if nothing else shows them. */
  const attendHolders = (holders: readonly Element[], actOn: (holder: Element) => Act | undefined): Acts => {
    const acts: Acts = new Map();
    for (const holder of holders) {
      const act = actOn(holder);
      for (const { element } of around(registry, holder)) acts.set(element, act);
      acts.set(holder, act);
    }
    return acts;
  };

  const onPress = (event: MouseEvent): void => {
    // Whatever closes from here on closes because the user accepted.
    if (acceptedBy(event, isConventional)) {
      drop();
      return;
    }
    // The page's own scripts could act as well as a user.
    if (!event.isTrusted) return;
    drop(({ reason }) => reason === 'control');
    const acts = attendHolders(holders(), (holder) => actOutside(holder, event));
    const marked = nearest(event, marking(DISMISS));
    const control = marked ?? pathOf(event).find(isConventional);
    // A press on a child of a disabled control is heard, too.
    if (control && !nearest(event, 'button:disabled,[aria-disabled=true]')) {
      // Some libraries close when the pointer is lifted, and then no click follows.
      if (marked) for (const element of shown(event, marked)) acts.set(element, { reason: 'control' });
      else for (const [element, act] of closedBy(event, control)) acts.set(element, act);
    }
    attend(acts);
  };

  /** The press became a scroll or another gesture of the browser's. */
  const onPressCancelled = (): void => {
    for (const [element, { reason }] of awaited) if (reason === 'backdrop') awaited.delete(element);
  };

  const onKey = (event: KeyboardEvent): void => {
    if (!event.isTrusted || event.isComposing) return;
    const [target] = pathOf(event);
    // A script that closes by a key may leave nothing for a click to hit.
    if (/^(?:Enter| )$/.test(event.key) && target && isConventional(target)) attend(closedBy(event, target));
    if (hasEscape && event.key === 'Escape')
      attend(attendHolders(holders(), () => ({ reason: 'escape', view: viewNow() })));
  };

  const onCancel = ({ target, isTrusted }: Event): void => {
    // Also the close request of a phone's back gesture, which comes without a key.
    const holder = target as Element;
    if (!isTrusted || holder.localName !== 'dialog' || awaited.has(holder)) return;
    // Under a script's own `requestClose()` this comes when the dialog is closed already.
    queueMicrotask(() => {
      if (matches(holder, '[open]')) attend(attendHolders([holder], () => ({ reason: 'dialog' })));
    });
  };

  roots.capture(['click', 'pointerdown'], onPress);
  roots.capture(['pointercancel'], onPressCancelled);
  roots.capture(['keydown'], onKey);
  roots.capture(['cancel'], onCancel);
  roots.capture(['submit'], (event) => acceptedBy(event, isConventional) && drop());
  roots.capture(['close', 'toggle', 'transitionrun', 'transitionend', 'animationstart', 'animationend'], () =>
    check(),
  );
  page.listen((change) => change === 'visible' || check());
  return {
    check: (element) => check(undefined, element),
    stop() {
      for (const stop of timers) stop();
      awaited.clear();
    },
  };
};
