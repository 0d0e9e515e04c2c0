// Opens every page of the built site in a browser and checks it by the rules of axe, some in light and dark. Faults
// that axe calls serious or critical fail, and others are listed. It also plays with the running example. `npm run
// docs:build` comes first.
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { chromium } from 'playwright';
import { axeOf } from './axe.mjs';
import { ARGS, ensureBrowser, HELP } from './ensure-browser.mjs';
import { EXAMPLE, faultsOfExample } from './site-example.mjs';
import { OUTPUT } from './site-output.mjs';

/** @import { Page } from 'playwright' */

/**
 * What is read of a broken rule.
 * @typedef {{
 *   readonly id: string,
 *   readonly impact?: string | null,
 *   readonly help: string,
 *   readonly nodes: readonly { readonly html: string }[],
 * }} Violation
 */

/** Pages that are looked at together. */
const AT_ONCE = 3;
/** Pages of the site's root whose colours are checked: together they have every element that the others have. */
const ROOTS = [
  'index.html',
  'counts.html',
  'delivery.html',
  'inspector.html',
  'operations.html',
  'troubleshooting.html',
  '404.html',
];
const BAD = ['serious', 'critical'];
/** @type {Readonly<Record<string, string>>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** @param {string} folder */
const pagesBelow = (folder) => {
  /** @type {string[]} */
  const found = [];
  /** @param {string} below */
  const walk = (below) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = `${below}${entry.name}`;
      if (entry.isDirectory()) walk(`${path}/`);
      else if (path.endsWith('.html')) found.push(path);
    }
  };
  walk('');
  return found;
};

const serve = async () => {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site.invalid');
    const file = join(OUTPUT, normalize(decodeURI(pathname)));
    if (!existsSync(file) || !extname(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The site has no port.');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
};

/**
 * What axe finds on a page, by colour scheme. The page is opened once, since only colours differ. Checking colours
 * takes most of the time, and pages of one folder have the same ones.
 * @param {Page} page
 * @param {string} url
 * @param {boolean} isForColours
 * @returns {Promise<Readonly<Record<string, readonly Violation[]>>>}
 */
const findingsOf = async (page, url, isForColours) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.goto(url);
  await page.evaluate(() => document.fonts.ready);
  const axe = axeOf(page);
  // Code is thousands of coloured spans, which no other rule is about.
  if (!isForColours) axe.disableRules(['color-contrast']).exclude('pre code');
  const { violations: light } = await axe.analyze();
  if (!isForColours) return { light };
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForSelector('html.dark');
  const dark = await axeOf(page).withRules(['color-contrast']).analyze();
  return { light, dark: dark.violations };
};

if (!existsSync(OUTPUT)) throw new Error('There is no site yet: run npm run docs:build first.');
const browserOptions = await ensureBrowser({ install: false });
if (!browserOptions) throw new Error(HELP);
const browser = await chromium.launch({ args: [...ARGS], ...browserOptions });
const site = await serve();
/**
 * Rule → where it is broken.
 * @type {Map<string, string[]>}
 */
const lesser = new Map();
/** @type {string[]} */
const faults = [];
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const paths = pagesBelow(OUTPUT);
  const count = paths.length;
  const forColours = new Set(
    paths.filter((path, at) =>
      dirname(path) === '.' ? ROOTS.includes(path) : dirname(path) !== dirname(paths[at - 1] ?? ''),
    ),
  );
  for (const path of ROOTS) if (!forColours.has(path)) throw new Error(`The site has no ${path}.`);
  /**
   * @param {string} path
   * @param {string} scheme
   * @param {Violation} violation
   */
  const note = (path, scheme, { id, impact, help, nodes }) => {
    if (impact && BAD.includes(impact))
      faults.push(`${path}, ${scheme}: ${id} (${impact}): ${help}: ${nodes[0]?.html}`);
    else {
      const rule = `${id} (${impact}): ${help}`;
      lesser.set(rule, [...(lesser.get(rule) ?? []), path]);
    }
  };
  const lookAtNext = async () => {
    const page = await context.newPage();
    for (let path = paths.shift(); path; path = paths.shift()) {
      const found = await findingsOf(page, `${site.url}/${path}`, forColours.has(path));
      for (const [scheme, violations] of Object.entries(found))
        for (const violation of violations) note(path, scheme, violation);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lookAtNext));
  const page = await context.newPage();
  await page.goto(`${site.url}/${EXAMPLE}`);
  faults.push(...(await faultsOfExample(page)));
  await page.close();
  for (const [rule, paths] of lesser) console.log(`${rule}: ${paths.length} pages, such as ${paths[0]}`);
  for (const fault of faults) console.error(fault);
  console.log(`site: ${faults.length} faults on ${count} pages, by axe and with the example`);
} finally {
  await browser.close();
  site.close();
}
process.exitCode = faults.length ? 1 : 0;
