import type { Page } from '@playwright/test';
import { holdTimers, trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id: string, inside = id, more = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" style="height: 90px; width: 200px" ${more}>${inside}</div>`;

/** Expects only these, and an offer that counts when no consequence can follow any more. */
const expectOnly = async (page: Page, stack: Stack, expected: readonly string[]): Promise<void> => {
  await showWitness(page);
  await stack.expectRecorded([...expected, 'viewed witness']);
};

const openReady = async (page: Page, stack: Stack, body: string, script?: string): Promise<void> => {
  await stack.open(
    page,
    body,
    script === undefined ? {} : { script: `data-endpoint="/offer-events" ${script}` },
  );
  await trackerStats(page);
};

/** A close button of a card that fades out for 400 ms before it is removed. */
const FADING = `<button aria-label="Close" onclick="const card = this.parentElement; card.style.transition = 'opacity 400ms'; card.style.opacity = 0;
  card.ontransitionend = () => card.remove()">×</button>`;

test.describe('an offer that fades after it was closed', () => {
  test('counts as closed even if another is closed while it fades', async ({ page, stack }) => {
    await page.clock.install();
    await openReady(page, stack, `${offer('first', FADING)}${offer('second', FADING)}${offer('third')}`);
    const goOn = await holdTimers(page);
    await page.click('[data-offer-id=first] button');
    await page.click('[data-offer-id=second] button');
    for (const id of ['first', 'second'])
      await page.locator(`[data-offer-id=${id}]`).waitFor({ state: 'detached' });
    await goOn();
    await expectOnly(page, stack, ['viewed first', 'dismissed first', 'viewed second', 'dismissed second']);
  });
});

test.describe('closing a dialog closes the offers that were in sight in it', () => {
  const LIST = `<dialog id="modal" style="height: 220px; overflow: auto">
    ${offer('top')}<div style="height: 900px"></div>${offer('below')}<button data-offer-dismiss onclick="modal.close()">×</button>
    ${offer('hidden', '', 'hidden')}</dialog><script>modal.showModal(); modal.scrollTop = 0</script>`;

  test('if Escape closes it, and not the offers below its scrolled part', async ({ page, stack }) => {
    await openReady(page, stack, LIST.replace('<button data-offer-dismiss', '<button'));
    await page.keyboard.press('Escape');
    await expectOnly(page, stack, ['viewed top', 'dismissed top']);
  });

  test('if a marked control closes it, and not the hidden offers', async ({ page, stack }) => {
    await openReady(page, stack, LIST.replace('<div style="height: 900px"></div>', ''));
    await page.click('[data-offer-dismiss]');
    await expectOnly(page, stack, ['viewed top', 'dismissed top', 'viewed below', 'dismissed below']);
  });
});

test.describe('a panel with the role of a dialog', () => {
  test('is not closed by a button that leads to another view', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog">${offer('aside')}</div><button onclick="document.querySelector('[role=dialog]').remove()">Next</button>`,
    );
    await page.click('button');
    await expectOnly(page, stack, []);
  });

  test('is closed by a press on the overlay that is inside it', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div role="dialog" aria-modal="true" id="holder">
         <div style="position: fixed; inset: 0; background: #0004"></div>
         <div style="position: fixed; inset: 0; display: flex; align-items: center; justify-content: center" onclick="if (event.target === this) holder.remove()">
           <div>${offer('panel')}</div></div></div>`,
    );
    await page.mouse.click(10, 10);
    await expectOnly(page, stack, ['viewed panel', 'dismissed panel']);
  });
});

test.describe('an offer in a shadow tree whose controls are slotted into it', () => {
  const card = (control: string) => `<offer-card>${control}</offer-card>
    <script>customElements.define('offer-card', class extends HTMLElement {
      connectedCallback() {
        this.attachShadow({ mode: 'open' }).innerHTML =
          '<article data-offer-id="card" data-offer-dwell="60000" style="display: block; width: 200px; height: 90px"><slot></slot></article>';
      }
    });</script>`;

  test('is closed by them', async ({ page, stack }) => {
    await openReady(page, stack, card('<button data-offer-dismiss>×</button>'));
    await page.click('button');
    await expectOnly(page, stack, ['viewed card', 'dismissed card']);
  });

  test('is accepted by them', async ({ page, stack }) => {
    await openReady(page, stack, card('<button data-offer-accept>Yes</button>'), 'data-ignore="leave"');
    await page.click('button');
    await expectOnly(page, stack, ['viewed card']);
  });
});

test.describe('an offer that only styles make visible counts', () => {
  test('if a tab is chosen without a script', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<style>.tab { opacity: 0 } :checked ~ .tab { opacity: 1 }</style>
       <input type="checkbox"><div class="offer tab" data-offer-id="tab" data-offer-dwell="200"></div>`,
    );
    await expectOnly(page, stack, []);
    await page.check('input');
    await stack.expectRecorded(['viewed witness', 'viewed tab']);
  });
});

test.describe('an offer that is closed by a listener of `viewed`', () => {
  const listening = (veto: string) => `<script>
    addEventListener('offersight:viewed', (event) => { if (event.detail.offerId === 'quick') { ${veto} document.querySelector('button').click(); } }, { once: true });
  </script><div class="offer" data-offer-id="quick" data-offer-dwell="200"><button data-offer-dismiss>×</button></div>`;

  test('is dismissed after the view', async ({ page, stack }) => {
    await openReady(page, stack, listening(''));
    await expectOnly(page, stack, ['viewed quick', 'dismissed quick']);
  });

  test('counts neither as viewed nor as dismissed if the listener vetoes the view', async ({
    page,
    stack,
  }) => {
    await openReady(page, stack, listening('event.preventDefault();'));
    await expectOnly(page, stack, []);
  });
});

test.describe('an offer that the visitor reacted to is not ignored', () => {
  const GONE = `<script>const away = () => { document.querySelector('.offer').style.marginLeft = '-9999px'; };</script>`;

  test('even if the reaction came before its dwell was over', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div class="offer" data-offer-id="early" data-offer-dwell="500"><i>Details</i></div>${GONE}`,
      'data-ignore="300"',
    );
    await page.click('i');
    await stack.expectRecorded(['viewed early']);
    await page.evaluate('away()');
    await expectOnly(page, stack, ['viewed early']);
  });

  test('even if the reaction was to an offer inside it', async ({ page, stack }) => {
    await openReady(
      page,
      stack,
      `<div class="offer" data-offer-id="outer" data-offer-dwell="0"><div data-offer-id="inner" data-offer-dwell="0" style="height: 90px"><i>Details</i></div></div>${GONE}`,
      'data-ignore="300"',
    );
    await stack.expectRecorded(['viewed outer', 'viewed inner']);
    await page.click('i');
    await page.evaluate('away()');
    await expectOnly(page, stack, ['viewed outer', 'viewed inner']);
  });
});

test.describe('a wrong argument of the tracker', () => {
  test('does not make observe() throw, and closing still works', async ({ page, stack }) => {
    await openReady(page, stack, offer('right', '<button data-offer-dismiss>×</button>'));
    const thrown = await page.evaluate(
      () =>
        new Promise((resolve) => {
          (
            window as unknown as { offersight: { push(command: (tracker: never) => void): void } }
          ).offersight.push((tracker: { observe(target: unknown, more?: null): () => void }) => {
            try {
              for (const wrong of ['#x', {}, document.querySelectorAll('*'), window, new Text('')])
                tracker.observe(wrong)();
              tracker.observe(document)();
              tracker.observe(document.createElement('p'), null)();
              resolve('nothing');
            } catch (cause) {
              resolve(String(cause));
            }
          });
        }),
    );
    expect(thrown).toBe('nothing');
    await page.click('button');
    await expectOnly(page, stack, ['viewed right', 'dismissed right']);
  });
});

test('closing is noticed while storage is slow to open', async ({ page, stack }) => {
  await stack.open(page, offer('slow', '<button data-offer-dismiss>×</button>'), {
    head: `<script>
      const open = IDBFactory.prototype.open;
      IDBFactory.prototype.open = function (...names) {
        const request = open.apply(this, names);
        let heard;
        Object.defineProperty(request, 'onsuccess', { set(listener) { heard = listener; } });
        request.addEventListener('success', (event) => { window.isClosable = true; addEventListener('storage-ready', () => heard.call(request, event)); });
        return request;
      };
    </script>`,
  });
  await page.waitForFunction('window.isClosable');
  await page.click('button');
  await page.evaluate('dispatchEvent(new Event("storage-ready"))');
  await expectOnly(page, stack, ['viewed slow', 'dismissed slow']);
});
