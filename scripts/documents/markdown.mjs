// Reads a document with the parser that the site uses: its blocks of code, links, pictures and headings.
import MarkdownIt from 'markdown-it';
import { parseFragment } from 'parse5';
import { parse as parseYaml } from 'yaml';
import { anchorOf } from '../../docs/.vitepress/pages.mjs';

const parser = new MarkdownIt({ html: true });

const MATTER = /^---\n([\s\S]*?)\n---(?:\n|$)/;

/** A fence may be in a list or a quotation. */
const CLOSING = /^[\s>]*(?:`{3,}|~{3,})\s*$/;

const blockOf = ({ info, content, map: [start, end] }, lines) => {
  const [language = '', ...name] = info.trim().split(/\s+/);
  return {
    language,
    name: name.join(' '),
    text: content.replace(/\n$/, ''),
    line: start + 2,
    isClosed: end - 1 > start && CLOSING.test(lines[end - 1]),
  };
};

const attribute = (element, name) => element.attrs?.find((each) => each.name === name)?.value;

/** Every element in a piece of HTML, in its order. */
export const elementsIn = (node) =>
  [...(node.childNodes ?? []), ...(node.content?.childNodes ?? [])].flatMap((child) => [
    ...(child.tagName ? [child] : []),
    ...elementsIn(child),
  ]);

const linksInHtml = (html) =>
  elementsIn(parseFragment(html)).flatMap((element) => {
    const [href, src] = [attribute(element, 'href'), attribute(element, 'src')];
    return [
      ...(href === undefined ? [] : [{ href }]),
      ...(src === undefined ? [] : [{ href: src, alt: attribute(element, 'alt') ?? '' }]),
    ];
  });

/** Words with a name in brackets that the document does not define. The parser takes them for text. */
const undefinedIn = ({ children }) => {
  const text = children.map(({ type, content }) => (type === 'text' ? content : '')).join('');
  return [...text.matchAll(/\[[^\][]*\]\[[^\][]+\]/g)].map(([link]) => link);
};

/** Returns what the front matter leads to: the values of `link` and `src` at any depth. */
const linksInMatter = (value) =>
  value === null || typeof value !== 'object'
    ? []
    : Object.entries(value).flatMap(([key, each]) =>
        (key === 'link' || key === 'src') && typeof each === 'string' ? [each] : linksInMatter(each),
      );

const wordsOf = ({ children }) =>
  children
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('');

/** The anchors of headings; one that is there already gets a number. */
const anchorsOf = (tokens) => {
  const seen = new Map();
  return tokens.flatMap((token, at) => {
    if (tokens[at - 1]?.type !== 'heading_open') return [];
    const anchor = anchorOf(wordsOf(token));
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before ? `${anchor}-${before}` : anchor;
  });
};

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
      if (token.type === 'link_open') return { href: decodeURI(token.attrGet('href')) };
      if (token.type === 'image') return { href: decodeURI(token.attrGet('src')), alt: token.content };
      return /^html_(?:block|inline)$/.test(token.type) ? linksInHtml(token.content) : [];
    }),
    undefinedLinks: tokens.filter(({ type }) => type === 'inline').flatMap(undefinedIn),
    anchors: anchorsOf(tokens),
    matterLinks: matter === undefined ? [] : linksInMatter(parseYaml(matter)),
  };
};

const known = new Map();

/** Reads a document. What was read is kept, since checks read the same documents many times. */
export const readMarkdown = (markdown) => {
  const document = known.get(markdown) ?? read(markdown);
  known.set(markdown, document);
  return document;
};
