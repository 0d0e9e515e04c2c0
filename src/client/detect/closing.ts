/**
 * Closing that no attribute marks: conventional close controls, Escape, backdrop, the browser's own close
 * requests. An act counts only if what holds the offer is really closed or gone within a second of it. Loads as
 * soon as a page shows an offer.
 */
import type { DismissReason } from '../../protocol/event.js';
import type { Runtime, Stop } from '../../runtime.js';
import type { Page } from '../page.js';
import { isDrawn } from './contents.js';
import {
  acceptedBy,
  concerned,
  type DecisionListener,
  DISMISS,
  enclosing,
  HOLDER,
  nearest,
  within,
} from './controls.js';

import type { Placement, Registry } from './registry.js';
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

/** An act whose consequence is awaited. */
interface Pending {
  /** What must be closed or gone, how it was then closed, and the offers that it shows. */
  readonly targets: Map<
    Element,
    { readonly reason: DismissReason; readonly placements: readonly Placement[] }
  >;
  readonly timers: readonly Stop[];
}

const isGone = (element: Element): boolean => !isDrawn(element) || element.matches('dialog:not([open])');

/** A press on the backdrop hits the dialog itself, outside its box, or the overlay that has the dialog's role. */
const isOutside = (holder: Element, event: MouseEvent): boolean => {
  const { clientX: x, clientY: y } = event;
  const path = event.composedPath();
  if (path[0] !== holder) return !path.includes(holder);
  if (!holder.matches('dialog,[popover]')) return true;
  const { left, right, top, bottom } = holder.getBoundingClientRect();
  // A click made by keyboard has no position.
  return (x !== 0 || y !== 0) && (x < left || x > right || y < top || y > bottom);
};

/** Notices closing that no attribute marks. */
export interface Closing {
  /** Looks whether what the last act concerned is gone by now. */
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
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): Closing => {
  let pending: Pending | undefined;

  const drop = (): void => {
    for (const stop of pending?.timers ?? []) stop();
    pending = undefined;
  };

  const check = (): void => {
    for (const [element, { reason, placements }] of pending?.targets ?? []) {
      if (!pending || !isGone(element)) continue;
      pending.targets.delete(element);
      for (const placement of placements) onDismiss(placement.offerId, reason, placement);
    }
  };

  const finish = (): void => {
    check();
    drop();
  };

  /** Awaits the consequence of an act; it is the last one that a close is ascribed to. */
  const expect = (acts: ReadonlyMap<Element | undefined, DismissReason>): void => {
    finish();
    const targets: Pending['targets'] = new Map();
    for (const [element, reason] of acts) {
      // Only what the user could see can be closed by the user.
      if (!element || isGone(element)) continue;
      const placements = within(registry, element).filter((placement) => isDrawn(placement.element));
      if (placements.length) targets.set(element, { reason, placements });
    }
    // The page's own handlers run after us; what they remove at once is gone when the task is over.
    const timers = targets.size ? [runtime.after(0, check), runtime.after(CONSEQUENCE_MS, finish)] : [];
    pending = { targets, timers };
  };

  // Neither Escape nor a press elsewhere closes a manual popover: it is a toast, and hides itself.
  const holders = (): Element[] =>
    roots
      .all()
      .flatMap((root) => [...root.querySelectorAll(HOLDER)])
      .filter((holder) => !holder.matches('[popover=manual]:not([role*=dialog])'));

  /** Which elements show the offers that a marked control is about. */
  const shown = (event: Event, marked: Element): Element[] => {
    const ids = new Set(concerned(registry, event, marked, DISMISS).map(([offerId]) => offerId));
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
    const acts = new Map<Element | undefined, DismissReason>();
    for (const holder of holders()) {
      // A link elsewhere leaves for another view, and takes along what no browser closes by a press.
      const isKept = !holder.matches('dialog,[popover]') && nearest(event, 'a[href]');
      if (isOutside(holder, event) && !isKept) acts.set(holder, 'backdrop');
    }
    const marked = nearest(event, `[${DISMISS}]`);
    const control = marked ?? nearest(event, controls);
    // A press on a child of a disabled control is heard, too.
    if (control && !control.matches(':disabled')) {
      // Some libraries close when the pointer is lifted, and then no click follows.
      const closed = marked
        ? shown(event, marked)
        : [enclosing(registry, control)?.element, nearest(event, HOLDER)];
      for (const element of closed) acts.set(element, 'control');
    }
    expect(acts);
  };

  const onKey = (event: KeyboardEvent): void => {
    if (hasEscape && event.key === 'Escape' && event.isTrusted && !event.isComposing)
      expect(new Map(holders().map((holder) => [holder, 'escape'])));
  };

  const onCancel = ({ target, isTrusted }: Event): void => {
    // Also the close request of a phone's back gesture, which comes without a key.
    const holder = target as Element;
    if (!isTrusted || holder.localName !== 'dialog' || pending?.targets.has(holder)) return;
    // Under a script's own `requestClose()` this comes when the dialog is closed already.
    queueMicrotask(() => {
      if (holder.matches('[open]')) expect(new Map([[holder, 'dialog']]));
    });
  };

  roots.capture(['click', 'pointerdown'], onPress);
  roots.capture(['keydown'], onKey);
  roots.capture(['cancel'], onCancel);
  roots.capture(['submit'], (event) => acceptedBy(event) && drop());
  roots.capture(['close', 'toggle', 'transitionend', 'animationend'], check);
  page.listen((change) => change === 'visible' || check());
  return {
    check,
    stop: drop,
  };
};
