/** What a page's markup says before any script runs. The one room that names parse5. */
import { type DefaultTreeAdapterTypes, parse, parseFragment } from 'parse5';
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

/** What is below a node: its children, or markup that browsers with scripts take for text or keep aside. */
interface Below {
  readonly node: Node;
  /** Where such markup is. */
  readonly place?: string | undefined;
}

const insideOf = (node: Node): Below[] => {
  if ('content' in node) return [{ node: node.content, place: '<template>' }];
  const text = 'data' in node ? node.data : 'value' in node ? node.value : '';
  if (!text.includes('<script')) return [];
  const parent = 'parentNode' in node ? node.parentNode?.nodeName : undefined;
  if (parent === 'script' || parent === 'style') return [];
  const place = 'data' in node ? 'a comment' : parent === 'noscript' ? '<noscript>' : 'text';
  return [{ node: parseFragment(text), place }];
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
        ...('data-offer-token' in attributes && { isSigned: true }),
      });
    if (element.tagName === 'meta' && /^content-security-policy$/i.test(attributes['http-equiv'] ?? ''))
      policies.push(attributes.content ?? '');
    return names;
  };
  const readInert = (element: Element, place: string): void => {
    const tag = element.tagName === 'script' ? readTag(attributesOf(element), base) : undefined;
    if (tag && inert.length < MAX_ELEMENTS) inert.push(`${place} holds ${showTag(tag)}`);
  };
  // By a list of its own: pages nest deeper than calls may.
  const open: (Below & { readonly above: readonly string[] })[] = [{ node: parse(html), above: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, place } = next;
    let { above } = next;
    if ('tagName' in node && place) readInert(node, place);
    else if ('tagName' in node) above = readElement(node, above);
    const children = 'childNodes' in node ? node.childNodes.map((child) => ({ node: child, place })) : [];
    for (const each of [...insideOf(node), ...children].reverse())
      open.push({ ...each, place: place ?? each.place, above });
  }
  return { tags, inert, offers, policies };
};
