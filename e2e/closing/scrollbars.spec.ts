/** Overlays beside a scrollbar that takes room, as on most desktops. In other tests the browser hides scrollbars. */
import { expect, test } from '../fixtures/stack.js';
import { closing, js, offer } from './rows.js';

test.use({
  launchOptions: async ({ launchOptions }, use) =>
    use({ ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache', '--hide-scrollbars'] }),
});

test.describe('beside a classic scrollbar, a press closes the offers', () => {
  const overlays: Readonly<Record<string, string>> = {
    'if it is on an overlay of a page that scrolls': '<div class="over"></div>',
    'if it is on an element that fills an overlay that scrolls by itself':
      '<div class="over" style="overflow-y: scroll"><div style="min-height: 120vh"></div></div>',
    'if it is on an overlay as wide as the viewport': '<div class="over" style="width: 100vw"></div>',
  };
  for (const [name, overlay] of Object.entries(overlays))
    test(
      name,
      closing([
        `<style>.over { position: fixed; inset: 0 }</style><p style="height: 4000px"></p>${overlay}
         <div role="dialog" id="flyout" style="position: fixed; top: 50px">${offer('shut')}</div>
         <script>document.querySelector('.over').onclick = () => { flyout.remove(); history.pushState({}, '', '/next') }</script>`,
        [
          js("if (innerWidth === document.documentElement.clientWidth) throw new Error('no scrollbar')"),
          (page) => page.mouse.click(900, 500),
        ],
        'shut',
      ]),
    );
});

test.describe('a flyout that goes while the user drags a scrollbar is not dismissed', () => {
  /** Where the pointer goes down, and where it is lifted. */
  type Drag = readonly [fromX: number, fromY: number, toX: number, toY: number];

  /** A column of 300 × 300 px at 100/100 that scrolls in both directions, inside a border. */
  const column = (attributes = '', tag = 'div') =>
    `<${tag} ${attributes} style="position: absolute; left: 100px; top: 100px; width: 300px; height: 300px; box-sizing: border-box; overflow: auto; border: 4px solid">${
      tag === 'div' ? '<div style="width: 2000px; height: 2000px"></div>' : 'long '.repeat(5_000)
    }</${tag}>`;
  const DOWN: Drag = [390, 130, 390, 250];

  const pages: Readonly<Record<string, readonly [body: string, drag: Drag, goes?: string]>> = {
    'the page’s': ['<div style="height: 4000px"></div>', [1275, 40, 1275, 300]],
    'the page’s horizontal one': ['<div style="width: 4000px; height: 10px"></div>', [40, 795, 300, 795]],
    'the page’s horizontal one, in Arabic': [
      '<script>document.dir = "rtl"</script><div style="width: 4000px; height: 10px"></div>',
      [1200, 795, 900, 795],
    ],
    'a column’s': [column(), DOWN],
    'a text field’s': [column('', 'textarea'), DOWN],
    'a column’s horizontal one': [column(), [130, 390, 250, 390]],
    'a column’s at its left, as in Arabic': [column('dir="rtl"'), [110, 130, 110, 250]],
    'a scaled column’s': [
      `<div style="transform: scale(.5); transform-origin: 0 0; width: 500px">${column()}</div>`,
      [195, 65, 195, 125],
    ],
    'a column’s, which closes it as it is pressed': [column(), DOWN, 'pointerdown'],
    'one that the page has made itself': [
      `<div style="height: 4000px"></div>
       <div id="handle" style="position: fixed; left: 600px; top: 100px; width: 12px; height: 80px; background: silver"></div>
       <script>
         handle.onpointerdown = () => {
           onpointermove = ({ clientY }) => scrollTo(0, clientY * 4);
         };
       </script>`,
      [605, 130, 605, 250],
    ],
  };
  for (const [name, [body, [fromX, fromY, toX, toY], goes = 'scroll']] of Object.entries(pages))
    test(
      `if it is ${name}`,
      closing([
        `<style>[data-offer-id=elsewhere] { position: fixed; left: 700px }</style>${body}
         <div role="dialog" id="flyout" style="position: fixed; left: 700px; top: 200px">${offer('kept')}</div>
         <script>document.addEventListener('${goes}', () => flyout.remove(), ${goes === 'scroll'})</script>`,
        async (page) => {
          await page.mouse.move(fromX, fromY);
          await page.mouse.down();
          await page.mouse.move(toX, toY, { steps: 4 });
          await expect(page.locator('#flyout')).toHaveCount(0);
          await page.mouse.up();
        },
      ]),
    );
});
