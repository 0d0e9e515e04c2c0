/**
 * Marked controls: `[data-offer-dismiss]` and `[data-offer-accept]`, which count at once. What must be inferred
 * is closing.ts.
 */
import type { DismissReason } from '../../protocol/event.js';
import type { Stop } from '../../runtime.js';
import type { Page } from '../page.js';
import type { Placement, Registry } from './registry.js';

/** Told what users decided. */
export interface DecisionListener {
  /** @param placement Where it happened, if an element shows the offer. */
  onDismiss(offerId: string, reason: DismissReason, placement?: Placement): void;
  /** @param placement Where it happened, if an element shows the offer. */
  onAccept(offerId: string, placement?: Placement): void;
}

/** What may hold an offer and be closed with it. */
export const HOLDER = 'dialog,[popover],[role=dialog],[role=alertdialog]';

/** Marks what accepts; on a form its submission does. */
export const ACCEPT = 'data-offer-accept';

/** Marks what dismisses. */
export const DISMISS = 'data-offer-dismiss';

/** The innermost element of an event's path that matches, also through open shadow roots. */
export const nearest = (event: Event, selector: string): Element | undefined =>
  event.composedPath().find((node): node is Element => node instanceof Element && node.matches(selector));

/** The placement that an element is or lies in. */
export const enclosing = ({ placements }: Registry, element: Element): Placement | undefined => {
  let at: Element | null | undefined = element;
  while (at && !placements.has(at)) at = at.parentElement ?? (at.getRootNode() as Partial<ShadowRoot>).host;
  return at ? placements.get(at) : undefined;
};

/** The placements inside an element, itself included. */
export const within = ({ placements }: Registry, holder: Element): Placement[] =>
  [...placements.values()].filter(({ element }) => holder.contains(element));

/** Starts listening. */
export const createControls = (
  registry: Registry,
  page: Page,
  { onDismiss, onAccept }: DecisionListener,
): Stop => {
  const onAct = (event: Event): void => {
    const isSubmit = event.type === 'submit';
    const accept = nearest(event, `[${ACCEPT}]${isSubmit ? '' : ':not(form)'}`);
    const dismiss = isSubmit ? undefined : nearest(event, `[${DISMISS}]`);
    const control = accept ?? dismiss;
    if (!control) return;
    const placement = enclosing(registry, control);
    const named = control.getAttribute(accept ? ACCEPT : DISMISS);
    const holder = nearest(event, HOLDER);
    const placements = placement || accept || !holder ? [placement] : within(registry, holder);
    for (const found of named ? [placement] : placements) {
      const offerId = named || found?.offerId;
      if (!offerId) continue;
      const own = found?.offerId === offerId ? found : undefined;
      if (accept) onAccept(offerId, own);
      else onDismiss(offerId, 'control', own);
    }
  };

  return page.capture(['click', 'submit'], onAct);
};
