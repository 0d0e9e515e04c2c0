/**
 * Marked controls: `[data-offer-dismiss]` and `[data-offer-accept]`, which count at once. What must be inferred
 * is closing.ts.
 */
import type { DismissReason } from '../../protocol/event.js';
import type { Placement, Registry } from './registry.js';
import { holds, type Roots } from './roots.js';

/** Told what users decided. */
export interface DecisionListener {
  /**
   * @param reason By default `api`.
   * @param placement Where it happened, if an element shows the offer.
   */
  onDismiss(offerId: string, reason?: DismissReason, placement?: Placement): void;
  /** @param placement Where it happened, if an element shows the offer. */
  onAccept(offerId: string, placement?: Placement): void;
}

/** What may hold an offer and be closed with it. */
export const HOLDER = 'dialog,[popover],[role=dialog],[role=alertdialog]';

/** Marks what accepts; on a form its submission does. */
const ACCEPT = 'data-offer-accept';

/** Marks what dismisses. */
export const DISMISS = 'data-offer-dismiss';

/** The innermost element of an event's path that matches, also through open shadow roots and in other documents. */
export const nearest = (event: Event, selector: string): Element | undefined =>
  event.composedPath().find((node): node is Element => !!(node as Partial<Element>).matches?.(selector));

/** The placement that an element is or lies in. */
export const enclosing = ({ placements }: Registry, element: Element): Placement | undefined => {
  let at: Element | null | undefined = element;
  while (at && !placements.has(at)) at = at.parentElement ?? (at.getRootNode() as Partial<ShadowRoot>).host;
  return at ? placements.get(at) : undefined;
};

/** The placements inside an element as it is drawn, itself included. */
export const within = ({ placements }: Registry, holder: Element): Placement[] =>
  [...placements.values()].filter(({ element }) => holds(holder, element));

/**
 * Which offers a pressed control is about: the one that its mark names, the one that it stands in, or, since a
 * dialog's own buttons stand beside the offer that it shows, those of the dialog around it.
 */
export const concerned = (
  registry: Registry,
  event: Event,
  control: Element,
  mark: string,
): (readonly [offerId: string, placement?: Placement | undefined])[] => {
  const named = control.getAttribute(mark);
  const around = enclosing(registry, control);
  const holder = nearest(event, HOLDER);
  if (named) return [[named, around?.offerId === named ? around : undefined]];
  if (around) return [[around.offerId, around]];
  // An acceptance is of one offer, so there it has to say which.
  if (!holder || mark === ACCEPT) return [];
  return within(registry, holder).map((held) => [held.offerId, held]);
};

/** The mark that an event accepts by: a click on it or, where it is or holds a form, that form's submission. */
export const acceptedBy = (event: Event): Element | undefined => {
  const marked = nearest(event, `[${ACCEPT}]`);
  const hasForm = marked?.matches('form') || marked?.querySelector('form');
  return (event.type === 'submit') === !!hasForm ? marked : undefined;
};

/** Starts listening. */
export const createControls = (
  registry: Registry,
  roots: Pick<Roots, 'capture'>,
  { onDismiss, onAccept }: DecisionListener,
): void => {
  roots.capture(['click', 'submit'], (event) => {
    const accept = acceptedBy(event);
    const control = accept ?? (event.type === 'click' ? nearest(event, `[${DISMISS}]`) : undefined);
    if (!control) return;
    for (const [offerId, placement] of concerned(registry, event, control, accept ? ACCEPT : DISMISS)) {
      if (accept) onAccept(offerId, placement);
      else onDismiss(offerId, 'control', placement);
    }
  });
};
