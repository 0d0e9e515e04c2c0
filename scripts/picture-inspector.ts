/** The inspector on a page whose offers have counted, are counting, and do not count. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDev } from 'offersight/testing/node';
import type { Browser } from 'playwright';

const FILE = 'docs/inspector.png';

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<script async src="/offersight.js" data-endpoint="/offer-events"></script>
<style>
  body { margin: 0; padding: 24px 32px; font: 16px/1.5 system-ui, sans-serif; background: #f4f5f8; color: #1c2030 }
  h1 { margin: 0 0 40px }
  article { position: relative; width: 520px; margin: 0 0 44px; padding: 16px 20px; border-radius: 10px; background: #fff; box-sizing: border-box }
  h2 { margin: 0 0 4px; font-size: 18px } p { margin: 0 0 8px } button { font: inherit }
  .cookies { position: fixed; left: 0; bottom: 0; width: 100%; height: 240px; padding: 16px 32px; box-sizing: border-box; background: #26304a; color: #fff }
</style>
<h1>Your plan</h1>
<article data-offer-id="autumn-yearly" data-offer-group="upgrade"><h2>Two months on us</h2><p>Pay by the year, from today.</p><button data-offer-accept>Switch</button> <button data-offer-dismiss>No, thanks</button></article>
<article data-offer-id="more-seats" data-offer-dwell="60000"><h2>Three more seats</h2><p>For the price of one, this month.</p><button data-offer-accept>Add them</button></article>
<article data-offer-id="{{ offer.id }}"><h2>Priority support</h2><p>Answers within an hour.</p></article>
<article data-offer-id="storage"><h2>Twice the storage</h2><p>Until the end of the year.</p><button data-offer-dismiss>Later</button></article>
<aside class="cookies"><b>Cookies</b><p>We would like to use some.</p></aside>
</html>`;

/** Takes the picture. */
export const pictureInspector = async (browser: Browser): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'offersight-picture-'));
  await writeFile(join(folder, 'index.html'), PAGE);
  const dev = await startDev({ folder, port: 0, upstreamPort: 0, anyId: true });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${dev.url}/_offersight/inspect`);
  await page.locator('.steps .done').nth(3).waitFor();
  await page.locator('.outline.lacking', { hasText: 'covers it' }).waitFor();
  await page.screenshot({ path: FILE });
  await page.close();
  await dev.stop();
  await rm(folder, { recursive: true });
  console.log(FILE);
};
