import { returnToKept } from '../fixtures/kept.js';
import { trackerStats, untilHidden } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const TALL = '<div style="height: 3000px"></div>';

/** An offer of 300 × 200 px. Its dwell is short, since few tests are about the full second. */
const offer = (id: string, attributes = '', dwellMs = 300) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwellMs}" ${attributes}></div>`;

/**
 * An offer that certainly counts, and later than the others would: once it has arrived, every other that counts has
 * arrived as well.
 */
const witness = (id = 'witness', dwellMs = 700) =>
  offer(id, 'style="position: fixed; top: 0; right: 0"', dwellMs);

/** Scrolls so that an offer's top edge is at this height of the viewport. */
const scrollTo = (id: string, top: number) => `
  { const offer = document.querySelector('[data-offer-id="${id}"]');
    scrollBy({ top: offer.getBoundingClientRect().top - ${top}, behavior: 'instant' }); }`;

/** Runs a script of the page at the moment when an offer counts. */
const onViewed = (id: string, act: string) => `<script>
  document.addEventListener('offersight:viewed', async ({ detail }) => {
    const frame = () => new Promise(requestAnimationFrame);
    if (detail.offerId === '${id}') { ${act} }
  });
</script>`;

/** Keeps, by the page's clock, when each offer counted and when the page could be seen. */
const CLOCK = `<script>
  window.times = {};
  document.addEventListener('offersight:viewed', ({ detail, timeStamp }) => { times[detail.offerId] = timeStamp; });
  document.addEventListener('visibilitychange', ({ timeStamp }) => { times[document.visibilityState] = timeStamp; });
  addEventListener('pageshow', ({ persisted, timeStamp }) => { if (persisted) times.restored = timeStamp; });
</script>`;

/** The milliseconds between two moments that the clock kept. */
const between = (from: string, to: string) => `times['${to}'] - times['${from}']`;

test.describe('the share of an offer that must be visible', () => {
  test('is half of it', async ({ page, stack }) => {
    await stack.open(page, `${TALL}${offer('half')}${TALL}`);
    await page.evaluate(scrollTo('half', 800 - 101));
    await stack.expectRecorded(['viewed half']);
  });

  test('is not met by less than half of it', async ({ page, stack }) => {
    await stack.open(page, `${TALL}${offer('less')}${TALL}${witness()}`);
    await page.evaluate(scrollTo('less', 800 - 97));
    await stack.expectRecorded(['viewed witness']);
  });

  test('is counted in both directions', async ({ page, stack }) => {
    // Both show 70 % of their width. The first shows 80 % of its height, so 56 %; the second shows 60 %, so 42 %.
    const corner = (id: string, top: number) =>
      offer(id, `style="position: fixed; left: -90px; top: ${top}px"`);
    await stack.open(page, `${corner('56-percent', -40)}${corner('42-percent', 800 - 120)}${witness()}`);
    await stack.expectRecorded(['viewed 56-percent', 'viewed witness']);
  });

  test.describe('for an offer from 242,500 px² on', () => {
    /** An offer of 500 px width, of which so many rows are visible at the bottom of the viewport. */
    const large = (id: string, height: number, rows: number, attributes = '') =>
      `<div data-offer-id="${id}" data-offer-dwell="300" ${attributes}
            style="position: fixed; top: ${800 - rows}px; width: 500px; height: ${height}px"></div>`;

    test('is 30 %', async ({ page, stack }) => {
      // 500 × 484 is just below the limit, and 500 × 486 just above it. 170 and 135 rows are 35 % and 28 %.
      await stack.open(
        page,
        `${large('small-484', 484, 170)}${large('large-486', 486, 170)}${large('little-486', 486, 135)}${witness()}`,
      );
      await stack.expectRecorded(['viewed large-486', 'viewed witness']);
    });
  });
});

test.describe('the time that an offer must be visible', () => {
  test('is a second', async ({ page, stack }) => {
    await stack.open(
      page,
      `<script>
         times.added = performance.now();
         document.body.insertAdjacentHTML('beforeend', '<div class="offer" data-offer-id="second"></div>');
       </script>`,
      { head: CLOCK },
    );
    await stack.expectRecorded(['viewed second']);
    expect(await page.evaluate(between('added', 'second'))).toBeGreaterThanOrEqual(1_000);
  });

  test('is not met by scrolling past (fault 50)', async ({ page, stack }) => {
    const offers = ['fast-1', 'fast-2', 'fast-3'].map(
      (id) => `${TALL}<div class="offer" data-offer-id="${id}"></div>`,
    );
    await stack.open(page, `${offers.join('')}${TALL}${witness()}`);
    // Otherwise the page would have scrolled before anybody looks.
    await trackerStats(page);
    // The page scrolls by itself, frame by frame, since turns of a wheel may come late on a busy machine.
    await page.evaluate(async () => {
      for (let turn = 0; turn < 40; turn++) {
        scrollBy({ top: 250, behavior: 'instant' });
        await new Promise(requestAnimationFrame);
      }
      document.body.insertAdjacentHTML(
        'beforeend',
        '<div class="offer" data-offer-id="last" data-offer-dwell="1300" style="position: fixed; bottom: 0"></div>',
      );
    });
    await stack.expectRecorded(['viewed witness', 'viewed last']);
  });

  test('may be 0, and then the first glimpse counts, and nothing less', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="glimpse" data-offer-dwell="0"></div>
       ${onViewed('glimpse', `document.querySelector('[data-offer-id=glimpse]').remove()`)}
       ${TALL}<div class="offer" data-offer-id="below" data-offer-dwell="0"></div>${witness()}`,
    );
    await stack.expectRecorded(['viewed glimpse', 'viewed witness']);
  });

  test('starts again when the offer comes back', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" id="comes-back" data-offer-id="comes-back" data-offer-dwell="3000"></div>
       ${onViewed(
         'witness',
         `document.querySelector('#comes-back').style.marginLeft = '-160px';
          await frame();
          await frame();
          document.querySelector('#comes-back').style.marginLeft = '0';
          times.back = performance.now();`,
       )}
       ${witness()}`,
      { head: CLOCK },
    );
    await stack.expectRecorded(['viewed witness', 'viewed comes-back']);
    expect(await page.evaluate(between('back', 'comes-back'))).toBeGreaterThanOrEqual(3_000);
  });
});

test.describe('how often an offer counts', () => {
  /** Removes an offer, waits until that was noticed, and puts it back at the top. */
  const remount = (id: string) => `(async () => {
    const offer = document.querySelector('[data-offer-id="${id}"]');
    const frame = () => new Promise(requestAnimationFrame);
    offer.remove();
    await frame();
    await frame();
    document.body.prepend(offer);
    await frame();
  })()`;

  /** Scrolls everything except the witnesses away and back. */
  const lookAgain = `(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    scrollTo(0, 2000);
    await frame();
    await frame();
    scrollTo(0, 0);
    await frame();
  })()`;

  const addMarker = `document.body.insertAdjacentHTML('beforeend', '${witness('marker')}')`;

  test('is once a page view, however often it is looked at, and again after a reload', async ({
    page,
    stack,
  }) => {
    await stack.open(page, `${offer('again')}${TALL}`);
    await stack.expectRecorded(['viewed again']);
    await page.evaluate(lookAgain);
    await page.evaluate(remount('again'));
    // Another element shows the same offer.
    await page.evaluate(`document.body.insertAdjacentHTML('afterbegin', '${offer('again')}')`);
    await page.evaluate(addMarker);
    await stack.expectRecorded(['viewed again', 'viewed marker']);
    await page.reload();
    await stack.expectRecorded(['viewed again', 'viewed marker', 'viewed again']);
  });

  test('may be once a mount: again when the offer is mounted again, not when it is only seen again', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${offer('mounted', 'data-offer-repeat="mount"')}${offer('follows-tag')}${TALL}${witness()}`,
    );
    await stack.expectRecorded(['viewed mounted', 'viewed follows-tag', 'viewed witness']);
    await page.evaluate(lookAgain);
    await page.evaluate(addMarker);
    await stack.expectRecorded(['viewed mounted', 'viewed follows-tag', 'viewed witness', 'viewed marker']);
    await page.evaluate(remount('mounted'));
    await page.evaluate(remount('follows-tag'));
    await page.evaluate(addMarker.replace('marker', 'last'));
    await stack.expectRecorded([
      'viewed mounted',
      'viewed mounted',
      'viewed follows-tag',
      'viewed witness',
      'viewed marker',
      'viewed last',
    ]);
  });

  test('may be once a browser, across reloads and tabs', async ({ page, context, stack }) => {
    const body = `${offer('ever', 'data-offer-repeat="browser"')}${offer('each')}${witness()}`;
    await stack.open(page, body);
    await stack.expectRecorded(['viewed ever', 'viewed each', 'viewed witness']);
    await page.reload();
    const second = ['viewed each', 'viewed each', 'viewed witness', 'viewed witness'];
    await stack.expectRecorded(['viewed ever', ...second]);
    await stack.open(await context.newPage(), body);
    await stack.expectRecorded(['viewed ever', ...second, 'viewed each', 'viewed witness']);
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
    const front = await context.newPage();
    await page.bringToFront();
    await stack.open(page, offer('ahead'), { head: CLOCK });
    await stack.expectRecorded(['viewed ahead']);
    // The offer dwells once another one beside it has counted. A machine that is too busy to hide the page by then tries
    // again with the next one.
    const seen = ['viewed ahead'];
    let turn = 0;
    for (let isInTime = false; !isInTime; turn++) {
      if (turn) seen.push(`viewed behind-${turn - 1}`);
      await page.bringToFront();
      await page.evaluate(
        `document.body.insertAdjacentHTML('beforeend', '${offer(`behind-${turn}`, '', 4_000)}${witness(`beside-${turn}`, 0)}')`,
      );
      await page.waitForFunction(`times['beside-${turn}']`);
      seen.push(`viewed beside-${turn}`);
      await front.bringToFront();
      await untilHidden(page);
      isInTime = await page.evaluate(`${between(`beside-${turn}`, 'hidden')} < 3_900`);
    }
    const behind = `behind-${turn - 1}`;
    await stack.open(front, witness('witness', 4_200));
    await stack.expectRecorded([...seen, 'viewed witness']);
    await page.bringToFront();
    await stack.expectRecorded([...seen, 'viewed witness', `viewed ${behind}`]);
    expect(await page.evaluate(between('visible', behind))).toBeGreaterThanOrEqual(4_000);
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
    await front.evaluate(`document.body.insertAdjacentHTML('beforeend', '${witness()}')`);
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
    await page.evaluate(scrollTo('further-down', 400));
    await stack.expectRecorded([...seen, 'viewed under-way', 'viewed further-down']);
  });
});
