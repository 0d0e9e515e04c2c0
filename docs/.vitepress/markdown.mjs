/** What the site reads out of Markdown that is also read where code is hosted. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { anchorOf, targetOf } from './pages.mjs';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The file of the page that is being rendered; undefined for a piece of text, such as a title. */
const fileOf = (root, { realPath, path = realPath }) =>
  path && posix.join('docs', posix.relative(root, realPath ?? path));

const isRelative = (href) => !/^([a-z][a-z\d+.-]*:|\/|#)/i.test(href);

/** Links to files of the repository become links to pages, or to the code where its address is known. */
const followLinks = (md, { root, repository }) => {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const file = fileOf(root, env);
    if (!file) return;
    for (const { children } of tokens) {
      /** Links that the site has no address for stay text. */
      let isText = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open' && isRelative(token.attrGet('href'))) {
          const { file: target, rest, route } = targetOf(file, token.attrGet('href'));
          if (route) token.attrSet('href', `${route}${rest}`);
          else if (repository) token.attrSet('href', `${repository}/blob/v${version}/${target}${rest}`);
          else isText = true;
        }
        if (isText && token.type.startsWith('link_')) {
          if (token.type === 'link_close') isText = false;
          token.tag = 'span';
          token.attrs = null;
          token.type = token.type.replace('link', 'em');
        }
      }
    }
  });
};

/** A block of code that is a file has its name above it: the fence says `js site/shop.js`. */
const nameFiles = (md) => {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, at, ...rest) => {
    const [, name] = /^\S+\s+([\w./[\]-]+)$/.exec(tokens[at].info.trim()) ?? [];
    const block = fence(tokens, at, ...rest);
    return name
      ? `<p class="file-name"><code v-pre>${md.utils.escapeHtml(name)}</code></p>\n${block}`
      : block;
  };
};

/** A block that is only indented is text, and scrolls like any other block. */
const frameBlocks = (md) => {
  md.renderer.rules.code_block = (tokens, at, ...rest) => {
    tokens[at].info = 'text';
    return md.renderer.rules.fence(tokens, at, ...rest);
  };
};

/** Pictures in whose place the site has something to play with. Without scripts the picture stays. */
const EXAMPLES = new Map([['dwell.svg', 'DwellRing']]);
const playExamples = (md) => {
  const { image } = md.renderer.rules;
  md.renderer.rules.image = (tokens, at, ...rest) => {
    const picture = image(tokens, at, ...rest);
    const example = EXAMPLES.get(posix.basename(tokens[at].attrGet('src')));
    return example ? `<${example}>${picture}</${example}>` : picture;
  };
};

/** A table that is wider than the page scrolls by itself, also for people who use the keyboard. */
const frameTables = (md) => {
  md.renderer.rules.table_open = (tokens, at) => {
    const number = tokens.slice(0, at + 1).filter(({ type }) => type === 'table_open').length;
    return `<div class="table" role="region" aria-label="Table ${number}" tabindex="0"><table>\n`;
  };
  md.renderer.rules.table_close = () => '</table></div>\n';
};

/** Braces in the text are not expressions of Vue. */
const keepBraces = (md) => {
  const { code_inline, text } = md.renderer.rules;
  md.renderer.rules.code_inline = (tokens, at, ...rest) => {
    tokens[at].attrSet('v-pre', '');
    return code_inline(tokens, at, ...rest);
  };
  md.renderer.rules.text = (...given) => text(...given).replaceAll('{{', '&#123;&#123;');
};

/**
 * VitePress's settings for Markdown.
 * @param root The folder docs/.
 * @param repository The address where the code is hosted, if it is known.
 */
export const markdownOf = (root, repository) => ({
  // Names such as postgres.md are not addresses.
  linkify: false,
  // Braces after code are text.
  attrs: { disable: true },
  anchor: { slugify: anchorOf },
  // The usual themes have too little contrast on the ground that VitePress gives them.
  theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  config(md) {
    // Markup in the text is an example.
    md.set({ html: false });
    const context = { root, repository };
    followLinks(md, context);
    nameFiles(md);
    frameBlocks(md);
    frameTables(md);
    playExamples(md);
    keepBraces(md);
  },
});
