import { returnToKept } from '../fixtures/kept.js';
import { holdTimers, trackerStats, untilHidden } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import { addWitness, between, CLOCK, find, offer, onViewed, run, TALL, witness } from './scene.js';

test('an offer counts if half of it is visible, from 242,500 px² on 30 %, and not by less', async ({
  page,
  stack,
}) => {
  /** An offer of which so many rows are visible at the bottom of the viewport. */
  const rows = (id: string, visible: number, size = '') =>
    offer(id, `style="position: fixed; top: ${800 - visible}px; ${size}"`);
  const corner = (id: string, top: number) =>
    offer(id, `style="position: fixed; left: -90px; top: ${top}px"`);
  const large = (id: string, height: number, visible: number) =>
    rows(id, visible, `left: 600px; width: 500px; height: ${height}px`);
  await stack.open(
    page,
    [
      rows('half', 101),
      rows('less', 97),
      // Both show 70 % of their width. The first shows 80 % of its height, so 56 %; the second shows 60 %, so 42 %.
      corner('56-percent', -40),
      corner('42-percent', 800 - 120),
      // 500 × 484 is just below the limit, and 500 × 486 just above it. 170 and 135 rows are 35 % and 28 %.
      large('small-484', 484, 170),
      large('large-486', 486, 170),
      large('little-486', 486, 135),
      witness(),
    ].join(''),
    // These offers cover each other.
    { script: 'data-endpoint="/offer-events" data-occlusion="false"' },
  );
  await stack.expectRecorded(['viewed half', 'viewed 56-percent', 'viewed large-486', 'viewed witness']);
});

test.describe('the time that an offer must be visible', () => {
  const plain = (id: string, attributes = '') =>
    `<div class="offer" data-offer-id="${id}" ${attributes}></div>`;

  test('is a second', async ({ page, stack }) => {
    const add = `times.added = performance.now(); document.body.insertAdjacentHTML('beforeend', '${plain('second')}')`;
    await stack.open(page, `<script>${add}</script>`, { head: CLOCK });
    await stack.expectRecorded(['viewed second']);
    expect(await page.evaluate(between('added', 'second'))).toBeGreaterThanOrEqual(1_000);
  });

  test('is not met by scrolling past (fault 50)', async ({ page, stack }) => {
    const offers = ['fast-1', 'fast-2', 'fast-3'].map((id) => TALL + plain(id));
    await stack.open(page, `${offers.join('')}${TALL}${witness()}`);
    // Otherwise the page would have scrolled before anybody looks.
    await trackerStats(page);
    // The page scrolls by itself, frame by frame, since turns of a wheel may come late on a busy machine.
    await page.evaluate(async () => {
      for (let turn = 0; turn < 40; turn++) {
        scrollBy({ top: 250, behavior: 'instant' });
        await new Promise(requestAnimationFrame);
      }
    });
    await addWitness(page, 'last', 1_300);
    await stack.expectRecorded(['viewed witness', 'viewed last']);
  });

  test('may be 0, and then the first glimpse counts, and nothing less', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('glimpse', '', 0)}${onViewed('glimpse', `${find('glimpse')}.remove()`)}${TALL}${offer('below', '', 0)}${witness()}`,
    );
    await stack.expectRecorded(['viewed glimpse', 'viewed witness']);
  });

  test('starts again when the offer comes back', async ({ page, stack }) => {
    const frame = 'await new Promise(requestAnimationFrame);';
    await stack.open(
      page,
      `${offer('comes-back', '', 3_000)}${witness()}${onViewed(
        'witness',
        `const { style } = ${find('comes-back')};
         style.marginLeft = '-160px'; ${frame}${frame}
         style.marginLeft = '0'; times.back = performance.now();`,
      )}`,
      { head: CLOCK },
    );
    await stack.expectRecorded(['viewed witness', 'viewed comes-back']);
    expect(await page.evaluate(between('back', 'comes-back'))).toBeGreaterThanOrEqual(3_000);
  });
});

test.describe('how often an offer counts', () => {
  /** Removes an offer, waits until that was noticed, and puts it back at the top. */
  const remount = (id: string) =>
    `{ const offer = ${find(id)}; offer.remove(); await noticed(); document.body.prepend(offer); await noticed(); }`;

  /** Scrolls everything except the witnesses away and back. */
  const lookAgain = 'scrollTo(0, 2000); await noticed(); scrollTo(0, 0); await noticed();';

  test('is once a page view, however often it is looked at, and again after a reload', async ({
    page,
    stack,
  }) => {
    await stack.open(page, `${offer('again')}${TALL}`);
    await stack.expectRecorded(['viewed again']);
    // In the end, another element shows the same offer.
    const another = `document.body.insertAdjacentHTML('afterbegin', '${offer('again')}')`;
    await run(page, `${lookAgain}${remount('again')}${another}`);
    await addWitness(page, 'marker');
    await stack.expectRecorded(['viewed again', 'viewed marker']);
    await page.reload();
    await stack.expectRecorded(['viewed again', 'viewed marker', 'viewed again']);
  });

  test('may be once a mount: again when the offer is mounted again, not when it is only seen again', async ({
    page,
    stack,
  }) => {
    await stack.open(page, `${offer('mounted', 'data-offer-repeat="mount"')}${offer('follows-tag')}${TALL}`);
    const seen = ['viewed mounted', 'viewed follows-tag'];
    await stack.expectRecorded(seen);
    await run(page, lookAgain);
    await addWitness(page, 'marker');
    await stack.expectRecorded([...seen, 'viewed marker']);
    await run(page, remount('mounted') + remount('follows-tag'));
    await addWitness(page, 'last');
    await stack.expectRecorded([...seen, 'viewed mounted', 'viewed marker', 'viewed last']);
  });

  test('may be once a browser, across reloads and tabs', async ({ page, context, stack }) => {
    const body = `${offer('ever', 'data-offer-repeat="browser"')}${offer('each')}`;
    await stack.open(page, body);
    await stack.expectRecorded(['viewed ever', 'viewed each']);
    await page.reload();
    await addWitness(page, 'witness');
    await stack.expectRecorded(['viewed ever', 'viewed each', 'viewed each', 'viewed witness']);
    const other = await context.newPage();
    await stack.open(other, body);
    await addWitness(other, 'last');
    const each = ['viewed each', 'viewed each', 'viewed each'];
    await stack.expectRecorded(['viewed ever', ...each, 'viewed witness', 'viewed last']);
  });
});

test.describe('a page that nobody sees', () => {
  test('counts nothing, and starts the second again when it is shown (fault 45)', async ({
    profile,
    stack,
  }) => {
    const { context } = await profile.start();
    const [page] = context.pages();
    if (!page) throw new Error('the browser has no page');
    // Time passes when the test says so, however long a tab takes to come to the front.
    await page.clock.install();
    await stack.open(page, offer('ahead', '', 0), { head: CLOCK });
    await stack.expectRecorded(['viewed ahead']);
    await run(
      page,
      `document.body.insertAdjacentHTML('beforeend', '${offer('behind', '', 60_000)}'); await noticed()`,
    );
    const goOn = await holdTimers(page);
    await page.clock.fastForward(30_000);
    const isCounted = () => page.evaluate("'behind' in times");
    const front = await context.newPage();
    await untilHidden(page);
    await page.clock.fastForward(120_000);
    expect(await isCounted()).toBe(false);
    await front.close();
    await page.bringToFront();
    await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('visible');
    await page.clock.fastForward(59_000);
    expect(await isCounted()).toBe(false);
    await page.clock.fastForward(2_000);
    await expect.poll(isCounted).toBe(true);
    await goOn();
    await stack.expectRecorded(['viewed ahead', 'viewed behind']);
  });

  test('counts nothing if it was opened behind another (fault 45)', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const [front] = context.pages();
    if (!front) throw new Error('the browser has no page');
    await stack.open(front, '<a href="/page.html">more</a>');
    await trackerStats(front);
    stack.site.show(offer('background'), { head: CLOCK });
    const opened = context.waitForEvent('page');
    await front.click('a', { button: 'middle' });
    const background = await opened;
    await background.waitForLoadState();
    await trackerStats(background);
    await untilHidden(background);
    await addWitness(front, 'witness');
    await stack.expectRecorded(['viewed witness']);
    await background.bringToFront();
    await stack.expectRecorded(['viewed witness', 'viewed background']);
    expect(await background.evaluate(between('visible', 'background'))).toBeGreaterThanOrEqual(300);
  });

  test('counts nothing while it is prerendered, and the second starts when it is activated (fault 44)', async ({
    profile,
    stack,
  }) => {
    const { context } = await profile.start();
    const [page] = context.pages();
    if (!page) throw new Error('the browser has no page');
    // A browser prerenders nothing while a debugger is connected. So once the site shows the next page, the pages are
    // on their own, and say by the offers that they show what happened to them.
    await stack.open(
      page,
      `${offer('start')}<script>
        addEventListener('storage', () => { location.href = '/page.html?next'; });
        (async () => {
          while (!(await fetch('/page.html', { method: 'HEAD' })).headers.get('x-next')) {
            await new Promise(requestAnimationFrame);
          }
          const rules = document.createElement('script');
          rules.type = 'speculationrules';
          rules.textContent = JSON.stringify({ prerender: [{ urls: ['/page.html?next'], eagerness: 'immediate' }] });
          document.head.append(rules);
        })();
      </script>`,
    );
    await stack.expectRecorded(['viewed start']);
    await context.browser()?.close();
    stack.site.show(
      `${offer('next')}
       <script>
         const wasPrerendering = document.prerendering;
         let viewedEarly = 0;
         document.addEventListener('offersight:viewed', () => { if (document.prerendering) viewedEarly++; });
         // This waits twice as long as the offer needs, beginning when the tracker is there.
         (window.offersight ||= []).push(() => setTimeout(() => { localStorage.ready = '1'; }, 600));
       </script>
       ${onViewed(
         'next',
         `const { activationStart } = performance.getEntriesByType('navigation')[0];
          const facts = [wasPrerendering, viewedEarly, performance.now() - activationStart >= 300];
          document.body.insertAdjacentHTML('beforeend', '<div class="offer" data-offer-id="' + facts.join('-') + '"></div>');`,
       )}`,
      { headers: { 'x-next': 'ready' } },
    );
    await stack.expectRecorded(['viewed start', 'viewed next', 'viewed true-0-true']);
  });

  test('continues where it was when it comes back from the back/forward cache', { tag: '@whole' }, async ({
    page,
    stack,
  }) => {
    const seen: string[] = [];
    await returnToKept(page, stack.site, async () => {
      // The page leaves by itself, so that its offer still dwells then, however slow the test is.
      await stack.open(
        page,
        `${offer('before')}${offer('under-way', '', 3_000)}${TALL}${offer('further-down')}`,
        { head: `${CLOCK}${onViewed('before', "location.href = '/elsewhere';")}` },
      );
      await page.waitForURL('**/elsewhere');
      seen.push('viewed before');
    });
    await expect.poll(() => page.evaluate('times.restored > 0')).toBe(true);
    await stack.expectRecorded([...seen, 'viewed under-way']);
    expect(await page.evaluate(between('restored', 'under-way'))).toBeGreaterThanOrEqual(3_000);
    await run(page, `${find('further-down')}.scrollIntoView({ block: 'center', behavior: 'instant' })`);
    await stack.expectRecorded([...seen, 'viewed under-way', 'viewed further-down']);
  });
});
