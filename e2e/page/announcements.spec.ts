import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const offer = (id: string, inside = '', dwell = 0) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}" style="height: 90px">${id} ${inside}</div>`;

const NO = '<button data-offer-dismiss>No</button>';

/** Starts a tracker from npm with these options, as JavaScript. */
const importing = (options: string) => ({
  script: '',
  head: `<script type="module">
    import { createOfferTracker } from '/module/index.js';
    window.offersight = { push: (command) => command(tracker) };
    window.tracker = createOfferTracker({ endpoint: '/offer-events', ${options} });
  </script>`,
});

/** What the page kept under a name. */
const kept = <T>(page: Page, name: string): Promise<T> => page.evaluate(`window.${name}`);

test.describe('the announcements on the page', () => {
  test('reach the offer and everything above it before an event is recorded, and can be vetoed', async ({
    page,
    stack,
  }) => {
    const listening = `<script>
      window.heard = [];
      for (const type of ['viewed', 'dismissed']) addEventListener('offersight:' + type, (event) => {
        const { target, detail, bubbles, composed, cancelable } = event;
        heard.push([type, detail.offerId, target.dataset.offerId, bubbles && composed && cancelable]);
        if (detail.offerId === 'no-view' || (detail.offerId === 'no-close' && type === 'dismissed')) event.preventDefault();
      });
      window.durable = [];
    </script>`;
    const { script, head } = importing(
      'onEvent: ({ type, offerId }) => durable.push([type, offerId, heard.some(([told, id]) => told === type && id === offerId)])',
    );
    await stack.open(page, `${offer('plain', NO)}${offer('no-view', NO)}${offer('no-close', NO)}`, {
      script,
      head: listening + head,
    });
    await stack.expectRecorded(['viewed plain', 'viewed no-close']);
    for (const id of ['no-view', 'no-close', 'plain']) await page.click(`[data-offer-id=${id}] button`);
    await stack.expectRecorded(['viewed plain', 'viewed no-close', 'dismissed plain']);
    expect(await kept(page, 'heard')).toEqual([
      ['viewed', 'plain', 'plain', true],
      ['viewed', 'no-view', 'no-view', true],
      ['viewed', 'no-close', 'no-close', true],
      ['dismissed', 'no-close', 'no-close', true],
      ['dismissed', 'plain', 'plain', true],
    ]);
    expect(await kept(page, 'durable')).toEqual([
      ['viewed', 'plain', true],
      ['viewed', 'no-close', true],
      ['dismissed', 'plain', true],
    ]);
  });

  test('reach the document from inside a shadow root', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div id="host"></div><script>
         host.attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(offer('shaded', NO)).replaceAll('</', '<\\/')};
       </script>`,
      {
        head: `<script>
          window.heard = [];
          for (const type of ['viewed', 'dismissed']) document.addEventListener('offersight:' + type, (event) =>
            heard.push([type, event.detail.offerId, event.target.id, event.composedPath()[0].className]));
        </script>`,
      },
    );
    await stack.expectRecorded(['viewed shaded']);
    await page.click('#host button');
    await stack.expectRecorded(['viewed shaded', 'dismissed shaded']);
    expect(await kept(page, 'heard')).toEqual([
      ['viewed', 'shaded', 'host', 'offer'],
      ['dismissed', 'shaded', 'host', 'offer'],
    ]);
  });

  test('reach the document if the offer has been removed', async ({ page, stack }) => {
    await stack.open(
      page,
      offer('gone', '<button aria-label="Close" onclick="this.parentElement.remove()">x</button>', 60_000),
      {
        head: `<script>
        window.heard = [];
        document.addEventListener('offersight:dismissed', ({ target, detail }) => heard.push([target.nodeName, detail.offerId]));
      </script>`,
      },
    );
    await trackerStats(page);
    await page.click('button');
    await stack.expectRecorded(['viewed gone', 'dismissed gone']);
    expect(await kept(page, 'heard')).toEqual([['#document', 'gone']]);
  });
});

test.describe('the data layer', () => {
  /** The layer without the values that differ from run to run. These must be there, but may be any. */
  const pushed = async (page: Page): Promise<unknown[]> =>
    (await kept<Record<string, unknown>[]>(page, 'dataLayer')).map(({ event_id, occurred_at, ...rest }) => {
      expect(event_id ?? '').toMatch(/^([\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12})?$/);
      if (event_id) expect(Math.abs(Number(occurred_at) - Date.now())).toBeLessThan(60_000);
      return rest;
    });

  const row = (event: string, id: string, reason?: string) => ({
    event: `personalized_offer_${event}`,
    personalized_offer_id: id,
    is_durable: true,
    ...(reason && { reason }),
  });

  test('gets each event once, after what it already had, and no vetoed one', async ({ page, stack }) => {
    await stack.open(page, `${offer('closed', NO)}${offer('seen')}${offer('vetoed', NO)}`, {
      script: 'data-endpoint="/offer-events" data-data-layer="dataLayer personalized_offer_id"',
      head: `<script>
        window.dataLayer = [{ event: 'gtm.js' }];
        document.addEventListener('offersight:viewed', (event) => event.detail.offerId === 'vetoed' && event.preventDefault());
      </script>`,
    });
    await stack.expectRecorded(['viewed closed', 'viewed seen']);
    await page.click('[data-offer-id=vetoed] button');
    await page.dblclick('[data-offer-id=closed] button');
    await stack.expectRecorded(['viewed closed', 'viewed seen', 'dismissed closed']);
    expect(await pushed(page)).toEqual([
      { event: 'gtm.js' },
      row('viewed', 'closed'),
      row('viewed', 'seen'),
      row('dismissed', 'closed', 'control'),
    ]);
    // These are the ids that the upstream has been given.
    const layer = await kept<{ event_id?: string }[]>(page, 'dataLayer');
    const given = stack.upstream.calls().map(({ key }) => key);
    expect(layer.flatMap(({ event_id: id }) => (id ? [`oe1-${id}`] : [])).toSorted()).toEqual(
      given.toSorted(),
    );
  });

  test('is an option from npm, and gets an event once it is durable', async ({ page, stack }) => {
    const { script, head } = importing(
      "dataLayer: 'layer personalized_offer_id', onEvent: ({ offerId }) => order.push('durable ' + offerId)",
    );
    await stack.open(page, offer('module'), {
      script,
      head: `<script>
        window.order = [];
        window.layer = { push: ({ personalized_offer_id }) => order.push('pushed ' + personalized_offer_id) };
        document.addEventListener('offersight:viewed', ({ detail }) => order.push('announced ' + detail.offerId));
      </script>${head}`,
    });
    await stack.expectRecorded(['viewed module']);
    const order = await kept<string[]>(page, 'order');
    expect(order[0]).toBe('announced module');
    expect(order.slice(1).toSorted()).toEqual(['durable module', 'pushed module']);
  });
});
