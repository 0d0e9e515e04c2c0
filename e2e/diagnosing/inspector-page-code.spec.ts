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

test.describe('code that draws offers', () => {
  test('and replaces one all the time is named at once, and not that its time runs', async ({
    page,
    stack,
  }) => {
    // The page does it from the beginning: on a slow machine the offer would count before a test could.
    await inspect(
      page,
      stack,
      `<main>${offer('renewed', 1_000)}</main>
       <script>
         const main = document.querySelector('main');
         const html = main.innerHTML;
         setInterval(() => {
           main.replaceChildren(document.createRange().createContextualFragment(html));
         }, 300);
       </script>`,
    );
    await expect
      .poll(() => saidIn(page))
      .toMatch(/renewed wrong Its time begins again and again, so it is never over\..* keep it, and change/s);
  });

  test('and gives several one id is shown what they read, and copies of one are not', async ({
    page,
    stack,
  }) => {
    const reads = (id: string, text: string) => offer(id).replace('Two months', text);
    await inspect(page, stack, reads('looped', 'A month free') + reads('looped', 'A mug'));
    await expect
      .poll(() => saidIn(page))
      .toContain('2 elements have this id and read differently (“A month free”, “A mug”)');
    await page.evaluate(
      (html) => {
        document.body.insertAdjacentHTML('beforeend', html + html);
      },
      reads('copied', 'A cup'),
    );
    await expect
      .poll(() => saidIn(page))
      .toContain('Another element shows the same offer; together they count once.');
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
    await inspect(page, stack, '', wrapper(reading));
    await expectCounts(page, 'seen');
    await expect(page.locator('.steps .done')).toHaveCount(3);
    await expect(page.locator('.problem')).toHaveCount(0);
  });
});

test('a picture that did not load is named with its address, and one that did is not', async ({
  page,
  stack,
}) => {
  const drawing =
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>";
  // An offer whose dwell ends before the offer part is there counts without a look at its picture, so this one has a second.
  await inspect(
    page,
    stack,
    `<img alt="" src="/gone.png?for=jane" data-offer-id="lone" data-offer-dwell="0">
    <div data-offer-id="held"><img src="/away.png"><button>x</button></div>
    <div data-offer-id="worded" data-offer-dwell="0">Two months <img src="/icon.png"></div>
    <img src="${drawing}" data-offer-id="drawn" data-offer-dwell="0">`,
  );
  await expect
    .poll(() => saidIn(page))
    .toMatch(/lone not yet It has no size\. .*Its picture did not load: http:\S*\/gone\.png held/);
  await expect
    .poll(() => saidIn(page))
    .toMatch(/held not yet Its picture has not loaded\. .*Its picture did not load: \S*\/away\.png worded/);
  await expect.poll(() => saidIn(page)).toMatch(/drawn counted/);
  expect((await saidIn(page)).match(/did not load/g)).toHaveLength(2);
});

test('a router that does not call pageView() is named at the offer that does not count again, and one that calls it is not', async ({
  page,
  stack,
}) => {
  await inspect(page, stack, offer('seen'));
  await expect.poll(() => saidIn(page)).toContain('seen counted');
  const says =
    /The address has changed since it counted, from \/page\.html, and code did not call tracker\.pageView\(\)\. So it does not count again here\./;
  await page.evaluate(() => history.pushState(null, '', '/page.html?sort=price#top'));
  await page.evaluate(() => history.pushState(null, '', '/plans'));
  await expect.poll(() => saidIn(page)).toMatch(says);
  await page.evaluate('offersight.push((tracker) => tracker.pageView())');
  await expect.poll(() => saidIn(page)).not.toMatch(says);
  await stack.expectRecorded(['viewed seen', 'viewed seen']);
  // What counted at the route before counts again at once, and nothing is said meanwhile.
  await page.evaluate(() => history.pushState(null, '', '/plans/2'));
  await page.evaluate('offersight.push((tracker) => tracker.pageView())');
  await expectCounts(page, 'last');
  expect(await saidIn(page)).not.toContain('The address has changed');
});

test.describe('a page that stops every press before others hear it', () => {
  const EVENTS =
    'click pointerdown pointerup mousedown mouseup keydown keyup keypress submit touchstart touchend';
  const deaf = (stop: string) => `<script>
    for (const type of '${EVENTS}'.split(' ')) addEventListener(type, (event) => event.${stop}(), true);
  </script>`;

  for (const stop of ['stopPropagation', 'stopImmediatePropagation'])
    test(`keeps no pointer and no key from the panel by ${stop}`, async ({ page, stack }) => {
      await inspect(page, stack, `${offer('seen')}<p style="height: 3000px"></p>${offer('low')}`, deaf(stop));
      const fold = page.getByRole('button', { name: /^(?:Fold|Unfold)$/ });
      await fold.click();
      await expect(fold).toHaveText('Unfold');
      await fold.press('Enter');
      await expect(fold).toHaveText('Fold');
      await fold.press('Space');
      await expect(fold).toHaveText('Unfold');
      await fold.click();
      await page.getByRole('button', { name: 'Show low on the page' }).click();
      await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(1_000);
      const address = page.url();
      await page.getByRole('button', { name: 'Leave' }).click();
      await expect(page.locator('offersight-inspector')).toHaveCount(0);
      expect(page.url()).toBe(address);
    });

  test('is no other to the panel than one that listens to nothing: a press acts once', async ({
    page,
    stack,
  }) => {
    await stack.open(page, offer('seen'), {
      head: '<script>addEventListener("submit", () => { document.title = "submitted"; }, true)</script>',
    });
    await trackerStats(page);
    await openInspectorIn(page, FILE);
    const fold = page.getByRole('button', { name: /^(?:Fold|Unfold)$/ });
    for (const [press, text] of [
      [() => fold.click(), 'Unfold'],
      [() => fold.press('Enter'), 'Fold'],
      [() => fold.press('Space'), 'Unfold'],
    ] as const) {
      await press();
      await expect(fold).toHaveText(text);
    }
    expect(await page.title()).not.toBe('submitted');
  });
});
