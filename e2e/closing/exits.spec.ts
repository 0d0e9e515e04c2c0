/**
 * How a closed offer leaves the page: late, slowly, moving or folding, by a control inside or beside it. Other changes
 * only look as if an offer was closed.
 */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id: string, inside = '', attributes = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" ${attributes}>${id} ${inside}</div>`;

const CROSS = '<button aria-label="Close">x</button>';

const openReady = async (page: Page, stack: Stack, body: string): Promise<void> => {
  await stack.open(page, body);
  await trackerStats(page);
};

/** Its button begins a fade, at whose end it is gone. It knows whether a press came in time. */
const FADING = `<script>
  let isPressedInTime = false;
  document.querySelector('button').onclick = () => {
    card.style.transition = 'opacity 2.5s linear';
    card.style.opacity = 0;
    card.ontransitionend = () => card.remove();
    addEventListener('pointerdown', () => (isPressedInTime = card.isConnected), { once: true });
  };
</script>`;

/** Presses a control and then something else while that fades. Both presses are sent before either is answered. */
const pressWhileItFades = async (page: Page, control: string, other: string): Promise<void> => {
  const [first, second] = await Promise.all([control, other].map((one) => page.locator(one).boundingBox()));
  if (!first || !second) throw new Error(`${first ? other : control} is not there.`);
  const press = ({ x, y, width, height }: typeof first): Promise<void> =>
    page.mouse.click(x + width / 2, y + height / 2);
  await Promise.all([press(first), press(second)]);
  expect(await page.evaluate('isPressedInTime')).toBe(true);
};

/** Expects that these are closed and nothing else, once no consequence can follow any more. */
const expectClosed = async (page: Page, stack: Stack, ...ids: readonly string[]): Promise<void> => {
  // If nothing is expected, the witness counts when the time of every act is over.
  await showWitness(page, ids.length ? 0 : CONSEQUENCE_MS);
  await stack.expectRecorded([...ids.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]), 'viewed witness']);
};

test.describe('an offer that its control closes counts', () => {
  const exits: Readonly<Record<string, string>> = {
    'an animation of exactly a second':
      "card.style.transition = 'opacity 1s'; card.style.opacity = 0; card.ontransitionend = () => card.remove()",
    'an answer of the server, and then a fade':
      "setTimeout(() => { card.style.transition = 'opacity .4s'; card.style.opacity = 0; card.ontransitionend = () => card.remove() }, 1300)",
    'a handler that keeps a slow phone busy, and a timer':
      'for (const end = performance.now() + 800; performance.now() < end; ); setTimeout(() => card.remove(), 400)',
    'a move out to the side': "card.style.transition = 'translate .3s'; card.style.translate = '-2000px 0'",
    'a scale to nothing': "card.style.transition = 'scale .3s'; card.style.scale = 0",
    'an animation of a script':
      "card.animate({ translate: ['0', '-2000px 0'] }, { duration: 300, fill: 'forwards' })",
    'a slow fade, and another view of the page at its end':
      "card.style.transition = 'opacity 1.5s'; card.style.opacity = 0.1; card.ontransitionend = () => { history.pushState({}, '', '/next'); card.remove() }",
  };
  test('though something else is pressed while a script fades it out', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${offer('faint', '<button aria-label="Close" onclick="card.style.opacity = 0.5">x</button>', 'id="card"')}
       <button id="other" onclick="card.remove()">other</button>`,
    );
    await page.click('[aria-label=Close]');
    await page.click('#other');
    await expectClosed(page, stack, 'faint');
  });

  for (const [name, act] of Object.entries(exits)) {
    test(`and may leave by ${name}`, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `${offer('shut', CROSS, 'id="card"')}<script>document.querySelector('button').onclick = () => { ${act} }</script>`,
      );
      await page.click('button');
      await stack.expectRecorded(['viewed shut', 'dismissed shut']);
      await expectClosed(page, stack, 'shut');
    });
  }

  test('even if something else is pressed while it fades', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${offer('shut', CROSS, 'id="card"')}<main style="height: 50px">Text</main>${FADING}`,
    );
    await pressWhileItFades(page, 'button', 'main');
    await expectClosed(page, stack, 'shut');
  });

  test('even if another one is accepted while it fades', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${offer('shut', CROSS, 'id="card"')}${offer('taken', '<button data-offer-accept>Yes</button>')}${FADING}`,
    );
    await pressWhileItFades(page, '[aria-label=Close]', '[data-offer-accept]');
    await stack.expectRecorded(['viewed shut', 'dismissed shut', 'viewed taken']);
  });

  test('as soon as the browser has closed its popover, even if the popover’s end is animated', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `<style>#pop { transition: opacity 20s, display 20s allow-discrete, overlay 20s allow-discrete }
         #pop:not(:popover-open) { opacity: .9 }</style>
       <div id="pop" popover="manual">${offer('shut', '<button popovertarget="pop" popovertargetaction="hide">Later</button>')}</div>
       <script>pop.showPopover()</script>`,
    );
    await page.click('[popovertarget]');
    await expectClosed(page, stack, 'shut');
  });

  test('if its element shows the next offer in the same dialog', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog">${CROSS}<main>${offer('first')}</main></div><script>
         document.querySelector('button').onclick = () => { document.querySelector('main div').dataset.offerId = 'second' };
       </script>`,
    );
    await page.click('button');
    await expectClosed(page, stack, 'first');
  });

  const beside: Readonly<Record<string, string>> = {
    'is beside its dialog': `<section><div role="dialog" id="it">${offer('shut')}</div><button aria-label="Close">x</button></section>`,
    'names its popover': `<div id="it" popover="manual">${offer('shut')}</div><nav><button popovertarget="it" popovertargetaction="hide">Later</button></nav>`,
    'names its dialog by a command': `<dialog id="it" open>${offer('shut')}</dialog><nav><button command="close" commandfor="it">Later</button></nav>`,
  };
  for (const [name, body] of Object.entries(beside)) {
    test(`if its control ${name} and is pressed`, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `${body}<script>it.popover && it.showPopover(); document.querySelector('button').addEventListener('click', () => it.remove())</script>`,
      );
      await page.click('button');
      await expectClosed(page, stack, 'shut');
    });
  }

  test('if Escape closes a dialog inside the offer, which has no box of its own', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<style>shop-dialog { display: contents }</style><shop-dialog data-offer-id="shut"></shop-dialog><script>
         const root = document.querySelector('shop-dialog').attachShadow({ mode: 'open' });
         root.innerHTML = '<dialog style="width: 300px; height: 200px">Half price</dialog>';
         root.querySelector('dialog').showModal();
       </script>`,
    );
    await stack.expectRecorded(['viewed shut']);
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, 'shut');
  });
});

test.describe('an offer that is not closed counts nothing', () => {
  const stays: Readonly<Record<string, string>> = {
    'if it is drawn again': "card.outerHTML = card.outerHTML.replace('Close', 'Closed')",
    'if it is drawn again in another place':
      "const text = card.outerHTML; card.remove(); document.body.insertAdjacentHTML('afterbegin', text)",
    'if a scroller moves it away': "document.querySelector('main').scrollTo(0, 2000)",
    'if its page goes to another view after more than a second':
      "setTimeout(() => { history.pushState({}, '', '/next'); card.remove() }, 1500)",
  };
  for (const [name, act] of Object.entries(stays)) {
    test(name, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `<main style="height: 400px; overflow: auto">${offer('kept', CROSS, 'id="card"')}<p style="height: 4000px"></p></main>
         <p style="height: 4000px"></p>
         <script>document.querySelector('button').onclick = () => { ${act} }</script>`,
      );
      await page.click('button');
      await expectClosed(page, stack);
    });
  }

  test('if its dialog refuses its control, and a link removes the dialog later', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog" id="flyout">${offer('kept')}${CROSS}</div><a href="#next" onclick="flyout.remove()">Next</a>`,
    );
    await page.click('button');
    await page.click('a');
    await expectClosed(page, stack);
  });

  test('if something beside its alert dialog is pressed, though the page removes the dialog', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `<div role="alertdialog" id="alert">${offer('kept')}</div><p style="height: 300px"></p><script>onclick = () => alert.remove?.() ?? document.querySelector('#alert')?.remove()</script>`,
    );
    await page.mouse.click(900, 500);
    await expectClosed(page, stack);
  });

  for (const [name, act] of [
    ['after Escape', (page: Page) => page.keyboard.press('Escape')],
    ['after a press on a dialog that covers the page', (page: Page) => page.mouse.click(900, 500)],
  ] as const) {
    test(`if the page goes to another view ${name}`, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `<div role="dialog" id="full" style="position: fixed; inset: 0">${offer('kept')}</div><script>
           const leave = () => { history.pushState({}, '', '/next'); full.remove() };
           onkeydown = leave;
           full.onclick = leave;
         </script>`,
      );
      await act(page);
      await expectClosed(page, stack);
    });
  }
});
