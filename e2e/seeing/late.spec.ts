/** Offers that appear or become visible in ways that an IntersectionObserver does not report. */
import type { Page } from '@playwright/test';
import { trackerStats, untilMore } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const offer = (id: string, attributes = '', dwellMs = 300) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwellMs}" ${attributes}></div>`;

/** Keeps the time of the page's clock when each offer counted. */
const CLOCK = `<script>
  window.times = {};
  document.addEventListener('offersight:viewed', ({ detail, timeStamp }) => { times[detail.offerId] = timeStamp; });
</script>`;

/** Opens a page, and waits until it has come to rest: until an offer that is plainly visible has counted. */
const openAtRest = async (page: Page, stack: Stack, body: string): Promise<void> => {
  await stack.open(page, `${body}${offer('plain', '', 0)}`);
  await stack.expectRecorded(['viewed plain']);
  await trackerStats(page);
  await page.evaluate(() => new Promise<number>(requestAnimationFrame));
};

test.describe('an offer that dwells starts its dwell again', () => {
  const hidden: Readonly<Record<string, readonly [hide: string, show: string]>> = {
    'a class of an ancestor': ["main.className = 'shut'", "main.className = ''"],
    'a style of an ancestor': ['main.style.visibility = "hidden"', 'main.style.visibility = ""'],
    'an attribute of the page': ['document.body.dataset.shut = ""', 'delete document.body.dataset.shut'],
  };
  for (const [name, [hide, show]] of Object.entries(hidden)) {
    test(`if ${name} hides it in the middle of the dwell`, async ({ page, stack }) => {
      await stack.open(
        page,
        `${CLOCK}<style>.shut, [data-shut] main { opacity: 0 }</style>
         <main id="main">${offer('broken', '', 2_000)}</main>${offer('first', '', 400)}<script>
           addEventListener('offersight:viewed', async ({ detail }) => {
             if (detail.offerId !== 'first') return;
             ${hide};
             await new Promise((resolve) => setTimeout(resolve, 400));
             ${show};
             times.shown = performance.now();
           });
         </script>`,
      );
      await stack.expectRecorded(['viewed broken', 'viewed first']);
      expect(await page.evaluate('times.broken - times.shown')).toBeGreaterThan(1_990);
    });
  }
});

test.describe('an offer that becomes visible on a page at rest counts', () => {
  test('if a script’s animation shows it, even around it in a shadow tree', async ({ page, stack }) => {
    await openAtRest(
      page,
      stack,
      `<section id="host"></section><script>
         host.attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(`<style>.offer { width: 300px; height: 200px }</style><div style="opacity: 0">${offer('late')}</div>`)};
       </script>`,
    );
    await page.evaluate(() => {
      document
        .querySelector('#host')
        ?.shadowRoot?.querySelector('div')
        ?.animate({ opacity: [0, 1] }, { duration: 200, fill: 'forwards' });
    });
    await stack.expectRecorded(['viewed plain', 'viewed late']);
  });

  test('if an animation that is driven by scrolling shows it', async ({ page, stack }) => {
    await openAtRest(
      page,
      stack,
      `<style>@keyframes in { from { opacity: 0 } to { opacity: 1 } }
         .driven { opacity: 0; animation: in linear both; animation-timeline: scroll(root); animation-range: 0 100px }</style>
       <p style="position: absolute; top: 0; height: 4000px"></p><div class="driven" style="position: fixed; top: 300px">${offer('late')}</div>`,
    );
    const isShown = await page.evaluate(async () => {
      window.scrollTo({ top: 150, behavior: 'instant' });
      for (let frame = 0; frame < 10; frame++) await new Promise<number>(requestAnimationFrame);
      return getComputedStyle(document.querySelector('.driven') as Element).opacity === '1';
    });
    // While other browsers run, Chromium sometimes gives such an animation no time, and then nothing is shown.
    await stack.expectRecorded(isShown ? ['viewed plain', 'viewed late'] : ['viewed plain']);
  });

  test('if a media query of the window’s size shows it', async ({ page, stack }) => {
    await openAtRest(
      page,
      stack,
      `<style>main { opacity: 0 } @media (width < 700px) { main { opacity: 1 } }</style><main>${offer('late')}</main>`,
    );
    await page.setViewportSize({ width: 600, height: 800 });
    await stack.expectRecorded(['viewed plain', 'viewed late']);
  });

  test('if a query of its container’s size shows it', async ({ page, stack }) => {
    await openAtRest(
      page,
      stack,
      `<style>#box { container-type: inline-size; width: 800px } main { opacity: 0 }
         @container (width < 700px) { main { opacity: 1 } }</style><div id="box"><main>${offer('late')}</main></div>
       <script>new ResizeObserver(() => undefined).observe(box)</script>`,
    );
    await page.evaluate('document.styleSheets[1].cssRules[0].style.width = "600px"');
    await stack.expectRecorded(['viewed plain', 'viewed late']);
  });
});

test.describe('an offer without a box of its own counts', () => {
  const dialogs: Readonly<Record<string, readonly [body: string, open: string]>> = {
    'it is in a panel that is closed at first': [
      `<div id="it" hidden><main style="display: contents" data-offer-id="late" data-offer-dwell="300"><p class="offer"></p></main></div>`,
      'it.hidden = false',
    ],
    'it is in a dialog that is closed at first': [
      `<dialog id="it"><main style="display: contents" data-offer-id="late" data-offer-dwell="300"><p class="offer"></p></main></dialog>`,
      'it.showModal()',
    ],
    'it is in a popover that is closed at first': [
      `<div popover id="it"><main style="display: contents" data-offer-id="late" data-offer-dwell="300"><p class="offer"></p></main></div>`,
      'it.showPopover()',
    ],
    'it is a component whose dialog is in its own shadow tree': [
      `<shop-dialog style="display: contents" data-offer-id="late" data-offer-dwell="300"></shop-dialog><script>
         customElements.define('shop-dialog', class extends HTMLElement {
           connectedCallback() {
             this.attachShadow({ mode: 'open' }).innerHTML = '<dialog style="width: 300px; height: 200px">Half price</dialog>';
           }
         });
       </script>`,
      "document.querySelector('shop-dialog').shadowRoot.firstChild.showModal()",
    ],
    'it is a component whose dialog shows slotted content': [
      `<shop-drawer style="display: contents" data-offer-id="late" data-offer-dwell="300"><p class="offer"></p></shop-drawer><script>
         customElements.define('shop-drawer', class extends HTMLElement {
           connectedCallback() {
             this.attachShadow({ mode: 'open' }).innerHTML = '<dialog><slot></slot></dialog>';
           }
         });
       </script>`,
      "document.querySelector('shop-drawer').shadowRoot.firstChild.showModal()",
    ],
  };
  for (const [name, [body, open]] of Object.entries(dialogs)) {
    test(`once that is open and not earlier, if ${name}`, async ({ page, stack }) => {
      await openAtRest(page, stack, body);
      await untilMore(page);
      await page.evaluate(open);
      await stack.expectRecorded(['viewed plain', 'viewed late']);
    });
  }
});

test('the next event has the token and the expiry that the page has renewed', async ({ page, stack }) => {
  await stack.open(
    page,
    `${offer('held', 'data-offer-token="old" data-offer-expires="2099-01-01"', 0)}
     <button data-offer-dismiss="held">No</button><script>
       addEventListener('offersight:dismissed', ({ detail }) => { sent = [detail.token, detail.expiresAt] });
     </script>`,
  );
  await stack.expectRecorded(['viewed held']);
  await trackerStats(page);
  await page.evaluate(() => {
    const held = document.querySelector<HTMLElement>('[data-offer-id=held]');
    Object.assign(held?.dataset ?? {}, { offerToken: 'new', offerExpires: '2099-02-01' });
    return new Promise<number>(requestAnimationFrame);
  });
  await page.click('button');
  await stack.expectRecorded(['viewed held', 'dismissed held']);
  expect(await page.evaluate('sent')).toEqual(['new', Date.parse('2099-02-01')]);
});
