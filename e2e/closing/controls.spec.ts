import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import {
  at,
  both,
  closing,
  expectOnly,
  gone,
  js,
  MARKED,
  offer,
  openReady,
  quoted,
  REMOVE,
  type Row,
} from './rows.js';

const CONVENTIONAL = `<button aria-label="Close" ${REMOVE}>x</button>`;

test.describe('a marked control', () => {
  test('closes the offer that it is in, and none of its neighbours (fault 53)', async ({ page, stack }) => {
    await openReady(page, stack, ['first', 'second', 'third'].map((id) => offer(id, MARKED)).join(''));
    await page.click('[data-offer-id=second] button');
    await expectOnly(page, stack, both('second'));
  });

  test('counts once, however often it is pressed (fault 51)', async ({ page, stack }) => {
    await openReady(page, stack, offer('storm', MARKED));
    await page.dblclick('button');
    await page.keyboard.press('Enter');
    await page.locator('button').evaluate((button: HTMLElement) => {
      for (let turn = 0; turn < 50; turn++) button.click();
    });
    await expectOnly(page, stack, both('storm'));
  });

  test('counts if it leaves the page (fault 52)', async ({ page, stack }) => {
    await openReady(page, stack, offer('leaving', '<a href="/elsewhere" data-offer-dismiss>No, thanks</a>'));
    await page.click('a');
    await page.waitForURL('**/elsewhere');
    await openReady(page, stack, '<p>Imprint</p>');
    await expectOnly(page, stack, both('leaving'));
  });

  test('does nothing while it is disabled, nor does a press on something else in the offer', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `${offer('off', '<button disabled data-offer-dismiss><b>x</b></button>')}
       ${offer('off-group', '<fieldset disabled><button data-offer-dismiss><b>x</b></button></fieldset>')}
       ${offer(
         'else',
         `<p>Two months</p><a href="#more">More</a><button type="button">Size</button><input>
          <label><input type="checkbox"> Remember</label><button data-offer-dismiss>No</button>`,
       )}${offer('on', MARKED)}`,
    );
    for (const target of [
      'off] b',
      'off-group] b',
      'else] p',
      'else] a',
      'else] button[type]',
      'else] label',
    ])
      await page.locator(`[data-offer-id=${target}`).click({ force: true });
    await page.locator('[data-offer-id=else] input >> nth=0').pressSequentially('a x\n');
    await page.click('[data-offer-id=on] button');
    await expectOnly(page, stack, both('on'));
  });

  const STOPPING: Readonly<Record<string, string>> = {
    'stops every press at the document, before its target': `for (const type of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click'])
       document.addEventListener(type, (event) => event.stopImmediatePropagation(), true)`,
    'prevents the click': "document.addEventListener('click', (event) => event.preventDefault(), true)",
    'empties itself': "document.addEventListener('click', () => document.body.replaceChildren(), true)",
  };
  for (const [name, how] of Object.entries(STOPPING))
    test(
      `counts though the page ${name}`,
      closing([offer('stopped', MARKED), 'button', 'stopped'], { head: `<script>${how}</script>` }),
    );
});

test.describe('a press on a control', () => {
  const PRESSED = offer('pressed', '<button data-offer-dismiss accesskey="k">No</button>');
  const early = (control: string, when: string): Row => [
    offer('swift', `<button ${control} on${when}="this.closest('.offer').remove()">x</button>`),
    'button',
    'swift',
  ];
  const ROWS: Readonly<Record<string, Row>> = {
    'closes the offer when made by the key Enter': [
      PRESSED,
      (page) => page.press('button', 'Enter'),
      'pressed',
    ],
    'closes the offer when made by the key Space': [
      PRESSED,
      (page) => page.press('button', 'Space'),
      'pressed',
    ],
    'of a marked control closes the offer though no click follows': early('data-offer-dismiss', 'pointerup'),
    'of a conventional control closes the offer though no click follows': early(
      'aria-label="Close"',
      'pointerup',
    ),
    'of a conventional control closes the offer though the pointer is not lifted on it': early(
      'aria-label="Close"',
      'pointerdown',
    ),
    'closes nothing if the pointer leaves the control before it is lifted': [
      PRESSED,
      async (page) => {
        await page.hover('button');
        await page.mouse.down();
        await page.mouse.move(900, 700);
        await page.mouse.up();
      },
    ],
    'closes nothing when made by the secondary button': [
      PRESSED,
      (page) => page.click('button', { button: 'right' }),
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));

  test('closes the offer when made by touch', async ({ browser, stack }) => {
    const context = await browser.newContext({ hasTouch: true });
    const page = await context.newPage();
    await openReady(page, stack, PRESSED);
    await page.tap('button');
    await expectOnly(page, stack, both('pressed'));
    await context.close();
  });

  // The browser answers an access key and a screen reader's press by one method: a trusted click, and nothing before.
  test('closes the offer when made by assistive technology: a click without a pointer or a key', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, PRESSED);
    await page.evaluate(() => {
      const heard: unknown[] = [];
      Object.assign(window, { heard });
      const button = document.querySelector('button');
      for (const type of ['pointerdown', 'pointerup', 'keydown', 'click'])
        button?.addEventListener(type, (event) => heard.push([type, event.isTrusted]));
    });
    const session = await page.context().newCDPSession(page);
    const pressed = { modifiers: 1, key: 'k', code: 'KeyK', windowsVirtualKeyCode: 75 };
    await session.send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      text: 'k',
      unmodifiedText: 'k',
      ...pressed,
    });
    await session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...pressed });
    await expectOnly(page, stack, both('pressed'));
    expect(await page.evaluate('heard')).toEqual([['click', true]]);
  });
});

test.describe('a control by convention', () => {
  const CONTROLS = [
    `<button type="button" value="cancel" ${REMOVE}>No</button>`,
    `<button data-bs-dismiss="alert" ${REMOVE}>x</button>`,
    CONVENTIONAL,
    `<button aria-label="Dismiss" ${REMOVE}>x</button>`,
    `<button aria-label="Close" ${REMOVE}><svg width="20" height="20"><circle r="9"/></svg></button>`,
    `<a href="#" aria-label="Close" ${REMOVE}>x</a>`,
  ];
  test('counts if the offer is removed, and not if the offer stays or the control is disabled', async ({
    page,
    stack,
  }) => {
    const stays = CONTROLS.map((control, n) => offer(`stays-${n}`, control.replace(REMOVE, '')));
    const goes = CONTROLS.map((control, n) => offer(`goes-${n}`, control));
    await openReady(
      page,
      stack,
      `<style>.offer { float: left; width: 100px; height: 60px }</style>${stays.join('')}${goes.join('')}
       ${offer('off', '<button disabled aria-label="Close"><b>x</b></button>')}
       <script>document.querySelector('b').addEventListener('pointerdown', ({ target }) =>
         setTimeout(() => target.closest('.offer').remove(), 100));</script>`,
    );
    for (const id of CONTROLS.flatMap((_, n) => [`stays-${n}`, `goes-${n}`]))
      await page.click(`[data-offer-id=${id}] > :first-child`, { position: { x: 4, y: 4 }, force: true });
    await page.locator('b').click({ force: true });
    await page.locator('[data-offer-id=off]').waitFor({ state: 'detached' });
    await expectOnly(page, stack, both(...CONTROLS.map((_, n) => `goes-${n}`)));
  });

  const shown = (tag: string, control: string, attributes = '') =>
    `<${tag} ${attributes} id="held">${offer('goes', control)}</${tag}><script>held.popover ? held.showPopover() : held.open || held.showModal()</script>`;
  const NATIVE: Readonly<Record<string, string>> = {
    'form method=dialog': shown('dialog', '<form method="dialog"><button>No</button></form>', 'open'),
    'an input of form method=dialog': shown(
      'dialog',
      '<form method="dialog"><input type="submit" class="press"></form>',
      'open',
    ),
    'formmethod=dialog': shown('dialog', '<form><button formmethod="dialog">No</button></form>', 'open'),
    'command=close': shown('dialog', '<button command="close" commandfor="held">x</button>'),
    'command=request-close': shown('dialog', '<button command="request-close" commandfor="held">x</button>'),
    'command=hide-popover': shown(
      'div',
      '<button command="hide-popover" commandfor="held">x</button>',
      'popover',
    ),
    'command=toggle-popover': shown(
      'div',
      '<button command="toggle-popover" commandfor="held">x</button>',
      'popover="manual"',
    ),
    'only popovertarget': shown('div', '<button popovertarget="held">x</button>', 'popover="manual"'),
    'popovertargetaction=hide': shown(
      'div',
      '<button popovertarget="held" popovertargetaction="hide">x</button>',
      'popover="manual"',
    ),
  };
  for (const [name, body] of Object.entries(NATIVE))
    test(`counts if it is recognized by ${name}`, closing([body, ['button, .press', gone('#held')], 'goes']));
});

test('an invalid selector of close controls is reported, and everything else works', async ({
  page,
  stack,
}) => {
  const crashes: string[] = [];
  page.on('pageerror', (error) => crashes.push(error.message));
  await stack.open(
    page,
    `${offer('marked', MARKED)}<dialog id="modal">${offer('escaped')}</dialog><script>modal.showModal()</script>`,
    {
      script: '',
      head: `<script type="module">
      import { createOfferTracker } from '/module/index.js';
      window.reports = [];
      window.offersight = { push: (command) => command(tracker) };
      window.tracker = createOfferTracker({
        endpoint: '/offer-events', onError: (error) => reports.push(error.code), dismissal: { controls: '[[oops' },
      });
    </script>`,
    },
  );
  await trackerStats(page);
  await page.keyboard.press('Escape');
  await stack.expectRecorded(both('escaped'));
  await page.click('[data-offer-id=marked] button');
  await expectOnly(page, stack, both('escaped', 'marked'));
  expect([await page.evaluate('reports'), crashes]).toEqual([['configuration'], []]);
});

test.describe('a control beside the offers of a holder', () => {
  const HOLDERS: Readonly<Record<string, (inside: string) => string>> = {
    'a modal dialog': (inside) =>
      `<dialog id="held">${inside}</dialog><script>held.showModal(); hold = () => held.close()</script>`,
    'a popover': (inside) =>
      `<div popover id="held">${inside}</div><script>held.showPopover(); hold = () => held.hidePopover()</script>`,
    'role=dialog': (inside) =>
      `<div role="dialog" id="held">${inside}</div><script>hold = () => { held.style.display = 'none' }</script>`,
    'role=alertdialog': (inside) =>
      `<div role="alertdialog" id="held">${inside}</div><script>hold = () => held.remove()</script>`,
  };
  for (const [holder, hold] of Object.entries(HOLDERS))
    for (const [kind, mark] of Object.entries({
      marked: 'data-offer-dismiss',
      conventional: 'aria-label="Close"',
    })) {
      const header = `<header><button id="press" ${mark} onclick="hold()">x</button></header>`;
      const hidden = `<div hidden>${offer('other-step')}</div>`;
      test(
        `closes both offers in ${holder} and no other, if it is ${kind}`,
        closing([hold(`${header}${offer('left')}${offer('right')}${hidden}`), '#press', 'left right']),
      );
    }

  test(
    'closes only the offers of the inner one of two dialogs',
    closing([
      `<dialog id="outer">${offer('outside')}
         <dialog id="inner"><form method="dialog"><button>x</button></form>${offer('inside')}</dialog></dialog>
       <script>outer.showModal(); inner.showModal()</script>`,
      'button',
      'inside',
    ]),
  );
});

test.describe('in shadow roots and frames', () => {
  /** Defines an element with this content in its open shadow root. */
  const component = (name: string, inside: string, then = '') => `<script>
    customElements.define('${name}', class extends HTMLElement {
      constructor() {
        super();
        const root = this.attachShadow({ mode: 'open' });
        root.innerHTML = ${quoted(inside)};
        ${then}
      }
    });
  </script>`;
  const DIALOG = `const dialog = root.querySelector('dialog');
    root.querySelector('button').onclick = () => dialog.close();
    this.show = () => dialog.showModal();`;
  const closed = (control: string) => `<div id="host"></div><script>
    window.observed = host.attachShadow({ mode: 'closed' });
    observed.innerHTML = ${quoted(`${offer('hidden-first')}${offer('hidden', `<button style="position: fixed; left: 600px; top: 300px" ${control}>x</button>`)}`)};
  </script>`;
  const frame = (control: string) =>
    `<iframe srcdoc='${`<style>.offer { width: 300px }</style>${offer('framed-first')}${offer('framed', `<button style="position: fixed; left: 200px; top: 100px" ${control}>x</button>`)}`.replaceAll("'", '&#39;')}'
      width="400" height="250" style="position: fixed; left: 400px; top: 200px" onload="observed = this.contentDocument"></iframe>`;
  const observe = js('offersight.push((tracker) => tracker.observe(observed))');
  const found = js('return new Promise(requestAnimationFrame)');

  const KINDS = { marked: 'data-offer-dismiss', conventional: `aria-label="Close" ${REMOVE}` };
  const rows = Object.entries(KINDS).flatMap(([kind, control]): [string, Row][] => [
    [
      `a ${kind} control inside a shadow root closes the offer in that root`,
      [
        `${component('x-shop', `${offer('first')}${offer('second', `<button ${control}>x</button>`)}`)}<x-shop></x-shop>`,
        'x-shop button',
        'second',
      ],
    ],
    [
      `the ${kind} control of a dialog in a shadow root closes the offers that are slotted into it`,
      [
        `${component('x-dialog', `<dialog><button ${control.replace(REMOVE, '')}>x</button><slot></slot></dialog>`, DIALOG)}
         <x-dialog>${offer('slotted')}${offer('beside')}</x-dialog><script>document.querySelector('x-dialog').show()</script>`,
        'x-dialog button',
        'slotted beside',
      ],
    ],
    [
      `a ${kind} control inside a closed root that was given to observe() closes its offer`,
      [closed(control), [observe, found, found, at(605, 305)], 'hidden'],
    ],
    [
      `a ${kind} control inside a frame of the site that was given to observe() closes its offer`,
      [frame(control), [observe, found, found, at(605, 305)], 'framed'],
    ],
  ]);
  for (const [name, row] of [
    ...rows,
    [
      'a control that is a component closes the offer around it',
      [
        `${component('x-close', MARKED)}${offer('around', '<x-close></x-close>')}`,
        'x-close button',
        'around',
      ],
    ],
    [
      'an offer in a shadow tree is closed by a control that is slotted into it',
      [
        `${component('offer-card', '<article data-offer-id="card" data-offer-dwell="60000" style="display: block; width: 200px; height: 90px"><slot></slot></article>')}
         <offer-card>${MARKED}</offer-card>`,
        'button',
        'card',
      ],
    ],
  ] satisfies [string, Row][])
    test(name, closing(row));
});

test(
  'a conventional control counts though the page removes the offer and stops the press at the document',
  closing([offer('stopped', '<button aria-label="Close">x</button>'), 'button', 'stopped'], {
    head: `<script>document.addEventListener('click', (event) => {
      event.stopImmediatePropagation();
      event.target.closest('.offer')?.remove();
    }, true)</script>`,
  }),
);

test('an element that only has the role of a button can be pressed by a key', async ({ page, stack }) => {
  const keyed = (id: string, attributes: string, text: string) =>
    offer(
      id,
      `<i role="button" tabindex="0" ${attributes} onkeydown="this.closest('.offer').remove()">${text}</i>`,
    );
  await openReady(page, stack, keyed('named', '', 'Close') + keyed('marked', 'data-offer-dismiss', 'Later'));
  for (const id of ['named', 'marked']) {
    await page.focus(`[data-offer-id=${id}] i`);
    await page.keyboard.press('Enter');
  }
  await expectOnly(page, stack, both('named', 'marked'));
});
