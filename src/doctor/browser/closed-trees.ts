/** Offers in closed shadow trees, which only the browser itself can look into. Pure. */
import type { Protocol } from 'puppeteer-core';
import { MAX_ELEMENTS } from '../limits.js';

type Node = Protocol.DOM.Node;

/** An element's opening tag. The browser gives names and values in turn. */
const markupOf = ({ localName, attributes = [] }: Node): string => {
  const pairs = attributes.flatMap((name, at) => (at % 2 ? [] : [`${name}="${attributes[at + 1] ?? ''}"`]));
  return `<${[localName, ...pairs].join(' ')}>`;
};

const isOffer = ({ attributes = [] }: Node): boolean =>
  attributes.some((name, at) => at % 2 === 0 && name === 'data-offer-id');

/** Opening tags of the offers in closed trees below a document, each with the element that has the tree. */
export const offersInClosedTrees = (document: Node): string[] => {
  const found: string[] = [];
  // By a list of its own: pages nest deeper than calls may.
  const open: { readonly node: Node; readonly host?: Node }[] = [{ node: document }];
  for (let next = open.pop(); next && found.length < MAX_ELEMENTS; next = open.pop()) {
    const { node, host } = next;
    if (host && isOffer(node)) found.push(`${markupOf(node)} in ${markupOf(host)}`);
    for (const child of node.children ?? []) open.push({ node: child, ...(host && { host }) });
    for (const tree of node.shadowRoots ?? [])
      if (tree.shadowRootType !== 'user-agent')
        open.push({ node: tree, ...(tree.shadowRootType === 'closed' ? { host: node } : host && { host }) });
  }
  return found;
};
