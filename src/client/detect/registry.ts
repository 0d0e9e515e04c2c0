/**
 * Offers coming and going: which element shows which offer, in the document and in other trees. Open shadow roots are found
 * by themselves, other trees are given by hand. Finds attributes now and later with one query a frame; knows nothing of
 * seeing, closing or recording.
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
  /** Looks for offers in a tree that the registry cannot find by itself: a closed shadow root or a frame's document. */
  search(root: SearchRoot): Stop;
  /** Where it looks. */
  readonly roots: ReadonlySet<SearchRoot>;
  /** Looks at one element again: whether it shows an offer, and which, and whether it holds a tree. */
  look(element: Element): void;
  /** Finds the open trees in what a parser or a script has brought. */
  discover(parent: ParentNode): void;
  /** Lets another room find offers by what changed, until it is stopped. */
  extend(extension: RegistryExtension): Stop;
  stop: Stop;
}

/** What another room does instead of the registry, and hears of it. */
export interface RegistryExtension {
  /** Called with every change of the trees, in place of looking at everything again once a frame. */
  onChange(records: readonly MutationRecord[]): void;
  /** Trees came or went. */
  onTrees(): void;
}

/** Called when placements come and go. */
export interface RegistryListener {
  onMount(placement: Placement): void;
  onUnmount(placement: Placement): void;
  /** An element has no id yet: an offer that has not arrived, or a mistake. */
  onEmpty?(): void;
}

/** Whether a tree is still part of what a user could see. */
export const isPresent = (root: SearchRoot): boolean =>
  root.isConnected && (root.ownerDocument ?? root).defaultView !== null;

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
  /** How many ask for a tree by hand. */
  const byHand = new Map<SearchRoot, number>();
  /** Custom elements that are not defined yet: they may have trees then. */
  const awaited = new Set<string>();

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

  const findTree = ({ shadowRoot, localName }: Element): void => {
    // A form may have fields of these names, and has no shadow root.
    if (shadowRoot?.host) enter(shadowRoot);
    else if (/-/.test(localName) && !awaited.has(localName) && !customElements.get(localName)) {
      awaited.add(localName);
      customElements.whenDefined(localName).then(
        () => {
          for (const root of roots) root.querySelectorAll(localName).forEach(findTree);
        },
        // No name that could ever be defined, such as `font-face`.
        () => undefined,
      );
    }
  };
  const discover = (parent: ParentNode): void => parent.querySelectorAll('*').forEach(findTree);

  const look = (element: Element): void => {
    findTree(element);
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
    else if (offerId === '') listener.onEmpty?.();
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
  let extension: RegistryExtension = { onChange: lookAtAll, onTrees: () => undefined };
  let observer: MutationObserver | undefined;

  const onChange = (records: readonly MutationRecord[]): void => {
    let isTree = false;
    for (const { addedNodes, removedNodes } of records) {
      isTree ||= addedNodes.length + removedNodes.length > 0;
      for (const node of addedNodes) {
        // What was built or taken out meanwhile is found when it comes.
        if (node.nodeType !== Node.ELEMENT_NODE || !node.isConnected) continue;
        findTree(node as Element);
        if (node.firstChild) discover(node as Element);
      }
    }
    extension.onChange(records);
    if (!isTree) return;
    for (const root of roots) if (!isPresent(root) && !byHand.has(root)) leave(root);
    extension.onTrees();
  };

  const enter = (root: SearchRoot): void => {
    if (roots.has(root)) return;
    roots.add(root);
    observer ??= new MutationObserver(onChange);
    observer.observe(root, {
      childList: true,
      subtree: true,
      attributeFilter: [OFFER, 'data-offer-expires', 'data-offer-token', 'data-offer-group'],
    });
    discover(root);
    lookAtAll();
    extension.onTrees();
  };
  const leave = (root: SearchRoot): void => {
    roots.delete(root);
    lookAtAll();
    extension.onTrees();
  };

  return {
    start() {
      enter(document);
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
    look,
    discover,
    search(root) {
      if (root === document) return () => undefined;
      byHand.set(root, (byHand.get(root) ?? 0) + 1);
      enter(root);
      let isOver = false;
      return () => {
        const holders = (byHand.get(root) ?? 0) - (isOver ? 0 : 1);
        isOver = true;
        byHand.set(root, holders);
        if (holders) return;
        byHand.delete(root);
        // An open one would have been found by itself.
        if ((root as ShadowRoot).mode !== 'open' || !isPresent(root)) leave(root);
      };
    },
    extend(other) {
      const before = extension;
      extension = other;
      return () => {
        extension = before;
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
