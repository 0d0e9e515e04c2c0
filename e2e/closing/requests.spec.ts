import type { Page } from '@playwright/test';
import { holdTimers, trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id: string) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" style="height: 90px">${id}</div>`;

const modal = (inside: string, attributes = '') =>
  `<dialog id="modal" ${attributes}>${inside}</dialog><script>modal.showModal()</script>`;

const popover = (inside: string, kind = 'auto') =>
  `<div id="pop" popover="${kind}" style="margin: 200px">${inside}</div><script>pop.showPopover()</script>`;

/**
 * A button that opens nested holders. They must be opened by a press: without a user's activation the browser treats
 * two of them as one, and closes both by one Escape.
 */
const opener = (how: string) => `<button id="open" onclick="${how}">Open</button>`;

const POPOVER_IN_DIALOG = `${opener('modal.showModal(); pop.showPopover()')}
  <dialog id="modal">${offer('in-dialog')}
    <div id="pop" popover style="margin: 20px">${offer('in-popover')}</div></dialog>`;

/** Opens a page with an offer that nothing closes, and waits until closing is noticed there. */
const openReady = async (page: Page, stack: Stack, body: string): Promise<void> => {
  await stack.open(page, `${offer('elsewhere')}${body}`, {
    head: `<script>
      for (const type of ['viewed', 'dismissed']) document.addEventListener('offersight:' + type, ({ detail }) => {
        sessionStorage.heard = (sessionStorage.heard ?? '') + (detail.reason ? detail.offerId + ' ' + detail.reason + ';' : '');
      });
    </script>`,
  });
  await trackerStats(page);
};

/** Expects that these are closed in this way, and an offer that counts last. */
const expectClosed = async (
  page: Page,
  stack: Stack,
  reasons: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const ids = Object.keys(reasons);
  // If nothing is expected, that offer counts when no consequence of the user's action can follow any more.
  await showWitness(page, ids.length ? 0 : CONSEQUENCE_MS);
  await stack.expectRecorded([...ids.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]), 'viewed witness']);
  const heard = await page.evaluate(() => (sessionStorage.getItem('heard') ?? '').split(';').filter(Boolean));
  expect(Object.fromEntries(heard.map((row) => row.split(' ') as [string, string]))).toEqual(reasons);
};

/** Waits until so many milliseconds of the page's own time have passed, as the page's own scripts would. */
const pageTimeout = (page: Page, ms: number): Promise<void> =>
  page.evaluate((delay) => new Promise<void>((resolve) => setTimeout(resolve, delay)), ms);

test.describe('Escape', () => {
  test('closes both offers in a modal dialog', async ({ page, stack }) => {
    await openReady(page, stack, modal(`${offer('left')}${offer('right')}`));
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, { left: 'escape', right: 'escape' });
  });

  test('closes the offer in a popover', async ({ page, stack }) => {
    await openReady(page, stack, popover(offer('light')));
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, { light: 'escape' });
  });

  test('adds only dismissed if the offer has been viewed', async ({ page, stack }) => {
    await openReady(page, stack, modal(offer('seen').replace('60000', '0')));
    await stack.expectRecorded(['viewed seen']);
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, { seen: 'escape' });
  });

  test('closes a role=dialog if the page’s own script answers the key, also after the dialog has faded out', async ({
    page,
    stack,
  }) => {
    await page.clock.install();
    await openReady(
      page,
      stack,
      `<div id="box" role="dialog" style="transition: opacity 400ms">${offer('boxed')}</div>
       <script>document.addEventListener('keydown', (event) => {
         if (event.key === 'Escape') box.style.opacity = 0;
         event.stopImmediatePropagation();
       }, true)</script>`,
    );
    const goOn = await holdTimers(page);
    await page.keyboard.press('Escape');
    await expect(page.locator('#box')).toHaveCSS('opacity', '0');
    await goOn();
    await expectClosed(page, stack, { boxed: 'escape' });
  });

  test('closes the popover in a dialog first, and the dialog the next time', async ({ page, stack }) => {
    await openReady(page, stack, POPOVER_IN_DIALOG);
    await page.click('#open');
    await page.keyboard.press('Escape');
    await stack.expectRecorded(['viewed in-popover', 'dismissed in-popover']);
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, { 'in-popover': 'escape', 'in-dialog': 'escape' });
  });

  test('closes the inner of two dialogs, and not the offers of the outer one', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${opener('outer.showModal(); inner.showModal()')}
       <dialog id="outer">${offer('outer-offer')}<dialog id="inner">${offer('inner-offer')}</dialog></dialog>`,
    );
    await page.click('#open');
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, { 'inner-offer': 'escape' });
  });

  test('closes the upper of two dialogs beside each other', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${opener('lower.showModal(); upper.showModal()')}
       <dialog id="upper">${offer('upper-offer')}</dialog><dialog id="lower">${offer('lower-offer')}</dialog>`,
    );
    await page.click('#open');
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, { 'upper-offer': 'escape' });
  });

  test('closes the dialog in a shadow root that an offer is slotted into', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<script>
         customElements.define('x-dialog', class extends HTMLElement {
           constructor() {
             super();
             this.attachShadow({ mode: 'open' }).innerHTML = '<dialog><slot></slot></dialog>';
           }
         });
       </script>
       <x-dialog>${offer('slotted')}</x-dialog>
       <script>document.querySelector('x-dialog').shadowRoot.firstChild.showModal()</script>`,
    );
    await page.keyboard.press('Escape');
    await expectClosed(page, stack, { slotted: 'escape' });
  });
});

test.describe('a press outside', () => {
  test('a dialog that the browser closes then closes the offer in it', async ({ page, stack }) => {
    await openReady(page, stack, modal(offer('light'), 'closedby="any"'));
    await page.mouse.click(20, 500);
    await expectClosed(page, stack, { light: 'backdrop' });
  });

  test('a dialog whose backdrop the page handles closes the offer in it', async ({ page, stack }) => {
    await openReady(page, stack, modal(offer('own'), 'onclick="if (event.target === this) this.close()"'));
    await page.mouse.click(20, 500);
    await expectClosed(page, stack, { own: 'backdrop' });
  });

  test('a popover closes the offer in it', async ({ page, stack }) => {
    await openReady(page, stack, popover(offer('light')));
    await page.mouse.click(20, 500);
    await expectClosed(page, stack, { light: 'backdrop' });
  });

  test('a popover on the button that toggles it closes the offer in it', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<button popovertarget="pop">Offers</button>
       <div id="pop" popover style="margin: 200px">${offer('toggled')}</div>`,
    );
    await page.click('button');
    await expect(page.locator('#pop')).toBeVisible();
    await page.click('button');
    await expectClosed(page, stack, { toggled: 'control' });
  });

  test('a popover on a close control of something else closes the offer in it', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<aside>Cookies <button id="cookies" aria-label="Close">x</button></aside>${popover(offer('light'))}`,
    );
    await page.click('#cookies');
    await page.locator('#pop').waitFor({ state: 'hidden' });
    await expectClosed(page, stack, { light: 'backdrop' });
  });

  test('a popover in a dialog closes only the popover’s offer', async ({ page, stack }) => {
    await openReady(page, stack, POPOVER_IN_DIALOG);
    await page.click('#open');
    await page.click('[data-offer-id=in-dialog]');
    await expectClosed(page, stack, { 'in-popover': 'backdrop' });
  });

  test('the box of an overlay that is itself the dialog, as Bootstrap has it, closes the offer in it', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `<div id="overlay" role="dialog" style="position: fixed; inset: 0; background: #0008">
         <div style="margin: 100px auto; width: 400px; background: white">${offer('modal')}</div></div>
       <script>overlay.onclick = ({ target }) => { if (target === overlay) overlay.style.display = 'none' }</script>`,
    );
    await page.mouse.click(20, 500);
    await expectClosed(page, stack, { modal: 'backdrop' });
  });

  test('a box on a backdrop that is an element of its own closes the offer in the box', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `<div id="shade" style="position: fixed; inset: 0; background: #0008"></div>
       <div id="box" role="dialog" style="position: fixed; left: 500px; top: 200px">${offer('boxed')}</div>
       <script>shade.onclick = () => { shade.remove(); box.remove() }</script>`,
    );
    await page.mouse.click(20, 500);
    await expectClosed(page, stack, { boxed: 'backdrop' });
  });

  test('the inner one of two dialogs closes only the inner one’s offer', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<dialog id="outer" closedby="any" style="width: 900px">${offer('outer-offer')}
         <dialog id="inner" closedby="any">${offer('inner-offer')}</dialog></dialog>
       <script>outer.showModal(); inner.showModal()</script>`,
    );
    // The press is inside the outer dialog.
    await page.locator('#outer').click({ position: { x: 10, y: 10 }, force: true });
    await expectClosed(page, stack, { 'inner-offer': 'backdrop' });
  });
});

test.describe('a close request by a control', () => {
  test('counts once the dialog closes, which might have refused', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      modal(`<button command="request-close" commandfor="modal">x</button>${offer('asked')}`),
    );
    await page.click('button');
    await page.locator('#modal').waitFor({ state: 'hidden' });
    await stack.expectRecorded(['viewed asked', 'dismissed asked']);
  });
});

test.describe('an offer is not dismissed', () => {
  const INSIDE = offer('stays');

  test('if the page refuses Escape', async ({ page, stack }) => {
    await openReady(page, stack, modal(INSIDE, 'oncancel="event.preventDefault()"'));
    await page.keyboard.press('Escape');
    await expectClosed(page, stack);
    await expect(page.locator('#modal')).toBeVisible();
  });

  test('if the page refuses Escape and closes the dialog by itself later', async ({ page, stack }) => {
    await openReady(page, stack, modal(INSIDE, 'oncancel="event.preventDefault()"'));
    await page.keyboard.press('Escape');
    await pageTimeout(page, 1_100);
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await expectClosed(page, stack);
  });

  test('if its holder stays after a press beside it', async ({ page, stack }) => {
    await openReady(page, stack, modal(INSIDE));
    await page.mouse.click(20, 500);
    await expectClosed(page, stack);
    await expect(page.locator('#modal')).toBeVisible();
  });

  test('if a small role=dialog stays after a press on its padding', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div id="box" role="dialog" style="padding: 60px; width: 300px">${INSIDE}</div>`,
    );
    await page.locator('#box').click({ position: { x: 10, y: 10 } });
    await expectClosed(page, stack);
  });

  test('if a press inside the box of an overlay comes just before the page hides the overlay', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `<div id="overlay" role="dialog" style="position: fixed; inset: 0; background: #0008">
         <div style="margin: 100px auto; width: 400px; background: white">${INSIDE}<p>Terms</p></div></div>
       <script>document.querySelector('p').onclick = () => overlay.remove()</script>`,
    );
    await page.click('p');
    await page.locator('#overlay').waitFor({ state: 'detached' });
    await expectClosed(page, stack);
  });

  const scripts: Readonly<Record<string, readonly [body: string, act: string]>> = {
    'close() of a dialog': [modal(INSIDE), 'modal.close()'],
    'close() of a dialog that is not modal': [
      `<dialog id="modal" open>${INSIDE}</dialog>`,
      "modal.close('no')",
    ],
    'requestClose() of a dialog': [modal(INSIDE), 'modal.requestClose()'],
    'requestClose() of a dialog inside the offer, which is removed soon after': [
      `<article id="around" data-offer-id="stays" data-offer-dwell="60000">Half price ${modal('Terms')}</article>`,
      'modal.requestClose(); setTimeout(() => around.remove(), 200)',
    ],
    'the removal of a dialog': [modal(INSIDE), 'modal.remove()'],
    'hidePopover()': [popover(INSIDE), 'pop.hidePopover()'],
    'another popover that opens': [
      `${popover(INSIDE)}<div id="next" popover>Hints</div>`,
      'next.showPopover()',
    ],
    'the removal of the offer': [INSIDE, "document.querySelector('[data-offer-id=stays]').remove()"],
    'hiding the offer': [INSIDE, "document.querySelector('[data-offer-id=stays]').hidden = true"],
    'hiding its role=dialog': [
      `<div id="box" role="dialog">${INSIDE}</div>`,
      "box.style.visibility = 'hidden'",
    ],
    'another offer in its place': [
      INSIDE,
      "document.querySelector('[data-offer-id=stays]').dataset.offerId = 'next'",
    ],
  };
  for (const [name, [body, act]] of Object.entries(scripts)) {
    test(`if the page’s own script does it: ${name}`, async ({ page, stack }) => {
      await openReady(page, stack, body);
      await page.evaluate(act);
      await expectClosed(page, stack);
    });
  }

  const toasts: Readonly<Record<string, string>> = {
    'a plain toast': `<div id="toast">${INSIDE}</div>`,
    'a toast of role=alert': `<div id="toast" role="alert">${INSIDE}</div>`,
    'a toast of role=status': `<div id="toast" role="status">${INSIDE}</div>`,
    'a toast that is a manual popover': `<div id="toast" popover="manual" style="margin: 200px">${INSIDE}</div><script>toast.showPopover()</script>`,
  };
  const acts: Readonly<Record<string, (page: Page) => Promise<void>>> = {
    'a press elsewhere': (page) => page.mouse.click(20, 500),
    Escape: (page) => page.keyboard.press('Escape'),
  };
  for (const [name, toast] of Object.entries(toasts)) {
    for (const [actName, act] of Object.entries(acts)) {
      test(`if ${name} hides itself just after ${actName}`, async ({ page, stack }) => {
        await openReady(
          page,
          stack,
          `${toast}<script>
             const hide = () => setTimeout(() => toast.popover ? toast.hidePopover() : toast.remove(), 300);
             for (const type of ['click', 'keyup']) addEventListener(type, hide, { once: true });
           </script>`,
        );
        await act(page);
        await page.locator('#toast').waitFor({ state: 'hidden' });
        await expectClosed(page, stack);
      });
    }
  }

  test('if Escape only ends composing in an input method, though the page hides the box', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `<div id="box" role="dialog"><input>${INSIDE}</div>
       <script>addEventListener('keydown', ({ key, isComposing }) => {
         if (key !== 'Escape') return;
         document.documentElement.dataset.composing = isComposing;
         setTimeout(() => box.remove(), 100);
       })</script>`,
    );
    await page.focus('input');
    const session = await page.context().newCDPSession(page);
    await session.send('Input.imeSetComposition', { text: 'おふ', selectionStart: 2, selectionEnd: 2 });
    await page.keyboard.press('Escape');
    await page.locator('#box').waitFor({ state: 'detached' });
    expect(await page.locator('html').getAttribute('data-composing')).toBe('true');
    await expectClosed(page, stack);
  });

  test('if Escape is pressed while nothing is open, though the page changes just then', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, `${INSIDE}<dialog>${offer('never-open')}</dialog>`);
    await page.keyboard.press('Escape');
    await page.evaluate(() => document.querySelector('[data-offer-id=stays]')?.remove());
    await expectClosed(page, stack);
  });

  test('if a script makes the Escape', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div id="box" role="dialog">${INSIDE}</div>
       <script>addEventListener('keydown', ({ key }) => key === 'Escape' && box.remove())</script>`,
    );
    await page.evaluate(() =>
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })),
    );
    await page.locator('#box').waitFor({ state: 'detached' });
    await expectClosed(page, stack);
  });

  const routes: Readonly<Record<string, string>> = {
    'an offer in the page': `<main>${INSIDE}</main>`,
    'an offer in a side panel of role=dialog': `<main><div role="dialog">${INSIDE}</div></main>`,
  };
  for (const [name, main] of Object.entries(routes)) {
    test(`if a link leads to another view of the same document: ${name}`, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `<a href="/next">Next</a>${main}
         <script>document.querySelector('a').onclick = (event) => {
           event.preventDefault();
           history.pushState({}, '', '/next');
           document.querySelector('main').innerHTML = '<h1>Next</h1>';
         }</script>`,
      );
      await page.click('a');
      await page.locator('h1').waitFor();
      await expectClosed(page, stack);
    });
  }

  test('if the user goes back to the previous view', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<main></main><script>
         history.pushState({}, '', '/offers');
         document.querySelector('main').innerHTML = ${JSON.stringify(INSIDE).replaceAll('</', '<\\/')};
         addEventListener('popstate', () => { document.querySelector('main').innerHTML = '<h1>Before</h1>' });
       </script>`,
    );
    await page.goBack();
    await page.locator('h1').waitFor();
    await expectClosed(page, stack);
  });
});
