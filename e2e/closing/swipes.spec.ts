/**
 * Drags that close the holder of an offer, as drawers and sheets of libraries are closed, and drags that close nothing.
 */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { showWitness } from '../fixtures/witness.js';

const offer = (id: string) => `<div class="offer" data-offer-id="${id}" data-offer-dwell="0">${id}</div>`;

/** Follows the pointer. If the pointer is lifted far down, the sheet leaves by `end`; otherwise it goes back. */
const draggable = (end: string) => `<script>
  const sheet = document.querySelector('.sheet');
  let from;
  sheet.addEventListener('pointerdown', ({ clientY, pointerId }) => { from = clientY; sheet.setPointerCapture(pointerId); });
  sheet.addEventListener('pointermove', ({ clientY }) => {
    if (from !== undefined) sheet.style.transform = 'translateY(' + Math.max(0, clientY - from) + 'px)';
  });
  sheet.addEventListener('pointerup', ({ clientY }) => {
    const by = clientY - from;
    from = undefined;
    sheet.style.transition = 'transform 300ms';
    if (by < 60) { sheet.style.transform = ''; return; }
    sheet.style.transform = 'translateY(100vh)';
    ${end}
  });
</script>`;

const STYLE =
  '<style>.sheet { position: fixed; inset: auto 0 0 0; margin: 0; height: 300px; width: 100%; touch-action: none }</style>';

/** Drags an element by so many pixels. */
const drag = async (page: Page, selector: string, byX: number, byY: number): Promise<void> => {
  const box = await page.locator(selector).first().boundingBox();
  if (!box) throw new Error(`${selector} is not drawn`);
  const [x, y] = [box.x + box.width / 2, box.y + Math.min(40, box.height / 2)];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + byX / 2, y + byY / 2, { steps: 4 });
  await page.mouse.move(x + byX, y + byY, { steps: 4 });
  await page.mouse.up();
};

const openReady = async (page: Page, stack: Stack, body: string): Promise<void> => {
  await stack.open(page, STYLE + body);
  await trackerStats(page);
  await stack.expectRecorded(['viewed a']);
};

/** The tracker looks for the consequences of a drag for a second, and what is gone has to stay so for one more. */
const SWIPE_MS = 2_300;

const expectDismissed = async (stack: Stack): Promise<void> =>
  stack.expectRecorded(['viewed a', 'dismissed a']);

const expectNothing = async (page: Page, stack: Stack): Promise<void> => {
  await showWitness(page, SWIPE_MS);
  await stack.expectRecorded(['viewed a', 'viewed witness']);
};

test.describe('a drag dismisses an offer whose holder it closes', () => {
  const holders: Readonly<Record<string, readonly [markup: string, end: string]>> = {
    'if it is a dialog that is removed': [
      `<div class="sheet" role="dialog">${offer('a')}</div>`,
      'setTimeout(() => sheet.remove(), 300);',
    ],
    'if it is a dialog that stays outside the viewport': [
      `<div class="sheet" role="dialog">${offer('a')}</div>`,
      '',
    ],
    'if it is a modal dialog that is closed': [
      `<dialog class="sheet">${offer('a')}</dialog><script>document.querySelector('dialog').showModal()</script>`,
      'setTimeout(() => sheet.close(), 300);',
    ],
    'if it is a popover that is hidden': [
      `<div popover class="sheet">${offer('a')}</div><script>document.querySelector('[popover]').showPopover()</script>`,
      'setTimeout(() => sheet.hidePopover(), 300);',
    ],
  };
  for (const [name, [markup, end]] of Object.entries(holders))
    test(name, async ({ page, stack }) => {
      await openReady(page, stack, markup + draggable(end));
      await drag(page, '.sheet', 0, 150);
      await expectDismissed(stack);
    });

  test('and is reported with the reason swipe', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div class="sheet" role="dialog">${offer('a')}</div>${draggable('sheet.hidden = true;')}
       <script>document.addEventListener('offersight:dismissed', ({ detail }) => { document.title = detail.reason })</script>`,
    );
    await drag(page, '.sheet', 0, 150);
    await expect(page).toHaveTitle('swipe');
  });
});

test.describe('a drag dismisses nothing', () => {
  test('if the holder goes back', async ({ page, stack }) => {
    await openReady(page, stack, `<div class="sheet" role="dialog">${offer('a')}</div>${draggable('')}`);
    await drag(page, '.sheet', 0, 30);
    await expectNothing(page, stack);
  });

  test('if it moves an offer without a holder, such as a row that is swiped away', async ({
    page,
    stack,
  }) => {
    await openReady(
      page,
      stack,
      `${offer('a').replace('class="offer"', 'class="offer sheet"')}${draggable('sheet.remove();')}`,
    );
    await drag(page, '.sheet', 0, 150);
    await expectNothing(page, stack);
  });

  test('if a carousel in a dialog slides to its next offer', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog" style="position: fixed; inset: 0 0 auto; height: 250px; overflow: hidden">
         <div class="sheet" style="position: static; display: flex; width: 2400px">
           <div style="width: 1200px">${offer('a')}</div><div style="width: 1200px">next</div>
         </div></div><script>
         const track = document.querySelector('.sheet');
         let from;
         track.addEventListener('pointerdown', ({ clientX, pointerId }) => { from = clientX; track.setPointerCapture(pointerId) });
         track.addEventListener('pointerup', ({ clientX }) => { if (from - clientX > 60) track.style.transform = 'translateX(-1200px)' });
       </script>`,
    );
    await drag(page, '[data-offer-id=a]', -150, 0);
    await expectNothing(page, stack);
  });

  test('if offers snap as they are scrolled', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog" id="snap" style="display: flex; overflow-x: auto; scroll-snap-type: x mandatory; width: 400px">
         ${['a', 'b'].map((id) => `<div style="flex: 0 0 400px; scroll-snap-align: start">${id === 'a' ? offer(id) : id}</div>`).join('')}
       </div>`,
    );
    await page.mouse.move(200, 100);
    await page.mouse.wheel(400, 0);
    await expect.poll(() => page.evaluate('snap.scrollLeft')).toBe(400);
    await expectNothing(page, stack);
  });

  test('if it selects words, and the dialog closes by itself later', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog" id="box">${offer('a')}<p style="font: 20px monospace">Ten per cent off your next order</p></div>`,
    );
    await drag(page, '#box p', 200, 0);
    await showWitness(page, SWIPE_MS);
    await stack.expectRecorded(['viewed a', 'viewed witness']);
    await page.evaluate(() => document.querySelector('#box')?.remove());
    await showWitness(page, 100);
    await stack.expectRecorded(['viewed a', 'viewed witness']);
  });

  /** A box that follows the pointer sideways, and goes back. */
  const FOLLOWING = `<script>
    let from;
    box.addEventListener('pointerdown', ({ clientX }) => { from = clientX });
    box.addEventListener('pointermove', ({ clientX }) => { if (from !== undefined) box.style.transform = 'translateX(' + (clientX - from) + 'px)' });
    addEventListener('pointerup', () => { from = undefined; box.style.transform = '' });
  </script>`;
  const BOX =
    '<div id="box" role="dialog" style="position: fixed; inset: 0 0 auto; height: 300px"><button id="yes" style="width: 200px; height: 60px" onclick="box.remove()">Tell me more</button>';
  const presses: Readonly<Record<string, (page: Page) => Promise<void>>> = {
    'a press on a button': (page) => page.click('#yes'),
    'a key on a button': (page) => page.press('#yes', 'Enter'),
  };
  for (const [name, press] of Object.entries(presses)) {
    test(`if ${name} closes the dialog soon after`, async ({ page, stack }) => {
      await openReady(page, stack, `${BOX}${offer('a')}</div>${FOLLOWING}`);
      await drag(page, '.offer', 100, 0);
      await press(page);
      await expectNothing(page, stack);
    });

    test(`if Escape closes nothing, and ${name} closes the dialog soon after`, async ({ page, stack }) => {
      await openReady(page, stack, `${BOX}${offer('a')}</div>${FOLLOWING}`);
      await page.keyboard.press('Escape');
      await press(page);
      await expectNothing(page, stack);
    });
  }

  test('if it stays on the button that it began on', async ({ page, stack }) => {
    await openReady(page, stack, `${BOX}${offer('a')}</div>${FOLLOWING}`);
    await drag(page, '#yes', 20, 5);
    await expect(page.locator('#box')).toHaveCount(0);
    await expectNothing(page, stack);
  });

  test('if it is a press with a shaky hand', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div id="box" role="dialog" onpointerup="this.remove()">${offer('a')}</div>${FOLLOWING}`,
    );
    await drag(page, '#box', 4, 4);
    await expectNothing(page, stack);
  });

  const MOVED: Readonly<Record<string, string>> = {
    'on a submit button':
      '<form onsubmit="box.remove(); return false"><input class="part" type="submit" value="Claim"></form>',
    'on a card that closes it':
      '<div class="part" style="width: 200px; height: 60px" onclick="box.remove()">Claim</div>',
    'on a slider': '<input class="part" type="range" onchange="box.remove()">',
    'on a canvas, and the page closes it soon after':
      '<canvas class="part" width="200" height="60" onpointerup="setTimeout(() => box.remove(), 400)"></canvas>',
  };
  for (const [name, inside] of Object.entries(MOVED))
    test(`if it begins and ends ${name}`, async ({ page, stack }) => {
      await openReady(page, stack, `<div id="box" role="dialog">${offer('a')}${inside}</div>`);
      await drag(page, '.part', 20, 4);
      await expect(page.locator('#box')).toHaveCount(0);
      await expectNothing(page, stack);
    });

  test('if a script made the event that lifts the pointer', async ({ page, stack }) => {
    await openReady(page, stack, `<div class="sheet" role="dialog">${offer('a')}</div>`);
    await page.mouse.move(200, 600);
    await page.mouse.down();
    await page.evaluate(() => {
      const sheet = document.querySelector<HTMLElement>('.sheet');
      if (!sheet) return;
      sheet.style.transform = 'translateY(100px)';
      sheet.dispatchEvent(
        new PointerEvent('pointerup', { clientX: 200, clientY: 790, bubbles: true, composed: true }),
      );
      sheet.remove();
    });
    await expectNothing(page, stack);
  });

  test('if its end is not heard, and an offer beside it is accepted then', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div id="box" role="dialog" style="position: fixed; inset: 0 0 auto; height: 300px">${offer('a')}${offer('b')}
         <button data-offer-accept="b" onpointerup="box.remove()">Take it</button></div>
       <script>
         let by = 0;
         box.addEventListener('pointermove', ({ buttons, movementX }) => { if (buttons) box.style.transform = 'translateX(' + (by += movementX) + 'px)' });
       </script>`,
      {
        head: "<script>addEventListener('pointerup', (event) => event.stopImmediatePropagation(), { capture: true, once: true })</script>",
      },
    );
    await trackerStats(page);
    await stack.expectRecorded(['viewed a', 'viewed b']);
    await drag(page, '[data-offer-id=a]', 100, 0);
    await page.click('button');
    await expect(page.locator('#box')).toHaveCount(0);
    await showWitness(page, SWIPE_MS);
    await stack.expectRecorded(['viewed a', 'viewed b', 'viewed witness']);
  });

  test('if it selects words, and the page closes the dialog then', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog" id="box">${offer('a')}<p style="font: 20px monospace" onpointerup="setTimeout(() => box.remove(), 300)">SPRING-2026</p></div>`,
    );
    await drag(page, '#box p', 60, 0);
    await expect(page.locator('#box')).toHaveCount(0);
    await expectNothing(page, stack);
  });

  test('if a sheet is dragged down to its handle, and can be pulled up again', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div class="sheet" role="dialog"><p style="height: 40px; margin: 0">handle</p>${offer('a')}</div>${draggable('sheet.style.transform = "translateY(260px)";')}`,
    );
    await drag(page, '.sheet', 0, 150);
    await expectNothing(page, stack);
  });

  test('if it leads to another view, which does not have the dialog', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div class="sheet" role="dialog">${offer('a')}</div>${draggable("history.pushState(null, '', '/next'); sheet.remove();")}`,
    );
    await drag(page, '.sheet', 0, 150);
    await expectNothing(page, stack);
  });
});
