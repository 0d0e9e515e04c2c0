/** How the page is drawn as a user acts: what the act closes is told from what changed since then. */
import { isShown } from '../../detect/exposure.js';
import type { Placement } from '../../detect/placement.js';
import { OFFER, offerIdOf, type Registry, type SearchRoot } from '../../detect/registry.js';
import type { EarlyAct } from '../../early.js';
import { outward, type Roots } from './roots.js';
import { type Drawing, drawingOf, isInView, isPage, type Sight } from './sight.js';

/** How an offer is drawn. */
export interface Shown {
  readonly placement: Placement;
  readonly box: DOMRect | undefined;
  readonly wasInView: boolean;
  /** The boxes around it, innermost first and itself included. */
  readonly around: readonly (readonly [box: Element, drawing: Drawing])[];
}

/** How the page is drawn. */
export interface Before {
  /** Which offers elements show. */
  readonly offers: ReadonlyMap<Element, string | undefined>;
  /** The offers that are drawn. */
  readonly drawn: ReadonlySet<string>;
  /** What can be pressed, and the dialogs that are open. */
  readonly known: ReadonlySet<Element>;
  /** Of offers in sight, if they were asked for. */
  readonly shown: ReadonlyMap<Placement, Shown>;
  readonly view: string;
  readonly modal: ReadonlySet<Element>;
}

/** An act that is judged when it is over. */
export interface KeptAct extends EarlyAct {
  /** How the page was drawn then, if the offer part was there. */
  readonly before?: Before;
}

/** A registry that knows what it was when a user acted. */
export interface KnownRegistry extends Registry {
  /** The act that is judged now, if it was done before anything could judge it: what it closed may be gone. */
  readonly early?: KeptAct | undefined;
}

/** It blocks the rest of the page. */
export const MODAL = ':is([aria-modal=true],:modal)';

/** What may hold an offer and be closed with it. */
export const HOLDER = 'dialog,[popover],[role=dialog],[role=alertdialog]';

/** The view that the URL names; a fragment belongs to it only if it is a path, and else is a place in the view. */
export const viewNow = (): string => location.href.replace(/#(?![/!]).*/, '');

/** What asks whether a press is meant. */
const ASKER = `${HOLDER},[role=tooltip]`;
export const BUTTON = 'button,[role=button]';

export const dialogsIn = (trees: readonly SearchRoot[]): Element[] =>
  trees.flatMap((tree) => [...tree.querySelectorAll(ASKER)].filter(isShown));

/** Which offers elements show; what trees have is known only now, and some of it is not found yet. */
export const offersIn = (
  { placements }: Pick<Registry, 'placements'>,
  trees: readonly SearchRoot[],
): Map<Element, string | undefined> => {
  const offers = new Map<Element, string | undefined>();
  for (const tree of trees)
    for (const element of tree.querySelectorAll(`[${OFFER}]`)) offers.set(element, offerIdOf(element));
  for (const { element, offerId } of placements.filter(({ isByHand }) => isByHand || !trees[0]))
    offers.set(element, offerId);
  return offers;
};

export const isVisible = ({ element }: Placement, { boxesOf }: Sight): boolean =>
  isInView(boxesOf(element), document.documentElement);

export const shownNow = (placement: Placement, sight: Sight): Shown => ({
  placement,
  box: sight.boxesOf(placement.element)[0]?.getBoundingClientRect(),
  wasInView: isVisible(placement, sight),
  around: [...outward(placement.element)]
    .filter((box) => !isPage(box) && (box === placement.element || isShown(box)))
    .map((box) => [box, drawingOf(box)]),
});

/** @param inSight The offers whose boxes are looked at. */
export const beforeNow = (
  registry: Pick<KnownRegistry, 'placements' | 'early'>,
  { all }: Pick<Roots, 'all'>,
  sight: Sight,
  inSight: readonly Placement[] = [],
): Before => ({
  // What the page rendered again since an early act is new.
  offers: offersIn(registry, registry.early ? [] : all()),
  drawn: new Set(
    registry.placements.filter(({ element }) => sight.isDrawn(element)).map(({ offerId }) => offerId),
  ),
  known: new Set([...dialogsIn(all()), ...all().flatMap((tree) => [...tree.querySelectorAll(BUTTON)])]),
  shown: new Map(inSight.map((placement) => [placement, shownNow(placement, sight)])),
  view: viewNow(),
  modal: new Set(all().flatMap((tree) => [...tree.querySelectorAll(MODAL)])),
});
