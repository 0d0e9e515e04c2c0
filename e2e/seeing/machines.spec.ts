/** Views by machines count only if an option asks for that. Chromium under test says that it is a machine. */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const SHOP = 'https://shop.example';
const BODY =
  '<div class="offer" data-offer-id="seen" data-offer-dwell="0"></div><button onclick="this.textContent = \'bought\'">Buy</button>';
const VISITOR =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36';

test.use({ proxyOptions: { origins: [SHOP] } });

/** Opens the page under the host name of the shop. Returns the lines of its console. */
const openShop = async (page: Page, stack: Stack, script = ''): Promise<string[]> => {
  const said: string[] = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  await page.route(`${SHOP}/**`, async (route) => {
    const url = route.request().url().replace(SHOP, stack.site.url);
    await route.fulfill({ response: await route.fetch({ url }) });
  });
  stack.site.show(BODY, { script: `data-endpoint="/offer-events" ${script}` });
  await page.goto(`${SHOP}/page.html`);
  return said;
};

const worksOn = async (page: Page): Promise<void> => {
  await page.click('button');
  await expect(page.locator('button')).toHaveText('bought');
};

/** Pretends that no script drives the browser. */
const beVisited = (page: Page) =>
  page.addInitScript(() => Object.defineProperty(navigator, 'webdriver', { value: false }));

// A press asks for a part, which the site still has to answer.
test.afterEach(({ page }) => page.unrouteAll({ behavior: 'wait' }));

test('a browser that a script drives counts nothing, and one line says so', async ({ page, stack }) => {
  const said = await openShop(page, stack);
  await expect.poll(() => said).toHaveLength(1);
  expect(said).toEqual([
    'warning: Offersight: a script drives this browser, so nothing counts. To count it set data-machines="count" (machines), and --machines count of the proxy.',
  ]);
  expect(await trackerStats(page)).toEqual({ offers: {} });
  await worksOn(page);
  expect(stack.recorded()).toEqual([]);
});

test.describe('a browser that identifies itself as a machine', () => {
  test.use({ userAgent: VISITOR.replace('Chrome', 'HeadlessChrome') });

  test('is refused by the proxy', async ({ page, stack }) => {
    await beVisited(page);
    await openShop(page, stack, 'data-debug');
    await expect.poll(async () => (await trackerStats(page)).outbox).toMatchObject({ waiting: 0, dead: 1 });
    await worksOn(page);
    expect(stack.recorded()).toEqual([]);
  });

  test.describe('if machines count', () => {
    test.use({ proxyOptions: { origins: [SHOP], machines: 'count' } });
    test('is counted by the page and by the proxy', async ({ page, stack }) => {
      await openShop(page, stack, 'data-machines="count"');
      await stack.expectRecorded(['viewed seen']);
    });
  });

  test('is counted on the machine of a developer', async ({ page, stack }) => {
    await stack.open(page, BODY);
    await stack.expectRecorded(['viewed seen']);
  });
});

test.describe('a visitor’s browser', () => {
  test.use({ userAgent: VISITOR });
  test('is counted', async ({ page, stack }) => {
    await beVisited(page);
    await openShop(page, stack);
    await stack.expectRecorded(['viewed seen']);
  });
});
