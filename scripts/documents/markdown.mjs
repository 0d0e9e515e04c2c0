// Reads a document with the parser that the site uses: its blocks of code, links, pictures and headings.
import MarkdownIt from 'markdown-it';
import { parseFragment } from 'parse5';
import { parse as parseYaml } from 'yaml';
import { anchorOf } from '../../docs/.vitepress/pages.mjs';

/**
 * @import { Token } from 'markdown-it'
 * @import { DefaultTreeAdapterTypes } from 'parse5'
 */

/**
 * A fenced block of code.
 * @typedef {object} CodeBlock
 * @property {string} language
 * @property {string} name The rest of the fence, such as the path of a file.
 * @property {string} text
 * @property {number} line The line of its first line in the document, from 1.
 * @property {boolean} isClosed
 */

/**
 * @typedef {object} MarkdownDocument
 * @property {readonly Readonly<CodeBlock>[]} blocks
 * @property {readonly Link[]} links Links and pictures.
 * @property {readonly string[]} undefinedLinks Links by reference whose name is not defined.
 * @property {readonly string[]} anchors The anchors of the headings.
 * @property {readonly string[]} matterLinks Where the front matter leads to.
 */

/**
 * Only a picture has a description.
 * @typedef {{ readonly href: string, readonly alt?: string }} Link
 */

const parser = new MarkdownIt({ html: true });

const MATTER = /^---\n([\s\S]*?)\n---(?:\n|$)/;

/** A fence may be in a list or a quotation. */
const CLOSING = /^[\s>]*(?:`{3,}|~{3,})\s*$/;

/**
 * @param {Token} token
 * @param {readonly string[]} lines
 * @returns {CodeBlock}
 */
const blockOf = ({ info, content, map }, lines) => {
  const [start, end] = map ?? [0, 0];
  const [language = '', ...name] = info.trim().split(/\s+/);
  return {
    language,
    name: name.join(' '),
    text: content.replace(/\n$/, ''),
    line: start + 2,
    isClosed: end - 1 > start && CLOSING.test(lines[end - 1] ?? ''),
  };
};

/**
 * @param {DefaultTreeAdapterTypes.Element} element
 * @param {string} name
 */
const attribute = (element, name) => element.attrs.find((each) => each.name === name)?.value;

/**
 * Every element in a piece of HTML, in its order.
 * @param {DefaultTreeAdapterTypes.Node} node
 * @returns {DefaultTreeAdapterTypes.Element[]}
 */
export const elementsIn = (node) =>
  [
    ...('childNodes' in node ? node.childNodes : []),
    ...('content' in node ? node.content.childNodes : []),
  ].flatMap((child) => [...('tagName' in child ? [child] : []), ...elementsIn(child)]);

/** @param {string} html */
const linksInHtml = (html) =>
  elementsIn(parseFragment(html)).flatMap((element) => {
    const [href, src] = [attribute(element, 'href'), attribute(element, 'src')];
    return [
      ...(href === undefined ? [] : [{ href }]),
      ...(src === undefined ? [] : [{ href: src, alt: attribute(element, 'alt') ?? '' }]),
    ];
  });

/**
 * Words with a name in brackets that the document does not define. The parser takes them for text.
 * @param {Token} token
 */
const undefinedIn = ({ children }) => {
  const text = (children ?? []).map(({ type, content }) => (type === 'text' ? content : '')).join('');
  return [...text.matchAll(/\[[^\][]*\]\[[^\][]+\]/g)].map(([link]) => link);
};

/**
 * Returns what the front matter leads to: the values of `link` and `src` at any depth.
 * @param {unknown} value
 * @returns {string[]}
 */
const linksInMatter = (value) =>
  value === null || typeof value !== 'object'
    ? []
    : Object.entries(value).flatMap(([key, each]) =>
        (key === 'link' || key === 'src') && typeof each === 'string' ? [each] : linksInMatter(each),
      );

/** @param {Token} token */
const wordsOf = ({ children }) =>
  (children ?? [])
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('');

/**
 * The anchors of headings; one that is there already gets a number.
 * @param {readonly Token[]} tokens
 */
const anchorsOf = (tokens) => {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return tokens.flatMap((token, at) => {
    if (tokens[at - 1]?.type !== 'heading_open') return [];
    const anchor = anchorOf(wordsOf(token));
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before ? `${anchor}-${before}` : anchor;
  });
};

/**
 * @param {string} markdown
 * @returns {Readonly<MarkdownDocument>}
 */
const read = (markdown) => {
  const [front = '', matter] = MATTER.exec(markdown) ?? [];
  // Lines keep their numbers.
  const text = front.replace(/[^\n]/g, '') + markdown.slice(front.length);
  const tokens = parser.parse(text, {});
  const inline = tokens.flatMap(({ children }) => children ?? []);
  const lines = text.split('\n');
  return {
    blocks: tokens.filter(({ type }) => type === 'fence').map((token) => blockOf(token, lines)),
    links: [...tokens, ...inline].flatMap((token) => {
      if (token.type === 'link_open') return { href: decodeURI(token.attrGet('href') ?? '') };
      if (token.type === 'image') return { href: decodeURI(token.attrGet('src') ?? ''), alt: token.content };
      return /^html_(?:block|inline)$/.test(token.type) ? linksInHtml(token.content) : [];
    }),
    undefinedLinks: tokens.filter(({ type }) => type === 'inline').flatMap(undefinedIn),
    anchors: anchorsOf(tokens),
    matterLinks: matter === undefined ? [] : linksInMatter(parseYaml(matter)),
  };
};

/** @type {Map<string, Readonly<MarkdownDocument>>} */
const known = new Map();

/**
 * Reads a document. What was read is kept, since checks read the same documents many times.
 * @param {string} markdown
 */
export const readMarkdown = (markdown) => {
  const document = known.get(markdown) ?? read(markdown);
  known.set(markdown, document);
  return document;
};
