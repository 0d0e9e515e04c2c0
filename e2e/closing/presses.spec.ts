import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id: string) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" style="height: 90px">${id}</div>`;

const held = (tag: string, attributes: string, id: string, right: number) =>
  `<${tag} class="held" id="${id}" ${attributes} style="position: fixed; inset: auto ${right}px 0 auto; margin: 0;
     border: 0; padding: 30px; width: 150px; background: silver">${offer(`in-${id}`)}</${tag}>`;

/** Holders that no browser closes by a press outside. Only the scripts of their page do. */
const HOLDERS: Readonly<Record<string, string>> = {
  dialog: held('dialog', 'open', 'dialog', 0),
  popover: `${held('div', 'popover="manual" role="dialog"', 'popover', 250)}<script>popover.showPopover()</script>`,
  flyout: held('div', 'role="dialog"', 'flyout', 500),
  modal: held('div', 'role="dialog" aria-modal="true"', 'modal', 750),
};
const ALERT = held('div', 'role="alertdialog"', 'alert', 1000);

/** `leave` shows another view, which has none of the holders. */
const SCRIPT = `<script>
  document.addEventListener('offersight:dismissed', ({ detail }) => {
    sessionStorage.reasons = (sessionStorage.reasons ?? '') + detail.reason + ' ';
  });
  const leave = () => {
    for (const each of document.querySelectorAll('.held')) each.remove();
    document.querySelector('main').innerHTML = '<h1>Next</h1>';
  };
  const route = (url) => history.pushState({}, '', url);
</script>`;

/** Opens a page whose `main` has something to press, and waits until closing is noticed there. */
const openReady = async (
  page: Page,
  stack: Stack,
  inside: string,
  holders = Object.values(HOLDERS).join(''),
): Promise<void> => {
  await stack.open(
    page,
    `<main tabindex="-1" style="min-height: 500px">${offer('elsewhere')}${inside}</main>${holders}${SCRIPT}`,
  );
  await trackerStats(page);
};

/** Expects that these are closed, and an offer that counts last. */
const expectClosed = async (page: Page, stack: Stack, holders: readonly string[] = []): Promise<void> => {
  await page.locator('h1').waitFor();
  // If nothing is expected, that offer counts when no consequence of the press can follow any more.
  await showWitness(page, holders.length ? 0 : CONSEQUENCE_MS);
  await stack.expectRecorded([
    ...holders.flatMap((id) => [`viewed in-${id}`, `dismissed in-${id}`]),
    'viewed witness',
  ]);
  const reasons = await page.evaluate(() => sessionStorage.getItem('reasons') ?? '');
  expect(reasons).toBe('backdrop '.repeat(holders.length));
};

/** A blank place, below everything else that is pressed. */
const BLANK = { x: 900, y: 400 };

const ROW = 'style="height: 40px; width: 300px"';

test.describe('a press that leads to a view without the offers closes none of them', () => {
  const pressed: Readonly<Record<string, string>> = {
    'a link': '<a class="press" href="#next" onclick="leave()">Next</a>',
    'a link without href': '<a class="press">Next</a>',
    'a list item': '<ul><li class="press">Next</li></ul>',
    'an element in a list item':
      '<div role="list"><div role="listitem"><b class="press">Next</b></div></div>',
    'an option in a portal': `<div role="listbox" style="position: fixed; left: 0; bottom: 0">
       <div class="press" role="option">Next</div></div>`,
    'a tab': `<div class="press" role="tab" ${ROW}>Next</div>`,
    'a card that can be focused': `<div class="press" tabindex="0" ${ROW}>Next</div>`,
    'a card with a handler of its own': `<div class="press" onclick="void 0" ${ROW}>Next</div>`,
    'a card with a pointer cursor': `<div ${ROW.replace('style="', 'style="cursor: pointer; ')}><b class="press">Next</b></div>`,
    'a label': '<label class="press">Next</label>',
    'a summary': '<details><summary class="press">Next</summary></details>',
    'a text field': '<input class="press">',
  };
  for (const [name, inside] of Object.entries(pressed)) {
    test(`if it is on ${name}`, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `${inside}<script>document.querySelector('.press').addEventListener('click', () => leave())</script>`,
      );
      await page.click('.press');
      await expectClosed(page, stack);
    });
  }

  for (const [name, holder] of Object.entries(HOLDERS)) {
    test(`if it is on the padding of the ${name} itself`, async ({ page, stack }) => {
      await openReady(page, stack, '', `${holder}<script>${name}.onclick = () => leave()</script>`);
      await page.locator(`#${name}`).click({ position: { x: 10, y: 10 } });
      await expectClosed(page, stack);
    });
  }

  test('if it is on the page below a view transition, during which the root is hit', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `<a href="#next">Next</a><script>
         document.querySelector('a').onclick = () => document.startViewTransition(async () => {
           await new Promise((resolve) => { loaded = resolve });
           leave();
         });
         addEventListener('pointerdown', ({ target }) => { document.documentElement.dataset.hit = target.localName });
       </script>`,
    );
    await page.click('a');
    await expect.poll(() => page.evaluate('typeof loaded')).toBe('function');
    const { x, y } = (await page.locator('a').boundingBox()) ?? BLANK;
    await page.mouse.click(x + 5, y + 5);
    expect(await page.locator('html').getAttribute('data-hit')).toBe('html');
    await page.evaluate('loaded()');
    await expectClosed(page, stack);
  });

  const routes: Readonly<Record<string, string>> = {
    'by its path': "route('/next'); leave()",
    'by its path, and the view follows': "route('/next'); setTimeout(leave, 300)",
    'by its path, after the view': "leave(); route('/next')",
    'by its query': "route('?view=next'); leave()",
    'by a fragment that is a path': "route('#/next'); leave()",
    'by a fragment that is a path after a mark': "route('#!next'); leave()",
  };
  for (const [name, act] of Object.entries(routes)) {
    test(`if the URL shows the change of view ${name}`, async ({ page, stack }) => {
      await openReady(page, stack, `<script>onclick = () => { ${act} }</script>`);
      await page.mouse.click(BLANK.x, BLANK.y);
      await expectClosed(page, stack);
    });
  }
});

test.describe('a press that can only be meant to close', () => {
  const overlay = (attributes: string, inside = '') =>
    `<div style="position: fixed; inset: 0; background: #0004" ${attributes}>${inside}</div>`;
  /** An alert dialog waits for an answer. */
  const all = Object.keys(HOLDERS);

  const outside: Readonly<Record<string, string>> = {
    'an overlay': overlay('onclick="leave()"'),
    'an overlay that is a button with a pointer cursor':
      '<button onclick="leave()" style="position: fixed; inset: 0; width: 100%; cursor: pointer">x</button>',
    'an overlay whose close changes the URL': overlay(`onclick="route('/'); leave()"`),
    'an overlay that is a link out of a view kept in the URL':
      '<a href="#/" onclick="leave()" style="position: fixed; inset: 0"></a>',
    'an overlay in the top layer': `<div popover="manual" class="over" onclick="route('/'); leave()"
       style="position: absolute; inset: 0; border: 0; width: 100%; height: 100%; margin: 0"></div>
       <script>document.querySelector('.over').showPopover()</script>`,
    'an element that fills an overlay': overlay(
      '',
      `<div tabindex="-1" style="height: 100%" onclick="route('/'); leave()"></div>`,
    ),
    'a blank spot of the page': '<script>onclick = () => leave()</script>',
    'a blank spot of the page, from where it scrolls to a fragment':
      "<script>onclick = () => { route('#top'); leave() }</script>",
    'the root, below the end of the page':
      '<style>main { max-height: 120px; min-height: 0 !important }</style><script>onclick = () => leave()</script>',
  };
  for (const [name, inside] of Object.entries(outside)) {
    test(`closes all holders of offers if it is on ${name}`, async ({ page, stack }) => {
      await openReady(page, stack, inside, `${Object.values(HOLDERS).join('')}${ALERT}`);
      await page.mouse.click(BLANK.x, BLANK.y);
      await expectClosed(page, stack, all);
    });
  }

  const own: Readonly<Record<string, string>> = {
    'a modal dialog, whose page closes it by a press on its backdrop': `<dialog id="own">${offer('in-own')}</dialog>
       <script>own.showModal(); own.onclick = ({ target }) => { if (target === own) { own.close(); leave() } }</script>`,
    'a modal dialog that is kept in the URL': `<dialog id="own">${offer('in-own')}</dialog><script>own.showModal();
       own.onclick = ({ target }) => { if (target === own) { route('/'); own.close(); leave() } }</script>`,
    'a dialog that the browser closes then': `<dialog id="own" closedby="any">${offer('in-own')}</dialog>
       <script>own.show(); own.onclose = () => leave()</script>`,
    'a popover that the browser closes then': `<div id="own" popover>${offer('in-own')}</div>
       <script>own.showPopover(); own.ontoggle = () => own.matches(':popover-open') || leave()</script>`,
    'a dialog that is an overlay itself': `<div id="own" role="dialog" style="position: fixed; inset: 0; background: #0004">
       ${offer('in-own')}</div><script>own.onclick = () => { own.remove(); leave() }</script>`,
    'a dialog that holds an overlay and an element that fills it': `<div id="own" role="dialog" style="position: relative">
       <div style="position: fixed; inset: 0"><div style="min-height: 100%">${offer('in-own')}</div></div></div>
       <script>own.onclick = () => { route('/'); own.remove(); leave() }</script>`,
  };
  for (const [name, holder] of Object.entries(own)) {
    test(`closes ${name}`, async ({ page, stack }) => {
      await openReady(page, stack, '', holder);
      await page.mouse.click(BLANK.x, BLANK.y);
      await expectClosed(page, stack, ['own']);
    });
  }

  const light: Readonly<Record<string, string>> = {
    'a dialog that the browser closes then': `<dialog id="own" closedby="any">${offer('in-own')}</dialog><script>own.show()</script>`,
    'a popover that the browser closes then': `<div id="own" popover>${offer('in-own')}</div><script>own.showPopover()</script>`,
  };
  for (const [name, holder] of Object.entries(light)) {
    test(`closes ${name}, even if it is on a link to another view`, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `<a href="/next" onclick="event.preventDefault(); route('/next'); leave()"
            style="position: fixed; left: 0; bottom: 0">Next</a>`,
        holder,
      );
      await page.click('a');
      await expectClosed(page, stack, ['own']);
    });
  }
});
