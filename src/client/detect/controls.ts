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
    const control = accept ?? (isSubmit ? undefined : nearest(event, `[${DISMISS}]`));
    if (!control) return;
    const decide = (offerId: string, placement?: Placement): void =>
      accept ? onAccept(offerId, placement) : onDismiss(offerId, 'control', placement);
    const placement = enclosing(registry, control);
    const holder = nearest(event, HOLDER);
    const named = control.getAttribute(accept ? ACCEPT : DISMISS);
    if (named) decide(named, placement?.offerId === named ? placement : undefined);
    else if (placement) decide(placement.offerId, placement);
    // A dialog's own buttons stand beside the offer that it shows.
    // An acceptance is of one offer, so there it has to say which.
    else if (holder && !accept) for (const held of within(registry, holder)) decide(held.offerId, held);
  };

  return page.capture(['click', 'submit'], onAct);
};
