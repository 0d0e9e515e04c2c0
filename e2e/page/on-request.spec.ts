/**
 * The second file of the script, which only some pages need: a page that asks for it gets it, and other pages do not
 * load it. If it does not come, everything else works.
 */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { untilStored } from '../fixtures/database.js';
import { flush, trackerStats, untilPart } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const MORE = '**/offersight-more.js*';
const PROPERTIES = 'data-endpoint="/offer-events" data-debug';

const offer = (id: string, attributes = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="0" ${attributes}>${id}</div>`;

/** Collects the requests for the file, and the errors that the page reports. */
const watch = (page: Page): { readonly asked: string[]; readonly complaints: string[] } => {
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('offersight-more')) asked.push(new URL(request.url()).pathname);
  });
  page.on('console', (message) => {
    if (/OffersightError/.test(message.text())) complaints.push(message.text());
  });
  return { asked, complaints };
};

/** Leaves the page for another one after its offer was viewed. */
const leave = async (page: Page, stack: Stack): Promise<void> => {
  await stack.expectRecorded(['viewed left']);
  await page.goto(`${stack.site.url}/nothing.html`);
};

test.describe('the code that only some pages need', () => {
  test('is not loaded by a page that asks for nothing', async ({ page, stack }) => {
    const { asked } = watch(page);
    await stack.open(page, offer('plain', 'data-offer-ignore="off"'), { script: PROPERTIES });
    await stack.expectRecorded(['viewed plain']);
    await flush(page);
    expect(asked).toEqual([]);
  });

  test('is loaded for an element’s own attribute, from the folder of the script file', async ({
    page,
    stack,
  }) => {
    const { asked, complaints } = watch(page);
    await stack.open(page, offer('left', 'data-offer-ignore="leave"'), { script: PROPERTIES });
    await trackerStats(page);
    await untilPart(page, 'more');
    await leave(page, stack);
    await stack.open(page, '', { script: PROPERTIES });
    await stack.expectRecorded(['viewed left', 'dismissed left']);
    expect(asked).toEqual(['/offersight-more.js']);
    expect(complaints).toEqual([]);
  });
});

test.describe('one line says so, and everything else works', () => {
  const expectAllElse = async (page: Page, stack: Stack, complaints: readonly string[]) => {
    await stack.expectRecorded(['viewed one', 'viewed two']);
    await page.click('[data-offer-dismiss]');
    await stack.expectRecorded(['viewed one', 'viewed two', 'dismissed one']);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/load: offersight-more\.js did not load/);
  };

  const PAGE = `${offer('one', 'data-offer-ignore="leave"')}${offer('two', 'data-offer-ignore="5000"')}
    <button data-offer-dismiss="one">x</button>`;

  test('if that code has another version, as after a deployment or from a cache (attack 66)', async ({
    page,
    stack,
  }) => {
    const { complaints } = watch(page);
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const built = await readFile('dist/offersight-more.js', 'utf8');
    expect(built).toContain(`"${version}"`);
    await page.route(MORE, (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: built.replace(`"${version}"`, '"0.0.9"'),
      }),
    );
    await stack.open(page, PAGE, { script: PROPERTIES });
    await expectAllElse(page, stack, complaints);
  });

  test('if a policy allows only the script file, by its hash: views are stored for a page that may load the rest', async ({
    page,
    stack,
  }) => {
    const { complaints } = watch(page);
    const integrity = (await readFile('dist/offersight.js.sri', 'utf8')).trim();
    await page.route('**/strict.html', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: { 'content-security-policy': `script-src '${integrity}'` },
        body: `<!doctype html><link rel="icon" href="data:,">
          <script async src="/offersight.js" integrity="${integrity}" ${PROPERTIES}></script>${PAGE.replaceAll('class="offer"', 'style="width:300px;height:200px"')}`,
      }),
    );
    await page.goto(`${stack.site.url}/strict.html`);
    await untilStored(page, 2);
    expect(stack.site.gateway.calls).toEqual([]);
    await expect
      .poll(() => complaints)
      .toEqual([expect.stringMatching(/load: offersight-offers\.js did not load: TypeError/)]);
    await stack.open(page, '', { script: PROPERTIES });
    await stack.expectRecorded(['viewed one', 'viewed two']);
  });
});

test('a policy that allows the script file by a nonce also allows the code that only some pages need', async ({
  page,
  stack,
}) => {
  const { asked, complaints } = watch(page);
  await page.route('**/strict.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      headers: {
        'content-security-policy':
          "default-src 'none'; script-src 'nonce-r4nd0m'; connect-src 'self'; style-src 'unsafe-inline'; require-trusted-types-for 'script'; trusted-types 'none'",
      },
      body: `<!doctype html><script async src="/offersight.js" nonce="r4nd0m" ${PROPERTIES} data-ignore="60000"></script>
        ${offer('seen').replace('class="offer"', 'style="width:300px;height:200px"')}`,
    }),
  );
  await page.goto(`${stack.site.url}/strict.html`);
  await stack.expectRecorded(['viewed seen']);
  expect(asked).toEqual(['/offersight-more.js']);
  expect(complaints).toEqual([]);
});

test('an import map’s integrity pins that code, which the script tag’s integrity does not (attack 66)', async ({
  page,
  stack,
}) => {
  const { asked, complaints } = watch(page);
  const integrity = (await readFile('dist/offersight-more.js.sri', 'utf8')).trim();
  await page.route('**/pinned.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><link rel="icon" href="data:,">
        <script type="importmap">{ "integrity": { "/offersight-more.js": "${integrity}" } }</script>
        <script async src="/offersight.js" ${PROPERTIES} data-ignore="60000"></script>
        ${offer('seen').replace('class="offer"', 'style="width:300px;height:200px"')}`,
    }),
  );
  await page.goto(`${stack.site.url}/pinned.html`);
  await stack.expectRecorded(['viewed seen']);
  expect(complaints).toEqual([]);

  await page.route(MORE, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()} ` });
  });
  await page.goto(`${stack.site.url}/pinned.html`);
  await stack.expectRecorded(['viewed seen', 'viewed seen']);
  expect(complaints).toHaveLength(1);
  expect(asked).toEqual(['/offersight-more.js', '/offersight-more.js']);
});
