/** The operator's page in a browser: what an operator reads and does there, and what other pages cannot do. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import {
  leaveEvents,
  OPERATOR_VIEWS,
  type Operated,
  signIn,
  startOperated,
  TOKEN,
} from '../fixtures/operator.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { leaveBy } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/standalone.js';

/** The texts of a table's rows. */
const rowsOf = async (page: Page, caption: string): Promise<string[]> =>
  (await page.getByRole('table', { name: caption }).locator('tbody tr').allInnerTexts()).map((text) =>
    text.replaceAll(/\s+/g, ' '),
  );

/** Collects everything on the console, such as violations of the policy, and all errors. */
const complaintsOf = (page: Page): string[] => {
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  return complaints;
};

/** A page of another origin, such as another port of this machine. */
const serveElsewhere = async (html: string) => {
  const server = createServer((_, outgoing) => {
    outgoing.setHeader('content-type', 'text/html');
    outgoing.end(html);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
};

test.describe('an operator', () => {
  test('sees what arrives as it arrives, until they pause it', async ({ bench, page }) => {
    const complaints = complaintsOf(page);
    const proxy = await startOperated(bench);
    await signIn(page, `${proxy.page}live`);
    await expect(page.getByText('Nothing has arrived so far.')).toBeVisible();
    await post(proxy.url, bodyOf(eventOf(1)));
    await expect(page.getByRole('row', { name: /viewed a52ge1 .*delivered/ })).toBeVisible();
    await expect(page.getByText('Nothing has arrived so far.')).toBeHidden();
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect(page.getByRole('status')).toHaveText('Paused.');
    await post(proxy.url, bodyOf(eventOf(2)));
    await bench.upstream.until(() => bench.upstream.history().length === 2);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect(page.getByRole('row', { name: /viewed a52ge2/ })).toBeVisible();
    expect(complaints).toEqual([]);
    proxy.kill('SIGTERM');
    await expect(page.getByRole('status')).toHaveText('The proxy does not answer. Trying again.');
  });

  test('finds the event that a link from another site names', async ({ bench, page }) => {
    const proxy = await startOperated(bench);
    await leaveEvents(bench, proxy);
    await signIn(page, proxy.page);
    const chat = await serveElsewhere(`<a href="${proxy.page}events?find=a52ge3">the event</a>`);
    await page.goto(`http://localhost:${chat.port}`);
    await page.getByRole('link').click();
    await expect(page.getByRole('heading', { name: 'Events', level: 1 })).toBeVisible();
    expect(await rowsOf(page, 'Events of a52ge3')).toHaveLength(1);
    chat.close();
  });

  test('signs out everywhere', async ({ bench, page, context }) => {
    const proxy = await startOperated(bench);
    await signIn(page, proxy.page);
    const colleague = await context.newPage();
    await colleague.goto(`${proxy.page}delivery`);
    await page.getByRole('link', { name: 'Delivery' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Delivery');
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in');
    // Browsers keep pages to go back to, even those that must not be stored.
    await leaveBy(page, () => history.back());
    await expect(page).toHaveURL(/delivery$/);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in');
    await colleague.getByRole('link', { name: 'Look again' }).click();
    await expect(colleague.getByRole('heading', { level: 1 })).toHaveText('Sign in');
  });

  test('needs scripts only for rows that come by themselves', async ({ bench, browser }) => {
    const proxy = await startOperated(bench);
    await leaveEvents(bench, proxy);
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(page, proxy.page);
    for (const view of OPERATOR_VIEWS) {
      await page.goto(proxy.page + view);
      await expect(page.getByRole('navigation')).toBeVisible();
    }
    await expect(page.getByRole('status')).toHaveText('The newest events. Reload to see newer ones.');
    await expect(page.getByRole('button', { name: 'Pause' })).toBeHidden();
    await context.close();
  });
});

const deadLettersOf = async ({ page }: Operated): Promise<number> =>
  (
    await ask(new URL(page).origin, '/admin/dead-letters', { headers: { authorization: `Bearer ${TOKEN}` } })
  ).text
    .split('\n')
    .filter(Boolean).length;

test.describe('another page', () => {
  for (const [where, host] of [
    ['of another port, which is the same site', '127.0.0.1'],
    ['of another site', 'localhost'],
  ] as const)
    test(`reads and changes nothing in a signed-in operator’s name if it is ${where} (attacks 70, 72, 73)`, async ({
      bench,
      page,
    }) => {
      const proxy = await startOperated(bench);
      await leaveEvents(bench, proxy);
      await expect.poll(() => deadLettersOf(proxy)).toBe(1);
      await signIn(page, `${proxy.page}delivery`);
      const formToken = await page.locator('[name=form_token]').first().inputValue();
      const fields = { form_token: formToken, lane: 'offer_events', what: 'dead', confirm: 'yes' };
      const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
      const elsewhere = await serveElsewhere(`
        <iframe src="${proxy.page}funnel"></iframe>
        ${['retry', 'purge', 'sign-out'].map((to) => `<form method="post" action="${proxy.page}${to}">${inputs.join('')}<button>${to}</button></form>`).join('')}`);
      const evil = `http://${host}:${elsewhere.port}/`;
      for (const button of ['retry', 'purge', 'sign-out']) {
        await page.goto(evil);
        await page.getByRole('button', { name: button }).click();
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not from another page');
      }
      await page.goto(evil);
      const reads = await page.evaluate(
        (base) =>
          Promise.all(
            ['funnel', 'live-rows', 'style.css', 'live.js'].map((path) =>
              fetch(base + path, { credentials: 'include' }).then(
                () => 'read',
                () => 'failed',
              ),
            ),
          ),
        proxy.page,
      );
      expect(reads).toEqual(['failed', 'failed', 'failed', 'failed']);
      const frame = page.frames().find((each) => each !== page.mainFrame());
      expect(await frame?.evaluate(() => document.body.textContent)).not.toMatch(/Funnel|Go on/);
      expect(await deadLettersOf(proxy)).toBe(1);
      await page.goto(`${proxy.page}funnel`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Funnel');
      elsewhere.close();
    });

  test('does not reach the operator’s page beside its endpoint, even if it is the shop’s own (attack 72)', async ({
    bench,
  }) => {
    const { url } = await bench.start([], { env: { OFFERSIGHT_ADMIN_TOKEN: TOKEN } });
    const headers = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' };
    for (const path of ['', 'funnel', 'style.css', 'live.js', 'sign-in'])
      expect((await ask(url, `/admin/${path}`, { headers })).status).toBe(401);
    const body = new URLSearchParams({ token: TOKEN }).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, headers: answered } = await ask(url, '/admin/sign-in', {
      method: 'POST',
      body,
      headers: { ...headers, ...type },
    });
    expect([status, answered['set-cookie']]).toEqual([401, undefined]);
  });
});
