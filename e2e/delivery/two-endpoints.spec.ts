import { createOfferProxy } from 'offersight/proxy';
import { toNodeListener } from 'offersight/proxy/node';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { startUpstream } from '../../src/tools/mock-api/server.js';
import { untilStored } from '../fixtures/database.js';
import { addOffer } from '../fixtures/faults.js';
import { createGateway } from '../fixtures/gateway.js';
import { flush, untilWaiting } from '../fixtures/ready.js';
import { API_KEY, expect, test } from '../fixtures/stack.js';

test('two endpoints of one origin share a database, and each gets only its own events', async ({
  context,
  page,
  stack,
}, testInfo) => {
  // This is a second brand on the same host, with a Chargebee site of its own.
  const upstream = await startUpstream({ apiKey: API_KEY, limits: { per_minute: null } });
  const proxy = createOfferProxy({
    site: 'brand-test',
    apiKey: API_KEY,
    baseUrl: upstream.url,
    intake: sqliteIntake({ file: testInfo.outputPath('brand.sqlite') }),
    pace: { perMinute: 100_000 },
    onAlert: () => undefined,
  });
  const gateway = createGateway(toNodeListener(proxy));
  stack.site.serve('/brand/offer-events', gateway.listener);
  const arrived = (): string[] => upstream.history().map(({ personalized_offer_id: id }) => id);
  const BRAND = 'data-endpoint="/brand/offer-events" data-debug';
  try {
    // Neither endpoint answers while both pages record.
    gateway.fault = stack.site.gateway.fault = 'off';
    await stack.open(page, '<p>The shop</p>');
    const brand = await context.newPage();
    await stack.open(brand, '<p>The brand</p>', { script: BRAND });
    for (const n of [1, 2, 3]) {
      await page.bringToFront();
      await addOffer(page, `shop-${n}`);
      await untilWaiting(page, 2 * n - 1);
      await brand.bringToFront();
      await addOffer(brand, `brand-${n}`);
      await untilWaiting(brand, 2 * n);
    }
    await untilStored(page, 6);

    // The shop's proxy works again. It must not get the brand's events, and the brand's pause must not delay the
    // shop's.
    stack.site.gateway.fault = undefined;
    await page.close();
    const next = await context.newPage();
    await stack.open(next, '<p>The shop again</p>');
    await flush(next);
    await stack.expectRecorded(['viewed shop-1', 'viewed shop-2', 'viewed shop-3']);
    // The farewell's events wait until a page has their verdict. Then only the brand's events wait.
    await untilWaiting(next, 3);
    expect(arrived()).toEqual([]);

    // The farewell of a brand's page has only the brand's events as well.
    gateway.fault = undefined;
    await stack.open(brand, '<p>The brand again</p>', { script: BRAND });
    await expect.poll(() => arrived().toSorted()).toEqual(['brand-1', 'brand-2', 'brand-3']);
    await untilWaiting(brand, 0);
    expect(stack.recorded()).toHaveLength(3);
  } finally {
    await proxy.close();
    await upstream.close();
  }
});
