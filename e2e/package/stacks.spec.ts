/**
 * The same scenarios on the application of each stack, to which its guide was applied, with the application's own
 * proxy.
 */
import { devices, type Page } from '@playwright/test';
import { LAN, type RunningApp, startApp } from '../fixtures/apps/running.js';
import { type Application, applicationsOf, STACKS, titleOf } from '../fixtures/apps/stacks.js';
import { storedRecords, untilStored } from '../fixtures/database.js';
import { test as base, expect } from '../fixtures/stack.js';

/** The offer of the first page, and that of the second. */
const [FIRST, SECOND] = ['a52ge40b', 'b71kf93c'] as const;
const START_MS = 300_000;
const ENDPOINT = '**/offer-events';

/** Fails a test if its page reports an error. */
const test = base.extend<{ complaints: string[] }>({
  // A phone would find the application in the network; here the name leads to loopback. Under that name, a browser that
  // says that a script drives it would not count.
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
      // No application has an icon, and each browser asks for one.
      await context.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        // The browser itself reports that a request found no network, which the test intends.
        if (message.type() === 'error' && !/ERR_INTERNET_DISCONNECTED/.test(message.text()))
          complaints.push(`${message.text()} ${message.location().url}`);
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

const scenarios = (application: Application): void => {
  const { routes, rendered } = application.stack;
  let app: RunningApp;

  const recorded = (): string[] =>
    app.upstream
      .history()
      .filter(({ replayed }) => !replayed)
      .map(({ type, personalized_offer_id: id }) => `${type} ${id}`);

  /**
   * Expects exactly these events, and that nothing is on its way any more, neither from the page nor from the proxy.
   */
  const expectRecorded = async (page: Page, ...expected: string[]): Promise<void> => {
    // A development server compiles the page and the route when they are first asked for.
    await expect.poll(recorded, { timeout: 120_000 }).toEqual(expected);
    await expect.poll(async () => (await storedRecords(page, 'entry')).length).toBe(0);
    await expect.poll(() => app.isDrained()).toBe(true);
    expect(recorded()).toEqual(expected);
  };

  const card = (page: Page) => page.locator(`[data-offer-id="${FIRST}"]`);
  const close = (page: Page) => card(page).locator('[data-offer-dismiss]').click();
  const go = (page: Page, to: string) => page.locator(`a[href="${to}"]`).click();

  // In this mode one worker starts the application, not every worker. A busy machine takes long to start one, and a
  // development server builds while it starts.
  test.describe.configure({ mode: 'default', timeout: START_MS });

  test.beforeAll(async () => {
    // Without this, a hook has the time-out of the whole run instead of its group's.
    test.setTimeout(START_MS);
    app = await startApp(application);
  });

  test.afterAll(() => app?.close());

  test.beforeEach(async () => {
    // The events of the test before must be settled, or they would be counted here.
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
    test('a view and a close arrive', async ({ page }) => {
      await viewedAndClosed(page, app.url);
    });

    test('a view and a close arrive from a phone in the same network', async ({ browser }) => {
      const context = await browser.newContext(devices['Pixel 7']);
      const page = await context.newPage();
      await viewedAndClosed(page, app.phoneUrl);
      expect(await page.evaluate(() => isSecureContext)).toBe(false);
      await context.close();
    });

    return;
  }

  test('an offer that was in view for a second is viewed', async ({ page }) => {
    await page.goto(app.url);
    await expectRecorded(page, `viewed ${FIRST}`);
    expect(await app.status()).toContain(FIRST);
  });

  test('git ignores the files that contain events and the key', async () => {
    const secret = app.secrets;
    expect(await app.ignored(...secret)).toEqual(secret);
  });

  test('closing an offer dismisses it, and the application closes it', async ({ page }) => {
    await viewedAndClosed(page, app.url);
  });

  test('an accepted offer is never dismissed', async ({ page }) => {
    await page.goto(app.url);
    await expectRecorded(page, `viewed ${FIRST}`);
    await card(page).locator('[data-offer-accept]').click();
    await close(page);
    await expect(card(page)).toHaveCount(0);
    // A dismissal by the closing would come before this view.
    await go(page, '/plans');
    await expectRecorded(page, `viewed ${FIRST}`, `viewed ${SECOND}`);
  });

  test('each route’s offer counts once a page view', async ({ page }) => {
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

  test('events that happened offline arrive once', async ({ page, context }) => {
    await page.route(ENDPOINT, (route) => route.abort('internetdisconnected'));
    const attempt = page.waitForRequest(ENDPOINT);
    await page.goto(app.url);
    // Its attempt shows that the page has all that it needs without a network.
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
    test('markup of the server counts once, and its controls work', async ({ page }) => {
      const served = await (await page.request.get(app.url)).text();
      expect(served).toContain(`data-offer-id="${FIRST}"`);
      await viewedAndClosed(page, app.url);
    });
};

for (const application of STACKS.flatMap(applicationsOf))
  test.describe(titleOf(application), () => scenarios(application));
