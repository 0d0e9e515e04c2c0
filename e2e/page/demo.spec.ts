import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, type Page } from '@playwright/test';
import { axeOf } from '../../scripts/axe.mjs';
import { bePatient, expect } from '../fixtures/patience.js';
import { trackerStats } from '../fixtures/ready.js';

interface Demo {
  readonly shop: string;
  readonly upstream: string;
  /** The events that arrived at the mock API, as `type place`, in order. */
  history(page: Page): Promise<string[]>;
}

/** The demo as `npm start` runs it, on a free port and without data of earlier runs. */
const test = base.extend<{ demo: Demo }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
  demo: async ({}, use, testInfo) => {
    bePatient(testInfo);
    const data = await mkdtemp(join(tmpdir(), 'offersight-demo-'));
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'demo/main.ts', '--port', '0', '--data', data],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const urls: Record<string, string> = {};
    for await (const line of createInterface({ input: child.stdout })) {
      const [, name, url] = /^(shop|upstream): (http\S+)$/.exec(line) ?? [];
      if (name && url) urls[name] = url;
      if (urls.shop && urls.upstream) break;
    }
    const { shop = '', upstream = '' } = urls;
    await use({
      shop,
      upstream,
      async history(page) {
        const places: Record<string, string> = await page.evaluate(() =>
          Object.fromEntries(
            [...document.querySelectorAll<HTMLElement>('#funnel tr')].map((row) => [
              row.dataset.offer ?? '',
              row.querySelector('th')?.firstChild?.textContent ?? '',
            ]),
          ),
        );
        const rows = (await (await fetch(`${upstream}/history`)).json()) as {
          type: string;
          personalized_offer_id: string;
          replayed: boolean;
        }[];
        return rows
          .filter(({ replayed }) => !replayed)
          .map(({ type, personalized_offer_id: id }) => `${type} ${places[id]}`);
      },
    });
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    await rm(data, { recursive: true });
  },
});

test('the console of the shop says why offers have not counted, and shows no error or warning', async ({
  demo,
  page,
}) => {
  const said: string[] = [];
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) =>
    (/^(?:error|warning)$/.test(message.type()) ? complaints : said).push(message.text()),
  );
  await page.goto(demo.shop);
  await expect.poll(() => said.join('\n')).toMatch(/It has counted as viewed\./);
  expect(complaints).toEqual([]);
});

test('a visit to the shop is exactly what the mock API recorded, and what the funnel shows', async ({
  demo,
  page,
}) => {
  await page.goto(demo.shop);
  await trackerStats(page);
  await expect.poll(() => demo.history(page)).toEqual(expect.arrayContaining(['viewed hero']));

  await page.click('#open-modal');
  await page.keyboard.press('Escape');
  await expect
    .poll(() => demo.history(page))
    .toEqual(expect.arrayContaining(['viewed modal', 'dismissed modal']));

  const campaign = await page.locator('#hero').getAttribute('data-offer-group');
  await page.click('#hero [data-offer-accept]');
  await page.locator('#toast').waitFor();
  await page.click('#toast [data-offer-dismiss]');
  await page.locator('#late-offer').scrollIntoViewIfNeeded();
  await expect
    .poll(async () => (await demo.history(page)).toSorted())
    .toEqual([
      'dismissed modal',
      'dismissed toast',
      'viewed aside',
      'viewed hero',
      'viewed late',
      'viewed modal',
      'viewed toast',
    ]);
  const cell = (place: string, count: string) =>
    page.locator('#funnel tr', { hasText: place }).locator(`[data-count="${count}"]`);
  await expect(cell('modal', 'page dismissed')).toHaveText('1');
  await expect(cell('modal', 'chargebee dismissed')).toHaveText('1');
  await expect(cell('hero', 'chargebee dismissed')).toHaveText('0');
  await expect(cell('hero', 'page accepted')).toHaveText('1');
  await expect(cell('late', 'chargebee viewed')).toHaveText('1');
  await expect(page.getByText(/^Thank you\. “.+” is yours\.$/)).toBeVisible();
  await expect(page.locator('#steps .done')).toHaveCount(4);
  await expect(page.locator('#outbox [data-name=waiting]')).toHaveText('0');

  // The inspector shows the same on the page itself, without changing it.
  await page.getByRole('button', { name: 'Open the inspector' }).click();
  const inspector = page.getByRole('region', { name: 'Offersight inspector' });
  await expect(inspector.getByRole('heading', { name: 'Offers (' })).toBeVisible();
  await expect(
    inspector.getByRole('listitem').filter({ hasText: 'It counted as viewed at' }),
  ).not.toHaveCount(0);
  await expect(inspector.getByRole('link', { name: 'at the proxy' })).not.toHaveCount(0);
  await inspector.getByRole('button', { name: 'Leave' }).click();

  // The operator's page shows the same by campaign, with what was accepted.
  const [operator] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: 'The operator’s page' }).click(),
  ]);
  const token = await page.locator('.panel .hint code').last().textContent();
  await operator.getByLabel('Admin token').fill(String(token));
  await operator.getByRole('button', { name: 'Sign in' }).click();
  await operator.getByRole('link', { name: 'Funnel' }).waitFor();
  await operator.goto(new URL('funnel?by=group', operator.url()).href);
  const row = operator.getByRole('row', { name: new RegExp(`^${campaign} `) });
  // One view, no dismissal, one acceptance, all delivered.
  await expect(row.locator('td')).toHaveText(['1', '0', '0.0 %', '1', '100.0 %', '1', '0', '0', '0', '0']);
});

test('the demo’s switches break the way in two places, and everything arrives once both are repaired', async ({
  demo,
  page,
}) => {
  const toggle = async (name: 'network' | 'upstream', isOff: boolean): Promise<void> => {
    const isSwitched = page.waitForResponse(`**/demo/${name}`);
    await page.setChecked(name === 'network' ? '#network-off' : '#upstream-down', isOff);
    await isSwitched;
  };
  // The network must be off before any offer is viewed, so the first visit comes without the script.
  await page.route('**/offersight.js', (route) => route.abort());
  await page.goto(demo.shop);
  await toggle('network', true);
  await page.unroute('**/offersight.js');
  await page.reload();
  await expect(page.locator('#network-off')).toBeChecked();
  await trackerStats(page);
  await page.click('#open-modal');
  await page.click('#modal [data-offer-dismiss]');
  await expect(page.locator('#outbox [data-name=waiting]')).not.toHaveText('0');
  expect(await demo.history(page)).toEqual([]);
  await toggle('upstream', true);
  await toggle('network', false);
  await expect(page.locator('#outbox [data-name=waiting]')).toHaveText('0');
  await expect(
    page.locator('#funnel tr', { hasText: 'modal' }).locator('[data-count="proxy waiting"]'),
  ).toHaveText('2');
  expect(await demo.history(page)).toEqual([]);
  await toggle('upstream', false);
  await expect
    .poll(() => demo.history(page))
    .toEqual(expect.arrayContaining(['viewed modal', 'dismissed modal']));
  const arrived = await demo.history(page);
  expect(arrived.filter((row) => row.endsWith('modal'))).toEqual(['viewed modal', 'dismissed modal']);
  await expect(page.locator('[data-step=network].done, [data-step=upstream].done')).toHaveCount(1);
});

const LOOKS = [
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
  { width: 390, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
] as const;

test('the shop is accessible: axe finds nothing in light or dark, on a phone or on a wide screen', async ({
  demo,
  page,
}, testInfo) => {
  // Axe reads the whole page four times.
  bePatient(testInfo, 240_000);
  await page.goto(demo.shop);
  await trackerStats(page);
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const axe = axeOf(page);
    const isFirst = width === 1440 && colorScheme === 'light';
    // The other rules of axe depend on the document, which is the same in every look.
    const { violations } = await (isFirst
      ? axe
      : axe.withRules(['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size'])
    ).analyze();
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([width, colorScheme, found, overflow]).toEqual([width, colorScheme, [], 0]);
  }
});
