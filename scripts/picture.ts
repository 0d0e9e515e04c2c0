/**
 * Takes the pictures of the documents, the demo, the live page of `offersight dev`, the inspector and the operator's page:
 * `npm run picture` after `npm run build`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startDev } from 'offersight/testing/node';
import { chromium } from 'playwright';
import { ARGS, ensureBrowser, HELP } from './ensure-browser.mjs';
import { pictureInspector } from './picture-inspector.js';
import { pictureOperator } from './picture-operator.js';

const FILE = 'docs/demo.png';
const LIVE_FILE = 'docs/dev.png';

const browserOptions = await ensureBrowser({ isWhole: true });
if (!browserOptions) throw new Error(HELP);

const data = await mkdtemp(join(tmpdir(), 'offersight-picture-'));
const demo = spawn(process.execPath, ['--import', 'tsx', 'demo/main.ts', '--port', '0', '--data', data], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let shop = '';
for await (const line of createInterface({ input: demo.stdout })) {
  shop = /^shop: (http\S+)$/.exec(line)?.[1] ?? '';
  if (shop) break;
}

const browser = await chromium.launch({ ...browserOptions, args: [...ARGS] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
// The customer is always the same, so that the picture changes only when the demo does.
await page.context().addCookies([{ name: 'customer', value: 'guest-1c0ffee1', url: shop }]);
await page.goto(shop);
const cell = (place: string, count: string) =>
  page.locator('#funnel tr', { hasText: place }).locator(`[data-count="${count}"]`, { hasText: '1' });
await cell('hero', 'chargebee viewed').waitFor();
await page.click('#open-modal');
await page.keyboard.press('Escape');
await cell('modal', 'chargebee dismissed').waitFor();
await cell('toast', 'chargebee viewed').waitFor();
await page.screenshot({ path: FILE });
demo.kill();
console.log(FILE);

const dev = await startDev({ folder: data, port: 0, upstreamPort: 0 });
await writeFile(
  join(data, 'shop.html'),
  `<!doctype html><script async src="/offersight.js" data-endpoint="/offer-events" data-dwell="0"></script>
  ${[dev.sampleOfferId, 'summer-sale'].map((id) => `<article data-offer-id="${id}">An offer <button data-offer-dismiss onclick="this.closest('article').hidden = true">Close</button></article>`).join('')}`,
);
const reported = async (events: number): Promise<void> => {
  await live
    .locator('#events tr')
    .nth(events - 1)
    .waitFor();
};
const live = await browser.newPage({ viewport: { width: 1280, height: 640 } });
await live.goto(dev.liveUrl);
await page.goto(`${dev.url}/shop.html`);
await reported(2);
await live.locator('.refused').waitFor();
await live.getByLabel('answers 503').check();
await live.getByLabel('answers 503').isChecked();
await page.click('button');
await live.locator('.waiting', { hasText: '503' }).waitFor();
await live.screenshot({ path: LIVE_FILE });
await dev.stop();
await rm(data, { recursive: true });
console.log(LIVE_FILE);
await pictureInspector(browser);
await pictureOperator(browser);
await browser.close();
