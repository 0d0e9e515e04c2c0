import type { Page } from '@playwright/test';
import { tallyOf } from '../../test/support/intake.js';
import { HOLD_LEASE, untilStored } from '../fixtures/database.js';
import { addOffer, sayOnline } from '../fixtures/faults.js';
import type { GatewayFault } from '../fixtures/gateway.js';
import { returnToKept } from '../fixtures/kept.js';
import { type OffersightWindow, trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const offer = (id: string) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="0"><button data-offer-dismiss>x</button></div>`;

/** Views one offer and closes another, so that three events wait, two of which must stay in order. */
const recordThree = async (page: Page, stack: Stack): Promise<void> => {
  await stack.open(page, `${offer('closed')}${offer('seen')}`);
  await trackerStats(page);
  await page.click('[data-offer-id=closed] button');
  await untilWaiting(page, 3);
};

const THREE = ['viewed closed', 'viewed seen', 'dismissed closed'];

/**
 * Expects each event once, and `viewed` before `dismissed` of the same offer. Events of different offers may change
 * order.
 */
const expectThreeOnce = async (stack: Stack): Promise<void> => {
  await expect.poll(() => stack.recorded().toSorted()).toEqual(THREE.toSorted());
  await expect
    .poll(async () => (await tallyOf(stack.intake)).every(({ state }) => state === 'done'))
    .toBe(true);
  const recorded = stack.recorded();
  expect(recorded.toSorted()).toEqual(THREE.toSorted());
  expect(recorded.indexOf('viewed closed')).toBeLessThan(recorded.indexOf('dismissed closed'));
};

test('an offer in view for a second is one viewed event at the upstream', async ({ page, stack }) => {
  await stack.open(page, '<div class="offer" data-offer-id="hero-a52g">10 % off</div>');
  await stack.expectRecorded(['viewed hero-a52g']);
  expect(stack.upstream.history()[0]?.key).toMatch(/^oe1-[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test.describe('events made offline', () => {
  test('survive a reload and arrive once each when the network is back', async ({ page, stack }) => {
    stack.site.gateway.fault = 'off';
    await recordThree(page, stack);
    // Another page of the site, which shows no offer itself, delivers what the first one left.
    await stack.open(page, '<p>Imprint</p>');
    expect(stack.recorded()).toEqual([]);
    stack.site.gateway.fault = undefined;
    await sayOnline(page);
    await expectThreeOnce(stack);
    await untilWaiting(page, 0);
  });

  test('survive a browser that is killed (fault 37)', async ({ profile, stack }) => {
    stack.site.gateway.fault = 'off';
    const first = await profile.start();
    const [page] = first.context.pages();
    if (!page) throw new Error('the browser has no page');
    await recordThree(page, stack);
    await first.kill();
    expect(stack.recorded()).toEqual([]);

    stack.site.gateway.fault = undefined;
    const second = await profile.start();
    const [again] = second.context.pages();
    if (!again) throw new Error('the browser has no page');
    await stack.open(again, '<p>Imprint</p>');
    await expectThreeOnce(stack);
  });

  test('are held back without a storm of requests (fault 1)', async ({ context, page, stack }) => {
    await stack.open(page, offer('early'));
    await stack.expectRecorded(['viewed early']);
    // The page must also have the answer: it would repeat a request that was cut off.
    await untilWaiting(page, 0);
    const before = stack.site.gateway.calls.length;
    await context.setOffline(true);
    await addOffer(page, 'offline');
    await untilWaiting(page, 1);
    await context.setOffline(false);
    await stack.expectRecorded(['viewed early', 'viewed offline']);
    expect(stack.site.gateway.calls.length - before).toBeLessThanOrEqual(2);
  });
});

test.describe('nothing is lost and nothing counts twice', () => {
  const faults: readonly [GatewayFault, string][] = [
    ['off', 'if the connection breaks (fault 3)'],
    ['lose-answer', 'if the answer is lost after the proxy took the events (fault 4)'],
    ['truncate', 'if the answer breaks off (fault 5)'],
    ['portal', 'if a captive portal answers 200 with its page (fault 6)'],
    ['login', 'if a redirect leads to a login page'],
    ['throttle', 'if the proxy asks the page to wait'],
    ['one-by-one', 'if a machine on the way takes only one event at once (fault 14)'],
  ];
  for (const [fault, name] of faults) {
    test(name, async ({ page, stack }) => {
      stack.site.gateway.fault = fault;
      await stack.open(page, `${offer('closed')}${offer('seen')}`);
      await trackerStats(page);
      await page.click('[data-offer-id=closed] button');
      await expect.poll(() => stack.site.gateway.calls.length).toBeGreaterThan(0);
      if (fault !== 'one-by-one') stack.site.gateway.fault = undefined;
      await expectThreeOnce(stack);
      await untilWaiting(page, 0);
    });
  }

  /** Records three events while the endpoint is not there, and waits until the page has reported that. */
  const recordThreeInVain = async (page: Page, stack: Stack): Promise<void> => {
    const reports: string[] = [];
    page.on('console', (message) => message.type() === 'error' && reports.push(message.text()));
    stack.site.gateway.fault = 'absent';
    await recordThree(page, stack);
    await expect
      .poll(() => reports.filter((text) => text.includes('answered 404; events wait')))
      .toHaveLength(1);
    await untilWaiting(page, 3);
    expect(stack.recorded()).toEqual([]);
    const { outbox } = await trackerStats(page);
    expect(outbox?.pause).toMatchObject({
      kind: 'circuit',
      status: 404,
      url: new URL('/offer-events', page.url()).href,
    });
  };

  test('if the endpoint is not deployed: the page reports it once, and the next page view delivers (fault 16)', async ({
    context,
    page,
    stack,
  }) => {
    await recordThreeInVain(page, stack);
    stack.site.gateway.fault = undefined;
    await stack.open(await context.newPage(), '<p>Imprint</p>');
    await expectThreeOnce(stack);
    expect((await trackerStats(page)).outbox?.pause).toBeUndefined();
  });

  test('if the endpoint was not deployed and the visitor leaves for good (fault 16)', async ({
    page,
    stack,
  }) => {
    await recordThreeInVain(page, stack);
    stack.site.gateway.fault = undefined;
    await page.goto('about:blank');
    await expectThreeOnce(stack);
  });

  test('if two tabs empty one outbox', async ({ context, page, stack }) => {
    stack.site.gateway.fault = 'off';
    const second = await context.newPage();
    await recordThree(page, stack);
    await stack.open(second, '<p>Imprint</p>');
    stack.site.gateway.fault = undefined;
    for (const tab of [page, second]) await sayOnline(tab);
    await expectThreeOnce(stack);
    await untilWaiting(second, 0);
  });
});

/** Leaves as soon as an entry is leased. The transaction that leases it lasts for as long as the page lives. */
const LEAVING_BY_LEASE = `<script>
  const { put } = IDBObjectStore.prototype;
  const { commit } = IDBTransaction.prototype;
  const leasing = new Set();
  IDBTransaction.prototype.commit = function () {
    if (!leasing.has(this)) commit.call(this);
  };
  IDBObjectStore.prototype.put = function (value, key) {
    if (value.lease && !leasing.size) {
      leasing.add(this.transaction);
      const goOn = () => (this.count().onsuccess = goOn);
      goOn();
      location.href = '/elsewhere';
    }
    return put.call(this, value, key);
  };
</script>`;

/**
 * Never comes back, and takes a moment to go, in which none of its own code runs any more. Chromium undoes a transaction
 * that its own process has not committed when the page is gone, and on a busy machine that process is late.
 */
const GOING_SLOWLY = `<script>
  addEventListener('unload', () => {
    for (const end = performance.now() + 400; performance.now() < end; );
  });
</script>`;

test.describe('leaving a page', () => {
  test('sends along the events that were recorded a moment ago (fault 39)', async ({ page, stack }) => {
    await stack.open(page, `<a href="/elsewhere">away</a>${offer('last')}`);
    await trackerStats(page);
    await page.evaluate(() => {
      document.querySelector<HTMLElement>('[data-offer-dismiss]')?.click();
      document.querySelector('a')?.click();
    });
    await page.waitForURL('**/elsewhere');
    await stack.expectRecorded(['viewed last', 'dismissed last']);
  });

  test('sends along the events that a flush has leased, but not sent yet (fault 39)', async ({
    page,
    stack,
  }) => {
    await stack.open(page, offer('last'), { head: LEAVING_BY_LEASE });
    await page.waitForURL('**/elsewhere');
    await stack.expectRecorded(['viewed last']);
  });

  for (const [name, head] of [
    ['that may come back', ''],
    ['that never comes back', GOING_SLOWLY],
  ] as const) {
    test(`${name} keeps the events that leaving records, though a transaction is in the way (fault 39)`, async ({
      page,
      stack,
    }) => {
      stack.site.gateway.fault = 'off';
      const ignored = offer('ignored').replace('>', ' data-offer-ignore="leave">');
      // The page must not leave before ignoring has loaded. This import ends after the tracker's own.
      const leaving = `<script>onHeld = async () => {
        await import('/offersight-more.js');
        setTimeout(() => (location.href = '/elsewhere'));
      }</script>`;
      await stack.open(page, ignored, { head: HOLD_LEASE + leaving + head });
      await page.waitForURL('**/elsewhere');
      await stack.open(page, '<p>Imprint</p>', { script: '' });
      await untilStored(page, 2);
      stack.site.gateway.fault = undefined;
      await stack.open(page, '<p>Imprint</p>');
      await stack.expectRecorded(['viewed ignored', 'dismissed ignored']);
    });
  }

  test('and coming back from the cache neither repeats events nor stops them (fault 42)', {
    tag: '@whole',
  }, async ({ page, stack }) => {
    const seen: string[] = [];
    const posted: string[] = [];
    page.on(
      'request',
      (request) => request.url().endsWith('/offer-events') && posted.push(request.postData() ?? ''),
    );
    await returnToKept(
      page,
      stack.site,
      async (before) => {
        await stack.open(page, offer(`cached-${before}`));
        seen.push(`viewed cached-${before}`);
        await stack.expectRecorded(seen);
        // Events that are settled are not part of the farewell.
        await untilWaiting(page, 0);
      },
      async () => {
        posted.length = 0;
      },
    );
    await addOffer(page, 'after');
    await stack.expectRecorded([...seen, 'viewed after']);
    expect(posted.filter((body) => body.includes('cached'))).toEqual([]);
  });

  test('and a denial outlasts the cache: nothing is recorded until there is consent', {
    tag: '@whole',
  }, async ({ page, stack }) => {
    // An observer of the test's own reports after the tracker's, which was made before.
    const show = (id: string) =>
      page.evaluate((id) => {
        const markup = `<div class="offer" data-offer-id="${id}" data-offer-dwell="0"></div>`;
        document.body.innerHTML = markup;
        return new Promise<void>((resolve) => {
          const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && setTimeout(resolve));
          for (const offer of document.querySelectorAll('.offer')) seen.observe(offer);
        });
      }, id);
    const decide = (consent: 'denied' | 'granted') =>
      page.evaluate((consent) => {
        (window as unknown as OffersightWindow).offersight.push((tracker) => {
          tracker.consent(consent);
        });
      }, consent);
    await returnToKept(page, stack.site, async () => {
      await stack.open(page, '<p>Imprint</p>');
      await trackerStats(page);
      await decide('denied');
    });
    await show('denied');
    await decide('granted');
    await show('granted');
    await stack.expectRecorded(['viewed granted']);
  });
});
