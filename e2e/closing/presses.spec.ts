/** Presses beside holders of offers: those that lead to a view without the offers, and those that can only close. */
import { expect, test } from '../fixtures/stack.js';
import { type Act, at, closing, doAll, expectOnly, offer, openReady, type Row } from './rows.js';

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
const ALL = Object.values(HOLDERS).join('');
const IN_ALL = Object.keys(HOLDERS)
  .map((id) => `in-${id}`)
  .join(' ');
/** An alert dialog waits for an answer. */
const ALERT = held('div', 'role="alertdialog"', 'alert', 1000);

/** `leave` shows another view, which has none of the holders. */
const SCRIPT = `<script>
  const leave = () => {
    for (const each of document.querySelectorAll('.held')) each.remove();
    document.querySelector('main').innerHTML = '<h1>Next</h1>';
  };
  const route = (url) => history.pushState({}, '', url);
</script>`;

/** A page whose `main` has something to press, beside holders. */
const beside = (inside: string, holders = ALL): string =>
  `<main tabindex="-1" style="min-height: 500px">${inside}</main>${holders}${SCRIPT}`;

const left: Act = (page) => page.locator('h1').waitFor();

/** A blank place, below everything else that is pressed. */
const BLANK = at(900, 400);

const ROW = 'style="height: 40px; width: 300px"';

test.describe('a press that leads to a view without the offers closes none of them', () => {
  const PRESSED: Readonly<Record<string, string>> = {
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
  const ROUTES: Readonly<Record<string, string>> = {
    'by its path, and the view follows': "route('/next'); setTimeout(leave, 300)",
    'by its path, after the view': "leave(); route('/next')",
    'by its query': "route('?view=next'); leave()",
    'by a fragment that is a path': "route('#/next'); leave()",
    'by a fragment that is a path after a mark': "route('#!next'); leave()",
  };
  const rows: readonly (readonly [name: string, row: Row])[] = [
    ...Object.entries(PRESSED).map(([name, inside]): [string, Row] => [
      `if it is on ${name}`,
      [
        beside(
          `${inside}<script>document.querySelector('.press').addEventListener('click', () => leave())</script>`,
        ),
        ['.press', left],
      ],
    ]),
    ...Object.entries(HOLDERS).map(([name, holder]): [string, Row] => [
      `if it is on the padding of the ${name} itself`,
      [
        beside('', `${holder}<script>${name}.onclick = () => leave()</script>`),
        [(page) => page.locator(`#${name}`).click({ position: { x: 10, y: 10 } }), left],
      ],
    ]),
    ...Object.entries(ROUTES).map(([name, act]): [string, Row] => [
      `if the URL shows the change of view ${name}`,
      [beside(`<script>onclick = () => { ${act} }</script>`), [BLANK, left]],
    ]),
  ];
  for (const [name, row] of rows) test(name, closing(row));

  test('if it is on the page below a view transition, during which the root is hit', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      beside(`<a href="#next">Next</a><script>
         document.querySelector('a').onclick = () => document.startViewTransition(async () => {
           await new Promise((resolve) => { loaded = resolve });
           leave();
         });
         addEventListener('pointerdown', ({ target }) => { document.documentElement.dataset.hit = target.localName });
       </script>`),
    );
    await page.click('a');
    await expect.poll(() => page.evaluate('typeof loaded')).toBe('function');
    await page.mouse.click(15, 10);
    expect(await page.locator('html').getAttribute('data-hit')).toBe('html');
    await page.evaluate('loaded()');
    await doAll(page, left);
    await expectOnly(page, stack);
  });
});

test.describe('a press that can only be meant to close', () => {
  const overlay = (attributes: string, inside = '') =>
    `<div style="position: fixed; inset: 0; background: #0004" ${attributes}>${inside}</div>`;
  const OUTSIDE: Readonly<Record<string, string>> = {
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
  const OWN: Readonly<Record<string, string>> = {
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
  const LIGHT: Readonly<Record<string, string>> = {
    'a dialog that the browser closes then': `<dialog id="own" closedby="any">${offer('in-own')}</dialog><script>own.show()</script>`,
    'a popover that the browser closes then': `<div id="own" popover>${offer('in-own')}</div><script>own.showPopover()</script>`,
  };
  const LINK = `<a href="/next" onclick="event.preventDefault(); route('/next'); leave()" style="position: fixed; left: 0; bottom: 0">Next</a>`;
  const rows: readonly (readonly [name: string, row: Row])[] = [
    ...Object.entries(OUTSIDE).map(([name, inside]): [string, Row] => [
      `closes all holders of offers if it is on ${name}`,
      [beside(inside, ALL + ALERT), [BLANK, left], IN_ALL, 'backdrop'],
    ]),
    ...Object.entries(OWN).map(([name, holder]): [string, Row] => [
      `closes ${name}`,
      [beside('', holder), [BLANK, left], 'in-own', 'backdrop'],
    ]),
    ...Object.entries(LIGHT).map(([name, holder]): [string, Row] => [
      `closes ${name}, even if it is on a link to another view`,
      [beside(LINK, holder), ['a', left], 'in-own', 'backdrop'],
    ]),
  ];
  for (const [name, row] of rows) test(name, closing(row));
});
