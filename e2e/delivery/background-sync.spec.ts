import type { Page } from '@playwright/test';
import { storedRecords } from '../fixtures/database.js';
import { type OffersightWindow, trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const BODY =
  '<div class="offer" data-offer-id="closed" data-offer-dwell="0"><button data-offer-dismiss>x</button></div>' +
  '<div class="offer" data-offer-id="seen" data-offer-dwell="0"></div>';
const THREE = ['viewed closed', 'dismissed closed', 'viewed seen'];
/** The page itself reaches no endpoint; its service worker has a policy of its own. */
const CUT_OFF = { headers: { 'content-security-policy': "connect-src 'none'" } };

const WORKERS = [
  ['a classic worker', "importScripts('/offersight-worker.js')", 'classic'],
  ['a module worker', "import '/module/service-worker.js'", 'module'],
] as const;

/** The syncs that the browser has noted (Web Background Synchronization, which is not in the DOM's types). */
const syncTags = async (): Promise<string[] | undefined> => {
  const registration = await navigator.serviceWorker.getRegistration();
  return (registration as { sync?: { getTags(): Promise<string[]> } } | undefined)?.sync?.getTags();
};

const register = async (page: Page, type: 'classic' | 'module'): Promise<void> => {
  await page.evaluate(async (type) => {
    await navigator.serviceWorker.register('/worker.js', { type });
    await navigator.serviceWorker.ready;
  }, type);
};

/** Opens a page of the site as a user's browser has it, with the site's worker running. */
const openWithWorker = async (
  page: Page,
  stack: Stack,
  [, source, type]: readonly [name: string, source: string, type: 'classic' | 'module'],
): Promise<void> => {
  stack.site.serveWorker(source);
  await stack.open(page, '<p>Imprint</p>');
  await register(page, type);
  await stack.open(page, BODY, CUT_OFF);
  await trackerStats(page);
  await page.click('[data-offer-id=closed] button');
};

test.describe('with one line in a site’s own service worker', () => {
  test.setTimeout(180_000);

  for (const worker of WORKERS) {
    test(`events that a page could not deliver are delivered after its tab is gone: ${worker[0]}`, async ({
      profile,
      stack,
    }) => {
      const { context } = await profile.start();
      const [page] = context.pages();
      if (!page) throw new Error('the browser has no page');
      const other = await context.newPage();
      await page.bringToFront();
      // The worker cannot deliver either as long as the tab is there.
      stack.site.gateway.fault = 'off';
      await openWithWorker(page, stack, worker);
      await untilWaiting(page, 3);
      // A tab that is gone before its page has found the worker asks for no sync: the next page brings what is left.
      const hasSite = async (): Promise<boolean> =>
        (await storedRecords(page, 'state')).some(([key]) => key[1] === 'site');
      await expect.poll(hasSite).toBe(true);
      // The browser has to have noted the sync that the page asks for as it is hidden.
      await other.bringToFront();
      await expect.poll(() => page.evaluate(syncTags)).toEqual(['offersight:offersight']);
      await page.close();
      await other.goto('about:blank');
      stack.site.gateway.fault = undefined;
      // The browser and the worker may take long, since the outbox had to back off.
      await expect.poll(() => stack.recorded().length, { timeout: 120_000 }).toBe(THREE.length);
      await stack.expectRecorded(THREE);
    });
  }
});

/**
 * Plays the browser's part in a sync and answers how it ended. If asked, the database breaks after the first look into
 * it. The browser's own syncs are held back, since they would empty the outbox before.
 */
const PLAYED_SYNC = `addEventListener('sync', (event) => event.isTrusted && event.stopImmediatePropagation());
  importScripts('/offersight-worker.js');
  let left = Infinity;
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...given) {
    if (left-- <= 0) throw new DOMException('', 'InvalidStateError');
    return transaction.apply(this, given);
  };
  addEventListener('message', ({ data, ports: [port] }) => {
    left = data === 'broken' ? 1 : Infinity;
    const waitUntil = (work) => work.then(() => port.postMessage('done'), () => port.postMessage('rejected'));
    dispatchEvent(Object.assign(new Event('sync'), { tag: 'offersight:offersight', waitUntil }));
  });`;

/** Has the worker play a sync, and says how it ended. */
const playSync = (page: Page, database: 'broken' | 'whole'): Promise<string> =>
  page.evaluate(async (how) => {
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    return new Promise<string>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
      active?.postMessage(how, [port2]);
    });
  }, database);

test('a sync whose database breaks on the way is rejected, so that the browser retries it', async ({
  page,
  stack,
}) => {
  await openWithWorker(page, stack, ['', PLAYED_SYNC, 'classic']);
  await untilWaiting(page, 3);
  // At first the page may not have stored yet where its events go.
  await expect.poll(() => playSync(page, 'broken')).toBe('rejected');
  expect(stack.recorded()).toEqual([]);
  expect(await playSync(page, 'whole')).toBe('done');
  await stack.expectRecorded(THREE);
});

test('the worker leaves the events of a user who has logged out', async ({ page, stack }) => {
  const opened = (subject: string) => ({ ...CUT_OFF, script: `data-endpoint="/offer-events"${subject}` });
  stack.site.serveWorker(PLAYED_SYNC);
  await stack.open(page, '<p>Imprint</p>');
  await register(page, 'classic');
  await stack.open(page, BODY, opened(' data-subject="ada"'));
  await trackerStats(page);
  await page.click('[data-offer-id=closed] button');
  await untilWaiting(page, 3);
  await page.evaluate(() => {
    (window as unknown as OffersightWindow).offersight.push((tracker) => {
      tracker.subject(undefined);
    });
    // What is recorded now is nobody's, and shows that the worker knows of the log-out.
    document.body.insertAdjacentHTML(
      'beforeend',
      '<div class="offer" data-offer-id="nobody" data-offer-dwell="0"></div>',
    );
  });
  await untilWaiting(page, 4);
  await expect
    .poll(async () =>
      (await storedRecords(page, 'state')).flatMap(([key, value]) =>
        key[1] === 'site' ? [(value as { subject?: string }).subject] : [],
      ),
    )
    .toEqual([undefined]);
  expect(await playSync(page, 'whole')).toBe('done');
  await stack.expectRecorded(['viewed nobody']);
});

test('what counts once in a browser is remembered after the worker has delivered it', async ({
  page,
  stack,
}) => {
  const once = { script: 'data-endpoint="/offer-events" data-repeat="browser"' };
  stack.site.serveWorker(PLAYED_SYNC);
  await stack.open(page, '<p>Imprint</p>');
  await register(page, 'classic');
  await stack.open(page, BODY, { ...CUT_OFF, ...once });
  await untilWaiting(page, 2);
  await expect.poll(() => playSync(page, 'whole')).toBe('done');
  await expect.poll(() => stack.recorded().toSorted()).toEqual(['viewed closed', 'viewed seen']);
  await stack.open(page, `${BODY}<div class="offer" data-offer-id="new" data-offer-dwell="0"></div>`, once);
  await stack.expectRecorded(['viewed closed', 'viewed seen', 'viewed new']);
});

test.describe('without one line in a site’s own service worker', () => {
  test('nothing changes: events that a page could not deliver wait for the next page', async ({
    page,
    stack,
  }) => {
    await stack.open(page, BODY, CUT_OFF);
    await trackerStats(page);
    await page.click('[data-offer-id=closed] button');
    await untilWaiting(page, 3);
    expect(stack.recorded()).toEqual([]);
    await stack.open(page, '<p>Imprint</p>');
    await stack.expectRecorded(THREE);
  });
});

test('the worker delivers nothing once consent was denied', { tag: '@whole' }, async ({ page, stack }) => {
  stack.site.serveWorker(WORKERS[0][1]);
  await stack.open(page, BODY, CUT_OFF);
  await trackerStats(page);
  await page.click('[data-offer-id=closed] button');
  await untilWaiting(page, 3);
  await stack.open(page, '<p>Imprint</p>', {
    script: 'data-endpoint="/offer-events" data-consent="denied"',
  });
  await untilWaiting(page, 0);
  await register(page, 'classic');
  const sync = (act: string) =>
    page.evaluate(`navigator.serviceWorker.ready.then(({ sync }) => sync.${act})`);
  await sync("register('offersight:offersight')");
  await expect.poll(() => sync('getTags()')).toEqual([]);
  expect(stack.recorded()).toEqual([]);
  expect(stack.site.gateway.calls).toEqual([]);
});
