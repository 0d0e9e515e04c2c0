import { expect, test } from './fixtures/stack.js';

const TALL = '<div style="height: 3000px"></div>';

/** Puts an element's top edge at this height of the viewport. */
const scrollTo = (id: string, top: number) => `
  { const offer = document.querySelector('[data-offer-id="${id}"]');
    scrollBy({ top: offer.getBoundingClientRect().top - ${top}, behavior: 'instant' }); }`;

/** A second offer that certainly counts: when it has arrived, what had to come before it would have come too. */
const WITNESS = '<div class="offer" data-offer-id="witness" style="position: fixed; top: 0; right: 0"></div>';

test.describe('an offer counts as viewed', () => {
  test('when half of it is visible for a second', async ({ page, stack }) => {
    await stack.open(page, `${TALL}<div class="offer" data-offer-id="half"></div>${TALL}`);
    await page.evaluate(scrollTo('half', 800 - 101));
    await stack.expectRecorded(['viewed half']);
  });

  test('not when less than half of it is', async ({ page, stack }) => {
    await stack.open(page, `${TALL}<div class="offer" data-offer-id="less"></div>${TALL}${WITNESS}`);
    await page.evaluate(scrollTo('less', 800 - 97));
    await stack.expectRecorded(['viewed witness']);
  });

  test('not when it is scrolled past quickly', async ({ page, stack }) => {
    const offers = ['fast-1', 'fast-2', 'fast-3'].map(
      (id) => `${TALL}<div class="offer" data-offer-id="${id}"></div>`,
    );
    await stack.open(page, `${offers.join('')}${TALL}${WITNESS}`);
    await page.mouse.move(300, 300);
    for (let turn = 0; turn < 20; turn++) await page.mouse.wheel(0, 500);
    await stack.expectRecorded(['viewed witness']);
  });

  test('not by glances that only together last long enough', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" id="glance" data-offer-id="glance" data-offer-dwell="1500"></div>${WITNESS}
       <script>
         // Three glances of 900 ms each, and then nothing more of it.
         let turn = 0;
         const timer = setInterval(() => {
           glance.style.marginLeft = ++turn % 2 ? '-400px' : '0';
           if (turn === 5) clearInterval(timer);
           if (turn === 5) document.body.insertAdjacentHTML('beforeend', '<div class="offer" data-offer-id="last"></div>');
         }, 900);
       </script>`,
    );
    await stack.expectRecorded(['viewed witness', 'viewed last']);
  });

  test('when it is larger than the viewport and fills most of it', async ({ page, stack }) => {
    const large = '<div data-offer-id="tall" style="height: 20000px; background: gold"></div>';
    await stack.open(page, large);
    await stack.expectRecorded(['viewed tall']);
  });

  test('from 242,500 px² on when 30 % of it is visible', async ({ page, stack }) => {
    const large = (id: string, height: number) =>
      `${TALL}<div data-offer-id="${id}" style="width: 500px; height: ${height}px"></div>`;
    // 500 × 484 is just below the limit, 500 × 486 just above it.
    await stack.open(page, `${large('small-484', 484)}${TALL}${WITNESS}`);
    await page.evaluate(scrollTo('small-484', 800 - 170));
    await stack.expectRecorded(['viewed witness']);
    await stack.open(page, `${large('large-486', 486)}${TALL}`);
    await page.evaluate(scrollTo('large-486', 800 - 170));
    await stack.expectRecorded(['viewed witness', 'viewed large-486']);
  });

  test('not while it is transparent, and then once it has faded in', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div id="fade" class="offer" data-offer-id="fade" style="opacity: 0; transition: opacity 300ms"></div>${WITNESS}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await page.locator('#fade').evaluate((offer) => {
      (offer as HTMLElement).style.opacity = '1';
    });
    await stack.expectRecorded(['viewed witness', 'viewed fade']);
  });

  test('once a page view, however often it is looked at', async ({ page, stack }) => {
    await stack.open(page, `<div class="offer" data-offer-id="again"></div>${TALL}${WITNESS}`);
    await stack.expectRecorded(['viewed again', 'viewed witness']);
    await page.evaluate('scrollTo(0, 2000)');
    await page.evaluate('scrollTo(0, 0)');
    await page.locator('[data-offer-id=again]').evaluate((offer) => {
      offer.remove();
      document.body.prepend(offer);
    });
    await page.locator('[data-offer-id=again]').evaluate((offer) => {
      offer.insertAdjacentHTML('afterend', '<div class="offer" data-offer-id="marker"></div>');
    });
    await stack.expectRecorded(['viewed again', 'viewed witness', 'viewed marker']);
  });

  test('by its own ratio and dwell', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="sliver" data-offer-ratio="0.1" data-offer-dwell="0" style="margin-left: -265px"></div>
       <div class="offer" data-offer-id="whole" data-offer-ratio="0.9" style="margin-left: -40px"></div>${WITNESS}`,
    );
    await stack.expectRecorded(['viewed sliver', 'viewed witness']);
  });
});

test.describe('offers that come and go', () => {
  test('count when they are added later, or named later', async ({ page, stack }) => {
    await stack.open(page, '<div class="offer" id="late"></div>');
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<div class="offer" data-offer-id="added"></div>');
    });
    await stack.expectRecorded(['viewed added']);
    await page.locator('#late').evaluate((element) => element.setAttribute('data-offer-id', 'named'));
    await stack.expectRecorded(['viewed added', 'viewed named']);
  });

  test('do not count when they are removed before the second is over', async ({ page, stack }) => {
    await stack.open(page, `<div class="offer" data-offer-id="gone"></div>${WITNESS}`);
    await page.locator('[data-offer-id=gone]').evaluate((offer) => offer.remove());
    await stack.expectRecorded(['viewed witness']);
  });

  test('are another offer when the id changes in place', async ({ page, stack }) => {
    await stack.open(page, '<div class="offer" data-offer-id="first"></div>');
    await stack.expectRecorded(['viewed first']);
    await page.locator('.offer').evaluate((offer) => offer.setAttribute('data-offer-id', 'second'));
    await stack.expectRecorded(['viewed first', 'viewed second']);
  });
});

test.describe('a page that nobody sees', () => {
  test('counts nothing, and starts the second again when it is shown', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const [page] = context.pages();
    if (!page) throw new Error('the browser has no page');
    await stack.open(page, '<div class="offer" data-offer-id="behind" data-offer-dwell="1200"></div>');
    const front = await context.newPage();
    expect(await page.evaluate(() => document.visibilityState)).toBe('hidden');
    await stack.open(front, WITNESS);
    await stack.expectRecorded(['viewed witness']);
    await page.bringToFront();
    await stack.expectRecorded(['viewed witness', 'viewed behind']);
  });

  test('counts nothing when it was opened behind another', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const [front] = context.pages();
    if (!front) throw new Error('the browser has no page');
    await stack.open(front, '<div class="offer" data-offer-id="front" data-offer-dwell="2000"></div>');
    stack.site.show('<div class="offer" data-offer-id="background"></div>');
    const opened = context.waitForEvent('page');
    // As a middle click does.
    await front.evaluate(() => {
      const link = Object.assign(document.createElement('a'), { href: '/page.html', textContent: 'more' });
      document.body.append(link);
    });
    await front.click('a', { button: 'middle' });
    const background = await opened;
    await background.waitForLoadState();
    expect(await background.evaluate(() => document.visibilityState)).toBe('hidden');
    await stack.expectRecorded(['viewed front']);
    await background.bringToFront();
    await stack.expectRecorded(['viewed front', 'viewed background']);
  });
});
