/** Offers in closed shadow trees, which only the browser itself can look into. Pure. */
import type { Protocol } from 'puppeteer-core';
import { MAX_ELEMENTS } from '../limits.js';

/** A page as the browser lists it: flat, since a nested answer ends at some depth. Texts are places in a list. */
export type Snapshot = Pick<Protocol.DOMSnapshot.CaptureSnapshotResponse, 'strings'> & {
  readonly documents: readonly { readonly nodes: Protocol.DOMSnapshot.NodeTreeSnapshot }[];
};

/** So much of an opening tag is shown. */
const LONGEST_TAG = 200;

/** Opening tags of the offers in closed trees of the page itself, each with that of the element that has the tree. */
export const offersInClosedTrees = ({ documents: [page], strings }: Snapshot): string[] => {
  const { parentIndex = [], attributes = [], nodeName = [], shadowRootType } = page?.nodes ?? {};
  const textOf = (at: number | undefined): string => strings[at ?? -1] ?? '';
  const closed = new Set(
    shadowRootType?.index.filter((_, at) => textOf(shadowRootType.value[at]) === 'closed') ?? [],
  );
  if (!closed.size) return [];
  const pairsOf = (node: number): (readonly [name: string, value: string])[] => {
    const own = attributes[node] ?? [];
    return own.flatMap((name, at) => (at % 2 ? [] : [[textOf(name), textOf(own[at + 1])] as const]));
  };
  const markupOf = (node: number): string =>
    `<${[textOf(nodeName[node]).toLowerCase(), ...pairsOf(node).map(([name, value]) => `${name}="${value}"`)].join(' ')}>`.slice(
      0,
      LONGEST_TAG,
    );
  /** The element that has the closed tree around a node; undefined if there is none. */
  const hostOf = (node: number): number | undefined => {
    for (let at: number | undefined = node; at !== undefined && at >= 0; at = parentIndex[at])
      if (closed.has(at)) return parentIndex[at];
    return undefined;
  };
  return attributes
    .flatMap((_, node) => {
      const host = pairsOf(node).some(([name]) => name === 'data-offer-id') ? hostOf(node) : undefined;
      return host === undefined ? [] : [`${markupOf(node)} in ${markupOf(host)}`];
    })
    .slice(0, MAX_ELEMENTS);
};
