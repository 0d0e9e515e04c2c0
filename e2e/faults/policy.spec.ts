import type { Page } from '@playwright/test';
import { AS_IN_PRODUCTION, listen, offer } from '../fixtures/faults.js';
import { flush, untilWaiting } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const NO_CONNECTIONS = { headers: { 'content-security-policy': "connect-src 'none'" } };

test.describe('a farewell that fails leaves the event for the next page view', () => {
  test('if there is no network (fault 19)', async ({ page, stack }) => {
    // The browser's own emulation would not do: it ends with the page, before the farewell.
    stack.site.gateway.fault = 'off';
    const { calls } = stack.site.gateway;
    await stack.open(page, offer('unheard'));
    await untilWaiting(page, 1);
    await expect.poll(() => calls.length).toBeGreaterThan(0);
    const before = calls.length;
    await page.goto('about:blank');
    await expect.poll(() => calls.length).toBeGreaterThan(before);
    // This must hold as long as there is no network, since a browser may repeat the farewell's request by itself.
    expect(stack.recorded()).toEqual([]);
    stack.site.gateway.fault = undefined;
    await stack.open(page, '<p>Imprint</p>');
    await stack.expectRecorded(['viewed unheard']);
    await untilWaiting(page, 0);
  });

  test('if the page’s policy forbids it (fault 19)', async ({ page, stack }) => {
    await stack.open(page, offer('forbidden'), NO_CONNECTIONS);
    await untilWaiting(page, 1);
    await page.goto('about:blank');
    expect(stack.site.gateway.calls).toEqual([]);
    await stack.open(page, '<p>Imprint</p>');
    await stack.expectRecorded(['viewed forbidden']);
    await untilWaiting(page, 0);
  });
});

test('an event waits under a policy that forbids connections, and does not flood the console in an hour (fault 20)', async ({
  page,
  stack,
}) => {
  const { delivery, others, uncaught } = listen(page);
  await page.clock.install();
  await stack.open(page, offer('forbidden'), { ...AS_IN_PRODUCTION, ...NO_CONNECTIONS });
  await untilWaiting(page, 1);
  for (let minute = 0; minute < 60; minute++) {
    await page.clock.fastForward(60_000);
    await flush(page);
  }
  await untilWaiting(page, 1);
  expect(stack.site.gateway.calls).toEqual([]);
  await expect.poll(() => delivery).toHaveLength(1);
  // The browser itself writes two lines about each request. An attempt makes two requests. There are nine attempts up
  // to the longest back-off, and then at most one in 2½ minutes.
  expect(others.length).toBeGreaterThan(0);
  expect(others.length).toBeLessThanOrEqual(2 * 2 * (9 + 24));
  expect(uncaught).toEqual([]);
});

/** Opens the page under a service worker of the site. */
const openUnder = async (page: Page, stack: Stack, worker: string, body: string): Promise<void> => {
  stack.site.serveWorker(worker);
  await stack.open(page, '<p>no offer yet</p>', { script: '' });
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/worker.js');
    await navigator.serviceWorker.ready;
  });
  await stack.open(page, body);
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated');
};

test.describe('a service worker of the page', () => {
  test('removes no event by answering with a page of its own (fault 22)', async ({ page, stack }) => {
    await openUnder(
      page,
      stack,
      `let answered = 0;
       addEventListener('fetch', (event) => {
         const { pathname } = new URL(event.request.url);
         if (pathname === '/answered') event.respondWith(new Response(String(answered)));
         if (pathname !== '/offer-events') return;
         answered++;
         event.respondWith(new Response('<h1>You are offline</h1>', { headers: { 'content-type': 'text/html' } }));
       });`,
      offer('seen'),
    );
    const answered = () => page.evaluate(async () => Number(await (await fetch('/answered')).text()));
    await expect.poll(answered).toBeGreaterThan(1);
    await untilWaiting(page, 1);
    expect(stack.site.gateway.calls).toEqual([]);
    await page.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
    await stack.open(page, '<p>Imprint</p>');
    await stack.expectRecorded(['viewed seen']);
    await untilWaiting(page, 0);
  });

  test('gets duplicates if it sends its copy again later, and the upstream gets nothing (fault 23)', async ({
    page,
    stack,
  }) => {
    await openUnder(
      page,
      stack,
      `const copies = [];
       addEventListener('fetch', (event) => {
         const { pathname } = new URL(event.request.url);
         if (pathname === '/offer-events') copies.push(event.request.clone());
         if (pathname === '/again') event.respondWith(fetch(copies.shift()));
       });`,
      offer('seen'),
    );
    await stack.expectRecorded(['viewed seen']);
    await untilWaiting(page, 0);
    const again = await page.evaluate(async () => (await fetch('/again')).json() as Promise<unknown>);
    expect(again).toEqual({ v: 1, results: [{ id: expect.anything() as unknown, status: 'duplicate' }] });
    expect(stack.site.gateway.calls).toHaveLength(2);
    await stack.expectRecorded(['viewed seen']);
  });
});
