/** The built site of the documentation: no page has a serious fault by axe, and the running example counts. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { axeOf } from '../../scripts/axe.mjs';

/** Together they have every element that the others have. */
const PAGES = [
  ...['index', 'counts', 'delivery', 'inspector', 'operations', 'troubleshooting'],
  ...['start/react', 'reference/tracker'],
];
const TYPES = new Map([
  ['.html', 'text/html'],
  ['.js', 'text/javascript'],
  ['.css', 'text/css'],
  ['.svg', 'image/svg+xml'],
]);

const test = base.extend<{ site: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
  async site({}, use) {
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://site.invalid');
      const file = join('docs/.vitepress/dist', decodeURI(pathname));
      if (!existsSync(file) || !extname(file)) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': TYPES.get(extname(file)) ?? 'application/octet-stream' })
          .end(await readFile(file));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.close();
  },
});

for (const name of PAGES)
  test(`${name} has no serious fault in light or dark colours`, async ({ page, site }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.goto(`${site}/${name}.html`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      if (colorScheme === 'dark') await page.waitForSelector('html.dark');
      const { violations } = await axeOf(page).analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
  });

test('the running example counts, and stores and sends nothing', async ({ page, site }) => {
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET' || !request.url().startsWith(site)) sent.push(request.url());
  });
  await page.goto(`${site}/counts.html`);
  await page.locator('.dwell').scrollIntoViewIfNeeded();
  await expect(page.locator('.dwell [role=status]')).toContainText('not in view');
  await page.locator('.dwell-shop').evaluate((shop) => shop.scrollTo(0, 250));
  await expect(page.locator('.dwell ol')).toContainText('viewed');
  await page.click('.dwell-offer button');
  await expect(page.locator('.dwell ol')).toContainText('dismissed, reason control');
  expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  expect([...(await page.context().cookies()), ...sent]).toEqual([]);
});
