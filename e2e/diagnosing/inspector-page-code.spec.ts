/** What code of the page may do so that offers do not count or events do not arrive: the inspector names it, and stays usable. */
import type { Page } from '@playwright/test';
import { openInspectorIn, saidIn } from '../fixtures/inspected.js';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const FILE = '/offersight-inspector.js';

const offer = (id: string, dwell = 0) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}">Two months</div>`;

/** Opens a page and the inspector on it. */
const inspect = async (page: Page, stack: Stack, body: string, head = ''): Promise<void> => {
  await stack.open(page, body, { head });
  await trackerStats(page);
  await openInspectorIn(page, FILE);
};

/** Adds an offer to the page, and waits until it has counted. */
const expectCounts = async (page: Page, id: string): Promise<void> => {
  await page.evaluate((html) => document.body.insertAdjacentHTML('afterbegin', html), offer(id));
  await expect.poll(() => saidIn(page)).toContain(`${id} counted`);
};

test.describe('an observer of the page’s own', () => {
  test('that never calls back is named, and not the offer’s place', async ({ page, stack }) => {
    const stub = `<script>window.IntersectionObserver = class {
      observe() {} unobserve() {} disconnect() {} takeRecords() { return []; }
    }</script>`;
    await inspect(page, stack, offer('seen'), stub);
    await expect
      .poll(() => saidIn(page))
      .toContain(
        'seen wrong It lies in the viewport, and IntersectionObserver does not report that. Code of this page has replaced it',
      );
    // An offer outside of the viewport still needs scrolling.
    await page.evaluate(
      (html) => document.body.insertAdjacentHTML('beforeend', `<p style="height: 2000px"></p>${html}`),
      offer('below'),
    );
    await expect.poll(() => saidIn(page)).toContain('below not yet It is not in view. Scroll to it.');
  });

  test('that calls back is not named', async ({ page, stack }) => {
    const wrapper = `<script>window.IntersectionObserver = class extends IntersectionObserver {
      constructor(report, options) { super((...all) => report(...all), options); }
    }</script>`;
    await inspect(page, stack, `${offer('seen')}<p style="height: 2000px"></p>${offer('below')}`, wrapper);
    await expect.poll(() => saidIn(page)).toContain('seen counted');
    await expect.poll(() => saidIn(page)).toContain('below not yet It is not in view. Scroll to it.');
    await expectCounts(page, 'last');
    expect(await saidIn(page)).not.toContain('IntersectionObserver');
  });
});

test.describe('a wrapper of fetch', () => {
  const wrapper = (reading: string) => `<script>
    const own = fetch;
    window.fetch = async (...all) => { const response = await own(...all); ${reading} return response; };
  </script>`;

  for (const [what, reading] of [
    ['every answer', 'console.log(await response.json());'],
    ['the answers that are no refusal', 'if (response.ok) console.log(await response.json());'],
  ] as const)
    test(`that reads ${what} is named, since the tracker cannot`, async ({ page, stack }) => {
      await inspect(page, stack, offer('seen'), wrapper(reading));
      await expect(page.locator('.problem').first()).toHaveText(
        /POST .*\/offer-events was answered, and code of this page that has replaced fetch read the answer, so the tracker cannot\. Let it read response\.clone\(\)\./,
      );
    });

  test('that reads a copy is not named', async ({ page, stack }) => {
    const reading = 'console.log(await response.clone().text());';
    await inspect(page, stack, offer('seen'), wrapper(reading));
    await expect(page.locator('.steps .done')).toHaveCount(3);
    await expect(page.locator('.problem')).toHaveCount(0);
  });
});
