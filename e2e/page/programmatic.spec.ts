import { untilStored } from '../fixtures/database.js';
import { type OffersightWindow, trackerStats } from '../fixtures/ready.js';
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

  test('accept forbids a dismissal, and dismiss counts once', async ({ page, stack }) => {
    await stack.open(page, '<p>no offer here</p>');
    await trackerStats(page);
    await page.evaluate(() => {
      (window as unknown as OffersightWindow).offersight.push((tracker) => {
        tracker.accept('taken');
        tracker.dismiss('taken');
        tracker.dismiss('closed');
        tracker.dismiss('closed');
      });
    });
    await stack.expectRecorded(['viewed taken', 'viewed closed', 'dismissed closed']);
    const { offers } = await trackerStats(page);
    expect(offers).toEqual({
      taken: { rendered: 0, viewed: 1, dismissed: 0, accepted: 1 },
      closed: { rendered: 0, viewed: 1, dismissed: 1, accepted: 0 },
    });
  });

  test('a script that is loaded twice counts once', async ({ page, stack }) => {
    await stack.open(page, '<div class="offer" data-offer-id="once" data-offer-dwell="0"></div>', {
      head: '<script src="/offersight.js" data-endpoint="/offer-events"></script>',
    });
    await stack.expectRecorded(['viewed once']);
    expect((await trackerStats(page)).offers.once?.rendered).toBe(1);
  });
});

test.describe('the announcements on the page', () => {
  test('bubble from their offer with their reason, and a veto ends the event', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="vetoed" data-offer-dwell="0"><button data-offer-dismiss>x</button></div>
       <div class="offer" data-offer-id="heard" data-offer-dwell="0"><button data-offer-dismiss>x</button></div>`,
      {
        head: `<script>
          window.heard = [];
          for (const type of ['viewed', 'dismissed']) {
            document.addEventListener('offersight:' + type, (event) => {
              heard.push([type, event.target.dataset.offerId, event.detail.offerId, event.detail.reason]);
              if (event.detail.offerId === 'vetoed') event.preventDefault();
            });
          }
        </script>`,
      },
    );
    await stack.expectRecorded(['viewed heard']);
    await page.click('[data-offer-id=vetoed] button');
    await page.click('[data-offer-id=heard] button');
    await stack.expectRecorded(['viewed heard', 'dismissed heard']);
    expect(await page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual([
      ['viewed', 'vetoed', 'vetoed', undefined],
      ['viewed', 'heard', 'heard', undefined],
      ['dismissed', 'heard', 'heard', 'control'],
    ]);
  });
});

test.describe('the npm entry', () => {
  const importing = (options: string) => `<script type="module">
    import { createOfferTracker } from '/module/index.js';
    window.reports = [];
    window.events = [];
    window.tracker = createOfferTracker({
      endpoint: '/offer-events',
      onEvent: (event) => events.push(event.type + ' ' + event.offerId),
      onError: (error) => reports.push(error.code),
      ${options}
    });
  </script>`;

  test('counts, closes and delivers, and reports each event once it is durable', async ({ page, stack }) => {
    await stack.open(
      page,
      '<div class="offer" data-offer-id="module"><button data-offer-dismiss>x</button></div>',
      { script: '', head: importing('') },
    );
    await stack.expectRecorded(['viewed module']);
    await page.click('button');
    await stack.expectRecorded(['viewed module', 'dismissed module']);
    expect(await page.evaluate(() => (window as unknown as { events: string[] }).events)).toEqual([
      'viewed module',
      'dismissed module',
    ]);
  });

  test('counts an offer once a browser if the option says so', async ({ page, stack }) => {
    const body = '<div class="offer" data-offer-id="unique" data-offer-dwell="0"></div>';
    await stack.open(page, body, { script: '', head: importing("repeat: 'browser'") });
    await stack.expectRecorded(['viewed unique']);
    await stack.open(page, `${body}<div class="offer" data-offer-id="marker"></div>`, {
      script: '',
      head: importing("repeat: 'browser'"),
    });
    await stack.expectRecorded(['viewed unique', 'viewed marker']);
  });

  test('keeps events though its second load is missing, and delivers them when it is there', async ({
    page,
    stack,
  }) => {
    await page.route('**/module/later.js', (route) => route.abort());
    const body = '<div class="offer" data-offer-id="kept" data-offer-dwell="0"></div>';
    await stack.open(page, body, { script: '', head: importing('') });
    await untilStored(page, 1);
    // The page may have stored the event before it knows that the load failed.
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { reports: string[] }).reports))
      .toEqual(['load']);
    await page.unroute('**/module/later.js');
    await stack.open(page, '<p>Imprint</p>', { script: '', head: importing('') });
    await stack.expectRecorded(['viewed kept']);
  });

  test('can be stopped and started again', async ({ page, stack }) => {
    await stack.open(page, '<div class="offer" data-offer-id="stopped" data-offer-dwell="60000"></div>', {
      script: '',
      head: importing(''),
    });
    await page.evaluate(async () => {
      const site = window as unknown as { tracker: { stop(): void } };
      site.tracker.stop();
      site.tracker.stop();
      const path = '/module/index.js';
      const { createOfferTracker } = (await import(path)) as typeof import('offersight');
      document.body.innerHTML = '<div class="offer" data-offer-id="again"></div>';
      createOfferTracker({ endpoint: '/offer-events' });
    });
    await stack.expectRecorded(['viewed again']);
  });
});
