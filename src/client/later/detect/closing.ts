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
  nearest,
  pathOf,
  within,
} from './controls.js';
import { type Act, actOutside, viewNow } from './pressing.js';
import type { Roots } from './roots.js';
import { type Drawing, drawingOf, isInView, type Sight } from './sight.js';

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

/** What the browser shows until it is closed, though its end may be animated. */
const OPEN = ':is(dialog[open],:popover-open)';

/** Something that is closed or gone soon, if an act had its consequence. */
interface Awaited extends Act {
  /** The offers that it shows, and all elements that show one of them. */
  readonly placements: readonly Placement[];
  readonly elements: ReadonlySet<Element>;
  /** Those of which something was in view, by geometry too. */
  readonly inView: readonly Placement[];
  readonly wasOpen: boolean;
  /** How it was drawn then. */
  readonly drawing: Drawing;
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
  /** Looks whether what acts concerned is gone by now. */
  check(): void;
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
    element.matches('dialog:not([open])');

  const isVisible = ({ element }: Placement): boolean =>
    isInView(sight.boxesOf(element), document.documentElement);

  /** Whether another offer stands in its place. */
  const isReplaced = ({ element, offerId, isByHand }: Placement): boolean => {
    const shown = registry.placements.get(element);
    return shown ? shown.offerId !== offerId : !isByHand && element.getAttribute(OFFER) !== offerId;
  };

  /** Whether the page drew the same offer anew, as many do when anything changes. */
  const isAnew = ({ offerId }: Placement, { elements }: Awaited): boolean =>
    // Some are not found yet.
    [
      ...registry.placements.keys(),
      ...roots.all().flatMap((root) => [...root.querySelectorAll(`[${OFFER}]`)]),
    ].some(
      (element) =>
        (registry.placements.get(element)?.offerId ?? element.getAttribute(OFFER)) === offerId &&
        !elements.has(element) &&
        sight.isDrawn(element),
    );

  const check = (): void => {
    for (const [element, each] of awaited) {
      const { reason, view, placements, inView, wasOpen, drawing, hasBegun } = each;
      const now = drawingOf(element);
      // Moved out of the viewport, or folded to nothing, and not by scrolling.
      const isAway = inView[0] && now.scrolled === drawing.scrolled && !inView.some(isVisible);
      const isClosed = isGone(element) || (wasOpen && !element.matches(OPEN)) || isAway;
      each.hasBegun ||= isClosed || now.look !== drawing.look;
      if (isClosed) awaited.delete(element);
      // The press led to another view, which has no place for it.
      if (view && view !== viewNow() && !(reason === 'control' && hasBegun)) continue;
      for (const placement of placements)
        if (
          (isClosed || (reason === 'control' && (isGone(placement.element) || isReplaced(placement)))) &&
          !isAnew(placement, each)
        )
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
    for (const [element, act] of acts) {
      // Only what the user could see can be closed by the user.
      if (!act || !element || isGone(element)) continue;
      const placements = within(registry, element, isInSight);
      const ids = new Set(placements.map(({ offerId }) => offerId));
      if (placements.length)
        own.set(element, {
          ...act,
          placements,
          elements: new Set(
            [...registry.placements.values()]
              .filter(({ offerId }) => ids.has(offerId))
              .map((each) => each.element),
          ),
          inView: placements.filter(isVisible),
          wasOpen: element.matches(OPEN),
          drawing: drawingOf(element),
        });
    }
    if (!own.size) return;
    for (const [element, each] of own) awaited.set(element, each);
    /** The time of some is over. */
    const end = (isOver: (each: Awaited) => boolean): void => {
      check();
      for (const [element, each] of own)
        if (awaited.get(element) === each) {
          if (isOver(each)) awaited.delete(element);
          // It may take its time, but another view from here on is not what was asked for.
          else each.view ??= viewNow();
        }
    };
    // The page's own handlers run after us; what they remove at once is gone when the task is over.
    after(0, () => {
      check();
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
      .filter((holder) => !holder.matches('[popover=manual]:not([role*=dialog])'));

  /** Which elements show the offers that a marked control is about. */
  const shown = (event: Event, marked: Element): Element[] => {
    const ids = new Set(concerned(registry, isInSight, event, marked, DISMISS).map(([offerId]) => offerId));
    return [...registry.placements.values()]
      .filter(({ offerId }) => ids.has(offerId))
      .map(({ element }) => element);
  };

  /** What a conventional control closes: what it stands in, stands beside, or names. */
  const closedBy = (event: Event, control: Element): (Element | null | undefined)[] => {
    const named = control.getAttribute('commandfor') ?? control.getAttribute('popovertarget');
    return [
      around(registry, control)[0]?.element,
      nearest(event, HOLDER),
      ...[...(control.parentElement?.children ?? [])].filter((sibling) => sibling.matches(HOLDER)),
      named ? (control.getRootNode() as Document).getElementById(named) : undefined,
    ];
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
    if (control && !nearest(event, 'button:disabled')) {
      // Some libraries close when the pointer is lifted, and then no click follows.
      for (const element of marked ? shown(event, marked) : closedBy(event, control))
        acts.set(element, { reason: 'control' });
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
    if (/^(?:Enter| )$/.test(event.key) && target && isConventional(target))
      attend(new Map(closedBy(event, target).map((element) => [element, { reason: 'control' }])));
    if (hasEscape && event.key === 'Escape')
      attend(attendHolders(holders(), () => ({ reason: 'escape', view: viewNow() })));
  };

  const onCancel = ({ target, isTrusted }: Event): void => {
    // Also the close request of a phone's back gesture, which comes without a key.
    const holder = target as Element;
    if (!isTrusted || holder.localName !== 'dialog' || awaited.has(holder)) return;
    // Under a script's own `requestClose()` this comes when the dialog is closed already.
    queueMicrotask(() => {
      if (holder.matches('[open]')) attend(attendHolders([holder], () => ({ reason: 'dialog' })));
    });
  };

  roots.capture(['click', 'pointerdown'], onPress);
  roots.capture(['pointercancel'], onPressCancelled);
  roots.capture(['keydown'], onKey);
  roots.capture(['cancel'], onCancel);
  roots.capture(['submit'], (event) => acceptedBy(event, isConventional) && drop());
  roots.capture(
    ['close', 'toggle', 'transitionrun', 'transitionend', 'animationstart', 'animationend'],
    check,
  );
  page.listen((change) => change === 'visible' || check());
  return {
    check,
    stop() {
      for (const stop of timers) stop();
      awaited.clear();
    },
  };
};
