/** Pages whose policy says which scripts may run: events arrive, without any violation. */
import { readdir, readFile } from 'node:fs/promises';
import { FOREIGN_IMAGE, hashOf, MARKUP_FROM_TEXT, OFFERS, test } from '../fixtures/policed.js';
import { readRecipe } from '../fixtures/recipe.js';
import { expect } from '../fixtures/stack.js';

const recipe = await readRecipe('docs/recipes/policies.md');
const integrity = (await readFile('dist/offersight.js.sri', 'utf8')).trim();
const delivery = (await readFile('dist/offersight-offers.js.sri', 'utf8')).trim();
const nonce = 'r4nd0m';

/** A module as a bundler writes it, whose output is served beside the page. */
const bundled = (source: string): string => source.replaceAll("'offersight'", "'/module/index.js'");

const MODULE = bundled(recipe.block('Scripts by nonce', 'js'));
const LAZY_MODULE = MODULE.replace(/^import (.*) from (.*);$/m, 'const $1 = await import($2);');
const TAG = '<script async src="/offersight.js" data-endpoint="/offer-events"></script>';

test.describe('a policy that allows scripts by a nonce', () => {
  const headers = recipe.headers('Scripts by nonce', 0, { nonce });

  test('is not violated by the script tag', async ({ policed }) => {
    await policed.open(headers, recipe.block('Scripts by nonce', 'html', 0, { nonce }));
    await policed.goTheWholeWay();
    await policed.expectNothingBut(FOREIGN_IMAGE);
  });

  for (const [how, source] of [
    ['imported', MODULE],
    ['imported later', LAZY_MODULE],
  ] as const) {
    test(`is not violated by the module from npm that is ${how}`, async ({ page, policed }) => {
      const loaded: string[] = [];
      page.on('requestfinished', (request) => loaded.push(new URL(request.url()).pathname));
      policed.serve('/shop.js', source);
      await policed.open(headers, recipe.block('Scripts by nonce', 'html', 1, { nonce }));
      await policed.goTheWholeWay();
      expect(loaded).toContain('/module/offer-part.js');
      await policed.expectNothingBut(FOREIGN_IMAGE);
    });
  }
});

test.describe('a policy that allows scripts by a hash', () => {
  test('is not violated by the script tag with an inline script beside it', async ({ page, policed }) => {
    const files = { integrity, 'integrity of offers': delivery };
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
  const policy = recipe.headers('Scripts by nonce', 0, { nonce })['content-security-policy'] ?? '';
  const types = recipe.headers('Trusted Types')['content-security-policy'] ?? '';
  policed.serve('/shop.js', "import '/module/element.js';");
  await policed.open(
    { 'content-security-policy': `${policy}; ${types}` },
    recipe.block('Scripts by nonce', 'html', 1, { nonce }),
    OFFERS.replaceAll('article', 'offer-impression').replaceAll(
      'data-offer-id',
      'endpoint="/offer-events" data-offer-id',
    ),
  );
  await policed.goTheWholeWay();
  await policed.expectNothingBut(FOREIGN_IMAGE);
});

test.describe('a policy that enforces Trusted Types', () => {
  const headers = recipe.headers('Trusted Types');

  test('is not violated by the script tag', async ({ policed }) => {
    await policed.open(headers, TAG);
    await policed.goTheWholeWay();
    await policed.expectNothingBut(MARKUP_FROM_TEXT);
  });

  test('is not violated by the module from npm', async ({ policed }) => {
    await policed.open(headers, `<script type="module">${MODULE}</script>`);
    await policed.goTheWholeWay();
    await policed.expectNothingBut(MARKUP_FROM_TEXT);
  });
});

test.describe('a policy that allows scripts of the page’s own origin', () => {
  const headers = recipe.headers('Scripts by origin, and a service worker');

  test('is not violated by the script tag', async ({ policed }) => {
    await policed.open(headers, TAG);
    await policed.goTheWholeWay();
    await policed.expectNothingBut(FOREIGN_IMAGE);
  });

  test('is not violated by the module from npm', async ({ policed }) => {
    policed.serve('/shop.js', MODULE);
    await policed.open(headers, '<script type="module" src="/shop.js"></script>');
    await policed.goTheWholeWay();
    await policed.expectNothingBut(FOREIGN_IMAGE);
  });
});
