import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import { addWitness, between, CLOCK, find, offer, onViewed, run, TALL, witness } from './scene.js';

/** An offer with a style of its own, for places that the page's style sheet does not reach. */
const ownOffer = (id: string) => offer(id, 'style="width: 280px; height: 180px; background: gold"');

/** Runs statements of the page once the tracker is there, as `tracker`. */
const withTracker = (statements: string) => `<script>
  (window.offersight ||= []).push((tracker) => { ${statements} });
</script>`;

test.describe('offers that come and go', () => {
  test('count when they are added later, or named later', async ({ page, stack }) => {
    await stack.open(page, '<div class="offer" id="late" data-offer-dwell="300"></div>');
    await trackerStats(page);
    await run(page, `document.body.insertAdjacentHTML('beforeend', '<section>${offer('added')}</section>')`);
    await stack.expectRecorded(['viewed added']);
    await run(page, `late.dataset.offerId = 'named'`);
    await stack.expectRecorded(['viewed added', 'viewed named']);
  });

  test('start again when they are removed and added again, and count once (fault 48)', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${offer('returns', '', 3_000)}
       ${onViewed(
         'first',
         `const offer = ${find('returns')};
          offer.remove();
          requestAnimationFrame(() => requestAnimationFrame(() => {
            document.body.append(offer);
            times.added = performance.now();
          }));`,
       )}${offer('first')}`,
      { head: CLOCK },
    );
    await stack.expectRecorded(['viewed first', 'viewed returns']);
    expect(await page.evaluate(between('added', 'returns'))).toBeGreaterThanOrEqual(3_000);
    await run(
      page,
      `const offer = ${find('returns')}; offer.remove(); await noticed(); document.body.append(offer)`,
    );
    await addWitness(page, 'witness');
    await stack.expectRecorded(['viewed first', 'viewed returns', 'viewed witness']);
  });

  test('continue their dwell when they are only moved to another place (fault 48)', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${offer('moves', '', 900)}<section id="place"></section>
       ${onViewed('first', `place.append(${find('moves')})`)}${offer('first')}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed moves']);
    expect((await trackerStats(page)).offers.moves?.rendered).toBe(1);
  });
});

test.describe('an element that shows another offer', () => {
  test('counts only for the new one if the first was not shown for long enough, and the dwell starts again', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${offer('too-short', 'id="slot"', 3_000)}
       ${onViewed('before', `slot.dataset.offerId = 'replaces'; times.changed = performance.now()`)}
       ${offer('before')}${witness('witness', 3_300)}`,
      { head: CLOCK },
    );
    await stack.expectRecorded(['viewed before', 'viewed replaces', 'viewed witness']);
    expect(await page.evaluate(between('changed', 'replaces'))).toBeGreaterThanOrEqual(3_000);
  });

  test('is the row of a virtualised list: each row that is shown for long enough counts once (fault 48)', async ({
    page,
    stack,
  }) => {
    // Three elements of 220 px show 30 rows in turn, as in a recycling list: they are moved and renamed.
    await stack.open(
      page,
      `<div id="list" style="height: 440px; width: 320px; overflow-y: auto">
         <div style="height: 6600px; position: relative">
           ${[800, 800, 60_000].map((dwellMs, row) => offer(`row-${row}`, `id="slot-${row}" style="position: absolute; top: ${row * 220}px"`, dwellMs)).join('')}
         </div>
       </div>
       <script>
         list.addEventListener('scroll', () => {
           const first = Math.floor(list.scrollTop / 220);
           for (let row = first; row < first + 3; row++) {
             const slot = document.querySelector('#slot-' + row % 3);
             // A row that is only passed must not count, however long a busy machine takes to reach the next one.
             slot.dataset.offerDwell = row < 2 || row > 9 ? 800 : 60000;
             slot.dataset.offerId = 'row-' + row;
             slot.style.top = row * 220 + 'px';
           }
         });
       </script>${witness('witness', 1_000)}`,
    );
    const first = ['viewed row-0', 'viewed row-1', 'viewed witness'];
    await stack.expectRecorded(first);
    // It scrolls past many rows, none of which is shown for long enough, to the tenth and the eleventh.
    await run(page, 'for (let row = 2; row <= 10; row++) { list.scrollTop = row * 220; await noticed(); }');
    await stack.expectRecorded([...first, 'viewed row-10', 'viewed row-11']);
    await run(page, 'list.scrollTop = 0; await noticed();');
    await addWitness(page, 'last', 1_000);
    await stack.expectRecorded([...first, 'viewed row-10', 'viewed row-11', 'viewed last']);
  });
});

test.describe('a change of route', () => {
  /** A page with two routes, chosen by the address, as in a single-page application. */
  const app = (repeat: string, dwellMs = 300) => `
    <nav><a id="to-plans" href="?plans">Plans</a></nav>${TALL}<main id="view"></main>${TALL}
    <script>
      const ROUTES = {
        '': '${offer('on-home', `data-offer-repeat="${repeat}"`, dwellMs)}',
        '?plans': '<h1>Plans</h1>${offer('on-plans', `data-offer-repeat="${repeat}"`)}${offer('plans-beside')}',
      };
      const render = () => {
        view.innerHTML = ROUTES[location.search];
        view.scrollIntoView({ behavior: 'instant' });
      };
      document.querySelector('#to-plans').addEventListener('click', (event) => {
        event.preventDefault();
        history.pushState(null, '', event.target.href);
        render();
      });
      history.scrollRestoration = 'manual';
      addEventListener('popstate', render);
      render();
    </script>`;

  test('counts the offers of the new route, and does not count those of the old one again after coming back (fault 48)', async ({
    page,
    stack,
  }) => {
    await stack.open(page, app('page'));
    await stack.expectRecorded(['viewed on-home']);
    await page.click('#to-plans');
    const plans = ['viewed on-plans', 'viewed plans-beside'];
    await stack.expectRecorded(['viewed on-home', ...plans]);
    await page.goBack();
    await expect(page.locator('h1')).toHaveCount(0);
    await addWitness(page, 'witness');
    await stack.expectRecorded(['viewed on-home', ...plans, 'viewed witness']);
    expect((await trackerStats(page)).offers).toMatchObject({
      'on-home': { rendered: 2, viewed: 1 },
      'on-plans': { rendered: 1, viewed: 1 },
    });
  });
});

test.describe('open shadow roots', () => {
  test('count their offers if the page declares them, even if one is in another', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div><template shadowrootmode="open">${ownOffer('declared')}
         <p><template shadowrootmode="open">${ownOffer('nested')}</template></p></template></div>`,
    );
    await stack.expectRecorded(['viewed declared', 'viewed nested']);
  });

  test('count their offers for a custom element that is defined before it is inserted, or after', async ({
    page,
    stack,
  }) => {
    const define = (name: string, id: string) => `customElements.define('${name}', class extends HTMLElement {
      constructor() { super(); this.attachShadow({ mode: 'open' }).innerHTML = '${ownOffer(id)}'; }
    });`;
    await stack.open(
      page,
      `<late-card></late-card><script>${define('early-card', 'early')}</script>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `document.body.append(document.createElement('early-card'))`);
    await stack.expectRecorded(['viewed witness', 'viewed early']);
    await run(page, define('late-card', 'late'));
    await stack.expectRecorded(['viewed witness', 'viewed early', 'viewed late']);
  });
});

test.describe('roots that the page hands over', () => {
  test('are closed shadow roots: what is in them now and later counts, until that is stopped', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `<div id="open-to-us"></div><div id="to-nobody"></div>
       <script>
         const attach = (host, html) => {
           const root = host.attachShadow({ mode: 'closed' });
           root.innerHTML = html;
           return root;
         };
         const root = attach(document.querySelector('#open-to-us'), '${ownOffer('closed')}');
         attach(document.querySelector('#to-nobody'), '${ownOffer('unknown')}');
       </script>
       ${withTracker('window.stopRoot = tracker.observe(root)')}${witness()}`,
    );
    await stack.expectRecorded(['viewed closed', 'viewed witness']);
    const add = (id: string) =>
      run(page, `root.append(document.createRange().createContextualFragment('${ownOffer(id)}'))`);
    await add('added');
    await stack.expectRecorded(['viewed closed', 'viewed witness', 'viewed added']);
    await run(page, 'stopRoot()');
    await add('too-late');
    await addWitness(page, 'last');
    await stack.expectRecorded(['viewed closed', 'viewed witness', 'viewed added', 'viewed last']);
  });

  /** A frame of this origin with a body of its own, 340 × 260 px. */
  const frame = (body: string, id = 'frame') =>
    `<iframe id="${id}" width="340" height="260" style="border: 0; display: block" srcdoc="${body.replaceAll('"', '&quot;')}"></iframe>`;

  test('are documents of same-origin frames: the offers that they have now and later count, unless the page does not ask', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${frame(ownOffer('framed'))}${frame(ownOffer('unasked'), 'other')}${witness()}<script>
         frame.onload = () => offersight.push((tracker) => tracker.observe(frame.contentDocument));
         (window.offersight ||= []);
       </script>`,
    );
    await stack.expectRecorded(['viewed framed', 'viewed witness']);
    await run(page, `frame.contentDocument.body.innerHTML = '${ownOffer('framed-later')}'`);
    await stack.expectRecorded(['viewed framed', 'viewed witness', 'viewed framed-later']);
  });

  test('do not count their offers while the frame is scrolled out of the page, nor those that the frame cuts off', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${TALL}${frame(`${ownOffer('in-frame')}${ownOffer('below-its-fold')}`)}${TALL}
       <script>
         (window.offersight ||= []);
         frame.onload = () => offersight.push((tracker) => tracker.observe(frame.contentDocument));
       </script>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `frame.scrollIntoView({ block: 'center', behavior: 'instant' })`);
    await stack.expectRecorded(['viewed witness', 'viewed in-frame']);
    await run(page, 'frame.contentWindow.scrollTo(0, 1000)');
    await stack.expectRecorded(['viewed witness', 'viewed in-frame', 'viewed below-its-fold']);
  });

  test('may be single elements of a frame, which count by the part that the page shows of them', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${TALL}${frame('<p id="one">Deal</p><p>No deal</p>')}${TALL}
       <script>
         (window.offersight ||= []);
         frame.onload = () => offersight.push((tracker) => {
           tracker.observe(frame.contentDocument.querySelector('#one'), { id: 'by-hand', dwellMs: 250 });
         });
       </script>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `frame.scrollIntoView({ block: 'center', behavior: 'instant' })`);
    await stack.expectRecorded(['viewed witness', 'viewed by-hand']);
  });

  test('may be portals, whose offers count where they are shown', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div id="portal"></div>${withTracker(`
        const card = Object.assign(document.createElement('div'), { className: 'offer' });
        tracker.observe(card, { id: 'ported', dwellMs: 250 });
        window.card = card;
      `)}${witness()}`,
    );
    // It is observed before it is in any document.
    await stack.expectRecorded(['viewed witness']);
    await run(page, 'portal.append(card)');
    await stack.expectRecorded(['viewed witness', 'viewed ported']);
  });
});
