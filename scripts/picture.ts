/** Takes the README's picture of the demo: `npm run picture` after `npm run build`. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright';
import { ARGS, ensureBrowser, HELP } from './ensure-browser.mjs';

const FILE = 'docs/demo.png';

const browserOptions = await ensureBrowser();
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
// Always the same customer, so that the picture changes only when the demo does.
await page.context().addCookies([{ name: 'customer', value: 'guest-1c0ffee1', url: shop }]);
await page.goto(shop);
const cell = (place: string, count: string) =>
  page.locator('#funnel tr', { hasText: place }).locator(`[data-count=${count}]`, { hasText: '1' });
await cell('hero', 'viewed').waitFor();
await page.click('#open-modal');
await page.keyboard.press('Escape');
await cell('modal', 'dismissed').waitFor();
await cell('toast', 'viewed').waitFor();
await page.screenshot({ path: FILE });
await browser.close();
demo.kill();
await rm(data, { recursive: true });
console.log(FILE);
