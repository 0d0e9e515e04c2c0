import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import { API_KEY, expect, test } from '../fixtures/stack.js';

test('nothing that a browser gets contains the API key or names the upstream (attack 53)', async ({
  page,
  request,
  stack,
}) => {
  const { host } = new URL(stack.upstream.url);
  stack.upstream.addFaults({ kind: 'status', status: 401, count: 1 });
  await stack.open(
    page,
    '<div class="offer" data-offer-id="seen"><button data-offer-dismiss>x</button></div>',
  );
  await trackerStats(page);
  await page.click('button');
  await stack.upstream.until(() => stack.upstream.calls().length > 0);
  await untilWaiting(page, 0);
  for (const path of ['offersight.js', 'offersight.js.map', 'nothing-here'])
    await request.get(`${stack.site.url}/${path}`);
  for (const data of ['{', '{"v":2}']) {
    await request.post(`${stack.site.url}/offer-events`, {
      data,
      headers: { 'sec-fetch-site': 'same-origin' },
    });
  }
  const sent = stack.site.sent();
  // This shows that the check below can fail: it finds what is certainly there.
  expect(sent).toContain('offersight:');
  expect(sent).toContain('"status":"accepted"');
  for (const secret of [API_KEY, btoa(`${API_KEY}:`), host, 'chargebee.com', 'offersight-test']) {
    expect(sent.includes(secret), secret).toBe(false);
  }
});
