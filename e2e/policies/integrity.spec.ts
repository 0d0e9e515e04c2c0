/**
 * Files that are pinned by their hash: the right one runs, the wrong one does not, and the page works in both cases.
 */
import { readFile } from 'node:fs/promises';
import { untilStored } from '../fixtures/database.js';
import { expect, hashOf, OFFERS, test } from '../fixtures/policed.js';
import { readRecipe } from '../fixtures/recipe.js';

const recipe = await readRecipe('docs/recipes/policies.md');
const integrity = (await readFile('dist/offersight.js.sri', 'utf8')).trim();
const later = {
  'integrity of offers': (await readFile('dist/offersight-offers.js.sri', 'utf8')).trim(),
  'integrity of closing': (await readFile('dist/offersight-closing.js.sri', 'utf8')).trim(),
};
const WRONG = `sha384-${'A'.repeat(64)}`;
const BUY = `<button id="buy" onclick="this.textContent = 'bought'">Buy</button>`;

test('a page whose policy requires integrity of every script gets it', async ({ page, policed }) => {
  const headers = recipe.headers('Integrity for every script');
  await policed.open(
    headers,
    recipe.block('Integrity for every script', 'html', 0, {
      integrity,
      ...later,
    }),
  );
  await policed.goTheWholeWay();
  await policed.expectNothingBut({
    commit: () =>
      page.evaluate(() => {
        document.head.append(Object.assign(document.createElement('script'), { src: '/bare.js' }));
      }),
    observed: 'integrity-violation',
  });
});

test('a script with a wrong hash does not run, and the page works as without it', async ({
  page,
  policed,
  stack,
}) => {
  const head = recipe.block('Scripts by hash', 'html', 0, {
    integrity: WRONG,
    ...later,
  });
  const loaded = page.waitForEvent('console', (message) => message.text().includes('integrity'));
  await policed.open({}, head, `${OFFERS}${BUY}`);
  await loaded;
  await page.click('[data-offer-id=closed] button');
  await page.click('#buy');
  await expect(page.locator('#buy')).toHaveText('bought');
  // The command waits for a file that never comes.
  expect(await page.evaluate('Array.isArray(offersight) && offersight.length')).toBe(1);
  expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  expect(stack.site.gateway.calls).toEqual([]);
  expect(policed.noticed.console).toEqual([expect.stringMatching(/integrity/)]);
});

test('an offer part with a wrong hash leaves views in the outbox, and is reported once', async ({
  page,
  policed,
  stack,
}) => {
  const open = async (later: string): Promise<void> => {
    const map = JSON.stringify({ integrity: { '/module/offer-part.js': later } });
    await policed.open(
      {},
      `<script type="importmap">${map}</script><script type="module">
      import { createOfferTracker } from '/module/index.js';
      createOfferTracker({ endpoint: '/offer-events', onError: ({ message }) => console.error(message) });
      </script>`,
      `${OFFERS}${BUY}`,
    );
  };
  await open(WRONG);
  await untilStored(page, 2);
  await page.click('#buy');
  await expect(page.locator('#buy')).toHaveText('bought');
  expect(stack.site.gateway.calls).toEqual([]);
  await expect
    .poll(() => policed.noticed.console.toSorted())
    .toEqual([
      expect.stringMatching(/integrity/),
      expect.stringMatching(/^OffersightError: load: offersight-offers\.js did not load: TypeError/),
      expect.stringMatching(/^load: offersight-offers\.js did not load: TypeError/),
    ]);
  // The first views are sent by the farewell, or by the page that has the right file.
  await open(hashOf(await (await page.request.get(`${stack.site.url}/module/offer-part.js`)).text()));
  await stack.expectRecorded(['viewed closed', 'viewed seen', 'viewed closed', 'viewed seen']);
});
