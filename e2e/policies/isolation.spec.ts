/** Isolated pages: from other origins, in a sandbox, or without some features. */

import { expect, OFFERS, type Policed, test, type Violation, WHOLE_WAY } from '../fixtures/policed.js';
import { readRecipe } from '../fixtures/recipe.js';

const recipe = await readRecipe('docs/recipes/policies.md');
const TAG = '<script async src="/offersight.js" data-endpoint="/offer-events" data-debug></script>';

const NOTHING: Policed['noticed'] = { events: [], observed: [], reported: [], console: [] };

/** A frame of another origin whose headers do not allow others to embed it. */
const foreignFrame = (url: string): Violation => ({
  commit: (page) =>
    page.evaluate((src) => {
      document.body.append(Object.assign(document.createElement('iframe'), { src }));
    }, url),
  observed: 'coep',
  console: /404|ERR_BLOCKED/,
});

test.describe('on a page that is isolated from other origins', () => {
  for (const [index, embedder] of ['require-corp', 'credentialless'].entries()) {
    test(`everything works as ever with ${embedder}`, async ({ page, policed, stack }) => {
      const headers = recipe.headers('Cross-origin isolation', index);
      expect(headers['cross-origin-embedder-policy']).toBe(embedder);
      await policed.open(headers, TAG);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      await policed.goTheWholeWay();
      await policed.expectNothingBut(foreignFrame(stack.upstream.url));
    });
  }
});

test('the product needs none of the features that the policy denies', async ({ page, policed }) => {
  await policed.open(recipe.headers('Features and documents'), TAG);
  await policed.goTheWholeWay();
  await policed.expectNothingBut({
    commit: () => page.evaluate(() => navigator.geolocation.getCurrentPosition(() => undefined)),
    observed: 'permissions-policy-violation',
    console: /permissions policy/i,
  });
});

test.describe('in a sandboxed frame', () => {
  const FRAMES = recipe.block('Sandboxed frames', 'html');
  const PAGE = '<!doctype html><link rel="icon" href="data:,">';
  const OFFERED = `${PAGE}${TAG}${OFFERS}<button id="buy" onclick="this.textContent = 'bought'">Buy</button>`;

  test('everything works as ever if the frame keeps its origin', async ({ page, policed, stack }) => {
    policed.serve('/offers.html', OFFERED);
    policed.serve('/framing.html', `${PAGE}${FRAMES}`);
    await page.goto(`${stack.site.url}/framing.html`);
    await stack.expectRecorded(['viewed closed', 'viewed seen']);
    await page.frameLocator('iframe').locator('[data-offer-id=closed] button').click();
    await stack.expectRecorded(WHOLE_WAY);
    expect(policed.noticed).toEqual({
      ...NOTHING,
      // Chromium warns about such a sandbox.
      console: [expect.stringMatching(/^An iframe which has both allow-scripts and allow-same-origin/)],
    });
  });

  test('a frame without an origin works, nothing is thrown into it, and one report says that events are not sent', async ({
    page,
    policed,
    stack,
  }) => {
    policed.serve('/offers.html', OFFERED);
    policed.serve('/framing.html', `${PAGE}${FRAMES.replace(' allow-same-origin', '')}`);
    await page.goto(`${stack.site.url}/framing.html`);
    const frame = page.frameLocator('iframe');
    await frame.locator('[data-offer-id=closed] button').click();
    await frame.locator('#buy').click();
    await expect(frame.locator('#buy')).toHaveText('bought');
    // It has no right to the offer part, so nothing of it is sent.
    await expect
      .poll(() => policed.noticed.console)
      .toContainEqual(expect.stringMatching(/^OffersightError: load: offersight-offers\.js did not load: /));
    // The proxy takes nothing from such a frame, while everything works for a page with an origin.
    expect(stack.recorded()).toEqual([]);
    await policed.open({}, TAG);
    await policed.goTheWholeWay();
    expect({ ...policed.noticed, console: [] }).toEqual(NOTHING);
  });
});
