/**
 * Trees beside the document: open shadow roots, found by themselves, and what was given by hand. The registry looks
 * for offers in them; what ends at their edge, or belongs to another document, is heard there.
 */
import type { Stop } from '../../../runtime.js';
import type { Registry, SearchRoot } from '../../detect/registry.js';
import type { EarlyAct } from '../../early.js';
import type { Page } from '../../page.js';

/** All trees that may show offers. */
export interface Roots {
  /** Hears events of these types ahead of the page's own listeners, in every tree and each once, until stopped. */
  capture<T extends Event>(types: readonly string[], listener: (event: T) => void): void;
  /** Lets what captures such events hear one that is over. */
  repeat(act: EarlyAct): void;
  /** Looks for offers in a tree that nobody can find, and hears what happens there. */
  search(root: SearchRoot): Stop;
  /** Hears what happens in the tree of an element, which may be one that nobody can find. */
  join(element: Element): void;
  all(): SearchRoot[];
  stop: Stop;
}

/** `Node`'s own numbers. */
const ELEMENT_NODE = 1;
const FRAGMENT_NODE = 11;

/** A form's fields hide its own properties behind their names, so the prototype is asked. */
const own = (node: Node, name: keyof Element, prototype = Node.prototype): unknown =>
  Reflect.get(prototype, name, node);

/**
 * What a shadow root belongs to. Only fragments are asked: the `host` of a link is a part of its URL, and that of a form
 * or a document may be what the page has named so.
 */
export const hostOf = (node: Node): Element | false =>
  own(node, 'nodeType') === FRAGMENT_NODE && (node as ShadowRoot).host;

/** What a node is drawn in: through slots, and out of open and closed shadow roots. */
const drawnIn = (node: Node): Node | false => {
  const parent = own(node, 'parentNode');
  // What has no parent is a tree's root, or nowhere.
  return parent ? ((own(node, 'assignedSlot', Element.prototype) ?? parent) as Node) : hostOf(node);
};

/** An element's own. A form's field would hide its method; browsers before Chrome 84, Firefox 75 and Safari 14 have none. */
export const animationsOf = (element: Element): Animation[] =>
  (Element.prototype as Partial<Element>).getAnimations?.call(element) ?? [];

/** An element and everything around it, as it is drawn. */
export function* outward(node: Node): Generator<Element> {
  for (let at: Node | false = node; at; at = drawnIn(at))
    if (own(at, 'nodeType') === ELEMENT_NODE) yield at as Element;
}

/** Whether a node is, or holds as it is drawn, another. */
export const holds = (holder: Node | null | undefined, node: Node): boolean => {
  const { contains, getRootNode } = Node.prototype;
  // In one tree the browser itself knows, much faster: slots draw within what holds them there as well.
  if (holder && getRootNode.call(holder) === getRootNode.call(node)) return contains.call(holder, node);
  let at: Node | false = node;
  while (at && at !== holder) at = drawnIn(at);
  return !!at;
};

type Hearing = readonly [types: readonly string[], listener: (event: Event) => void];

/** What is heard that reaches the window out of open shadow roots too. */
const COMPOSED = /click$|^(?:pointer|key|input|focus)/;

/** Whether a tree is still part of what a user could see. */
const isPresent = (root: SearchRoot): boolean =>
  root.isConnected && (root.ownerDocument ?? root).defaultView !== null;

/**
 * Starts finding trees.
 * @param onChange Called when elements came or went in one of them.
 */
export const createRoots = (registry: Registry, page: Page, onChange: () => void): Roots => {
  const heardIn = new Set<SearchRoot>();
  const searched = new Map<SearchRoot, Stop>();
  /** How many ask for a tree by hand. */
  const byHand = new Map<SearchRoot, number>();
  const closedHosts = new WeakSet<EventTarget>();
  const hearings: Hearing[] = [];
  const awaited = new Set<string>();
  let isStopped = false;

  const hear = (root: SearchRoot, [types, listener]: Hearing): void => {
    const isOpen = (root as ShadowRoot).mode === 'open';
    for (const type of types)
      if (!isOpen || !COMPOSED.test(type)) root.addEventListener(type, listener, true);
  };

  const listen = (root: SearchRoot): void => {
    if (root === document || heardIn.has(root)) return;
    heardIn.add(root);
    if ((root as ShadowRoot).mode === 'closed') closedHosts.add((root as ShadowRoot).host);
    for (const hearing of hearings) hear(root, hearing);
  };

  const leave = (root: SearchRoot): void => {
    heardIn.delete(root);
    byHand.delete(root);
    searched.get(root)?.();
    searched.delete(root);
    for (const [types, listener] of hearings)
      for (const type of types) root.removeEventListener(type, listener, true);
  };

  const enter = (root: SearchRoot): void => {
    listen(root);
    searched.set(root, registry.search(root));
    attend(root);
  };

  const look = (element: Element): void => {
    // A form may have fields of these names, and has no shadow root.
    const { shadowRoot, localName } = element;
    if (shadowRoot?.host) {
      if (!searched.has(shadowRoot)) enter(shadowRoot);
    } else if (/-/.test(localName) && !awaited.has(localName) && !customElements.get(localName)) {
      awaited.add(localName);
      customElements.whenDefined(localName).then(
        () => {
          if (!isStopped)
            for (const root of all()) for (const found of root.querySelectorAll(localName)) look(found);
        },
        // No name that could ever be defined, such as `font-face`.
        () => undefined,
      );
    }
  };

  const discover = (parent: ParentNode): void => {
    for (const element of parent.querySelectorAll('*')) look(element);
  };

  const all = (): SearchRoot[] => [document, ...heardIn];

  const observer = new MutationObserver((records) => {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) {
        // What was built or taken out meanwhile is found when it comes.
        if (node.nodeType !== ELEMENT_NODE || !node.isConnected) continue;
        look(node as Element);
        if (node.firstChild) discover(node as Element);
      }
    }
    if (records.some(({ removedNodes }) => removedNodes.length))
      for (const root of heardIn) if (!isPresent(root) && !byHand.has(root)) leave(root);
    onChange();
  });
  const attend = (root: SearchRoot): void => {
    observer.observe(root, { childList: true, subtree: true });
    discover(root);
  };
  for (const root of [...registry.roots]) {
    // Given by hand before this was here, or open and pressed in. An open one is found again by itself.
    if ((root as ShadowRoot).mode !== 'open') byHand.set(root, 1);
    if (root === document) attend(root);
    else enter(root);
  }
  // A parser gives a host its declarative shadow root only after it has inserted it.
  page.capture(['DOMContentLoaded'], () => discover(document));

  return {
    capture(types, listener) {
      const heard = new WeakSet<Event>();
      const once = (event: Event): void => {
        const [target] = event.composedPath();
        // What happens in a closed tree is understood there alone.
        if (heard.has(event) || (target && closedHosts.has(target))) return;
        heard.add(event);
        listener(event as Parameters<typeof listener>[0]);
      };
      const hearing: Hearing = [types, once];
      hearings.push(hearing);
      page.capture(types, once);
      for (const root of heardIn) hear(root, hearing);
    },
    repeat({ event, path }) {
      // It has none any more.
      event.composedPath = () => path;
      for (const [types, listener] of hearings) if (types.includes(event.type)) listener(event);
    },
    search(root) {
      if (root === document) return () => undefined;
      byHand.set(root, (byHand.get(root) ?? 0) + 1);
      if (!searched.has(root)) enter(root);
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
    join(element) {
      if (element.isConnected) listen(element.getRootNode() as SearchRoot);
    },
    all,
    stop() {
      isStopped = true;
      observer.disconnect();
      for (const root of heardIn) leave(root);
    },
  };
};
