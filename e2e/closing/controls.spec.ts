import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id: string, inside = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" style="height: 90px">${id} ${inside}</div>`;

/** Neighbours that nothing closes: a mix-up of offers shows. */
const amid = (body: string) => `${offer('above')}${body}${offer('below')}`;

const REMOVE = `onclick="this.closest('.offer').remove()"`;

/** Waits for the next frame, in which the offers that are there now are found. */
const untilFound = (page: Page): Promise<number> =>
  page.evaluate(() => new Promise<number>(requestAnimationFrame));

/** Opens a page and waits until closing is noticed there. */
const openReady = async (page: Page, stack: Stack, body: string, script?: string): Promise<void> => {
  await stack.open(page, body, script === undefined ? {} : { script });
  await trackerStats(page);
  await untilFound(page);
};

/** Expects only these, and an offer that counts last. */
const expectOnly = async (page: Page, stack: Stack, expected: readonly string[] = []): Promise<void> => {
  // If nothing is expected, that offer counts when no consequence of the press can follow any more.
  await showWitness(page, expected.length ? 0 : CONSEQUENCE_MS);
  await stack.expectRecorded([...expected, 'viewed witness']);
};

const closed = (...ids: readonly string[]) => ids.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]);

/** Starts a tracker from npm with these options, as JavaScript. */
const importing = (options: string) => ({
  script: '',
  head: `<script type="module">
    import { createOfferTracker } from '/module/index.js';
    window.reports = [];
    window.tracker = createOfferTracker({
      endpoint: '/offer-events',
      onError: (error) => reports.push(error.code),
      ${options}
    });
    await tracker.stats();
    document.documentElement.dataset.ready = '';
  </script>`,
});

const openModule = async (page: Page, stack: Stack, body: string, options: string): Promise<void> => {
  await stack.open(page, body, importing(options));
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
};

test.describe('a marked control', () => {
  test('closes the offer that it is in, and none of its neighbours (fault 53)', async ({ page, stack }) => {
    const marked = '<button data-offer-dismiss>No</button>';
    await openReady(
      page,
      stack,
      `${offer('first', marked)}${offer('second', marked)}${offer('third', marked)}`,
    );
    await page.click('[data-offer-id=second] button');
    await expectOnly(page, stack, closed('second'));
  });

  test('counts once, however often it is pressed (fault 51)', async ({ page, stack }) => {
    await openReady(page, stack, amid(offer('storm', '<button data-offer-dismiss>x</button>')));
    await page.dblclick('button');
    await page.keyboard.press('Enter');
    await page.locator('button').evaluate((button: HTMLElement) => {
      for (let turn = 0; turn < 50; turn++) button.click();
    });
    await expectOnly(page, stack, closed('storm'));
  });

  test('does nothing while it is disabled, wherever in it the press is', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${offer('off', '<button disabled data-offer-dismiss>x</button>')}
       ${offer('off-inside', '<button disabled data-offer-dismiss><b>x</b></button>')}
       ${offer('off-group', '<fieldset disabled><button data-offer-dismiss><b>x</b></button></fieldset>')}
       ${offer('on', '<button data-offer-dismiss>x</button>')}`,
    );
    for (const target of ['off] button', 'off-inside] b', 'off-group] b', 'on] button']) {
      await page.locator(`[data-offer-id=${target}`).click({ force: true });
    }
    await expectOnly(page, stack, closed('on'));
  });

  test('is not meant by a press on something else in the offer', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      amid(
        offer(
          'chosen-from',
          `<p>Two months</p><a href="#more">More</a><button type="button">Size</button><input>
           <label><input type="checkbox"> Remember</label><button data-offer-dismiss>No</button>`,
        ),
      ),
    );
    for (const target of ['p', 'a', 'button[type]', 'label', 'input >> nth=0']) {
      await page.locator('[data-offer-id=chosen-from]').locator(target).click();
    }
    await page.keyboard.type('a x');
    await page.keyboard.press('Enter');
    await expectOnly(page, stack);
  });
});

test.describe('a press on a control', () => {
  const PRESSED = amid(offer('pressed', '<button data-offer-dismiss accesskey="k">No</button>'));

  for (const key of ['Enter', 'Space']) {
    test(`closes the offer when made by the key ${key}`, async ({ page, stack }) => {
      await openReady(page, stack, PRESSED);
      await page.focus('button');
      await page.keyboard.press(key);
      await expectOnly(page, stack, closed('pressed'));
    });
  }

  test('closes the offer when made by touch', async ({ browser, stack }) => {
    const context = await browser.newContext({ hasTouch: true });
    const page = await context.newPage();
    await openReady(page, stack, PRESSED);
    await page.tap('button');
    await expectOnly(page, stack, closed('pressed'));
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
      for (const type of ['pointerdown', 'pointerup', 'keydown', 'click']) {
        button?.addEventListener(type, (event) => heard.push([type, event.isTrusted]));
      }
    });
    const session = await page.context().newCDPSession(page);
    const key = { modifiers: 1, key: 'k', code: 'KeyK', windowsVirtualKeyCode: 75 };
    await session.send('Input.dispatchKeyEvent', { type: 'keyDown', text: 'k', unmodifiedText: 'k', ...key });
    await session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    await expectOnly(page, stack, closed('pressed'));
    expect(await page.evaluate(() => (window as unknown as { heard: unknown }).heard)).toEqual([
      ['click', true],
    ]);
  });

  const libraries: readonly [name: string, control: string, when: string][] = [
    ['a marked control', 'data-offer-dismiss', 'pointerup'],
    ['a control by convention', 'aria-label="Close"', 'pointerup'],
    ['a control by convention', 'aria-label="Close"', 'pointerdown'],
  ];
  for (const [name, control, when] of libraries) {
    test(`closes the offer if ${name} removes the offer on ${when}, so that no click follows`, async ({
      page,
      stack,
    }) => {
      await openReady(
        page,
        stack,
        `${amid(offer('swift', `<button ${control} on${when}="this.closest('.offer').remove()">x</button>`))}
         <script>document.addEventListener('click', ({ target }) => {
           document.documentElement.dataset.clicked = target.className });</script>`,
      );
      await page.click('button');
      await expectOnly(page, stack, closed('swift'));
      expect(await page.locator('html').getAttribute('data-clicked')).not.toBe('offer');
    });
  }

  test('closes nothing if the pointer leaves the control before it is lifted', async ({ page, stack }) => {
    await openReady(page, stack, PRESSED);
    await page.hover('button');
    await page.mouse.down();
    await page.mouse.move(900, 700);
    await page.mouse.up();
    await expectOnly(page, stack);
  });

  test('closes nothing when made by the secondary button', async ({ page, stack }) => {
    await openReady(page, stack, PRESSED);
    await page.click('button', { button: 'right' });
    await expectOnly(page, stack);
  });
});

test.describe('a control by convention, in an offer that it removes', () => {
  const controls: Readonly<Record<string, string>> = {
    'value=cancel': `<button type="button" value="cancel" ${REMOVE}>No</button>`,
    'data-bs-dismiss': `<button data-bs-dismiss="alert" ${REMOVE}>x</button>`,
    'aria-label Close': `<button aria-label="Close" ${REMOVE}>x</button>`,
    'aria-label close': `<button aria-label="close" ${REMOVE}>x</button>`,
    'aria-label Dismiss': `<button aria-label="Dismiss" ${REMOVE}>x</button>`,
    'a picture in it': `<button aria-label="Close" ${REMOVE}><svg width="20" height="20"><circle r="9"/></svg></button>`,
    'a link': `<a href="#" aria-label="Close" ${REMOVE}>x</a>`,
  };
  for (const [name, control] of Object.entries(controls)) {
    test(`counts if it is recognized by ${name}, unless the offer stays`, async ({ page, stack }) => {
      await openReady(
        page,
        stack,
        `${offer('stays', control.replace(REMOVE, ''))}${amid(offer('goes', control))}`,
      );
      await page.click('[data-offer-id=stays] > :first-child', { position: { x: 4, y: 4 } });
      await page.click('[data-offer-id=goes] > :first-child', { position: { x: 4, y: 4 } });
      await expectOnly(page, stack, closed('goes'));
    });
  }

  const native: Readonly<Record<string, string>> = {
    'form method=dialog': `<dialog open>${offer('goes', '<form method="dialog"><button>No</button></form>')}</dialog>`,
    'an input of form method=dialog': `<dialog open>${offer('goes', '<form method="dialog"><input type="submit" class="press"></form>')}</dialog>`,
    'formmethod=dialog': `<dialog open>${offer('goes', '<form><button formmethod="dialog">No</button></form>')}</dialog>`,
    'command=close': `<dialog id="held">${offer('goes', '<button command="close" commandfor="held">x</button>')}</dialog><script>held.showModal()</script>`,
    'command=hide-popover': `<div popover id="held">${offer('goes', '<button command="hide-popover" commandfor="held">x</button>')}</div><script>held.showPopover()</script>`,
    'command=toggle-popover': `<div popover="manual" id="held">${offer('goes', '<button command="toggle-popover" commandfor="held">x</button>')}</div><script>held.showPopover()</script>`,
    'only popovertarget': `<div popover="manual" id="held">${offer('goes', '<button popovertarget="held">x</button>')}</div><script>held.showPopover()</script>`,
    'popovertargetaction=hide': `<div popover="manual" id="held">${offer('goes', '<button popovertarget="held" popovertargetaction="hide">x</button>')}</div><script>held.showPopover()</script>`,
  };
  for (const [name, body] of Object.entries(native)) {
    test(`counts if it is recognized by ${name}`, async ({ page, stack }) => {
      await openReady(page, stack, amid(body));
      await page.click('button, .press');
      await expectOnly(page, stack, closed('goes'));
    });
  }

  test('does not count while it is disabled, though the page removes the offer', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${amid(offer('off', '<button disabled aria-label="Close"><b>x</b></button>'))}
       <script>document.querySelector('b').addEventListener('pointerdown', () =>
         setTimeout(() => document.querySelector('[data-offer-id=off]').remove(), 100));</script>`,
    );
    await page.locator('b').click({ force: true });
    await page.locator('[data-offer-id=off]').waitFor({ state: 'detached' });
    await expectOnly(page, stack);
  });
});

test.describe('a close control', () => {
  test('cannot be given by an invalid selector, which is reported while everything else works', async ({
    page,
    stack,
  }) => {
    const crashes: string[] = [];
    page.on('pageerror', (error) => crashes.push(error.message));
    await openModule(
      page,
      stack,
      `${offer('marked', '<button data-offer-dismiss>x</button>')}${offer('seen').replace('60000', '0')}
       <dialog id="modal">${offer('escaped')}</dialog><script>modal.showModal()</script>`,
      `dismissal: { controls: '[[oops' }`,
    );
    await page.keyboard.press('Escape');
    await stack.expectRecorded([...closed('escaped'), 'viewed seen']);
    await page.click('[data-offer-id=marked] button');
    await expectOnly(page, stack, [...closed('escaped', 'marked'), 'viewed seen']);
    expect(await page.evaluate(() => (window as unknown as { reports: string[] }).reports)).toEqual([
      'configuration',
    ]);
    expect(crashes).toEqual([]);
  });
});

test.describe('a control beside the offers of a holder', () => {
  const controls: Readonly<Record<string, string>> = {
    marked: '<button id="press" data-offer-dismiss onclick="hold()">x</button>',
    conventional: '<button id="press" aria-label="Close" onclick="hold()">x</button>',
  };
  const holders: Readonly<Record<string, (inside: string) => string>> = {
    'a modal dialog': (inside) =>
      `<dialog id="held">${inside}</dialog><script>held.showModal(); hold = () => held.close()</script>`,
    'a popover': (inside) =>
      `<div popover id="held">${inside}</div><script>held.showPopover(); hold = () => held.hidePopover()</script>`,
    'role=dialog': (inside) =>
      `<div role="dialog" id="held">${inside}</div><script>hold = () => { held.style.display = 'none' }</script>`,
    'role=alertdialog': (inside) =>
      `<div role="alertdialog" id="held">${inside}</div><script>hold = () => held.remove()</script>`,
  };
  for (const [holder, hold] of Object.entries(holders)) {
    for (const [kind, control] of Object.entries(controls)) {
      test(`closes both offers in ${holder} and no other, if it is ${kind}`, async ({ page, stack }) => {
        await openReady(
          page,
          stack,
          `${offer('elsewhere')}${hold(`<header>${control}</header>${offer('left')}${offer('right')}`)}`,
        );
        await page.click('#press');
        await expectOnly(page, stack, closed('left', 'right'));
      });
    }
  }

  test('does not close an offer that the holder does not show', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<dialog id="held"><button aria-label="Close" onclick="held.close()">x</button>
         ${offer('shown')}<div hidden>${offer('other-step')}</div></dialog><script>held.showModal()</script>`,
    );
    await page.click('button');
    await expectOnly(page, stack, closed('shown'));
  });

  test('closes only the offers of the inner one of two dialogs', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<dialog id="outer">${offer('outside')}
         <dialog id="inner"><form method="dialog"><button>x</button></form>${offer('inside')}</dialog></dialog>
       <script>outer.showModal(); inner.showModal()</script>`,
    );
    await page.click('button');
    await expectOnly(page, stack, closed('inside'));
  });
});

test.describe('in shadow roots and frames', () => {
  /** Defines an element with this content in its open shadow root. */
  const component = (name: string, inside: string, then = '') => `<script>
    customElements.define('${name}', class extends HTMLElement {
      constructor() {
        super();
        const root = this.attachShadow({ mode: 'open' });
        root.innerHTML = ${JSON.stringify(inside).replaceAll('</', '<\\/')};
        ${then}
      }
    });
  </script>`;

  test('a control that is a component closes the offer around it', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `${component('x-close', '<button data-offer-dismiss>x</button>')}${amid(offer('around', '<x-close></x-close>'))}`,
    );
    await page.click('x-close button');
    await expectOnly(page, stack, closed('around'));
  });

  for (const control of [
    'data-offer-dismiss',
    `aria-label="Close" onclick="this.closest('.offer').remove()"`,
  ]) {
    test(`a control inside a shadow root closes the offer in that root: ${control.slice(0, 18)}`, async ({
      page,
      stack,
    }) => {
      await openReady(
        page,
        stack,
        `${component('x-shop', `${offer('first')}${offer('second', `<button ${control}>x</button>`)}`)}${amid('<x-shop></x-shop>')}`,
      );
      await page.click('x-shop button');
      await expectOnly(page, stack, closed('second'));
    });
  }

  for (const [kind, control] of [
    ['marked', 'data-offer-dismiss'],
    ['conventional', 'aria-label="Close"'],
  ] as const) {
    test(`the ${kind} control of a dialog in a shadow root closes the offer that is slotted into it`, async ({
      page,
      stack,
    }) => {
      const dialog = `<dialog><button ${control}>x</button><slot></slot></dialog>`;
      const then = `
        const dialog = root.querySelector('dialog');
        root.querySelector('button').onclick = () => dialog.close();
        this.show = () => dialog.showModal();`;
      await openReady(
        page,
        stack,
        `${component('x-dialog', dialog, then)}
         ${amid(`<x-dialog>${offer('slotted')}${offer('beside')}</x-dialog>`)}
         <script>document.querySelector('x-dialog').show()</script>`,
      );
      await page.click('x-dialog button');
      await expectOnly(page, stack, closed('slotted', 'beside'));
    });
  }

  const root = (control: string) => `<div id="host"></div><script>
    window.root = host.attachShadow({ mode: 'closed' });
    root.innerHTML = \`${offer('hidden-first')}${offer('hidden', `<button id="press" style="position: fixed; left: 600px; top: 300px" ${control}>x</button>`)}\`;
  </script>`;
  for (const control of [
    'data-offer-dismiss',
    `aria-label="Close" onclick="this.closest('.offer').remove()"`,
  ]) {
    test(`a control inside a closed root that was given to observe() closes its offer: ${control.slice(0, 18)}`, async ({
      page,
      stack,
    }) => {
      await openModule(page, stack, amid(root(control)), '');
      await page.evaluate(() => {
        const site = window as unknown as {
          root: ShadowRoot;
          tracker: { observe(target: ShadowRoot): void };
        };
        site.tracker.observe(site.root);
      });
      await untilFound(page);
      await page.mouse.click(605, 305);
      await expectOnly(page, stack, closed('hidden'));
    });

    test(`a control inside a frame of the site that was given to observe() closes its offer: ${control.slice(0, 18)}`, async ({
      page,
      stack,
    }) => {
      const inside = `<style>.offer { width: 300px }</style>${offer('framed-first')}${offer('framed', `<button ${control}>x</button>`)}`;
      await openModule(
        page,
        stack,
        amid(`<iframe srcdoc='${inside.replaceAll("'", '&#39;')}' width="400" height="250"></iframe>`),
        '',
      );
      await page.frameLocator('iframe').locator('button').waitFor();
      await page.evaluate(() => {
        const site = window as unknown as { tracker: { observe(target: Document): void } };
        const inner = document.querySelector('iframe')?.contentDocument;
        if (inner) site.tracker.observe(inner);
      });
      await untilFound(page);
      await page.frameLocator('iframe').locator('button').click();
      await expectOnly(page, stack, closed('framed'));
    });
  }
});

test.describe('if the page gets in the way', () => {
  const stops: readonly [name: string, how: string][] = [
    [
      'stops the click at the control',
      "document.querySelector('button').onclick = (event) => event.stopPropagation()",
    ],
    [
      'stops every press at the document, before its target',
      `for (const type of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click'])
         document.addEventListener(type, (event) => event.stopImmediatePropagation(), true)`,
    ],
    ['prevents the click', "document.addEventListener('click', (event) => event.preventDefault(), true)"],
  ];
  for (const [name, how] of stops) {
    test(`a marked control counts though the page ${name}`, async ({ page, stack }) => {
      await stack.open(page, amid(offer('stopped', '<button data-offer-dismiss>x</button>')), {
        head: `<script>addEventListener('DOMContentLoaded', () => { ${how} })</script>`,
      });
      await trackerStats(page);
      await page.click('button');
      await expectOnly(page, stack, closed('stopped'));
    });
  }

  test('a conventional control counts though the page removes the offer and stops the press at the document', async ({
    page,
    stack,
  }) => {
    await stack.open(page, amid(offer('stopped', '<button aria-label="Close">x</button>')), {
      head: `<script>document.addEventListener('click', (event) => {
        event.stopImmediatePropagation();
        event.target.closest('.offer')?.remove();
      }, true)</script>`,
    });
    await trackerStats(page);
    await page.click('button');
    await expectOnly(page, stack, closed('stopped'));
  });

  test('a marked control that empties the whole page counts', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      amid(offer('wiped', '<button data-offer-dismiss onclick="document.body.replaceChildren()">x</button>')),
    );
    await page.click('button');
    await expectOnly(page, stack, closed('wiped'));
  });

  test('a marked control that leaves the page counts (fault 52)', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      amid(offer('leaving', '<a href="/elsewhere" data-offer-dismiss>No, thanks</a>')),
    );
    await page.click('a');
    await page.waitForURL('**/elsewhere');
    await openReady(page, stack, '<p>Imprint</p>');
    await expectOnly(page, stack, closed('leaving'));
  });
});
