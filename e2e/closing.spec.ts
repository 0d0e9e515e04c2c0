import { trackerStats } from './fixtures/ready.js';
import { test } from './fixtures/stack.js';

const WITNESS = '<div class="offer" data-offer-id="witness"></div>';

/** A modal with an offer; the offer's own dwell is so long that only closing can prove its display. */
const modal = (id: string, control: string, attributes = '') => `
  <dialog id="modal" ${attributes}><div class="offer" data-offer-id="${id}" data-offer-dwell="60000">Deal ${control}</div></dialog>
  <script>modal.showModal()</script>`;

test.describe('closing a modal', () => {
  test('by its marked button is viewed, then dismissed, also before the second is over', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      modal('by-button', '<button data-offer-dismiss onclick="modal.close()">No</button>'),
    );
    await trackerStats(page);
    await page.click('[data-offer-dismiss]');
    await stack.expectRecorded(['viewed by-button', 'dismissed by-button']);
  });

  test('by Escape is viewed, then dismissed', async ({ page, stack }) => {
    await stack.open(page, modal('by-escape', ''));
    await trackerStats(page);
    await page.keyboard.press('Escape');
    await stack.expectRecorded(['viewed by-escape', 'dismissed by-escape']);
  });

  test('by its backdrop is viewed, then dismissed', async ({ page, stack }) => {
    await stack.open(page, modal('by-backdrop', '', 'closedby="any"'));
    await trackerStats(page);
    await page.mouse.click(20, 20);
    await stack.expectRecorded(['viewed by-backdrop', 'dismissed by-backdrop']);
  });

  test('by a backdrop that the page handles itself is viewed, then dismissed', async ({ page, stack }) => {
    await stack.open(page, modal('own-backdrop', '', 'onclick="if (event.target === this) this.close()"'));
    await trackerStats(page);
    await page.mouse.click(20, 20);
    await stack.expectRecorded(['viewed own-backdrop', 'dismissed own-backdrop']);
  });

  test('by a form with method=dialog is viewed, then dismissed', async ({ page, stack }) => {
    await stack.open(page, modal('by-form', '<form method="dialog"><button>No</button></form>'));
    await trackerStats(page);
    await page.click('dialog button');
    await stack.expectRecorded(['viewed by-form', 'dismissed by-form']);
  });

  test('after its dwell adds dismissed alone', async ({ page, stack }) => {
    await stack.open(page, modal('seen', '').replace('60000', '0'));
    await stack.expectRecorded(['viewed seen']);
    await page.keyboard.press('Escape');
    await stack.expectRecorded(['viewed seen', 'dismissed seen']);
  });

  test('by the page alone is no dismissal', async ({ page, stack }) => {
    await stack.open(page, `${modal('by-page', '')}${WITNESS}`);
    await trackerStats(page);
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await stack.expectRecorded(['viewed witness']);
  });

  test('is no dismissal when the page refuses', async ({ page, stack }) => {
    await stack.open(page, `${modal('refused', '', 'oncancel="event.preventDefault()"')}${WITNESS}`);
    await trackerStats(page);
    await page.keyboard.press('Escape');
    await stack.expectRecorded(['viewed witness']);
  });

  test('by pressing something else in it is no dismissal', async ({ page, stack }) => {
    await stack.open(
      page,
      `${modal('other', '<button id="size" onclick="modal.close()">Choose a size</button>')}${WITNESS}`,
    );
    await trackerStats(page);
    await page.click('#size');
    await stack.expectRecorded(['viewed witness']);
  });
});

test.describe('closing a popover', () => {
  const popover = (id: string) => `
    <div id="pop" popover style="margin: 200px"><div class="offer" data-offer-id="${id}" data-offer-dwell="60000"></div></div>
    <script>pop.showPopover()</script>`;

  test('by a press beside it is viewed, then dismissed', async ({ page, stack }) => {
    await stack.open(page, popover('light'));
    await trackerStats(page);
    await page.mouse.click(20, 20);
    await stack.expectRecorded(['viewed light', 'dismissed light']);
  });

  test('by the page alone is no dismissal', async ({ page, stack }) => {
    await stack.open(page, `${popover('hidden')}${WITNESS}`);
    await trackerStats(page);
    await page.evaluate(() => document.querySelector<HTMLElement>('#pop')?.hidePopover());
    await stack.expectRecorded(['viewed witness']);
  });
});

test.describe('a close control', () => {
  test('elsewhere on the page closes the offer that it names', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="named" data-offer-dwell="60000"></div>
       <div class="offer" data-offer-id="beside" data-offer-dwell="60000"></div>
       <button data-offer-dismiss="named">Hide</button>`,
    );
    await trackerStats(page);
    await page.click('button');
    await stack.expectRecorded(['viewed named', 'dismissed named']);
  });

  test('counts though the page stops the click, and removes the offer at once', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="stopped" data-offer-dwell="60000"><button data-offer-dismiss>x</button></div>
       <script>document.querySelector('button').onclick = (event) => { event.stopPropagation(); event.target.parentElement.remove(); };</script>`,
    );
    await trackerStats(page);
    await page.click('button');
    await stack.expectRecorded(['viewed stopped', 'dismissed stopped']);
  });

  test('counts though it leaves the page', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="leaving" data-offer-dwell="60000"><a href="/elsewhere" data-offer-dismiss>No, thanks</a></div>`,
    );
    await trackerStats(page);
    await page.click('a');
    await page.waitForURL('**/elsewhere');
    await stack.expectRecorded(['viewed leaving', 'dismissed leaving']);
  });

  test('counts once, however often it is pressed', async ({ page, stack }) => {
    await stack.open(
      page,
      '<div class="offer" data-offer-id="storm" data-offer-dwell="60000"><button data-offer-dismiss>x</button></div>',
    );
    await trackerStats(page);
    await page.dblclick('button');
    await page.keyboard.press('Enter');
    await page.locator('button').evaluate((button: HTMLElement) => {
      for (let turn = 0; turn < 50; turn++) button.click();
    });
    await stack.expectRecorded(['viewed storm', 'dismissed storm']);
  });

  test('by convention counts once the offer is gone, and not while it stays', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="toast" data-offer-dwell="60000"><button aria-label="Close" onclick="this.parentElement.remove()">x</button></div>
       <div class="offer" data-offer-id="stays" data-offer-dwell="60000"><button aria-label="close">x</button></div>`,
    );
    await trackerStats(page);
    await page.click('[data-offer-id=stays] button');
    await page.click('[data-offer-id=toast] button');
    await stack.expectRecorded(['viewed toast', 'dismissed toast']);
  });

  test('that hides nothing by a user, such as a toast that hides itself, is no dismissal', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `<div class="offer" data-offer-id="auto" data-offer-dwell="60000"></div>${WITNESS}
       <script>setTimeout(() => document.querySelector('[data-offer-id=auto]').remove(), 300)</script>`,
    );
    await stack.expectRecorded(['viewed witness']);
  });
});

test.describe('accepting', () => {
  test('proves display and forbids a dismissal, also when it closes the modal', async ({ page, stack }) => {
    const controls =
      '<button data-offer-accept onclick="modal.close()">Yes</button><button data-offer-dismiss>No</button>';
    await stack.open(page, modal('accepted', controls));
    await trackerStats(page);
    await page.click('[data-offer-accept]');
    await stack.expectRecorded(['viewed accepted']);
    await page.evaluate(() => document.querySelector('dialog')?.showModal());
    await page.click('[data-offer-dismiss]');
    await page.keyboard.press('Escape');
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<div class="offer" data-offer-id="marker"></div>');
    });
    await stack.expectRecorded(['viewed accepted', 'viewed marker']);
  });

  test('is remembered after a reload', async ({ page, stack }) => {
    const offer =
      '<div class="offer" data-offer-id="kept"><button data-offer-accept>Yes</button><button data-offer-dismiss>No</button></div>';
    await stack.open(page, offer);
    await trackerStats(page);
    await page.click('[data-offer-accept]');
    await stack.expectRecorded(['viewed kept']);
    await page.reload();
    // A new page view: seen again, but still not to be dismissed.
    await stack.expectRecorded(['viewed kept', 'viewed kept']);
    await page.click('[data-offer-dismiss]');
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<div class="offer" data-offer-id="marker"></div>');
    });
    await stack.expectRecorded(['viewed kept', 'viewed kept', 'viewed marker']);
  });

  test('by submitting a form inside it counts as accepting', async ({ page, stack }) => {
    await stack.open(
      page,
      `<form class="offer" data-offer-id="form" data-offer-dwell="60000" data-offer-accept action="/thanks"><input name="mail"><button>Yes</button></form>`,
    );
    await trackerStats(page);
    await page.fill('input', 'a hash');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/thanks**');
    await stack.expectRecorded(['viewed form']);
  });
});
