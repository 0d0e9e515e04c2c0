/**
 * Closing that no attribute marks: conventional close controls, Escape, backdrop, the browser's own close
 * requests. Each is an act, which counts only if what holds the offer is really closed then: consequences.ts.
 */
import type { Page } from '../../page.js';
import { HOLDER, MODAL, viewNow } from '../detect/before.js';
import {
  acceptedBy,
  around,
  concerned,
  type DecisionListener,
  DISMISS,
  type IsConventional,
  marking,
  matches,
  nearest,
  pathOf,
} from '../detect/controls.js';
import { holds, outward, type Roots } from '../detect/roots.js';
import { type Drawing, drawingOf, hasMoved, isPage } from '../detect/sight.js';
import {
  type Acts,
  type Consequences,
  type ConsequencesContext,
  createConsequences,
  textOf,
} from './consequences.js';
import { targetOf } from './conventions.js';
import { type Act, actOutside, isOnScrollbar } from './pressing.js';

/** What closing looks like on this site. */
export interface ClosingOptions {
  /**
   * CSS selector of controls that close the box around them. It replaces all common conventions.
   * @default the conventions: marks of common libraries, names of close controls, and classes of those without a name
   * @range a valid CSS selector
   * @example `'.promo-close'`
   */
  readonly controls?: string;
  /**
   * Names of close controls beside those that are known, in any case.
   * @default []
   * @range a list of texts
   * @example `['Nicht jetzt', 'Später']`
   */
  readonly labels?: readonly string[];
  /**
   * Whether Escape closes dialogs and popovers here.
   * @default true
   * @range `true` or `false`
   * @example `false`
   */
  readonly escape?: boolean;
}

/** What libraries draw around what they show for a while. */
const TOAST = '[role=alert],[role=status],li';

/** Rows of lists and tables. */
const ROW = 'li,tr,[role=listitem],[role=row],[role=option]';
/** What a user types in. */
const FIELD =
  'input:not([type=button],[type=submit],[type=reset],[type=checkbox],[type=radio],[type=hidden]),textarea,[contenteditable]';

/** A pointer that moves less than this meant to press, CSS px. */
const DRAG_PX = 10;

/** Where a press began. */
interface Grabbed {
  readonly x: number;
  readonly y: number;
  readonly pressed: Element | undefined;
  readonly drawings: readonly (readonly [holder: Element, drawing: Drawing])[];
}

const grab = (event: MouseEvent, holders: readonly Element[]): Grabbed => {
  const [target] = pathOf(event);
  return {
    x: event.clientX,
    y: event.clientY,
    pressed: nearest(event, 'a,button,input,label,summary,[role]:not([role*=dialog])'),
    drawings: holders
      .filter((holder) => target && holds(holder, target))
      .map((holder) => [holder, drawingOf(holder)]),
  };
};

const isHolder = (element: Element | null): boolean => !!element && matches(element, HOLDER);

/** What closing works with. */
export interface ClosingContext extends ConsequencesContext {
  readonly roots: Roots;
  readonly page: Page;
  readonly isConventional: IsConventional;
  /** Whether Escape closes anything here. */
  readonly hasEscape: boolean;
}

/** Notices closing that no attribute marks. */
export type Closing = Pick<Consequences, 'check' | 'conclude' | 'stop'>;

/** Starts listening. */
export const createClosing = (
  context: ClosingContext,
  decisions: Pick<DecisionListener, 'onDismiss'>,
): Closing => {
  const { registry, roots, page, isInSight, isConventional, hasEscape } = context;
  const consequences = createConsequences(context, decisions);
  const { attend, check, conclude, drop } = consequences;

  // Neither Escape nor a press elsewhere closes a manual popover: it is a toast, and hides itself.
  const holders = (): Element[] =>
    (registry.early
      ? [...(registry.early.before?.known ?? [])]
      : roots.all().flatMap((root) => [...root.querySelectorAll(HOLDER)])
    ).filter((each) => matches(each, HOLDER) && !matches(each, '[popover=manual]:not([role*=dialog])'));

  const isModal = (holder: Element): boolean =>
    registry.early ? !!registry.early.before?.modal.has(holder) : matches(holder, MODAL);
  const view = (): string => registry.early?.before?.view ?? viewNow();

  /** Which elements show the offers that a marked control is about. */
  const shown = (event: Event, marked: Element): Element[] => {
    const ids = new Set(
      concerned({ registry, isInSight }, event, marked, DISMISS).map(([offerId]) => offerId),
    );
    return registry.placements.filter(({ offerId }) => ids.has(offerId)).map(({ element }) => element);
  };

  /** The innermost box around a control that holds something else, if it holds no offer. */
  const rowOf = (control: Element): Element | undefined => {
    for (const at of outward(control)) {
      if (isPage(at) || registry.placements.filter(({ element }) => holds(at, element))[0]) return undefined;
      if (textOf(at) !== textOf(control) || at.querySelector(FIELD)) return at;
    }
    return undefined;
  };

  /** Whether a row is one of several, of which each has such a control. */
  const isListed = (row: Element, control: Element): boolean =>
    matches(row, ROW) ||
    [row.previousElementSibling, row.nextElementSibling].some(
      (other) =>
        other?.localName === row.localName &&
        other.className === row.className &&
        [...other.querySelectorAll(control.localName)].some(
          (its) => textOf(its) === textOf(control) && isConventional(its),
        ),
    );

  /** What a conventional control closes: the box around it, the box beside it, or the one that it names. */
  const closedBy = (event: Event, control: Element): Acts => {
    const row = rowOf(control);
    const act: Act = { reason: 'control', row };
    const target = targetOf(control);
    // It closes its own row, such as a line of a cart.
    if (row && isListed(row, control)) return new Map([[target, act]]);
    const own = around(registry, control)[0]?.element;
    const { parentElement: parent, previousElementSibling, nextElementSibling } = control;
    const beside =
      parent && isPage(parent)
        ? []
        : [parent, ...[previousElementSibling, nextElementSibling].filter(isHolder)];
    const above = pathOf(event).find((at) => /^(?:fixed|sticky)$/.test(getComputedStyle(at).position));
    // What is not made to be closed leaves with the view as well.
    const inBox = { ...act, view: view() };
    // Beside a field it empties that.
    const inHolder = own || row?.querySelector(FIELD) ? act : { ...act, control };
    return new Map<Element | null | undefined, Act>([
      ...[...beside, above].map((element) => [element, inBox] as const),
      ...[...beside.filter(isHolder), target, own].map((element) => [element, act] as const),
      // Toasts are mostly drawn around the offer that they are given.
      [nearest(event, TOAST), inHolder],
      [nearest(event, HOLDER), inHolder],
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

  /** Where the pointer went down, on what, and how what holds that was drawn. */
  let grabbed: Grabbed | undefined;

  /** What has the focus while Enter is down: in a field, that submits its form by a click on its first button. */
  let entered: Element | undefined;

  const onPress = (event: MouseEvent): void => {
    // One that was lifted outside of the window was never heard to end.
    grabbed = undefined;
    // Everything that closes from here on closes because the user accepted.
    if (acceptedBy(event, isConventional)) {
      drop();
      return;
    }
    // The page's own scripts could act as well as a user.
    if (!event.isTrusted) return;
    // The click behind a press, or behind a drag, belongs to it; one by a key has none before it.
    const isDown = event.type === 'pointerdown';
    const isNew = isDown || !event.detail;
    drop(({ reason }) => isNew || reason === 'control', pathOf(event)[0]);
    const isByField = !isDown && !event.detail && entered && !pathOf(event).includes(entered);
    if (isByField || isOnScrollbar(event)) return;
    const around = holders();
    if (isDown) grabbed = grab(event, around);
    const acts = attendHolders(around, (holder) => actOutside(holder, event, view()));
    const marked = nearest(event, marking(DISMISS));
    const control = marked ?? pathOf(event).find(isConventional);
    // A press on a child of a disabled control also fires.
    if (control && !nearest(event, 'button:disabled,[aria-disabled=true]')) {
      // Some libraries close when the pointer is lifted, and then no click follows.
      if (marked) for (const element of shown(event, marked)) acts.set(element, { reason: 'control' });
      else for (const [element, act] of closedBy(event, control)) acts.set(element, act);
    }
    attend(acts);
  };

  /** A drag closes what holds offers and follows the pointer: what else it moves away may come back, as in a carousel. */
  const onRelease = (event: MouseEvent): void => {
    const { x = 0, y = 0, pressed, drawings = [] } = grabbed ?? {};
    grabbed = undefined;
    if (!event.isTrusted || Math.hypot(event.clientX - x, event.clientY - y) < DRAG_PX) return;
    // If it began and ends on a control, the browser clicks that.
    if (pressed && pathOf(event).includes(pressed)) return;
    const dragged = drawings.filter(([holder, before]) => hasMoved(drawingOf(holder), before));
    attend(new Map(dragged.map(([holder]) => [holder, { reason: 'swipe', view: view() }])));
  };

  /** The press became a scroll or another gesture of the browser's. */
  const onPressCancelled = (): void => {
    grabbed = undefined;
    drop(({ reason }) => reason === 'backdrop');
  };

  /** Scrolling while the pointer is down: the press was on a scrollbar that takes no room, or on one of the page's own. */
  const onScroll = (): void => {
    if (grabbed) drop(({ reason, view }) => reason === 'backdrop' && !!view);
  };

  const onKey = (event: KeyboardEvent): void => {
    if (!event.isTrusted || event.isComposing) return;
    const [target] = pathOf(event);
    entered = event.key === 'Enter' ? target : undefined;
    // A script that closes by a key may leave nothing for a click to hit.
    if (/^(?:Enter| )$/.test(event.key) && target && isConventional(target)) attend(closedBy(event, target));
    if (hasEscape && event.key === 'Escape')
      attend(
        attendHolders(holders(), (holder) => ({
          reason: 'escape',
          // A modal dialog may be a view of its own, which its router leaves.
          view: isModal(holder) ? undefined : view(),
        })),
      );
  };

  const onCancel = ({ target, isTrusted }: Event): void => {
    // Also the close request of a phone's back gesture, which comes without a key.
    const holder = target as Element;
    if (!isTrusted || holder.localName !== 'dialog' || consequences.isAwaited(holder)) return;
    // Under a script's own `requestClose()` this comes when the dialog is closed already.
    queueMicrotask(() => {
      if (matches(holder, '[open]')) attend(attendHolders([holder], () => ({ reason: 'dialog' })));
    });
  };

  roots.capture(['click', 'pointerdown'], onPress);
  roots.capture(['pointerup'], onRelease);
  roots.capture(['pointercancel'], onPressCancelled);
  roots.capture(['scroll'], onScroll);
  roots.capture(['keydown'], onKey);
  roots.capture(['keyup'], () => {
    entered = undefined;
  });
  roots.capture(['cancel'], onCancel);
  roots.capture(['submit'], (event) => acceptedBy(event, isConventional) && drop());
  roots.capture(['close', 'toggle', 'transitionrun', 'transitionend', 'animationstart', 'animationend'], () =>
    check(),
  );
  page.listen((change) => (/hid/.test(change) ? conclude() : change === 'visible' || check()));
  return consequences;
};
