/**
 * Closing that no attribute marks: conventional close controls, Escape, backdrop, the browser's own close
 * requests. An act counts only if what holds the offer is really closed or gone within a second of it. Loads as
 * soon as a page shows an offer.
 */
import type { DismissReason } from '../../protocol/event.js';
import type { Runtime, Stop } from '../../runtime.js';
import type { Page } from '../page.js';
import { ACCEPT, type DecisionListener, DISMISS, enclosing, HOLDER, nearest, within } from './controls.js';
import { isShown } from './exposure.js';
import type { Placement, Registry } from './registry.js';

/** What closing looks like on this site. */
export interface ClosingOptions {
  /** CSS selector of controls that close what they stand in; by default the common conventions. */
  readonly controls?: string;
  /** Whether Escape closes dialogs and popovers here. @default true */
  readonly escape?: boolean;
}

const CONTROLS = [
  '[data-bs-dismiss]',
  '[command=close]',
  '[command=hide-popover]',
  '[popovertargetaction=hide]',
  '[value=cancel]',
  'form[method=dialog] :is([type=submit],button:not([type]))',
  ...['Close', 'Dismiss'].map((label) => `[aria-label="${label}" i]`),
].join();

/** A close later than this after an act is not its consequence. */
const CONSEQUENCE_MS = 1_000;

/** An act whose consequence is awaited. */
interface Pending {
  readonly reason: DismissReason;
  /** What must be closed or gone, and the offers that it shows. */
  readonly targets: Map<Element, readonly Placement[]>;
  readonly timers: readonly Stop[];
}

const isGone = (element: Element): boolean => !isShown(element) || element.matches('dialog:not([open])');

/** A press on the backdrop hits the dialog itself, outside its box. */
const isOutside = (holder: Element, event: MouseEvent): boolean => {
  const { clientX: x, clientY: y } = event;
  const path = event.composedPath();
  if (path[0] !== holder) return !path.includes(holder);
  const { left, right, top, bottom } = holder.getBoundingClientRect();
  // A click made by keyboard has no position.
  return (x !== 0 || y !== 0) && (x < left || x > right || y < top || y > bottom);
};

/** Starts listening. */
export const createClosing = (
  registry: Registry,
  page: Page,
  runtime: Pick<Runtime, 'after'>,
  { controls = CONTROLS, escape: hasEscape = true }: ClosingOptions,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): Stop => {
  let pending: Pending | undefined;

  const drop = (): void => {
    for (const stop of pending?.timers ?? []) stop();
    pending = undefined;
  };

  /** Looks whether what the act concerned is gone by now. */
  const check = (): void => {
    for (const [element, placements] of pending?.targets ?? []) {
      if (!pending || !isGone(element)) continue;
      pending.targets.delete(element);
      for (const placement of placements) onDismiss(placement.offerId, pending.reason, placement);
    }
  };

  const finish = (): void => {
    check();
    drop();
  };

  /** Awaits the consequence of an act; it is the last one that a close is ascribed to. */
  const expect = (reason: DismissReason, elements: readonly (Element | undefined)[]): void => {
    finish();
    const targets = new Map<Element, readonly Placement[]>();
    for (const element of elements) {
      // Only what the user could see can be closed by the user.
      if (!element || isGone(element)) continue;
      const placements = within(registry, element).filter((placement) => isShown(placement.element));
      if (placements.length) targets.set(element, placements);
    }
    // The page's own handlers run after us; what they remove at once is gone when the task is over.
    const timers = targets.size ? [runtime.after(0, check), runtime.after(CONSEQUENCE_MS, finish)] : [];
    pending = { reason, targets, timers };
  };

  const holders = (): Element[] => [...document.querySelectorAll(HOLDER)];

  const onPress = (event: MouseEvent): void => {
    // Whatever closes from here on closes because the user accepted, or is counted already.
    if (nearest(event, `[${ACCEPT}]:not(form),[${DISMISS}]`)) {
      drop();
      return;
    }
    // The page's own scripts could act as well as a user.
    if (!event.isTrusted) return;
    const control = nearest(event, controls);
    if (control) expect('control', [enclosing(registry, control)?.element, nearest(event, HOLDER)]);
    else
      expect(
        'backdrop',
        holders().filter((holder) => isOutside(holder, event)),
      );
  };

  const onKey = (event: KeyboardEvent): void => {
    if (hasEscape && event.key === 'Escape' && event.isTrusted && !event.isComposing)
      expect('escape', holders());
  };

  const onCancel = ({ target, isTrusted }: Event): void => {
    // Also the close request of a phone's back gesture, which comes without a key.
    const isExpected = pending?.targets.has(target as Element);
    if (isTrusted && target instanceof HTMLDialogElement && !isExpected) expect('dialog', [target]);
  };

  const stops = [
    page.capture(['click', 'pointerdown'], onPress),
    page.capture(['keydown'], onKey),
    page.capture(['cancel'], onCancel),
    page.capture(['submit'], (event) => nearest(event, `[${ACCEPT}]`) && drop()),
    page.capture(['close', 'toggle', 'transitionend', 'animationend'], check),
    page.listen((change) => change === 'visible' || check()),
  ];
  return () => {
    drop();
    for (const stop of stops) stop();
  };
};
