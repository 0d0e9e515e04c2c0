/** The promises that every engine keeps, through the real proxy, with real keys and presses. */

import { readFile } from 'node:fs/promises';
import { HOLD } from '../fixtures/database.js';
import { leaveBy, trackerStats, untilWaiting } from '../fixtures/ready.js';
import type { Site } from '../fixtures/site.js';
import type { Stack } from '../fixtures/stack.js';
import type { Tab, Visitor } from './engine.js';
import { append, button, COUNTING, comeOnline, glimpse, NEVER_MS, offer, untilQuiet } from './offers.js';
import { ENGINES, expect, test } from './test.js';

/**
 * For the head of a page: the page reports to the site when it is shown, and whether the browser had kept it. It appends
 * what the site answers.
 */
const REPORTING = `<script>
  addEventListener('pageshow', async ({ persisted }) => {
    const answer = await fetch('/shown?kept=' + persisted);
    if (answer.ok) document.body.insertAdjacentHTML('beforeend', await answer.text());
  });
</script>`;

/** Opens the site's page with this body, and waits until closing is noticed there. */
const open = async (visitor: Visitor, { site }: Stack, body: string): Promise<Tab> => {
  site.show(body, { head: COUNTING + REPORTING });
  const tab = await visitor.open(`${site.url}/page.html`);
  await trackerStats(tab);
  return tab;
};

/** A page that shows no offer itself, but delivers the events that another page left. */
const IMPRINT = '<p>Imprint</p>';

/** A page that goes back as soon as it is there. */
const RETURNING = '<script>onload = () => setTimeout(() => history.back());</script>';

/**
 * Lets a page that reports to the site when it is shown leave for `/elsewhere`, and waits until the browser shows it again
 * as it was left, with an offer `after` at its end. The test does not evaluate anything in the pages meanwhile or after
 * that: WebKit's driver never answers if the page is being left at that moment, and Chromium's learns late that the page
 * is back.
 */
const leaveAndComeBack = async (tab: Tab, site: Site, leave: () => void): Promise<void> => {
  const shown: string[] = [];
  site.serve('/shown', ({ url = '' }, response) => {
    shown.push(url);
    response.writeHead(200, { 'content-type': 'text/html' }).end(url.endsWith('true') ? offer('after') : '');
  });
  site.serve('/elsewhere', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(RETURNING);
  });
  await leaveBy(tab, leave);
  await expect.poll(() => shown.at(-1)).toBe('/shown?kept=true');
};

/** Once `isLeaving`, leaves when the page next looks for events that are due, and keeps that look from ending. */
const LEAVING_BY_LOOKING = `${HOLD}<script>
  const { getAll } = IDBObjectStore.prototype;
  var isLeaving = false;
  IDBObjectStore.prototype.getAll = function (range, limit) {
    if (!isLeaving || range.lower[0] !== 'entry') return getAll.call(this, range, limit);
    isLeaving = false;
    location.href = '/elsewhere';
    return hold(this);
  };
</script>`;

for (const name of ENGINES)
  test.describe(`in ${name}`, () => {
    // In this mode one worker starts the engine, not every worker. A busy machine takes long to start one.
    test.describe.configure({ mode: 'default', timeout: 240_000 });

    test('an offer is viewed if it was in view for a second, and not if it left earlier', async ({
      stack,
      visitorOf,
    }) => {
      const tab = await open(await visitorOf(name), stack, IMPRINT);
      const left = await glimpse(tab);
      await append(tab, offer('stays', 1_000));
      const both = new Set(['viewed stays', `viewed ${left}`]);
      await expect.poll(() => stack.recorded().filter((row) => both.has(row))).toEqual(['viewed stays']);
    });

    test('a marked control closes an offer, which proves its display', async ({ stack, visitorOf }) => {
      const tab = await open(await visitorOf(name), stack, offer('closed', NEVER_MS));
      await tab.click(button('closed', 'dismiss'));
      await stack.expectRecorded(['viewed closed', 'dismissed closed']);
    });

    test('Escape closes the offer in a modal dialog', async ({ stack, visitorOf }) => {
      const modal = `<dialog id="modal">${offer('asked', NEVER_MS)}</dialog><script>modal.showModal()</script>`;
      const tab = await open(await visitorOf(name), stack, modal);
      await tab.press('Escape');
      await stack.expectRecorded(['viewed asked', 'dismissed asked']);
    });

    test('a press on the backdrop closes the offer in a dialog', async ({ stack, visitorOf }) => {
      const modal = `<dialog id="modal" closedby="any">${offer('pressed', NEVER_MS)}</dialog><script>
        modal.showModal();
        // In engines that do not close it by themselves, the page does.
        if (!('closedBy' in modal)) modal.onclick = ({ target }) => target === modal && modal.close();
      </script>`;
      const tab = await open(await visitorOf(name), stack, modal);
      await tab.clickAt(5, 5);
      await stack.expectRecorded(['viewed pressed', 'dismissed pressed']);
    });

    test('an offer that was accepted is not dismissed any more', async ({ stack, visitorOf }) => {
      const tab = await open(await visitorOf(name), stack, offer('taken', NEVER_MS));
      await tab.click(button('taken', 'accept'));
      await tab.click(button('taken', 'dismiss'));
      await append(tab, offer('witness'));
      await stack.expectRecorded(['viewed taken', 'viewed witness']);
    });

    test('events made offline survive a reload and arrive once each', async ({ stack, visitorOf }) => {
      stack.site.gateway.fault = 'off';
      const tab = await open(await visitorOf(name), stack, `${offer('closed')}${offer('seen')}`);
      await tab.click(button('closed', 'dismiss'));
      await untilWaiting(tab, 3);
      stack.site.show(IMPRINT);
      await tab.reload();
      await untilWaiting(tab, 3);
      expect(stack.recorded()).toEqual([]);
      stack.site.gateway.fault = undefined;
      await comeOnline(tab);
      await stack.expectRecorded(['viewed closed', 'dismissed closed', 'viewed seen']);
      await untilWaiting(tab, 0);
    });

    test('delivery that could not be loaded is loaded when the network is back', async ({
      stack,
      visitorOf,
    }) => {
      const delivery = await readFile('dist/offersight-offers.js');
      let isThere = false;
      stack.site.serve('/offersight-offers.js', (_, response) => {
        response.writeHead(isThere ? 200 : 503, { 'content-type': 'text/javascript' });
        response.end(isThere ? delivery : '');
      });
      const tab = await open(await visitorOf(name), stack, offer('waits'));
      expect(stack.recorded()).toEqual([]);
      isThere = true;
      await comeOnline(tab);
      await stack.expectRecorded(['viewed waits']);
    });

    test('a cross counts that is pressed before what notices closing has loaded', async ({
      stack,
      visitorOf,
    }) => {
      const { site } = stack;
      const later = await readFile('test-results/module/offer-part.js');
      let answer: (() => void) | undefined;
      site.serve('/module/offer-part.js', (_, response) => {
        answer = () => response.writeHead(200, { 'content-type': 'text/javascript' }).end(later);
      });
      site.show(
        `<div class="offer" data-offer-id="crossed" data-offer-dwell="${NEVER_MS}">
            <button class="close" onclick="this.parentElement.remove()">×</button></div>`,
        {
          script: '',
          head: `<script type="module">
              import { createOfferTracker } from '/module/index.js';
              // A chunk that is asked for earlier holds up the load in Firefox, for which the driver waits.
              const start = () => setTimeout(() => createOfferTracker({ endpoint: '/offer-events' }));
              if (document.readyState === 'complete') start();
              else addEventListener('load', start);
            </script>`,
        },
      );
      const tab = await (await visitorOf(name)).open(`${site.url}/page.html`);
      await expect.poll(() => !!answer).toBe(true);
      await tab.click('.close');
      answer?.();
      await stack.expectRecorded(['viewed crossed', 'dismissed crossed']);
    });

    test('a link that closes an offer and leads away loses no event', async ({ stack, visitorOf }) => {
      const link = `<div class="offer" data-offer-id="last" data-offer-dwell="${NEVER_MS}">
        <a data-offer-dismiss href="/elsewhere">No, thanks</a></div>`;
      const tab = await open(await visitorOf(name), stack, link);
      await tab.click('[data-offer-dismiss]');
      await stack.expectRecorded(['viewed last', 'dismissed last']);
    });

    test('closing the tab loses no event, and its farewell delivers it', async ({ stack, visitorOf }) => {
      const visitor = await visitorOf(name);
      const expected: string[] = [];
      const arrive = () => stack.expectRecorded(expected);
      // A busy Firefox may drop a farewell of a process that ends, but not one after the other. Then the next visit
      // delivers.
      for (const id of name === 'Firefox' ? ['last', 'second', 'third'] : ['last']) {
        const tab = await open(visitor, stack, offer(id, NEVER_MS));
        await tab.click(button(id, 'dismiss'));
        await tab.close();
        expected.push(`viewed ${id}`, `dismissed ${id}`);
        const isSaid = await arrive().then(
          () => true,
          () => false,
        );
        if (isSaid) return;
        const next = await open(visitor, stack, IMPRINT);
        await arrive();
        // Otherwise it would be shown again when the next tab is closed, and deliver in its place.
        await next.close();
      }
      throw new Error('Every farewell was dropped.');
    });

    test('a page that comes back from the cache neither repeats events nor stops delivering them', async ({
      stack,
      visitorOf,
    }) => {
      const tab = await open(await visitorOf(name), stack, offer('cached'));
      await stack.expectRecorded(['viewed cached']);
      // Firefox does not keep a page that is left while it waits for an answer.
      await untilQuiet(tab);
      await untilWaiting(tab, 0);
      await leaveAndComeBack(tab, stack.site, () => {
        location.href = '/elsewhere';
      });
      await stack.expectRecorded(['viewed cached', 'viewed after']);
    });

    test('a page that is left while it looks for due events is kept in the cache, and continues', async ({
      stack,
      visitorOf,
    }) => {
      const tab = await open(await visitorOf(name), stack, IMPRINT + LEAVING_BY_LOOKING);
      await leaveAndComeBack(tab, stack.site, () => {
        Object.assign(window, { isLeaving: true });
        dispatchEvent(new Event('online'));
      });
      await stack.expectRecorded(['viewed after']);
    });

    test('two tabs that empty one outbox deliver each event once', async ({ stack, visitorOf }) => {
      stack.site.gateway.fault = 'off';
      const visitor = await visitorOf(name);
      const first = await open(visitor, stack, offer('first'));
      await untilWaiting(first, 1);
      const second = await open(visitor, stack, offer('second'));
      await untilWaiting(second, 2);
      await second.click(button('second', 'dismiss'));
      await first.show();
      await first.click(button('first', 'dismiss'));
      await untilWaiting(first, 4);
      // A tab that was hidden has sent a farewell without asking the other one. It must end before the gateway is
      // back.
      for (const tab of [first, second]) await untilQuiet(tab);
      stack.site.gateway.fault = undefined;
      await Promise.all([comeOnline(first), comeOnline(second)]);
      await stack.expectRecorded(['viewed first', 'dismissed first', 'viewed second', 'dismissed second']);
      await untilWaiting(second, 0);
      // The tabs agree on one that delivers.
      const verdicts = stack.site.sent().matchAll(/"status":"(\w+)"/g);
      expect([...verdicts].map(([, verdict]) => verdict)).toEqual(Array(4).fill('accepted'));
    });
  });
