/** The script file on a careful page, which pins it by its hash. What policies allow is in e2e/policies. */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, type Stack, test } from '../fixtures/stack.js';

const integrityOf = async (): Promise<string> => (await readFile('dist/offersight.js.sri', 'utf8')).trim();

/** Opens a page with an offer and the tag, and nothing else inline. */
const openStrictly = async (page: Page, stack: Stack, tag: string): Promise<void> => {
  await page.route('**/strict.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><link rel="icon" href="data:,"><script async src="/offersight.js" ${tag}></script>
        <img width="300" height="200" alt="" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E" data-offer-id="seen" data-offer-dwell="0"><button>Buy</button>`,
    }),
  );
  await page.goto(`${stack.site.url}/strict.html`);
};

const ENDPOINT = 'data-endpoint="/offer-events"';

test('the pinned file runs, and one with a byte more does not (attack 66)', async ({ page, stack }) => {
  const pinned = `${ENDPOINT} integrity="${await integrityOf()}"`;
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.route('**/offersight.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()} ` });
  });
  await openStrictly(page, stack, pinned);
  await expect.poll(() => complaints.join()).toMatch(/integrity/);
  await page.click('button');
  expect(stack.site.gateway.calls).toEqual([]);
  expect(await page.evaluate(() => 'offersight' in window)).toBe(false);

  await page.unroute('**/offersight.js');
  await openStrictly(page, stack, pinned);
  await stack.expectRecorded(['viewed seen']);
});

test('the files for browsers name no other place to load from (attack 66)', async () => {
  for (const file of [
    'offersight.js',
    'offersight-offers.js',
    'offersight-closing.js',
    'offersight-more.js',
    'offersight-debug.js',
    'offersight-worker.js',
  ]) {
    const text = await readFile(`dist/${file}`, 'utf8');
    expect(text.match(/https?:\/\/[\w.-]+/g) ?? []).toEqual([]);
  }
});
