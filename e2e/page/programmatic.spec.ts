import { untilStored } from '../fixtures/database.js';
import type { OffersightWindow } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

test.describe('commands of the page', () => {
  test('pushed before the script loads and after it reach the tracker', async ({ page, stack }) => {
    await stack.open(page, '<div class="offer" id="plain" data-offer-dwell="0"></div>', {
      head: `<script>
        (window.offersight ||= []).push((tracker) => tracker.observe(document.querySelector('#plain'), { id: 'before' }));
      </script>`,
    });
    await stack.expectRecorded(['viewed before']);
    await page.evaluate(() => {
      (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.dismiss('after'));
    });
    await stack.expectRecorded(['viewed before', 'viewed after', 'dismissed after']);
  });
});

test.describe('the npm entry', () => {
  const importing = `<script type="module">
    import { createOfferTracker } from '/module/index.js';
    window.reports = [];
    window.events = [];
    window.tracker = createOfferTracker({
      endpoint: '/offer-events',
      onEvent: (event) => events.push(event.type + ' ' + event.offerId),
      onError: (error) => reports.push(error.code),
    });
  </script>`;

  test('counts, closes and delivers, and reports each event once it is durable', async ({ page, stack }) => {
    await stack.open(
      page,
      '<div class="offer" data-offer-id="module"><button data-offer-dismiss>x</button></div>',
      { script: '', head: importing },
    );
    await stack.expectRecorded(['viewed module']);
    await page.click('button');
    await stack.expectRecorded(['viewed module', 'dismissed module']);
    expect(await page.evaluate(() => (window as unknown as { events: string[] }).events)).toEqual([
      'viewed module',
      'dismissed module',
    ]);
  });

  test('keeps events though the offer part is missing, and delivers them when it is there', async ({
    page,
    stack,
  }) => {
    await page.route('**/module/offer-part.js', (route) => route.abort());
    const body = '<div class="offer" data-offer-id="kept" data-offer-dwell="0"></div>';
    await stack.open(page, body, { script: '', head: importing });
    await untilStored(page, 1);
    // The page may have stored the event before it knows that the load failed.
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { reports: string[] }).reports))
      .toEqual(['load']);
    await page.unroute('**/module/offer-part.js');
    await stack.open(page, '<p>Imprint</p>', { script: '', head: importing });
    await stack.expectRecorded(['viewed kept']);
  });
});
