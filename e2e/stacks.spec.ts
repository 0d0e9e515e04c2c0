/** What every stack shows that its guide was applied to: the same scenarios on each application, with its own proxy. */
import { devices, type Page } from '@playwright/test';
import { LAN, type RunningApp, startApp } from './fixtures/apps/running.js';
import { type Application, applicationsOf, STACKS, titleOf } from './fixtures/apps/stacks.js';
import { storedRecords, untilStored } from './fixtures/database.js';
import { test as base, expect } from './fixtures/stack.js';

/** The offer of the first page, and that of the second. */
const [FIRST, SECOND] = ['a52ge40b', 'b71kf93c'] as const;
const START_MS = 120_000;
const ENDPOINT = '**/offer-events';

/** Fails a test in whose page something went wrong aloud. */
const test = base.extend<{ complaints: string[] }>({
  // What a phone finds in the network is on loopback here. Only on loopback counts a browser that a script drives.
  launchOptions: async ({ launchOptions }, use) => {
    const args = [
      `--host-resolver-rules=MAP ${LAN} 127.0.0.1`,
      '--disable-blink-features=AutomationControlled',
    ];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
  },
  complaints: [
    async ({ page, context }, use) => {
      const complaints: string[] = [];
      // No application has one, and each browser asks.
      await context.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        // That a request found no network is the browser's own word, and what the test wanted.
        if (message.type() === 'error' && !/ERR_INTERNET_DISCONNECTED/.test(message.text()))
          complaints.push(`${message.text()} ${message.location().url}`);
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

/** Why a column says nothing of a stack. */
const NEVER_HYDRATED = {
  'in the browser': 'rendered in the browser',
  'as a file': 'a file as it is',
} as const;
const HYDRATED = 'server-rendered, then hydrated';
const STARTER = 'the starter alone';
const PHONE = 'on a phone';

const scenarios = (application: Application): void => {
  const { title, routes, rendered } = application.stack;
  let app: RunningApp;

  const row = { type: 'row', description: title };
  const cell = (column: string, ...others: { type: string; description: string }[]) => ({
    annotation: [row, { type: 'column', description: column }, ...others],
  });
  const exceptions =
    rendered === 'on the server'
      ? []
      : [{ type: 'does-not-apply', description: `${HYDRATED}: ${NEVER_HYDRATED[rendered]}` }];

  const recorded = (): string[] =>
    app.upstream
      .history()
      .filter(({ replayed }) => !replayed)
      .map(({ type, personalized_offer_id: id }) => `${type} ${id}`);

  /** Exactly this, and nothing is on its way any more, neither from the page nor from the proxy. */
  const expectRecorded = async (page: Page, ...expected: string[]): Promise<void> => {
    await expect.poll(recorded, { timeout: 30_000 }).toEqual(expected);
    await expect.poll(async () => (await storedRecords(page, 'entry')).length).toBe(0);
    await expect.poll(() => app.isDrained()).toBe(true);
    expect(recorded()).toEqual(expected);
  };

  const card = (page: Page) => page.locator(`[data-offer-id="${FIRST}"]`);
  const close = (page: Page) => card(page).locator('[data-offer-dismiss]').click();
  const go = (page: Page, to: string) => page.locator(`a[href="${to}"]`).click();

  // Started once, not by every worker. A busy machine takes its time to start one, and a development server builds as it
  // starts.
  test.describe.configure({ mode: 'default', timeout: START_MS });

  test.beforeAll(async () => {
    // A hook has the time of the whole run otherwise, whatever its group has.
    test.setTimeout(START_MS);
    app = await startApp(application);
  });

  test.afterAll(() => app?.close());

  test.beforeEach(async () => {
    // What the test before left is done with, or it would be counted here.
    await expect.poll(() => app.isDrained()).toBe(true);
    app.upstream.reset();
  });

  const viewedAndClosed = async (page: Page, url: string): Promise<void> => {
    await page.goto(url);
    await expectRecorded(page, `viewed ${FIRST}`);
    await close(page);
    await expect(card(page)).toHaveCount(0);
    await expectRecorded(page, `viewed ${FIRST}`, `dismissed ${FIRST}`);
  };

  if (application.isShort) {
    test('a view and a close arrive', cell(STARTER), async ({ page }) => {
      await viewedAndClosed(page, app.url);
    });

    test('a view and a close arrive from a phone in the same network', cell(PHONE), async ({ browser }) => {
      const context = await browser.newContext(devices['Pixel 7']);
      const page = await context.newPage();
      await viewedAndClosed(page, app.phoneUrl);
      expect(await page.evaluate(() => isSecureContext)).toBe(false);
      await context.close();
    });

    return;
  }

  test(
    'an offer that was in view for a second is viewed',
    cell('first view', ...exceptions),
    async ({ page }) => {
      await page.goto(app.url);
      await expectRecorded(page, `viewed ${FIRST}`);
      expect(await app.status()).toContain(FIRST);
    },
  );

  test('git leaves out what holds events and the key', cell('.gitignore'), async () => {
    const secret = app.secrets;
    expect(await app.ignored(...secret)).toEqual(secret);
  });

  test('closing an offer dismisses it, and the application closes it', cell('close'), async ({ page }) => {
    await viewedAndClosed(page, app.url);
  });

  test('an accepted offer is never dismissed', cell('accept'), async ({ page }) => {
    await page.goto(app.url);
    await expectRecorded(page, `viewed ${FIRST}`);
    await card(page).locator('[data-offer-accept]').click();
    await close(page);
    await expect(card(page)).toHaveCount(0);
    // Whatever closing had caused would be ahead of this.
    await go(page, '/plans');
    await expectRecorded(page, `viewed ${FIRST}`, `viewed ${SECOND}`);
  });

  test('each route’s offer counts once a page view', cell('route change and back'), async ({ page }) => {
    await page.goto(app.url);
    await expectRecorded(page, `viewed ${FIRST}`);
    await page.evaluate(() => Object.assign(window, { isSame: true }));
    await go(page, '/plans');
    await expectRecorded(page, `viewed ${FIRST}`, `viewed ${SECOND}`);
    await go(page, '/');
    await expect(card(page)).toBeVisible();
    expect(await page.evaluate(() => 'isSame' in window)).toBe(routes === 'in the page');
    await expectRecorded(page, `viewed ${FIRST}`, `viewed ${SECOND}`, `viewed ${FIRST}`);
  });

  test('what happened offline arrives once', cell('offline and back'), async ({ page, context }) => {
    await page.route(ENDPOINT, (route) => route.abort('internetdisconnected'));
    const attempt = page.waitForRequest(ENDPOINT);
    await page.goto(app.url);
    // It tried: the page has all that it needs without a network.
    await attempt;
    await context.setOffline(true);
    await close(page);
    await expect(card(page)).toHaveCount(0);
    await untilStored(page, 2);
    expect(recorded()).toEqual([]);
    await page.unroute(ENDPOINT);
    await context.setOffline(false);
    await expectRecorded(page, `viewed ${FIRST}`, `dismissed ${FIRST}`);
  });

  if (rendered === 'on the server')
    test('markup of the server counts once, and is alive', cell(HYDRATED), async ({ page }) => {
      const served = await (await page.request.get(app.url)).text();
      expect(served).toContain(`data-offer-id="${FIRST}"`);
      await viewedAndClosed(page, app.url);
    });
};

for (const application of STACKS.flatMap(applicationsOf))
  test.describe(titleOf(application), () => scenarios(application));
