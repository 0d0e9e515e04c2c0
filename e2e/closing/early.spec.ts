/** What users close before the part is there that notices closing. */
import type { Page } from '@playwright/test';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id: string, inside = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" style="height: 90px">${id} ${inside}</div>`;

const REMOVE = `onclick="this.closest('.offer').remove()"`;
const CROSS = `<button class="close" aria-label="Close" ${REMOVE}>×</button>`;

/** A dialog with two offers, one of which is scrolled out of it. */
const DIALOG = `<dialog id="box" style="width: 300px; height: 220px; overflow: auto">
    ${offer('shown')}<button id="x" aria-label="Close" onclick="this.closest('dialog').close()">×</button>
    <div style="height: 2000px"></div>${offer('clipped')}
  </dialog>
  <script>box.showModal()</script>`;

/** A tracker from npm. */
const IMPORTING = `<script type="module">
  import { createOfferTracker } from '/module/index.js';
  window.tracker = createOfferTracker({ endpoint: '/offer-events' });
</script>`;

/** Opens a page whose second load comes only when the result is called. */
const openWithout = async (page: Page, stack: Stack, body: string): Promise<() => void> => {
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route('**/module/later.js', async (route) => {
    await arrived;
    await route.continue();
  });
  const asked = page.waitForRequest('**/module/later.js');
  await stack.open(page, `${offer('beside')}${body}`, { script: '', head: IMPORTING });
  await asked;
  // Observers have reported by then what is in sight.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 20; frame++) await new Promise(requestAnimationFrame);
  });
  return arrive;
};

const expectOnly = async (page: Page, stack: Stack, ids: readonly string[]): Promise<void> => {
  await showWitness(page, ids.length ? 0 : CONSEQUENCE_MS);
  await stack.expectRecorded([...ids.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]), 'viewed witness']);
};

test.describe('before the second load is there', () => {
  test('a cross that removes its offer counts', async ({ page, stack }) => {
    const arrive = await openWithout(page, stack, offer('crossed', CROSS));
    await page.click('.close');
    arrive();
    await expectOnly(page, stack, ['crossed']);
  });

  test('a cross counts, however long ago it was pressed', async ({ page, stack }) => {
    await page.clock.install();
    const arrive = await openWithout(page, stack, offer('crossed', CROSS));
    await page.click('.close');
    await page.clock.runFor(20_000);
    arrive();
    await page.clock.resume();
    await expectOnly(page, stack, ['crossed']);
  });

  test('a marked control counts, also one that names an offer from elsewhere', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      `${offer('marked', '<button id="own" data-offer-dismiss>No</button>')}${offer('named')}
       <button id="elsewhere" data-offer-dismiss="named">Hide</button>`,
    );
    await page.click('#own');
    await page.click('#elsewhere');
    arrive();
    await expectOnly(page, stack, ['marked', 'named']);
  });

  test('a cross that is asked about and then closes nothing does not count', async ({ page, stack }) => {
    const arrive = await openWithout(page, stack, offer('kept', '<button class="close">×</button>'));
    await page.click('.close');
    arrive();
    await expectOnly(page, stack, []);
  });

  for (const [how, close] of [
    ['its own cross', (page: Page) => page.click('#x')],
    ['Escape', (page: Page) => page.keyboard.press('Escape')],
    ['a press beside it on a page that closes it then', (page: Page) => page.mouse.click(5, 5)],
  ] as const)
    test(`a dialog that is closed by ${how} closes what could be seen in it`, async ({ page, stack }) => {
      const arrive = await openWithout(
        page,
        stack,
        `${DIALOG}<script>box.onclick = ({ target }) => target === box && box.close()</script>`,
      );
      await close(page);
      await expect(page.locator('#box')).toBeHidden();
      arrive();
      await expectOnly(page, stack, ['shown']);
    });

  test('a dialog that leaves the page on Escape closes what could be seen in it', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      `<div role="dialog" id="sheet">${offer('sheet')}</div>
       <script>
         addEventListener('keydown', ({ key }) => { if (key === 'Escape') sheet.remove(); });
       </script>`,
    );
    await page.keyboard.press('Escape');
    arrive();
    await expectOnly(page, stack, ['sheet']);
  });

  test('a dialog that closes by itself long after Escape was pressed elsewhere closes nothing', async ({
    page,
    stack,
  }) => {
    const arrive = await openWithout(page, stack, DIALOG.replace('showModal', 'show'));
    await page.keyboard.press('Escape');
    await page.evaluate(async (ms) => {
      const pressed = performance.now();
      while (performance.now() - pressed < ms) await new Promise(requestAnimationFrame);
      document.querySelector('dialog')?.close();
    }, CONSEQUENCE_MS);
    arrive();
    await expectOnly(page, stack, []);
  });

  test('a press that leads to another view closes nothing', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      `<div role="dialog" id="sheet">${offer('sheet')}</div>
       <p id="elsewhere">Other</p>
       <script>
         elsewhere.addEventListener('click', () => {
           history.pushState(0, '', '/other');
           sheet.remove();
         });
       </script>`,
    );
    await page.click('#elsewhere');
    arrive();
    await expectOnly(page, stack, []);
  });

  test('an offer that is accepted does not count as closed', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      offer('taken', `<button data-offer-accept ${REMOVE}>Yes</button>`),
    );
    await page.click('[data-offer-accept]');
    arrive();
    await showWitness(page, CONSEQUENCE_MS);
    await stack.expectRecorded(['viewed taken', 'viewed witness']);
  });

  test('a page that only renders the offer again closes nothing', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      `<div id="list"><div>${offer('again', '<button class="close">×</button>')}</div></div>
       <script>
         document.querySelector('.close').onclick = () => { list.innerHTML = list.innerHTML; };
       </script>`,
    );
    await page.click('.close');
    arrive();
    await expectOnly(page, stack, []);
  });

  test('what a script presses counts only on a marked control', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      `${offer('pressed', CROSS)}${offer('marked', '<button id="own" data-offer-dismiss>No</button>')}`,
    );
    await page.evaluate(() => {
      for (const button of document.querySelectorAll<HTMLElement>('.close, #own')) button.click();
    });
    arrive();
    await expectOnly(page, stack, ['marked']);
  });

  test('events keep what the page may ask of them while they happen', async ({ page, stack }) => {
    const arrive = await openWithout(page, stack, offer('asked', CROSS));
    await page.evaluate(() => {
      const told = window as unknown as { ownPath: boolean };
      addEventListener('click', (event) => {
        told.ownPath = Object.hasOwn(event, 'composedPath');
      });
    });
    await page.click('.close');
    expect(await page.evaluate(() => (window as unknown as { ownPath: boolean }).ownPath)).toBe(false);
    arrive();
    await expectOnly(page, stack, ['asked']);
  });
});

for (const [way, options] of [
  ['the script file', {}],
  ['npm', { script: '', head: IMPORTING }],
] as const)
  for (const afterMs of [50, 200, 450])
    test(`a cross is pressed ${afterMs} ms after a start by ${way}, on a machine that is four times slower`, async ({
      page,
      stack,
    }) => {
      const session = await page.context().newCDPSession(page);
      await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      // The press is the browser's own, and comes when the page's clock says so. The tracker may be at any point then.
      const head = `${'head' in options ? options.head : ''}<script>
        document.addEventListener('DOMContentLoaded', () => setTimeout(() => press('press'), ${afterMs}));
      </script>`;
      await page.exposeFunction('press', async () => {
        const cross = await page.locator('.close').boundingBox();
        if (cross) await page.mouse.click(cross.x + cross.width / 2, cross.y + cross.height / 2);
      });
      await stack.open(page, offer('crossed', CROSS), { ...options, head });
      await stack.expectRecorded(['viewed crossed', 'dismissed crossed']);
    });
