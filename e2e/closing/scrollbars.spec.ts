/** Overlays beside a scrollbar that takes room, as on most desktops. In other tests the browser hides scrollbars. */
import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

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
  for (const [name, overlay] of Object.entries(overlays)) {
    test(name, async ({ page, stack }) => {
      await stack.open(
        page,
        `<style>.over { position: fixed; inset: 0 }</style><p style="height: 4000px"></p>${overlay}
         <div role="dialog" id="flyout" style="position: fixed; top: 50px"><p class="offer" data-offer-id="shut" data-offer-dwell="60000"></p></div>
         <script>document.querySelector('.over').onclick = () => { flyout.remove(); history.pushState({}, '', '/next') }</script>`,
      );
      await trackerStats(page);
      expect(await page.evaluate('innerWidth > document.documentElement.clientWidth')).toBe(true);
      await page.mouse.click(900, 500);
      await stack.expectRecorded(['viewed shut', 'dismissed shut']);
    });
  }
});
