/** What users close before the part is there that notices closing. */
import type { Page } from '@playwright/test';
import type { OfferTracker } from '../../src/index.js';
import { holdBack } from '../fixtures/ready.js';
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

/** Opens a page whose offer part comes only when the result is called. */
const openWithout = async (page: Page, stack: Stack, body: string): Promise<() => void> => {
  const arrive = await holdBack(page, '**/module/offer-part.js');
  const asked = page.waitForRequest('**/module/offer-part.js');
  await stack.open(page, `${offer('beside')}${body}`, { script: '', head: IMPORTING });
  await asked;
  // Observers have reported by then what is in sight.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 20; frame++) await new Promise(requestAnimationFrame);
  });
  return arrive;
};

/** Expects that exactly these were viewed and closed, also after the time in which a press may have consequences. */
const expectOnly = async (
  page: Page,
  stack: Stack,
  closed: readonly string[],
  viewed: readonly string[] = [],
): Promise<void> => {
  await showWitness(page, CONSEQUENCE_MS);
  await stack.expectRecorded([
    ...closed.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]),
    ...viewed.map((id) => `viewed ${id}`),
    'viewed witness',
  ]);
};

test.describe('before the offer part is there', () => {
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

  test('a cross in an open shadow root counts, also if it takes its offer out at once', async ({
    page,
    stack,
  }) => {
    const arrive = await openWithout(
      page,
      stack,
      `<div id="host"></div>
       <script>host.attachShadow({ mode: 'open' }).innerHTML = \`${offer('shadowed', CROSS)}\`;</script>`,
    );
    await page.click('.close');
    await expect(page.locator('[data-offer-id=shadowed]')).toHaveCount(0);
    arrive();
    await expectOnly(page, stack, ['shadowed']);
  });

  test('an accepting link that is opened by the middle button accepts', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      offer('taken', `<a id="go" href="#plan" data-offer-accept>Yes</a>${CROSS}`),
    );
    await page.evaluate(() =>
      document.querySelector('#go')?.addEventListener('auxclick', (event) => event.preventDefault()),
    );
    await page.click('#go', { button: 'middle' });
    arrive();
    await stack.expectRecorded(['viewed taken']);
    await page.click('.close');
    await expectOnly(page, stack, [], ['taken']);
  });

  test('a cross that is asked about and then closes nothing does not count', async ({ page, stack }) => {
    const arrive = await openWithout(page, stack, offer('kept', '<button class="close">×</button>'));
    await page.click('.close');
    arrive();
    await expectOnly(page, stack, []);
  });

  test('crosses that are pressed one after the other all count', async ({ page, stack }) => {
    const arrive = await openWithout(page, stack, `${offer('one', CROSS)}${offer('two', CROSS)}`);
    await page.click('[data-offer-id=one] .close');
    await page.click('[data-offer-id=two] .close');
    arrive();
    await expectOnly(page, stack, ['one', 'two']);
  });

  for (const [how, end] of [
    ['closes', 'close()'],
    ['leaves the page', 'remove()'],
  ])
    test(`a dialog that ${how} by its cross closes what could be seen in it`, async ({ page, stack }) => {
      const arrive = await openWithout(page, stack, DIALOG.replace('close()', `${end}`));
      await page.click('#x');
      await expect(page.locator('#box')).toBeHidden();
      arrive();
      await expectOnly(page, stack, ['shown']);
    });

  test('a cross that names the dialog that it takes out breaks nothing', async ({ page, stack }) => {
    const arrive = await openWithout(
      page,
      stack,
      `<dialog id="box">${offer('named')}<button id="x" command="close" commandfor="box" aria-label="Close">×</button></dialog>
       <script>
         box.showModal();
         box.addEventListener('close', () => box.remove());
         x.addEventListener('click', () => box.close());
       </script>${offer('crossed', CROSS)}`,
    );
    await page.click('#x');
    await page.click('.close');
    arrive();
    await expectOnly(page, stack, ['named', 'crossed']);
  });

  test('an offer says by its own path whom a control is about, though its inside was replaced', async ({
    page,
    stack,
  }) => {
    const arrive = await openWithout(
      page,
      stack,
      `<dialog id="box">${offer('undone', '<button id="no" data-offer-dismiss>No</button>')}${offer('other')}</dialog>
       <script>
         box.showModal();
         no.onclick = () => { no.parentElement.textContent = 'Hidden. Undo'; };
       </script>`,
    );
    await page.click('#no');
    arrive();
    await expectOnly(page, stack, ['undone']);
  });

  for (const [what, style] of [
    ['an offer that is drawn by its children', 'display: contents'],
    ['an offer that is transparent', 'opacity: 0'],
  ])
    test(`a cross that closes nothing does not count in ${what}`, async ({ page, stack }) => {
      const arrive = await openWithout(
        page,
        stack,
        `<div data-offer-id="kept" style="${style}" data-offer-dwell="60000"><button class="close">×</button></div>`,
      );
      await page.click('.close');
      arrive();
      await expectOnly(page, stack, []);
    });

  test('Escape and a press outside close nothing, since what was open may have ended in any way', async ({
    page,
    stack,
  }) => {
    const arrive = await openWithout(
      page,
      stack,
      `${DIALOG}<div role="dialog" id="sheet">${offer('sheet')}</div><p id="blank">Blank</p>
       <script>blank.addEventListener('click', () => sheet.remove())</script>`,
    );
    await page.keyboard.press('Escape');
    await page.click('#blank');
    arrive();
    await expectOnly(page, stack, []);
  });

  for (const [how, body, press] of [
    [
      'by a marked control',
      offer('taken', `<button data-offer-accept ${REMOVE}>Yes</button>`),
      ['[data-offer-accept]'],
    ],
    [
      'by a marked control behind a cross that only asked',
      offer('taken', `<button class="close">×</button><button data-offer-accept ${REMOVE}>Yes</button>`),
      ['.close', '[data-offer-accept]'],
    ],
    [
      'by a form that also closes its dialog',
      `<dialog id="box">${offer('taken')}<form method="dialog" data-offer-accept="taken"><button>Yes</button></form></dialog>
       <script>box.showModal()</script>`,
      ['form button'],
    ],
    [
      'by a call in a button that closes its dialog',
      `<div role="dialog" class="modal">${offer('taken')}
         <button data-bs-dismiss="modal" onclick="tracker.accept('taken'); this.parentElement.remove()">Yes</button></div>`,
      ['.modal > button'],
    ],
  ] as const)
    test(`an offer that is accepted ${how} is not closed, also not later`, async ({ page, stack }) => {
      const arrive = await openWithout(page, stack, body);
      for (const selector of press) await page.click(selector);
      arrive();
      await page.evaluate(async () => {
        const { tracker } = window as unknown as { tracker: OfferTracker };
        await tracker.stats();
        tracker.dismiss('taken');
      });
      await expectOnly(page, stack, [], ['taken']);
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
