import type { Page } from '@playwright/test';
import { flush, trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const BODY =
  '<div class="offer" data-offer-id="seen" data-offer-dwell="0"></div><button onclick="this.textContent = \'bought\'">Buy</button>';

/** Opens a page and collects its errors. */
const openAndListen = async (
  page: Page,
  stack: Stack,
  script?: string,
): Promise<{ reports: string[]; crashes: string[] }> => {
  const reports: string[] = [];
  const crashes: string[] = [];
  page.on('console', (message) => message.type() === 'error' && reports.push(message.text()));
  page.on('pageerror', (error) => crashes.push(error.message));
  await stack.open(page, BODY, script === undefined ? {} : { script });
  return { reports, crashes };
};

const expectWorking = async (page: Page): Promise<void> => {
  await page.click('button');
  await expect(page.locator('button')).toHaveText('bought');
};

test('an endpoint that is not a URL leaves the page working, and one report says what to do', async ({
  page,
  stack,
}) => {
  const { reports, crashes } = await openAndListen(page, stack, 'data-endpoint="http://["');
  await expect.poll(() => reports).toHaveLength(1);
  expect(reports[0]).toContain('configuration: endpoint is http://[: give a path, such as /offer-events.');
  await expectWorking(page);
  expect(crashes).toEqual([]);
});

test.describe('a tag that lost its attributes still works, and one line says what is assumed', () => {
  for (const [name, tag, guess] of [
    ['if a tag manager stripped it', '<script src="/offersight.js"></script>', ''],
    [
      'if it is a module',
      '<script type="module" src="/offersight.js"></script>',
      ' The tag is a guess: leave type=module out.',
    ],
    [
      'if a loader imports it',
      "<script>import('/offersight.js')</script>",
      ' The tag is not found: leave type=module out.',
    ],
  ] as const)
    test(name, async ({ page, stack }) => {
      const lines: string[] = [];
      page.on('console', (message) => lines.push(message.text()));
      await stack.open(page, `${BODY}${tag}`, { script: '' });
      await stack.expectRecorded(['viewed seen']);
      expect(lines).toEqual([`Offersight: no data-endpoint, so it is /offer-events.${guess}`]);
    });

  test('a module that has attributes reads them, and finds the files beside it', async ({ page, stack }) => {
    await stack.open(
      page,
      `${BODY}<script type="module" src="/offersight.js" data-endpoint="/offer-events" data-ignore="60000"></script>`,
      { script: '' },
    );
    await stack.expectRecorded(['viewed seen']);
    expect((await page.requests()).map((request) => new URL(request.url()).pathname)).toContain(
      '/offersight-more.js',
    );
  });
});

test('a proxy that refuses every event is reported once, with its code', async ({ page, stack }) => {
  const lines: string[] = [];
  page.on('console', (message) => message.type() === 'error' && lines.push(message.text()));
  await page.route('**/offer-events', async (route) => {
    const { events } = route.request().postDataJSON() as { events: { id: string }[] };
    await route.fulfill({
      json: { v: 1, results: events.map(({ id }) => ({ id, status: 'refused', code: 'invalid_event' })) },
    });
  });
  await stack.open(page, `${BODY}<p data-offer-dismiss="seen">No</p>`);
  await trackerStats(page);
  await flush(page);
  await page.click('p');
  await flush(page);
  expect(lines.filter((line) => line.includes('refused'))).toEqual([
    expect.stringContaining('refused: All events were refused: invalid_event.'),
  ]);
});

test.describe('blocked storage is reported once, and events go out from memory', () => {
  const blocks: Readonly<Record<string, () => void>> = {
    'if the getter throws, as in a sandboxed frame (fault 24)': () => {
      Object.defineProperty(window, 'indexedDB', {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    },
    'if opening fails, as in a private window (fault 25)': () => {
      IDBFactory.prototype.open = () => {
        const request = new EventTarget() as IDBOpenDBRequest;
        Object.defineProperty(request, 'error', { value: new DOMException('denied', 'InvalidStateError') });
        setTimeout(() => void request.onerror?.(new Event('error')));
        return request;
      };
    },
    'if opening never answers (fault 26)': () => {
      IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
    },
  };
  for (const [name, block] of Object.entries(blocks)) {
    test(name, async ({ page, stack }) => {
      await page.addInitScript(block);
      const { reports, crashes } = await openAndListen(page, stack);
      await stack.expectRecorded(['viewed seen']);
      // The page's console reaches the test by another way than its events, and perhaps later.
      await expect.poll(() => reports).toHaveLength(1);
      expect(reports[0]).toContain('storage: Allow IndexedDB');
      await expectWorking(page);
      expect(crashes).toEqual([]);
    });
  }
});
