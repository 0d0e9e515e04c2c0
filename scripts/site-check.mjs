// Checks what VitePress does not. Links also have to work in the Markdown where code is hosted, and
// every heading that a link names has to exist. Pictures have to be there, with a description. The
// sidebar has to list every page. No page may ask another host for anything.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { anchorOf, routeOf, targetOf } from '../docs/.vitepress/pages.mjs';
import { sidebarLinks } from '../docs/.vitepress/sidebar.mjs';

/** Where the site is built to. */
export const OUTPUT = 'docs/.vitepress/dist';

const readText = (file) => readFileSync(file, 'utf8');

/** Markdown files below docs/, without installed packages. */
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

const withoutFences = (text) => text.replace(/^ *(`{3,})[\s\S]*?^ *\1$/gm, '');

/** The anchors of a file's headings; one that is there already gets a number. */
const anchorsIn = (text) => {
  const seen = new Map();
  return withoutFences(text)
    .split('\n')
    .flatMap((line) => /^#{1,6} (.*)$/.exec(line)?.[1] ?? [])
    .map((heading) => {
      const anchor = anchorOf(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
      const before = seen.get(anchor) ?? 0;
      seen.set(anchor, before + 1);
      return before ? `${anchor}-${before}` : anchor;
    });
};

/** The fault of one link of a file, if it has one. */
const linkFault = (file, href, read) => {
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return [];
  if (href.startsWith('/')) return [`${file}: “${href}” works on the site only. Make it relative.`];
  let target;
  try {
    target = targetOf(file, href);
  } catch (cause) {
    return [cause.message];
  }
  const anchor = target.rest.replace(/^#/, '');
  if (!anchor || !target.file.endsWith('.md') || anchorsIn(read(target.file)).includes(decodeURI(anchor)))
    return [];
  return [`${file}: “${href}” names a heading that ${target.file} does not have.`];
};

/**
 * The faults of the Markdown, a sentence each.
 * @param files Paths from the repository's root.
 * @param read The text of a file.
 * @param links What the sidebar leads to.
 */
export const faultsOfSources = (files = markdownFiles(), read = readText, links = sidebarLinks) => {
  const faults = files.flatMap((file) => {
    const text = withoutFences(read(file)).replace(/`[^`\n]*`/g, '``');
    const found = [...text.matchAll(/(!?)\[((?:[^\][]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g)];
    return found.flatMap(([, sign, words, href]) => [
      ...linkFault(file, href, read),
      ...(sign && !words.trim() ? [`${file}: the picture “${href}” has no description.`] : []),
      // A picture inside a link.
      ...[...words.matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)].flatMap(([, src]) => linkFault(file, src, read)),
    ]);
  });
  const routes = files.filter((file) => file.startsWith('docs/')).map(routeOf);
  for (const route of routes)
    if (route !== '/' && !links.includes(route))
      faults.push(`The sidebar lacks ${route}: add it to docs/.vitepress/sidebar.mjs.`);
  for (const link of links)
    if (!routes.includes(link)) faults.push(`The sidebar leads to ${link}, which is no page.`);
  for (const link of new Set(links))
    if (links.indexOf(link) !== links.lastIndexOf(link)) faults.push(`The sidebar has ${link} twice.`);
  return faults;
};

/** The values of an attribute in a page, with its elements. */
const attributesIn = (html, name) =>
  [...html.matchAll(new RegExp(`<(\\w+)(?=\\s)[^>]*?\\s${name}="([^"]*)"`, 'g'))].map(
    ([tag, element, value]) => ({
      tag,
      element,
      value: value.replaceAll('&amp;', '&'),
    }),
  );

/**
 * The faults of the built pages, a sentence each.
 * @param folder Where they are.
 * @param base The path that they are served under.
 */
export const faultsOfOutput = (folder = OUTPUT, base = process.env.DOCS_BASE ?? '/') => {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.html') && name !== '404.html');
  const pages = new Map(names.map((name) => [name, readText(join(folder, name))]));
  const ids = new Map(
    [...pages].map(([name, html]) => [name, new Set(attributesIn(html, 'id').map(({ value }) => value))]),
  );
  const faults = [];
  for (const [name, html] of pages) {
    for (const { element, value, tag } of [...attributesIn(html, 'href'), ...attributesIn(html, 'src')]) {
      const [, path = '', hash = ''] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(value) ?? [];
      if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(value)) {
        // A reader follows a link. The page itself would ask for everything else.
        if (element !== 'a' && !value.startsWith('data:')) faults.push(`${name}: ${tag} asks another host.`);
        continue;
      }
      const below = path.startsWith(base) ? path.slice(base.length) : posix.join(posix.dirname(name), path);
      const file = path === '' ? name : below === '' || below.endsWith('/') ? `${below}index.html` : below;
      if (!pages.has(file) && !existsSync(join(folder, file)))
        faults.push(`${name}: “${value}” leads nowhere.`);
      else if (hash && pages.has(file) && !ids.get(file).has(decodeURIComponent(hash)))
        faults.push(`${name}: “${value}” names a heading that is not there.`);
    }
    for (const { tag } of attributesIn(html, 'src'))
      if (
        tag.startsWith('<img') &&
        !/\salt="[^"]+"/.test(html.slice(html.indexOf(tag), html.indexOf('>', html.indexOf(tag))))
      )
        faults.push(`${name}: a picture has no description: ${tag}`);
  }
  return { pages: pages.size, faults: [...new Set(faults)] };
};
