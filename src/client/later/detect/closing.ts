/**
 * Closing that no attribute marks: conventional close controls, Escape, backdrop, the browser's own close
 * requests. An act counts only if what holds the offer is really closed or gone within a second of it.
 */
import type { Runtime, Stop } from '../../../runtime.js';
import { isShown } from '../../detect/exposure.js';
import type { Placement, Registry } from '../../detect/registry.js';
import type { Page } from '../../page.js';
import { isDrawn } from './contents.js';
import {
  acceptedBy,
  around,
  concerned,
  type DecisionListener,
  DISMISS,
  HOLDER,
  type IsInSight,
  marking,
  nearest,
  within,
} from './controls.js';
import { type Act, actOutside, viewNow } from './pressing.js';
import type { Roots } from './roots.js';

/** What closing looks like on this site. */
export interface ClosingOptions {
  /** CSS selector of controls that close what they stand in; in place of all common conventions. */
  readonly controls?: string;
  /** The `aria-label`s of conventional close controls, in any case. @default ['Close', 'Dismiss'] */
  readonly labels?: readonly string[];
  /** Whether Escape closes dialogs and popovers here. @default true */
  readonly escape?: boolean;
}

const CONTROLS = [
  '[data-bs-dismiss]',
  '[command=close]',
  '[command=request-close]',
  '[command=hide-popover]',
  '[command=toggle-popover]',
  '[popovertarget]:not([popovertargetaction=show])',
  '[value=cancel]',
  '[formmethod=dialog]',
  'form[method=dialog] :is([type=submit],button:not([type]))',
];

/** The conventions as one selector. */
const conventions = (labels: readonly string[]): string =>
  [...CONTROLS, ...labels.map((label) => `[aria-label=${JSON.stringify(label)} i]`)].join();

/** A close later than this after an act is not its consequence. */
const CONSEQUENCE_MS = 1_000;

/** Something that is closed or gone soon, if an act had its consequence. */
interface Awaited extends Act {
  /** The offers that it shows. */
  readonly placements: readonly Placement[];
}

/** Notices closing that no attribute marks. */
export interface Closing {
  /** Looks whether what acts concerned is gone by now. */
  check(): void;
  stop: Stop;
}

/** Starts listening. */
export const createClosing = (
  registry: Registry,
  roots: Roots,
  page: Page,
  runtime: Pick<Runtime, 'after'>,
  { labels = ['Close', 'Dismiss'], controls = conventions(labels), escape: hasEscape = true }: ClosingOptions,
  isInSight: IsInSight,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): Closing => {
  const awaited = new Map<Element, Awaited>();
  let timers: Stop[] = [];

  // A holder has a box of its own; an offer may be drawn by its children.
  const isGone = (element: Element): boolean =>
    !(registry.placements.has(element) ? isDrawn : isShown)(element) || element.matches('dialog:not([open])');

  const drop = (): void => {
    for (const stop of timers) stop();
    timers = [];
    awaited.clear();
  };

  const check = (): void => {
    for (const [element, { reason, view, placements }] of awaited) {
      if (!isGone(element)) continue;
      awaited.delete(element);
      // The press led to another view, which has no place for it.
      if (view && view !== viewNow()) continue;
      for (const placement of placements) onDismiss(placement.offerId, reason, placement);
    }
  };

  /** Awaits the consequences of an act; of several that concern one element it is the last that counts. */
  const attend = (acts: ReadonlyMap<Element | undefined, Act | undefined>): void => {
    check();
    const own = new Map<Element, Awaited>();
    for (const [element, act] of acts) {
      // Only what the user could see can be closed by the user.
      if (!act || !element || isGone(element)) continue;
      const placements = within(registry, element, isInSight);
      if (placements.length) own.set(element, { ...act, placements });
    }
    if (!own.size) return;
    for (const [element, each] of own) awaited.set(element, each);
    timers.push(
      // The page's own handlers run after us; what they remove at once is gone when the task is over.
      runtime.after(0, check),
      runtime.after(CONSEQUENCE_MS, () => {
        check();
        for (const [element, each] of own) if (awaited.get(element) === each) awaited.delete(element);
        if (!awaited.size) timers = [];
      }),
    );
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

  const onPress = (event: MouseEvent): void => {
    // Whatever closes from here on closes because the user accepted.
    if (acceptedBy(event)) {
      drop();
      return;
    }
    // The page's own scripts could act as well as a user.
    if (!event.isTrusted) return;
    const acts = new Map<Element | undefined, Act | undefined>(
      holders().map((holder) => [holder, actOutside(holder, event)]),
    );
    const marked = nearest(event, marking(DISMISS));
    const control = marked ?? nearest(event, controls);
    // A press on a child of a disabled control is heard, too.
    if (control && !control.matches(':disabled')) {
      // Some libraries close when the pointer is lifted, and then no click follows.
      const closed = marked
        ? shown(event, marked)
        : [around(registry, control)[0]?.element, nearest(event, HOLDER)];
      for (const element of closed) acts.set(element, { reason: 'control' });
    }
    attend(acts);
  };

  /** The press became a scroll or another gesture of the browser's. */
  const onPressCancelled = (): void => {
    for (const [element, { reason }] of awaited) if (reason === 'backdrop') awaited.delete(element);
  };

  const onKey = (event: KeyboardEvent): void => {
    if (hasEscape && event.key === 'Escape' && event.isTrusted && !event.isComposing)
      attend(new Map(holders().map((holder) => [holder, { reason: 'escape' }])));
  };

  const onCancel = ({ target, isTrusted }: Event): void => {
    // Also the close request of a phone's back gesture, which comes without a key.
    const holder = target as Element;
    if (!isTrusted || holder.localName !== 'dialog' || awaited.has(holder)) return;
    // Under a script's own `requestClose()` this comes when the dialog is closed already.
    queueMicrotask(() => {
      if (holder.matches('[open]')) attend(new Map([[holder, { reason: 'dialog' }]]));
    });
  };

  roots.capture(['click', 'pointerdown'], onPress);
  roots.capture(['pointercancel'], onPressCancelled);
  roots.capture(['keydown'], onKey);
  roots.capture(['cancel'], onCancel);
  roots.capture(['submit'], (event) => acceptedBy(event) && drop());
  roots.capture(['close', 'toggle', 'transitionend', 'animationend'], check);
  page.listen((change) => change === 'visible' || check());
  return { check, stop: drop };
};
