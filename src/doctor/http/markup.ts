/** What a page's markup says before any script runs. The one room that names parse5. */
import { type DefaultTreeAdapterTypes, parse, parseFragment, serialize } from 'parse5';
import { MAX_ELEMENTS } from '../limits.js';
import type { ScriptTag, ShownOffer } from '../observed.js';
import { readTag, showTag } from '../tags.js';

/** What was found. */
export interface Markup {
  readonly tags: readonly ScriptTag[];
  /** Tags that browsers do not run, and where they stand. */
  readonly inert: readonly string[];
  readonly offers: readonly ShownOffer[];
  /** Policies in `<meta>`. */
  readonly policies: readonly string[];
}

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

const attributesOf = ({ attrs }: Element): Record<string, string> =>
  Object.fromEntries(attrs.map(({ name, value }) => [name, value]));

const namesOf = ({ id = '', class: classes = '' }: Readonly<Record<string, string>>): string[] => [
  ...(id ? [`#${id}`] : []),
  ...classes
    .split(/\s/)
    .filter(Boolean)
    .map((name) => `.${name}`),
];

const markupOf = (tag: string, attributes: Readonly<Record<string, string>>): string =>
  `<${[tag, ...Object.entries(attributes).map(([name, value]) => `${name}="${value}"`)].join(' ')}>`;

/** Markup that a browser with scripts takes for text or keeps aside, and where it stands. */
const inertOf = (node: Node): readonly [place: string, html: string] | undefined => {
  if ('data' in node) return ['a comment', node.data];
  if ('content' in node) return ['<template>', serialize(node.content)];
  const parent = 'value' in node ? node.parentNode?.nodeName : undefined;
  if (!('value' in node) || parent === 'script' || parent === 'style') return undefined;
  return [parent === 'noscript' ? '<noscript>' : 'text', node.value];
};

/** The script file's tags in such markup. */
const inertTags = (node: Node, base: string): string[] => {
  const [place, html = ''] = inertOf(node) ?? [];
  return html.includes('<script')
    ? parseFragment(html)
        .childNodes.filter((child) => 'tagName' in child)
        .flatMap((child) => (child.tagName === 'script' ? (readTag(attributesOf(child), base) ?? []) : []))
        .map((tag) => `${place} holds ${showTag(tag)}`)
    : [];
};

/**
 * Reads a page.
 * @param url The page's own, which its addresses are relative to.
 */
export const readMarkup = (html: string, url: string): Markup => {
  const tags: ScriptTag[] = [];
  const inert: string[] = [];
  const offers: ShownOffer[] = [];
  const policies: string[] = [];
  let base = url;
  const readElement = (element: Element, above: readonly string[]): readonly string[] => {
    const attributes = attributesOf(element);
    const names = [...namesOf(attributes), ...above];
    const tag = element.tagName === 'script' ? readTag(attributes, base) : undefined;
    if (tag) tags.push(tag);
    // The first one counts.
    if (element.tagName === 'base' && base === url && URL.canParse(attributes.href ?? '', url))
      base = new URL(attributes.href ?? '', url).href;
    const id = attributes['data-offer-id'];
    const expires = attributes['data-offer-expires'];
    if (id !== undefined && offers.length < MAX_ELEMENTS)
      offers.push({
        ...{ id, markup: markupOf(element.tagName, attributes), names, filters: [] },
        ...(expires && { expires }),
      });
    if (element.tagName === 'meta' && /^content-security-policy$/i.test(attributes['http-equiv'] ?? ''))
      policies.push(attributes.content ?? '');
    return names;
  };
  // By a list of its own: pages nest deeper than calls may.
  const open: { readonly node: Node; readonly above: readonly string[] }[] = [
    { node: parse(html), above: [] },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node } = next;
    inert.push(...inertTags(node, base));
    const above = 'tagName' in node ? readElement(node, next.above) : next.above;
    const children = 'childNodes' in node ? node.childNodes : [];
    for (const child of [...children].reverse()) open.push({ node: child, above });
  }
  return { tags, inert, offers, policies };
};
