/** Which Markdown file is which page of the site. Paths of files start at the repository's root. */
import { existsSync } from 'node:fs';
import { posix } from 'node:path';

/** Pages of the site that show a file from outside docs/, by the page that includes it. */
const INCLUDED = new Map([
  ['docs/site/changelog.md', 'CHANGELOG.md'],
  ['docs/site/contributing.md', 'CONTRIBUTING.md'],
  ['docs/site/security.md', '.github/SECURITY.md'],
]);

/** Files whose place on the site differs from their place in docs/. */
export const rewrites = {
  'site/:page': ':page',
  'start/README.md': 'start/index.md',
};

/**
 * The Markdown file whose text a page shows: its relative links start there.
 * @param {string} page
 */
export const sourceOf = (page) => INCLUDED.get(page) ?? page;

/**
 * The route of a file on the site, without the suffix: `docs/start/README.md` is `/start/`.
 * @param {string} file
 * @returns Undefined for a file that is not a page.
 */
export const routeOf = (file) => {
  if (file === 'README.md') return '/';
  const page = [...INCLUDED].find(([, included]) => included === file)?.[0] ?? file;
  if (!/^docs\/.*\.md$/.test(page)) return undefined;
  return page
    .replace(/^docs\/(site\/)?/, '/')
    .replace(/\.md$/, '')
    .replace(/\/(README|index)$/, '/');
};

/**
 * What a relative link means.
 * @param {string} page The file of the page that the link is on.
 * @param {string} href
 * @returns The path of the file, the rest of the link (`#heading`), and the route if the file is a page.
 * @throws If there is no such file.
 */
export const targetOf = (page, href) => {
  const [, path = '', rest = ''] = /^([^?#]*)(.*)$/.exec(href) ?? [];
  const source = sourceOf(page);
  const file = path === '' ? source : posix.join(posix.dirname(source), decodeURI(path));
  if (file.startsWith('..') || !existsSync(new URL(`../../${file}`, import.meta.url)))
    throw new Error(`${source}: “${href}” leads to no file.`);
  return { file, rest, route: routeOf(file) };
};

/**
 * The anchor of a heading, as code hosts make it, so that a link to a heading works there and here.
 * @param {string} heading
 */
export const anchorOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
