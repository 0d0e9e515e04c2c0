/**
 * Marked controls: `[data-offer-dismiss]` and `[data-offer-accept]`, which count at once. What must be inferred
 * is closing.ts.
 */
import type { DismissReason } from '../../../protocol/event.js';
import type { Placement } from '../../detect/placement.js';
import type { Placements, Registry } from '../../detect/registry.js';
import { HOLDER, type KnownRegistry } from './before.js';
import { holds, outward, type Roots } from './roots.js';

/** Called with what users decided. */
export interface DecisionListener {
  /**
   * @param reason By default `api`.
   * @param placement Where it happened, if an element shows the offer.
   */
  onDismiss(offerId: string, reason?: DismissReason, placement?: Placement): void;
  /** @param placement Where it happened, if an element shows the offer. */
  onAccept(offerId: string, placement?: Placement): void;
}

/** Whether a press on an element is meant to close something, though no mark of ours says so. */
export type IsConventional = (element: Element) => boolean;

/**
 * Marks a control that accepts an offer. On a form, or around one, its submission accepts. What is accepted does not
 * count as dismissed any more.
 * @default the control does not accept anything
 * @range no value for the offer that the control is in, the id of another one, or `false` for no mark
 * @example `<button data-offer-accept>Switch to yearly</button>`
 */
const ACCEPT = 'data-offer-accept';

/**
 * Marks a control that dismisses an offer, which counts at once. In a dialog it dismisses all offers that the dialog shows.
 * @default the control counts only if its name or a library's mark says that it closes something
 * @range no value for the offer that the control is in, the id of another one, or `false` for no mark
 * @example `<button data-offer-dismiss>No, thanks</button>`
 */
export const DISMISS = 'data-offer-dismiss';

/** Elements that people press as one, on any part of them. */
export const PRESSED = 'a,button,[role=button],label,summary';

/** A button of a form that says no. */
const REFUSING = '[value=cancel i],[value=close i],[value=dismiss i],[value=no i]';

/** Finds marked elements. JSX writes `false` for an element without a mark. */
export const marking = (mark: string): string => `[${mark}]:not([${mark}=false])`;

/** What says by itself what a press does. */
export const MARKED = `${marking(ACCEPT)},${marking(DISMISS)}`;

/** The elements that an event passes, innermost first, also through open shadow roots and in other documents. */
export const pathOf = (event: Event): Element[] =>
  event.composedPath().filter((node): node is Element => (node as Node).nodeType === Node.ELEMENT_NODE);

/** Whether an element matches. A form control named `matches` would shadow the method. */
export const matches = (element: Element, selector: string): boolean =>
  Element.prototype.matches.call(element, selector);

/** The innermost element of an event's path that matches. */
export const nearest = (event: Event, selector: string): Element | undefined =>
  pathOf(event).find((element) => matches(element, selector));

/** The placements that a node is or lies in, as it is drawn, innermost first; of an early act as it was drawn then. */
export const around = (
  { placements, early }: Pick<KnownRegistry, 'early'> & { readonly placements: Pick<Placements, 'get'> },
  node: Node,
): Placement[] => {
  const found: Placement[] = [];
  const at = early ? early.path.indexOf(node) : -1;
  for (const element of early && at >= 0 ? (early.path.slice(at) as Element[]) : outward(node)) {
    const placement = placements.get(element);
    if (placement) found.push(placement);
  }
  return found;
};

/** Whether a user could see any of a placement in what holds it. */
export type IsInSight = (placement: Placement, holder: Element) => boolean;

/** The placements in sight inside an element as it is drawn, itself included. */
export const within = ({ placements }: Registry, holder: Element, isInSight: IsInSight): Placement[] =>
  placements.filter((placement) => holds(holder, placement.element) && isInSight(placement, holder));

/**
 * Which offers a pressed control is about: the one that its mark names, or the one around it. A
 * dialog's own buttons are beside the offer that it shows, so otherwise it is the offers of the
 * dialog around it.
 */
export const concerned = (
  { registry, isInSight }: Pick<ControlsContext, 'registry' | 'isInSight'>,
  event: Event,
  control: Element,
  mark: string,
): (readonly [offerId: string, placement?: Placement | undefined])[] => {
  const named = control.getAttribute(mark)?.trim();
  const [placement] = around(registry, control);
  const holder = nearest(event, HOLDER);
  // JSX writes `true` for an attribute without a value.
  if (named && named !== 'true') return [[named, placement?.offerId === named ? placement : undefined]];
  if (placement) return [[placement.offerId, placement]];
  const held = holder ? within(registry, holder, isInSight) : [];
  // An acceptance is about one offer, so if there are more it has to say which.
  if (mark === ACCEPT && held.length > 1) return [];
  return held.map((each) => [each.offerId, each]);
};

/** The mark that an event accepts by: a click on it or, where it is or holds a form, that form's submission. */
export const acceptedBy = (event: Event, isConventional?: IsConventional): Element | undefined => {
  // The innermost counts: in a card that accepts there may be a cross that closes it.
  const marked = pathOf(event).find((element) => matches(element, MARKED) || isConventional?.(element));
  if (!marked || !matches(marked, marking(ACCEPT))) return undefined;
  // In a form that accepts there may be a button that does not.
  const { submitter } = event as SubmitEvent;
  if (submitter && matches(submitter, `${marking(DISMISS)},${REFUSING}`)) return undefined;
  const hasForm = matches(marked, 'form') || marked.querySelector('form');
  return (event.type === 'submit') === !!hasForm ? marked : undefined;
};

/**
 * Whether an event activates what it hits. A key does so only if a script has to act on it:
 * everything that the browser itself activates is clicked as well. The middle button follows only
 * links.
 */
const isActivation = (event: Event): boolean => {
  const { type, key, button } = event as KeyboardEvent & MouseEvent;
  const [target] = pathOf(event);
  if (type === 'keydown')
    return /^(?:Enter| )$/.test(key) && !!target?.matches('[role=button]:not(button,a,input)');
  return type !== 'auxclick' || (button === 1 && !!nearest(event, 'a[href]'));
};

/** Whether what was pressed can be nothing else than a control, and not another one in it. */
const isAllOf = (control: Element, event: Event): boolean =>
  event.type === 'submit' ||
  pathOf(event)[0] === control ||
  (matches(control, PRESSED) && nearest(event, PRESSED) === control);

/** What marked controls work with. */
export interface ControlsContext {
  readonly registry: KnownRegistry;
  readonly roots: Pick<Roots, 'capture'>;
  readonly isInSight: IsInSight;
  /** Unknown until the closing part is there, unless the page says what closes. */
  readonly isConventional: IsConventional | undefined;
  /** Called for a mark on a control that is about no offer. */
  readonly onIdle?: (mark: string) => void;
}

/** Marked controls that are listened to. */
export interface Controls {
  /** Whether an act is left until the conventions are known: what is pressed in something that accepts may close it. */
  isLeft(event: Event): boolean;
  /** Judges such an act. */
  judgeLeft(event: Event): void;
}

/** Starts listening. */
export const createControls = (
  context: ControlsContext,
  { onDismiss, onAccept }: DecisionListener,
): Controls => {
  const { roots, onIdle } = context;
  const left = new WeakSet<Event>();
  const judge = (event: Event): void => {
    if (!isActivation(event)) return;
    const { isConventional } = context;
    const accept = acceptedBy(event, isConventional);
    if (accept && !isConventional && !isAllOf(accept, event)) {
      left.add(event);
      return;
    }
    const control = accept ?? (event.type === 'submit' ? undefined : nearest(event, marking(DISMISS)));
    if (!control) return;
    const mark = accept ? ACCEPT : DISMISS;
    const offers = concerned(context, event, control, mark);
    if (!offers[0] && !context.registry.early) onIdle?.(mark);
    for (const [offerId, placement] of offers) {
      if (accept) onAccept(offerId, placement);
      else onDismiss(offerId, 'control', placement);
    }
  };
  roots.capture(['click', 'auxclick', 'keydown', 'submit'], judge);
  return {
    isLeft: (event) => left.has(event),
    judgeLeft(event) {
      if (left.has(event)) judge(event);
    },
  };
};
