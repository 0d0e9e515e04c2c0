/** Offers that count at a glance, and offers that exist without being seen. */
import { holdBack, trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import { showWitness } from '../fixtures/witness.js';

const OFFERS = 300;

test('a dwell of 0 counts what a bare observer reports while a page scrolls by one viewport every second frame', async ({
  page,
  stack,
}) => {
  const offers = Array.from(
    { length: OFFERS },
    (_, at) => `<div style="height: 100vh"><div class="offer" data-offer-id="o${at}"></div></div>`,
  );
  await stack.open(
    page,
    `${offers.join('')}<script>
       window.bare = [];
       const observer = new IntersectionObserver((entries) => {
         for (const { target, intersectionRatio } of entries)
           if (intersectionRatio >= .5 && !bare.includes(target.dataset.offerId)) bare.push(target.dataset.offerId);
       }, { threshold: [.5] });
       for (const element of document.querySelectorAll('.offer')) observer.observe(element);
     </script>`,
    { script: 'data-endpoint="/offer-events" data-dwell="0"' },
  );
  await trackerStats(page);
  const bare = await page.evaluate(async (count) => {
    const frame = () => new Promise<number>(requestAnimationFrame);
    for (let at = 0; at < count; at++) {
      scrollTo({ top: at * innerHeight, behavior: 'instant' });
      await frame();
      await frame();
    }
    return (window as unknown as { bare: string[] }).bare;
  }, OFFERS);
  expect(bare.length).toBeGreaterThan(OFFERS / 2);
  await expect
    .poll(async () => {
      const { offers: counted } = await trackerStats(page);
      return bare.filter((id) => !counted[id]?.viewed);
    })
    .toEqual([]);
});

test.describe('an offer that is hidden until it is found is not seen', () => {
  test('and does not count before the offer part is there, and does when it is found', async ({
    page,
    stack,
  }) => {
    const release = await holdBack(page, '**/module/later*.js');
    const hidden =
      '<div class="offer" hidden="until-found" data-offer-id="found" style="height: 200px">Ten</div>';
    await stack.open(page, hidden, {
      script: '',
      head: `<script type="module">
        import { createOfferTracker } from '/module/index.js';
        window.offersight = { push: (command) => command(tracker) };
        window.counted = [];
        document.addEventListener('offersight:viewed', ({ detail }) => counted.push(detail.offerId));
        window.tracker = createOfferTracker({ endpoint: '/offer-events', viewability: { dwellMs: 0 } });
      </script>`,
    });
    await showWitness(page, 500);
    await expect.poll(() => page.evaluate('counted')).toEqual(['witness']);
    release();
    await trackerStats(page);
    await page.evaluate(() => document.querySelector('[hidden]')?.removeAttribute('hidden'));
    await stack.expectRecorded(['viewed witness', 'viewed found']);
  });

  test('and counts as closed if its dialog’s close button hides it so', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div role="dialog" id="box" style="height: 300px"><div class="offer" data-offer-id="a" data-offer-dwell="0"></div>
         <button aria-label="Close" onclick="box.hidden = 'until-found'">x</button></div>`,
    );
    await trackerStats(page);
    await stack.expectRecorded(['viewed a']);
    await page.click('button');
    await stack.expectRecorded(['viewed a', 'dismissed a']);
  });
});

test('blanks around an id, as templates leave them, are not part of it', async ({ page, stack }) => {
  await stack.open(
    page,
    `<div class="offer" data-offer-id="
        blank  " data-offer-dwell="0"><button data-offer-dismiss=" blank ">No</button></div>`,
  );
  await trackerStats(page);
  await stack.expectRecorded(['viewed blank']);
  await page.click('button');
  await stack.expectRecorded(['viewed blank', 'dismissed blank']);
});
