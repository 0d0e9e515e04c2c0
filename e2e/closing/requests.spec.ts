/** Ways of closing that the browser or the page answers: Escape, a press outside, and what only looks like these. */
import type { Page } from '@playwright/test';
import { holdTimers } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import {
  BLANK,
  both,
  closing,
  ESCAPE,
  expectOnly,
  gone,
  js,
  modal,
  offer,
  openReady,
  pass,
  popover,
  quoted,
  type Row,
} from './rows.js';

/**
 * A button that opens nested holders. They must be opened by a press: without a user's activation the browser treats
 * two of them as one, and closes both by one Escape.
 */
const opener = (how: string) => `<button id="open" onclick="${how}">Open</button>`;

const POPOVER_IN_DIALOG = `${opener('modal.showModal(); pop.showPopover()')}
  <dialog id="modal">${offer('in-dialog')}<div id="pop" popover style="margin: 20px">${offer('in-popover')}</div></dialog>`;

test.describe('Escape', () => {
  const ROWS: Readonly<Record<string, Row>> = {
    'closes both offers in a modal dialog': [
      modal(offer('left') + offer('right')),
      ESCAPE,
      'left right',
      'escape',
    ],
    'closes the offer in a popover': [popover(offer('light')), ESCAPE, 'light', 'escape'],
    'closes the popover in a dialog first, and the dialog the next time': [
      POPOVER_IN_DIALOG,
      ['#open', ESCAPE, gone('#pop'), ESCAPE],
      'in-popover in-dialog',
      'escape',
    ],
    'closes the inner of two dialogs, and not the offers of the outer one': [
      `${opener('outer.showModal(); inner.showModal()')}
       <dialog id="outer">${offer('outer-offer')}<dialog id="inner">${offer('inner-offer')}</dialog></dialog>`,
      ['#open', ESCAPE],
      'inner-offer',
      'escape',
    ],
    'closes the upper of two dialogs beside each other': [
      `${opener('lower.showModal(); upper.showModal()')}
       <dialog id="upper">${offer('upper-offer')}</dialog><dialog id="lower">${offer('lower-offer')}</dialog>`,
      ['#open', ESCAPE],
      'upper-offer',
      'escape',
    ],
    'closes the dialog in a shadow root that an offer is slotted into': [
      `<x-dialog><template shadowrootmode="open"><dialog><slot></slot></dialog></template>${offer('slotted')}</x-dialog>
       <script>document.querySelector('x-dialog').shadowRoot.firstChild.showModal()</script>`,
      ESCAPE,
      'slotted',
      'escape',
    ],
    'closes a dialog inside an offer that has no box of its own': [
      `<shop-dialog data-offer-id="shut" data-offer-dwell="60000" style="display: contents"><template shadowrootmode="open">
         <dialog style="width: 300px; height: 200px">Half price</dialog></template></shop-dialog>
       <script>document.querySelector('shop-dialog').shadowRoot.querySelector('dialog').showModal()</script>`,
      ESCAPE,
      'shut',
    ],
    'closes only what a scrolled dialog shows of its offers': [
      `<dialog id="modal" style="height: 220px; overflow: auto">${offer('top')}<div style="height: 900px"></div>
         ${offer('below')}${offer('hidden', '', 'hidden')}</dialog><script>modal.showModal(); modal.scrollTop = 0</script>`,
      ESCAPE,
      'top',
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));

  test('adds only dismissed if the offer has been viewed', async ({ page, stack }) => {
    await openReady(page, stack, modal(offer('seen').replace('60000', '0')));
    await stack.expectRecorded(['viewed seen']);
    await page.keyboard.press('Escape');
    await expectOnly(page, stack, both('seen'));
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
    await expectOnly(page, stack, both('boxed'));
  });
});

test.describe('a press outside', () => {
  const OVERLAY = (inside: string, then = '') =>
    `<div id="overlay" role="dialog" style="position: fixed; inset: 0; background: #0008">
       <div style="margin: 100px auto; width: 400px; background: white">${inside}</div></div><script>${then}</script>`;
  const ROWS: Readonly<Record<string, Row>> = {
    'a dialog that the browser closes then closes the offer in it': [
      modal(offer('light'), 'closedby="any"'),
      BLANK,
      'light',
      'backdrop',
    ],
    'a dialog whose backdrop the page handles closes the offer in it': [
      modal(offer('own'), 'onclick="if (event.target === this) this.close()"'),
      BLANK,
      'own',
      'backdrop',
    ],
    'a popover closes the offer in it': [popover(offer('light')), BLANK, 'light', 'backdrop'],
    'a popover on the button that toggles it closes the offer in it': [
      `<button popovertarget="pop">Offers</button><div id="pop" popover style="margin: 200px">${offer('toggled')}</div>`,
      ['button', (page) => expect(page.locator('#pop')).toBeVisible(), 'button'],
      'toggled',
      'control',
    ],
    'a popover on a close control of something else closes the offer in it': [
      `<aside>Cookies <button id="cookies" aria-label="Close">x</button></aside>${popover(offer('light'))}`,
      ['#cookies', gone('#pop')],
      'light',
      'backdrop',
    ],
    'a popover in a dialog closes only the popover’s offer': [
      POPOVER_IN_DIALOG,
      ['#open', '[data-offer-id=in-dialog]'],
      'in-popover',
      'backdrop',
    ],
    'the box of an overlay that is itself the dialog, as Bootstrap has it, closes the offer in it': [
      OVERLAY(
        offer('modal'),
        "overlay.onclick = ({ target }) => { if (target === overlay) overlay.style.display = 'none' }",
      ),
      BLANK,
      'modal',
      'backdrop',
    ],
    'a panel on the overlay that is inside its dialog closes the offer in it': [
      `<div role="dialog" aria-modal="true" id="holder"><div style="position: fixed; inset: 0; background: #0004"></div>
         <div style="position: fixed; inset: 0; display: flex; align-items: center; justify-content: center"
           onclick="if (event.target === this) holder.remove()"><div>${offer('panel')}</div></div></div>`,
      BLANK,
      'panel',
      'backdrop',
    ],
    'a box on a backdrop that is an element of its own closes the offer in the box': [
      `<div id="shade" style="position: fixed; inset: 0; background: #0008"></div>
       <div id="box" role="dialog" style="position: fixed; left: 500px; top: 200px">${offer('boxed')}</div>
       <script>shade.onclick = () => { shade.remove(); box.remove() }</script>`,
      BLANK,
      'boxed',
      'backdrop',
    ],
    'the inner one of two dialogs closes only the inner one’s offer': [
      `<dialog id="outer" closedby="any" style="width: 900px">${offer('outer-offer')}
         <dialog id="inner" closedby="any">${offer('inner-offer')}</dialog></dialog>
       <script>outer.showModal(); inner.showModal()</script>`,
      // The press is inside the outer dialog.
      (page) => page.locator('#outer').click({ position: { x: 10, y: 10 }, force: true }),
      'inner-offer',
      'backdrop',
    ],
    'a dialog that stays closes nothing': [
      modal(offer('stays')),
      [BLANK, (page) => expect(page.locator('#modal')).toBeVisible()],
    ],
    'the box of a small dialog, on its padding, closes nothing': [
      `<div id="box" role="dialog" style="padding: 60px; width: 300px">${offer('stays')}</div>`,
      (page) => page.locator('#box').click({ position: { x: 10, y: 10 } }),
    ],
    'is not one inside the box of an overlay, just before the page hides the overlay': [
      OVERLAY(
        `${offer('stays')}<p>Terms</p>`,
        "document.querySelector('p').onclick = () => overlay.remove()",
      ),
      ['p', gone('#overlay')],
    ],
    'an alert dialog closes nothing, though the page removes it': [
      `<div role="alertdialog" id="asks">${offer('stays')}</div><script>onclick = () => document.querySelector('#asks')?.remove()</script>`,
      BLANK,
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));
});

test.describe('an offer is not dismissed', () => {
  const INSIDE = offer('stays');
  const refusing = modal(INSIDE, 'oncancel="event.preventDefault()"');
  const leaving = `<div role="dialog" id="full" style="position: fixed; inset: 0">${INSIDE}</div><script>
    const leave = () => { history.pushState({}, '', '/next'); full.remove() };
    onkeydown = leave;
    full.onclick = leave;
  </script>`;
  const route = (
    main: string,
  ) => `<a href="/next">Next</a>${main}<script>document.querySelector('a').onclick = (event) => {
    event.preventDefault();
    history.pushState({}, '', '/next');
    document.querySelector('main').innerHTML = '<h1>Next</h1>';
  }</script>`;
  const ROWS: Readonly<Record<string, Row>> = {
    'if the page refuses Escape': [
      refusing,
      [ESCAPE, (page) => expect(page.locator('#modal')).toBeVisible()],
    ],
    'if the page refuses Escape and closes the dialog by itself later': [
      refusing,
      [ESCAPE, pass(1_100), js('modal.close()')],
    ],
    'if Escape is pressed while nothing is open, though the page changes just then': [
      `${INSIDE}<dialog>${offer('never-open')}</dialog>`,
      [ESCAPE, js("document.querySelector('[data-offer-id=stays]').remove()")],
    ],
    'if a script makes the Escape': [
      `<div id="box" role="dialog">${INSIDE}</div><script>addEventListener('keydown', ({ key }) => key === 'Escape' && box.remove())</script>`,
      [
        js("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))"),
        gone('#box'),
      ],
    ],
    'if the page goes to another view after Escape': [leaving, ESCAPE],
    'if the page goes to another view after a press on a dialog that covers the page': [leaving, BLANK],
    'if a link leads to another view of the same document': [route(`<main>${INSIDE}</main>`), 'a'],
    'if a link leads from a side panel to another view': [
      route(`<main><div role="dialog">${INSIDE}</div></main>`),
      'a',
    ],
    'if the user goes back to the previous view': [
      `<main></main><script>
         history.pushState({}, '', '/offers');
         document.querySelector('main').innerHTML = ${quoted(INSIDE)};
         addEventListener('popstate', () => { document.querySelector('main').innerHTML = '<h1>Before</h1>' });
       </script>`,
      (page: Page) => page.goBack(),
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));

  const SCRIPTS: Readonly<Record<string, readonly [body: string, act: string]>> = {
    'close() of a dialog': [modal(INSIDE), 'modal.close()'],
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
    'hiding its role=dialog': [
      `<div id="box" role="dialog">${INSIDE}</div>`,
      "box.style.visibility = 'hidden'",
    ],
    'another offer in its place': [
      INSIDE,
      "document.querySelector('[data-offer-id=stays]').dataset.offerId = 'next'",
    ],
  };
  for (const [name, [body, act]] of Object.entries(SCRIPTS))
    test(`if the page’s own script does it: ${name}`, closing([body, js(act)]));

  const TOASTS: Readonly<Record<string, string>> = {
    'a toast of role=status': `<div id="toast" role="status">${INSIDE}</div>`,
    'a toast that is a manual popover': `<div id="toast" popover="manual" style="margin: 200px">${INSIDE}</div><script>toast.showPopover()</script>`,
  };
  for (const [name, toast] of Object.entries(TOASTS))
    for (const [actName, act] of Object.entries({ 'a press elsewhere': BLANK, Escape: ESCAPE }))
      test(
        `if ${name} hides itself just after ${actName}`,
        closing([
          `${toast}<script>
             const hide = () => setTimeout(() => toast.popover ? toast.hidePopover() : toast.remove(), 300);
             for (const type of ['click', 'keyup']) addEventListener(type, hide, { once: true });
           </script>`,
          [act, gone('#toast')],
        ]),
      );

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
    await expectOnly(page, stack);
  });
});
