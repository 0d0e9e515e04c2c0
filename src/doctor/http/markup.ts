/** What a page's markup says before any script runs. The one room that names parse5. */
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { MAX_ELEMENTS } from '../limits.js';
import type { ScriptTag, ShownOffer } from '../observed.js';
import { readTag } from '../tags.js';

/** What was found. */
export interface Markup {
  readonly tags: readonly ScriptTag[];
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

/**
 * Reads a page.
 * @param url The page's own, which its addresses are relative to.
 */
export const readMarkup = (html: string, url: string): Markup => {
  const tags: ScriptTag[] = [];
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
    const above = 'tagName' in node ? readElement(node, next.above) : next.above;
    const children = 'childNodes' in node ? node.childNodes : [];
    for (const child of [...children].reverse()) open.push({ node: child, above });
  }
  return { tags, offers, policies };
};
