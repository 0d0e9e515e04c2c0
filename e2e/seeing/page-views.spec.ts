/** Page views of a single-page application, whose router reports when one begins. */
import type { Page } from '@playwright/test';
import { holdBack, type OffersightWindow, trackerStats, untilPart } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** Keeps the events that the page announced, and when. */
const HEARING = `<script>
  window.heard = [];
  for (const type of ['viewed', 'dismissed']) document.addEventListener('offersight:' + type, ({ detail, timeStamp }) => {
    heard.push({ type, id: detail.offerId, impression: detail.impressionId, at: timeStamp });
  });
</script>`;

interface Heard {
  readonly type: string;
  readonly id: string;
  readonly impression: string;
  readonly at: number;
}

const heard = (page: Page): Promise<readonly Heard[]> => page.evaluate('heard');

const offer = (id: string, attributes = '', inside = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="400" ${attributes}>${inside}</div>`;

const openReady = async (page: Page, stack: Stack, body: string, script = ''): Promise<void> => {
  await stack.open(page, body, { script: `data-endpoint="/offer-events" ${script}`, head: HEARING });
  await trackerStats(page);
  await untilPart(page, 'more');
};

/** Navigates as a router does, and calls pageView(). Returns when that was. */
const navigate = (page: Page): Promise<number> =>
  page.evaluate(() => {
    history.pushState(null, '', `/view-${history.length}`);
    (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.pageView());
    return performance.now();
  });

test.describe('when a page view begins', () => {
  test('an offer that is still shown counts again, after a whole dwell from then', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, offer('bar'));
    await stack.expectRecorded(['viewed bar']);
    const began = await navigate(page);
    await stack.expectRecorded(['viewed bar', 'viewed bar']);
    const [first, second] = await heard(page);
    expect(second?.impression).not.toBe(first?.impression);
    expect(second?.at).toBeGreaterThanOrEqual(began + 390);
  });

  test('nothing counts again unless pageView() is called, even if the URL changes', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, offer('bar'));
    await stack.expectRecorded(['viewed bar']);
    await page.evaluate(() => history.pushState(null, '', '/elsewhere'));
    await showWitness(page, 1_000);
    await stack.expectRecorded(['viewed bar', 'viewed witness']);
  });

  test('an offer that counts once a mount or once a browser does not count again', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `${offer('mount', 'data-offer-repeat="mount"')}${offer('browser', 'data-offer-repeat="browser"')}`,
    );
    await stack.expectRecorded(['viewed mount', 'viewed browser']);
    await navigate(page);
    await showWitness(page, 1_000);
    await stack.expectRecorded(['viewed mount', 'viewed browser', 'viewed witness']);
    expect((await heard(page)).map(({ id }) => id).toSorted()).toEqual(['browser', 'mount', 'witness']);
  });

  test('what closes a dialog still closes only the offers in it that could be seen', async ({
    page,
    stack,
  }) => {
    const dialog = `<dialog open style="height:150px;overflow:auto"><button data-offer-dismiss>x</button>
      ${offer('near')}<div style="height:2000px"></div>${offer('once')}</dialog>`;
    await openReady(page, stack, `${offer('once')}${dialog}`, 'data-repeat="browser"');
    await stack.expectRecorded(['viewed once', 'viewed near']);
    await navigate(page);
    await page.click('[data-offer-dismiss]');
    await stack.expectRecorded(['viewed once', 'viewed near', 'dismissed near']);
    await showWitness(page, CONSEQUENCE_MS);
    await stack.expectRecorded(['viewed once', 'viewed near', 'dismissed near', 'viewed witness']);
  });

  test('an offer that was dismissed can be dismissed again, and one that was accepted cannot', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      offer('again', '', '<button data-offer-dismiss>Not now</button>') +
        offer('taken', '', '<button data-offer-accept>Take it</button>'),
    );
    await stack.expectRecorded(['viewed again', 'viewed taken']);
    await page.click('[data-offer-dismiss]');
    await page.click('[data-offer-accept]');
    await stack.expectRecorded(['viewed again', 'dismissed again', 'viewed taken']);
    await navigate(page);
    const second = ['viewed again', 'dismissed again', 'viewed again', 'viewed taken', 'viewed taken'];
    await stack.expectRecorded(second);
    await page.click('[data-offer-dismiss]');
    await page.evaluate(() =>
      (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.dismiss('taken')),
    );
    await stack.expectRecorded([...second, 'dismissed again']);
  });

  test('a close that began earlier belongs to the earlier impression', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog" id="box" style="transition: opacity 250ms">${offer('bar')}
         <button aria-label="Close" onclick="box.style.opacity = 0; setTimeout(() => box.remove(), 250);
           offersight.push((tracker) => tracker.pageView())">x</button></div>`,
    );
    await stack.expectRecorded(['viewed bar']);
    await page.click('button');
    await stack.expectRecorded(['viewed bar', 'dismissed bar']);
    const [viewed, dismissed] = await heard(page);
    expect(dismissed?.impression).toBe(viewed?.impression);
    await showWitness(page, CONSEQUENCE_MS);
    await stack.expectRecorded(['viewed bar', 'dismissed bar', 'viewed witness']);
  });

  test('an offer with ignore=leave is ignored once for each view, unless the visitor touched it in that view', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, offer('bar', '', '<input>'), 'data-ignore="leave"');
    await stack.expectRecorded(['viewed bar']);
    await page.fill('input', 'touched');
    await navigate(page);
    await stack.expectRecorded(['viewed bar', 'viewed bar']);
    await navigate(page);
    const second = ['viewed bar', 'viewed bar', 'dismissed bar', 'viewed bar'];
    await stack.expectRecorded(second);
    await navigate(page);
    await stack.expectRecorded([...second, 'dismissed bar', 'viewed bar']);
  });

  test('an offer that the navigation removes is ignored once, and not viewed again', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, `<main>${offer('bar')}</main>`, 'data-ignore="500"');
    await stack.expectRecorded(['viewed bar']);
    await page.evaluate(() => {
      const main = document.querySelector('main');
      if (main) main.innerHTML = '<h1>Next</h1>';
      (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.pageView());
    });
    await stack.expectRecorded(['viewed bar', 'dismissed bar']);
    const [viewed, dismissed] = await heard(page);
    expect(dismissed?.impression).toBe(viewed?.impression);
  });

  test('an offer that was scrolled away earlier is ignored after its time, and not viewed again', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, `${offer('bar')}<div style="height: 3000px"></div>`, 'data-ignore="800"');
    await stack.expectRecorded(['viewed bar']);
    await page.evaluate(() => scrollTo({ top: 2_000, behavior: 'instant' }));
    await navigate(page);
    await stack.expectRecorded(['viewed bar', 'dismissed bar']);
  });

  test('an offer that counts between the call and a late offer part counts once', async ({ page, stack }) => {
    const release = await holdBack(page, '**/module/later*.js');
    await stack.open(page, offer('bar'), {
      script: '',
      head: `${HEARING}<script type="module">
        import { createOfferTracker } from '/module/index.js';
        window.offersight = { push: (command) => command(tracker) };
        window.tracker = createOfferTracker({ endpoint: '/offer-events' });
        tracker.pageView();
      </script>`,
    });
    await expect.poll(async () => (await heard(page)).length).toBe(1);
    release();
    await trackerStats(page);
    await showWitness(page, 1_000);
    await stack.expectRecorded(['viewed bar', 'viewed witness']);
  });

  test('a call at the start, before any offer has counted, changes nothing', async ({ page, stack }) => {
    await stack.open(
      page,
      `<script>(window.offersight ??= []).push((tracker) => tracker.pageView())</script>${offer('bar')}`,
    );
    await stack.expectRecorded(['viewed bar']);
    await showWitness(page, 1_000);
    await stack.expectRecorded(['viewed bar', 'viewed witness']);
  });
});
