import type { Page } from '@playwright/test';
import { expect, type Stack, test } from './fixtures/stack.js';

const BODY =
  '<div class="offer" data-offer-id="seen" data-offer-dwell="0"></div><button onclick="this.textContent = \'bought\'">Buy</button>';

/** Opens a page and listens to what it complains about. */
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

test.describe('a wrong configuration leaves the page working, and one report says what to do', () => {
  test('no endpoint', async ({ page, stack }) => {
    const { reports, crashes } = await openAndListen(page, stack, 'data-debug');
    await expect.poll(() => reports).toHaveLength(1);
    expect(reports[0]).toContain('configuration: Check its options.');
    await expectWorking(page);
    expect(crashes).toEqual([]);
  });

  test('an endpoint on another origin', async ({ page, stack }) => {
    const { reports, crashes } = await openAndListen(
      page,
      stack,
      'data-endpoint="https://other.example/events" data-debug',
    );
    await expect.poll(() => reports).toHaveLength(1);
    expect(reports[0]).toContain('configuration: Check its options.');
    await expectWorking(page);
    expect(crashes).toEqual([]);
  });

  test('a browser without IntersectionObserver', async ({ page, stack }) => {
    await page.addInitScript(() => Reflect.deleteProperty(window, 'IntersectionObserver'));
    const { reports, crashes } = await openAndListen(page, stack);
    await expect.poll(() => reports).toHaveLength(1);
    expect(reports[0]).toContain('unsupported: Needs IntersectionObserver.');
    await expectWorking(page);
    expect(crashes).toEqual([]);
  });

  test('a ratio above one', async ({ page, stack }) => {
    const { reports, crashes } = await openAndListen(
      page,
      stack,
      'data-endpoint="/offer-events" data-ratio="2" data-debug',
    );
    await expect.poll(() => reports).toHaveLength(1);
    expect(reports[0]).toContain('configuration: Check its options.');
    await expectWorking(page);
    expect(crashes).toEqual([]);
  });
});

test.describe('blocked storage is reported once, and events go out from memory', () => {
  const blocks: Readonly<Record<string, () => void>> = {
    'a getter that throws, as in a sandboxed frame (fault 24)': () => {
      Object.defineProperty(window, 'indexedDB', {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    },
    'an open that fails, as in a private window (fault 25)': () => {
      IDBFactory.prototype.open = () => {
        const request = new EventTarget() as IDBOpenDBRequest;
        Object.defineProperty(request, 'error', { value: new DOMException('denied', 'InvalidStateError') });
        setTimeout(() => void request.onerror?.(new Event('error')));
        return request;
      };
    },
    'an open that never answers (fault 26)': () => {
      IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
    },
  };
  for (const [name, block] of Object.entries(blocks)) {
    test(name, async ({ page, stack }) => {
      await page.addInitScript(block);
      const { reports, crashes } = await openAndListen(page, stack);
      await stack.expectRecorded(['viewed seen']);
      // A page's words reach us by another way than its events, and perhaps later.
      await expect.poll(() => reports).toHaveLength(1);
      expect(reports[0]).toContain('storage: Allow IndexedDB');
      await expectWorking(page);
      expect(crashes).toEqual([]);
    });
  }
});
