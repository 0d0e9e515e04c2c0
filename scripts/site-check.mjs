// Checks in the Markdown what VitePress does not. Links also have to work where code is hosted, and every heading that a
// link names has to exist. Pictures have to be there, with a description. The sidebar has to list every page.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { routeOf, sourceOf, targetOf } from '../docs/.vitepress/pages.mjs';
import { sidebarLinks } from '../docs/.vitepress/sidebar.mjs';
import { readMarkdown } from './documents/markdown.mjs';

/** @typedef {(file: string) => string} Read */

/** @type {Read} */
const readText = (file) => readFileSync(file, 'utf8');

/**
 * Markdown files below docs/, without installed packages.
 * @param {string} folder
 * @returns {string[]}
 */
const pagesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^(node_modules|\..*)$/.test(entry.name) ? [] : pagesBelow(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });

/** Every Markdown file that readers reach. */
export const markdownFiles = () => [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', '.github/SECURITY.md'].filter((file) =>
    existsSync(file),
  ),
  ...pagesBelow('docs'),
];

/** @param {string} href */
const isElsewhere = (href) => /^[a-z][a-z\d+.-]*:|^\/\//i.test(href);

/**
 * Whether the heading that a link names is there. A link may name none, and only pages have headings.
 * @param {string} file
 * @param {string} rest
 * @param {Read} read
 */
const hasHeading = (file, rest, read) => {
  const anchor = rest.replace(/^#/, '');
  return !anchor || !file.endsWith('.md') || readMarkdown(read(file)).anchors.includes(decodeURI(anchor));
};

/**
 * The fault of one link of a file, if it has one.
 * @param {string} file
 * @param {string} href
 * @param {Read} read
 */
const linkFault = (file, href, read) => {
  if (isElsewhere(href)) return [];
  if (href.startsWith('/')) return [`${file}: “${href}” works on the site only. Make it relative.`];
  let target;
  try {
    target = targetOf(file, href);
  } catch (cause) {
    return [cause instanceof Error ? cause.message : `${cause}`];
  }
  if (hasHeading(target.file, target.rest, read)) return [];
  return [`${file}: “${href}” names a heading that ${target.file} does not have.`];
};

/**
 * The fault of a link in front matter, which is a route of the site.
 * @param {string} file
 * @param {string} href
 * @param {readonly string[]} files
 * @param {Read} read
 */
const matterFault = (file, href, files, read) => {
  if (isElsewhere(href)) return [];
  const [, route = '', rest = ''] = /^([^?#]*)(.*)$/.exec(href) ?? [];
  const target = files.find((each) => each.startsWith('docs/') && routeOf(each) === route);
  if (target === undefined) return [`${file}: “${href}” leads to no page of the site.`];
  if (hasHeading(sourceOf(target), rest, read)) return [];
  return [`${file}: “${href}” names a heading that ${target} does not have.`];
};

/**
 * @param {string} file
 * @param {readonly string[]} files
 * @param {Read} read
 */
const faultsOfPage = (file, files, read) => {
  const { links, undefinedLinks, matterLinks } = readMarkdown(read(file));
  return [
    ...links.flatMap(({ href, alt }) => [
      ...linkFault(file, href, read),
      ...(alt !== undefined && !alt.trim() ? [`${file}: the picture “${href}” has no description.`] : []),
    ]),
    ...undefinedLinks.map((link) => `${file}: “${link}” names an address that the page does not define.`),
    ...matterLinks.flatMap((href) => matterFault(file, href, files, read)),
  ];
};

/**
 * The faults of the Markdown, a sentence each.
 * @param {readonly string[]} files Paths from the repository's root.
 * @param {Read} read The text of a file.
 * @param {readonly string[]} links What the sidebar leads to.
 */
export const faultsOfSources = (files = markdownFiles(), read = readText, links = sidebarLinks) => {
  const faults = files.flatMap((file) => faultsOfPage(file, files, read));
  const routes = files.filter((file) => file.startsWith('docs/')).flatMap((file) => routeOf(file) ?? []);
  for (const route of routes)
    if (route !== '/' && !links.includes(route))
      faults.push(`The sidebar lacks ${route}: add it to docs/.vitepress/sidebar.mjs.`);
  for (const link of links)
    if (!routes.includes(link)) faults.push(`The sidebar leads to ${link}, which is no page.`);
  for (const link of new Set(links))
    if (links.indexOf(link) !== links.lastIndexOf(link)) faults.push(`The sidebar has ${link} twice.`);
  return faults;
};
