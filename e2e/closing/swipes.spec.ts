/**
 * Drags that close the holder of an offer, as drawers and sheets of libraries are closed, and drags that close nothing.
 */
import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import { type Act, closing, drag, ESCAPE, expectOnly, gone, js, offer, type Row } from './rows.js';

/** Follows the pointer. If the pointer is lifted far down, the sheet leaves by `end`; otherwise it goes back. */
const draggable = (end: string) => `<style>
  .sheet { position: fixed; inset: auto 0 0 0; margin: 0; height: 300px; width: 100%; touch-action: none }
</style><script>
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

const sheet = (end: string, inside = offer('a')) =>
  `<div class="sheet" role="dialog">${inside}</div>${draggable(end)}`;
const DOWN = drag('.sheet', 0, 150);

test.describe('a drag dismisses an offer whose holder it closes', () => {
  const ROWS: Readonly<Record<string, Row>> = {
    'if it is a dialog that is removed': [
      sheet('setTimeout(() => sheet.remove(), 300);'),
      DOWN,
      'a',
      'swipe',
    ],
    'if it is a dialog that stays outside the viewport': [sheet(''), DOWN, 'a', 'swipe'],
    'if it is a modal dialog that is closed': [
      `<dialog class="sheet">${offer('a')}</dialog><script>document.querySelector('dialog').showModal()</script>
       ${draggable('setTimeout(() => sheet.close(), 300);')}`,
      DOWN,
      'a',
      'swipe',
    ],
    'if it is a popover that is hidden': [
      `<div popover class="sheet">${offer('a')}</div><script>document.querySelector('[popover]').showPopover()</script>
       ${draggable('setTimeout(() => sheet.hidePopover(), 300);')}`,
      DOWN,
      'a',
      'swipe',
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));
});

test.describe('a drag dismisses nothing', () => {
  /** A box that follows the pointer sideways, and goes back. Its button closes it. */
  const BOX = `<div id="box" role="dialog" style="position: fixed; inset: 0 0 auto; height: 300px">
      <button id="yes" style="width: 200px; height: 60px" onclick="box.remove()">Tell me more</button>${offer('a', '', 'id="card"')}</div>
    <script>
      let from;
      box.addEventListener('pointerdown', ({ clientX }) => { from = clientX });
      box.addEventListener('pointermove', ({ clientX }) => { if (from !== undefined) box.style.transform = 'translateX(' + (clientX - from) + 'px)' });
      addEventListener('pointerup', () => { from = undefined; box.style.transform = '' });
    </script>`;
  const part = (markup: string) => `<div id="box" role="dialog">${offer('a')}${markup}</div>`;
  const PRESSES: Readonly<Record<string, Act>> = {
    'a press on a button': '#yes',
    'a key on a button': (page) => page.press('#yes', 'Enter'),
  };
  const presses = Object.entries(PRESSES).flatMap(([name, press]): [string, Row][] => [
    [`if ${name} closes the dialog soon after`, [BOX, [drag('#card', 100, 0), press]]],
    [`if Escape closes nothing, and ${name} closes the dialog soon after`, [BOX, [ESCAPE, press]]],
  ]);
  const PARTS: Readonly<Record<string, string>> = {
    'on a submit button':
      '<form onsubmit="box.remove(); return false"><input class="part" type="submit" value="Claim"></form>',
    'on a card that closes it':
      '<div class="part" style="width: 200px; height: 60px" onclick="box.remove()">Claim</div>',
    'on a slider': '<input class="part" type="range" onchange="box.remove()">',
    'on a canvas, and the page closes it soon after':
      '<canvas class="part" width="200" height="60" onpointerup="setTimeout(() => box.remove(), 400)"></canvas>',
  };
  const parts = Object.entries(PARTS).map(([name, markup]): [string, Row] => [
    `if it begins and ends ${name}`,
    [part(markup), [drag('.part', 20, 4), gone('#box')]],
  ]);
  const ROWS: Readonly<Record<string, Row>> = {
    ...Object.fromEntries([...presses, ...parts]),
    'if the holder goes back': [sheet(''), drag('.sheet', 0, 30)],
    'if it moves an offer without a holder, such as a row that is swiped away': [
      `${offer('a').replace('"offer"', '"offer sheet"')}${draggable('sheet.remove();')}`,
      DOWN,
    ],
    'if a carousel in a dialog slides to its next offer': [
      `<div role="dialog" style="position: fixed; inset: 0 0 auto; height: 250px; overflow: hidden">
         <div id="track" style="display: flex; width: 2400px; touch-action: none">
           <div style="width: 1200px">${offer('a', '', 'id="card"')}</div><div style="width: 1200px">next</div></div></div><script>
         let from;
         track.addEventListener('pointerdown', ({ clientX, pointerId }) => { from = clientX; track.setPointerCapture(pointerId) });
         track.addEventListener('pointerup', ({ clientX }) => { if (from - clientX > 60) track.style.transform = 'translateX(-1200px)' });
       </script>`,
      drag('#card', -150, 0),
    ],
    'if offers snap as they are scrolled': [
      `<div role="dialog" id="snap" style="position: fixed; top: 0; display: flex; overflow-x: auto; scroll-snap-type: x mandatory; width: 400px">
         ${[offer('a'), 'b'].map((each) => `<div style="flex: 0 0 400px; scroll-snap-align: start">${each}</div>`).join('')}</div>`,
      async (page) => {
        await page.mouse.move(200, 60);
        await page.mouse.wheel(400, 0);
        await expect.poll(() => page.evaluate('snap.scrollLeft')).toBe(400);
      },
    ],
    'if it stays on the button that it began on': [BOX, [drag('#yes', 20, 5), gone('#box')]],
    'if it is a press with a shaky hand': [
      `<div id="box" role="dialog" onpointerup="this.remove()">${offer('a')}</div>`,
      drag('#box', 4, 4),
    ],
    'if a script made the event that lifts the pointer': [
      sheet(''),
      [
        async (page) => {
          await page.mouse.move(200, 600);
          await page.mouse.down();
        },
        js(`sheet.style.transform = 'translateY(100px)';
          sheet.dispatchEvent(new PointerEvent('pointerup', { clientX: 200, clientY: 790, bubbles: true, composed: true }));
          sheet.remove();`),
      ],
    ],
    'if it selects words, and the page closes the dialog then': [
      part(
        '<p style="font: 20px monospace" onpointerup="setTimeout(() => box.remove(), 300)">SPRING-2026</p>',
      ),
      [drag('#box p', 60, 0), gone('#box')],
    ],
    'if a sheet is dragged down to its handle, and can be pulled up again': [
      sheet(
        'sheet.style.transform = "translateY(260px)";',
        `<p style="height: 40px; margin: 0">handle</p>${offer('a')}`,
      ),
      DOWN,
    ],
    'if it leads to another view, which does not have the dialog': [
      sheet("history.pushState(null, '', '/next'); sheet.remove();"),
      DOWN,
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));

  test('if its end is not heard, and an offer beside it is accepted then', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div id="box" role="dialog" style="position: fixed; inset: 0 0 auto; height: 300px">${offer('a', '', 'style="height: 90px"').replace('60000', '0')}
         ${offer('b', '', 'style="height: 90px"').replace('60000', '0')}<button data-offer-accept="b" onpointerup="box.remove()">Take it</button></div>
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
    await drag('[data-offer-id=a]', 100, 0)(page);
    await page.click('button');
    await expectOnly(page, stack, ['viewed a', 'viewed b'], 4_300);
  });
});
