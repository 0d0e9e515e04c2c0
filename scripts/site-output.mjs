// Checks the built pages of the site: where each link leads, that pictures have a description, and that no page asks
// another host for anything.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parse } from 'parse5';
import { elementsIn } from './documents/markdown.mjs';

/** Where the site is built to. */
export const OUTPUT = 'docs/.vitepress/dist';

/**
 * The elements of a page, with their attributes by name.
 * @param {string} html
 */
const readPage = (html) =>
  elementsIn(parse(html)).map(({ tagName, attrs }) => ({
    name: tagName,
    attributes: new Map(attrs.map(({ name, value }) => [name, value])),
  }));

/**
 * Addresses in the elements of a page.
 * @param {ReturnType<typeof readPage>} elements
 */
const addressesIn = (elements) =>
  elements.flatMap(({ name, attributes }) =>
    ['href', 'src'].flatMap((attribute) => {
      const value = attributes.get(attribute);
      return value === undefined ? [] : { name, value, tag: `<${name} ${attribute}="${value}"` };
    }),
  );

/**
 * The faults of the built pages, a sentence each, and how many pages there are.
 * @param folder Where they are.
 * @param base The path that they are served under.
 */
export const faultsOfOutput = (folder = OUTPUT, base = process.env.DOCS_BASE ?? '/') => {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.html') && name !== '404.html');
  const pages = new Map(names.map((name) => [name, readPage(readFileSync(join(folder, name), 'utf8'))]));
  const ids = new Map(
    [...pages].map(([name, elements]) => [
      name,
      new Set(elements.map(({ attributes }) => attributes.get('id'))),
    ]),
  );
  const faults = [];
  for (const [name, elements] of pages) {
    for (const { name: element, value, tag } of addressesIn(elements)) {
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
      else if (hash && pages.has(file) && !ids.get(file)?.has(decodeURIComponent(hash)))
        faults.push(`${name}: “${value}” names a heading that is not there.`);
    }
    for (const { name: element, attributes } of elements)
      if (element === 'img' && !attributes.get('alt')?.trim())
        faults.push(`${name}: a picture has no description: <img src="${attributes.get('src')}"`);
  }
  return { pages: pages.size, faults: [...new Set(faults)] };
};
