/**
 * Trees beside the document, in which the registry looks for offers: what ends at their edge, or belongs to another document,
 * is heard there.
 */
import type { Stop } from '../../../runtime.js';
import { isPresent, type Registry, type SearchRoot } from '../../detect/registry.js';
import type { EarlyAct } from '../../early.js';
import type { Page } from '../../page.js';

type Hearing = readonly [types: readonly string[], listener: (event: Event) => void];

/** All trees that may show offers. */
export interface Roots {
  /** Hears events of these types ahead of the page's own listeners, in every tree and each once, until stopped. */
  capture<T extends Event>(types: readonly string[], listener: (event: T) => void): void;
  /** Who captures events, in the order in which they began. */
  readonly hearings: readonly Hearing[];
  /** Lets these hear an event that is over, but for the first so many. */
  repeat(act: EarlyAct, but: number): void;
  /** Hears what happens in the tree of an element, which may be one that nobody can find. */
  join(element: Element): void;
  all(): SearchRoot[];
  /** Hears what happens in trees that came, and no more in those that are gone. */
  refresh(): void;
  stop: Stop;
}

/** A form's fields hide its own properties behind their names, so the prototype is asked. */
const own = (node: Node, name: keyof Element, prototype = Node.prototype): unknown =>
  Reflect.get(prototype, name, node);

/**
 * What a shadow root belongs to. Only fragments are asked: the `host` of a link is a part of its URL, and that of a form
 * or a document may be what the page has named so.
 */
export const hostOf = (node: Node): Element | false =>
  own(node, 'nodeType') === Node.DOCUMENT_FRAGMENT_NODE && (node as ShadowRoot).host;

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
    if (own(at, 'nodeType') === Node.ELEMENT_NODE) yield at as Element;
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

/** What is heard that reaches the window out of open shadow roots too. */
const COMPOSED = /click$|^(?:pointer|key|input|focus)/;

/** Starts hearing in all trees of the registry. */
export const createRoots = ({ roots }: Pick<Registry, 'roots'>, page: Pick<Page, 'capture'>): Roots => {
  const heardIn = new Set<SearchRoot>();
  /** Those in which elements were given by hand. */
  const joined = new WeakSet<SearchRoot>();
  const closedHosts = new WeakSet<EventTarget>();
  const hearings: Hearing[] = [];

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
    for (const [types, listener] of hearings)
      for (const type of types) root.removeEventListener(type, listener, true);
  };

  const refresh = (): void => {
    roots.forEach(listen);
    for (const root of heardIn) if (!roots.has(root) && !(joined.has(root) && isPresent(root))) leave(root);
  };
  refresh();

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
    hearings,
    repeat({ event, path }, but) {
      // It has none any more.
      event.composedPath = () => path;
      for (const [types, listener] of hearings.slice(but)) if (types.includes(event.type)) listener(event);
    },
    join(element) {
      if (!element.isConnected) return;
      const root = element.getRootNode() as SearchRoot;
      joined.add(root);
      listen(root);
    },
    all: () => [document, ...heardIn],
    refresh,
    stop() {
      for (const root of heardIn) leave(root);
    },
  };
};
