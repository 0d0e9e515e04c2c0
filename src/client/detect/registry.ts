/**
 * Offers coming and going: which element shows which offer. Finds attributes now and later with one query a
 * frame; knows nothing of seeing, closing or recording.
 */
import type { Stop } from '../../runtime.js';
import { inMs } from '../times.js';
import type { ObservedOffer, Past, Placement } from './placement.js';

/** Where offers are looked for. */
export type SearchRoot = Document | ShadowRoot;

/** What shows which offer. */
export interface Placements {
  get(element: Element): Placement | undefined;
  filter(test: (placement: Placement) => unknown): Placement[];
}

/** Knows every placement of the page. */
export interface Registry {
  /** Looks for offers in this document: now, and whenever it changes. */
  start(): void;
  /** Adds an element by hand, regardless of its attributes later. The result takes it out again. */
  observe(element: Element, offer: ObservedOffer): Stop;
  /** All of them. */
  readonly placements: Placements;
  /** The latest placement of each offer that is gone, by the offer's id. */
  readonly past: Map<string, Past>;
  /** Looks for offers in another tree as well. */
  search(root: SearchRoot): Stop;
  /** Where it looks. */
  readonly roots: ReadonlySet<SearchRoot>;
  /** Looks at one element again: whether it shows an offer, and which. */
  look(element: Element): void;
  /** Passes every change of the trees on, until it is stopped, instead of looking at everything again once a frame. */
  extend(extension: RegistryExtension): Stop;
  stop: Stop;
}

/** What another room does instead of the registry. */
export interface RegistryExtension {
  /** Called with every change of the trees. */
  onChange(records: readonly MutationRecord[]): void;
}

/** Called when placements come and go. */
export interface RegistryListener {
  onMount(placement: Placement): void;
  onUnmount(placement: Placement): void;
}

/** Names the offer that an element shows. */
export const OFFER = 'data-offer-id';

/** The offer that an element's attribute names, without the blanks that templates leave around it. */
export const offerIdOf = (element: Element): string | undefined => element.getAttribute(OFFER)?.trim();

/** Epoch seconds, as the API gives them, milliseconds, or an ISO date → epoch milliseconds. */
const timeOf = (text: string): number | undefined => inMs(Number(text)) || Date.parse(text) || undefined;

/** Takes from an object what all objects have: a page may have put values on `Object.prototype`. */
const without = <Own extends object>(own: Own): Own => Object.setPrototypeOf(own, null) as Own;

/**
 * Gives the settings that an element has by hand or in its attributes. A page's own code may give anything: what is
 * neither a string, a number nor a date reads like a wrong string.
 */
const give = (element: Element, offerId: string, byHand?: ObservedOffer): Placement => {
  const asked: ObservedOffer | undefined = byHand && without({ ...byHand });
  // The attribute for ignoring is read when the offer has counted.
  const placement: Placement = Object.assign(
    without({ element, offerId }),
    asked && { isByHand: true, ignore: asked.ignore },
  );
  const read = (attribute: string, name: keyof ObservedOffer, parse: (text: string) => unknown): void => {
    const value: unknown = asked?.[name] ?? element.getAttribute(`data-offer-${attribute}`);
    if (!value && value !== 0) return;
    const text = value instanceof Date ? +value : /^(?:str|num)/.test(typeof value) ? value : '?';
    Object.assign(placement, { [name]: parse(text as string) });
  };
  read('ratio', 'ratio', parseFloat);
  read('dwell', 'dwellMs', parseFloat);
  read('repeat', 'repeat', String);
  read('expires', 'expiresAt', timeOf);
  read('token', 'token', String);
  read('group', 'group', String);
  return placement;
};

/** Makes a registry. */
export const createRegistry = (listener: RegistryListener): Registry => {
  const known = new Map<Element, Placement>();
  const past = new Map<string, Past>();
  const roots = new Set<SearchRoot>();

  const unmount = (element: Element, placement = known.get(element)): void => {
    if (!placement || known.get(element) !== placement) return;
    known.delete(element);
    listener.onUnmount(placement);
    // After the listener, so that it has the impression that the listener decided about.
    placement.past = without({ ...placement, element: undefined });
    past.set(placement.offerId, placement.past);
  };

  const mount = (element: Element, offerId: string, byHand?: ObservedOffer): Placement => {
    const placement = give(element, offerId, byHand);
    known.set(element, placement);
    listener.onMount(placement);
    return placement;
  };

  let isDirty = false;

  const look = (element: Element): void => {
    const placement = known.get(element);
    if (placement?.isByHand) return;
    const offerId = roots.has(element.getRootNode() as SearchRoot) && offerIdOf(element);
    if (placement && placement.offerId === offerId) {
      const settings = give(element, offerId);
      for (const name of ['expiresAt', 'token', 'group'] as const)
        if (placement[name] !== settings[name]) Object.assign(placement, { [name]: settings[name] });
      return;
    }
    unmount(element);
    // An empty attribute is an offer that has not arrived yet.
    if (offerId) mount(element, offerId);
  };

  const scan = (): void => {
    // A scan at the start does not wait for its frame, which then has nothing to do.
    if (!isDirty) return;
    isDirty = false;
    for (const element of known.keys()) look(element);
    for (const root of roots) for (const element of root.querySelectorAll(`[${OFFER}]`)) look(element);
  };

  // One query a frame is the cheapest way that does not miss any offer. A hidden page, on which nothing can be seen,
  // has no frames, so it waits by itself.
  const lookAtAll = (): void => {
    if (!isDirty) requestAnimationFrame(scan);
    isDirty = true;
  };
  let onChange: RegistryExtension['onChange'] = lookAtAll;
  let observer: MutationObserver | undefined;

  const search = (root: SearchRoot): Stop => {
    roots.add(root);
    observer ??= new MutationObserver((records) => onChange(records));
    observer.observe(root, {
      childList: true,
      subtree: true,
      attributeFilter: [OFFER, 'data-offer-expires', 'data-offer-token', 'data-offer-group'],
    });
    lookAtAll();
    return () => {
      roots.delete(root);
      lookAtAll();
    };
  };

  return {
    start() {
      search(document);
      scan();
    },
    placements: {
      get: (element) => known.get(element),
      filter(test) {
        const passed: Placement[] = [];
        // A test may add and remove offers.
        for (const placement of known.values()) if (test(placement)) passed.push(placement);
        return passed;
      },
    },
    past,
    roots,
    search,
    look,
    extend(extension) {
      ({ onChange } = extension);
      return () => {
        onChange = lookAtAll;
      };
    },
    observe(element, offer) {
      unmount(element);
      const placement = mount(element, offer.id ?? offerIdOf(element) ?? '', offer);
      return () => unmount(element, placement);
    },
    stop() {
      observer?.disconnect();
      roots.clear();
      for (const element of known.keys()) unmount(element);
    },
  };
};
