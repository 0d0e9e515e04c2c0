/** Pages whose policy says which scripts may run: events arrive, without any violation. */
import { readdir, readFile } from 'node:fs/promises';
import {
  FOREIGN_IMAGE,
  type Headers,
  hashOf,
  MARKUP_FROM_TEXT,
  OFFERS,
  test,
  type Violation,
} from '../fixtures/policed.js';
import { readRecipe } from '../fixtures/recipe.js';
import { expect } from '../fixtures/stack.js';

const recipe = await readRecipe('docs/recipes/policies.md');
const integrity = (await readFile('dist/offersight.js.sri', 'utf8')).trim();
const later = {
  'integrity of offers': (await readFile('dist/offersight-offers.js.sri', 'utf8')).trim(),
  'integrity of closing': (await readFile('dist/offersight-closing.js.sri', 'utf8')).trim(),
};
const nonce = 'r4nd0m';

/** A module as a bundler writes it, whose output is served beside the page. */
const bundled = (source: string): string => source.replaceAll("'offersight'", "'/module/index.js'");

const MODULE = bundled(recipe.block('Scripts by nonce', 'js'));
const TAG = '<script async src="/offersight.js" data-endpoint="/offer-events"></script>';

const BY_NONCE = recipe.headers('Scripts by nonce', 0, { nonce });
const TYPES = recipe.headers('Trusted Types');
const BY_ORIGIN = recipe.headers('Scripts by origin, and a service worker');
const SHOP = recipe.block('Scripts by nonce', 'html', 1, { nonce });

/** A policy, the head of its page, what would violate it, and the script of the shop. */
type Row = readonly [headers: Headers, head: string, violation: Violation, shop?: string];

const ROWS: Readonly<Record<string, Row>> = {
  'that allows scripts by a nonce is not violated by the script tag': [
    BY_NONCE,
    recipe.block('Scripts by nonce', 'html', 0, { nonce }),
    FOREIGN_IMAGE,
  ],
  'that allows scripts by a nonce is not violated by the module from npm that is imported': [
    BY_NONCE,
    SHOP,
    FOREIGN_IMAGE,
    MODULE,
  ],
  'that allows scripts by a nonce is not violated by the module from npm that is imported later': [
    BY_NONCE,
    SHOP,
    FOREIGN_IMAGE,
    MODULE.replace(/^import (.*) from (.*);$/m, 'const $1 = await import($2);'),
  ],
  'that enforces Trusted Types is not violated by the script tag': [TYPES, TAG, MARKUP_FROM_TEXT],
  'that enforces Trusted Types is not violated by the module from npm': [
    TYPES,
    `<script type="module">${MODULE}</script>`,
    MARKUP_FROM_TEXT,
  ],
  'that allows scripts of the page’s own origin is not violated by the script tag': [
    BY_ORIGIN,
    TAG,
    FOREIGN_IMAGE,
  ],
  'that allows scripts of the page’s own origin is not violated by the module from npm': [
    BY_ORIGIN,
    '<script type="module" src="/shop.js"></script>',
    FOREIGN_IMAGE,
    MODULE,
  ],
};

test.describe('a policy', () => {
  for (const [name, [headers, head, violation, shop = '']] of Object.entries(ROWS))
    test(name, async ({ policed }) => {
      policed.serve('/shop.js', shop);
      await policed.open(headers, head);
      await policed.goTheWholeWay();
      await policed.expectNothingBut(violation);
    });
});

test.describe('a policy that allows scripts by a hash', () => {
  test('is not violated by the script tag with an inline script beside it', async ({ page, policed }) => {
    const files = { integrity, ...later };
    const head = recipe.block('Scripts by hash', 'html', 0, files);
    const [map = '', inline = ''] = [...head.matchAll(/<script(?: type="importmap")?>(.*)<\/script>/g)].map(
      ([, text]) => text,
    );
    const values = {
      ...files,
      'hash of the import map': hashOf(map),
      'hash of the inline script': hashOf(inline),
    };
    await policed.open(recipe.headers('Scripts by hash', 0, values), head);
    await policed.goTheWholeWay();
    expect(await page.evaluate(() => 'offerTracker' in window)).toBe(true);
    await policed.expectNothingBut(FOREIGN_IMAGE);
  });

  test('is not violated by the module from npm, each of whose files an import map names', async ({
    page,
    policed,
    stack,
  }) => {
    // The page may load the files that such a build has written.
    const names = await readdir('test-results/module');
    const files = names.map((name) => `/module/${name}`);
    const hashes: Record<string, string> = {};
    for (const path of files)
      hashes[path] = hashOf(await (await page.request.get(stack.site.url + path)).text());
    const map = JSON.stringify({ integrity: hashes });
    const scripts = [...Object.values(hashes), hashOf(map), hashOf(MODULE)].map((hash) => `'${hash}'`);
    await policed.open(
      {
        'content-security-policy': `default-src 'none'; img-src data:; connect-src 'self'; script-src ${scripts.join(' ')}`,
      },
      `<script type="importmap">${map}</script><script type="module">${MODULE}</script>`,
    );
    await policed.goTheWholeWay();
    await policed.expectNothingBut(FOREIGN_IMAGE);
  });
});

test('the custom element breaks no rule of nonces and Trusted Types', async ({ policed }) => {
  policed.serve('/shop.js', "import '/module/element.js';");
  await policed.open(
    {
      'content-security-policy': `${BY_NONCE['content-security-policy']}; ${TYPES['content-security-policy']}`,
    },
    SHOP,
    OFFERS.replaceAll('article', 'offer-impression').replaceAll(
      'data-offer-id',
      'endpoint="/offer-events" data-offer-id',
    ),
  );
  await policed.goTheWholeWay();
  await policed.expectNothingBut(FOREIGN_IMAGE);
});
