/** Close buttons as people make them, recognized by their names, and buttons whose names only begin like those. */
import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const REMOVE = `onclick="this.closest('.offer').remove()"`;

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id: string, control: string) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" style="height: 24px">
     ${control.replace('>', ` ${REMOVE}>`)}</div>`;

const CLOSING: readonly string[] = [
  '<button aria-label="Close">X</button>',
  '<button aria-label="Close dialog">+</button>',
  '<button aria-label="close this dialog">+</button>',
  '<button aria-label="Close the modal">+</button>',
  '<button>Dismiss banner</button>',
  '<button> CLOSE </button>',
  '<button>\n  Close\n</button>',
  '<button title="Close (Esc)"><svg width="9" height="9"></svg></button>',
  '<button><svg width="9" height="9"></svg><span style="position: absolute; clip-path: inset(50%)">Close</span></button>',
  '<button><span aria-hidden="true">×</span><span>Close</span></button>',
  '<button>×</button>',
  '<button>✕</button>',
  '<button>❌</button>',
  '<button>✖️</button>',
  '<button>x</button>',
  '<span class="close">×</span>',
  '<a href="#" title="Close">-</a>',
  '<div role="button" tabindex="0">Close</div>',
  '<input type="button" value="Close">',
  '<button data-dismiss="modal">-</button>',
  '<button aria-label="close notification"><svg width="9" height="9"></svg></button>',
  '<button aria-labelledby="named-close"><svg width="9" height="9"></svg></button><i id="named-close" hidden>Close</i>',
  '<button class="mantine-CloseButton-root"><svg width="9" height="9"></svg></button>',
];

const WORDS =
  'Close Dismiss Schließen Fermer Cerrar Chiudi Fechar Sluiten Zamknij Stäng Luk Lukk Sulje Zavřít Kapat Закрыть Закрити 閉じる 닫기 关闭 關閉 إغلاق'.split(
    ' ',
  );

const OTHERS: readonly string[] = [
  '<button>Close deal</button>',
  '<button aria-label="Close deal">×</button>',
  '<button>Closest store</button>',
  '<button>Schließfach mieten</button>',
  '<button>Luksus</button>',
  '<button>閉じるボタン特集</button>',
  '<button>Next</button>',
  '<button>(3)</button>',
  '<button title="Close deal">-</button>',
];

test('a button with a close name closes the offer, and one whose name only begins so does not', async ({
  page,
  stack,
}) => {
  const closing = [...CLOSING, ...WORDS.map((word) => `<button>${word}</button>`)];
  await stack.open(page, [...closing, ...OTHERS].map((control, at) => offer(`o${at}`, control)).join(''));
  await trackerStats(page);
  for (const at of [...closing, ...OTHERS].keys())
    await page.locator(`[data-offer-id=o${at}] [onclick]`).click();
  await expect(page.locator('[data-offer-id]')).toHaveCount(0);
  await stack.expectRecorded(closing.flatMap((_, at) => [`viewed o${at}`, `dismissed o${at}`]));
});

test('a press on the edge of a button whose icon has a close name closes the offer', async ({
  page,
  stack,
}) => {
  const icon = '<svg width="20" height="20" role="img" aria-label="Close"><path d="M0 0h20v20z"/></svg>';
  await stack.open(page, offer('edge', `<button style="padding: 20px">${icon}</button>`));
  await trackerStats(page);
  await page.locator('button').click({ position: { x: 3, y: 3 } });
  await stack.expectRecorded(['viewed edge', 'dismissed edge']);
});

test('a page in an old encoding has the same names', async ({ page, stack }) => {
  await page.route('**/latin.html', (route) =>
    route.fulfill({
      contentType: 'text/html; charset=windows-1252',
      body: `<!doctype html><script async src="/offersight.js" data-endpoint="/offer-events"></script>
        ${offer('latin', '<button>Schlie&szlig;en</button>').replace('class="offer"', 'class="offer" style="width: 200px"')}`,
    }),
  );
  await page.goto(`${stack.site.url}/latin.html`);
  await trackerStats(page);
  await page.click('button');
  await stack.expectRecorded(['viewed latin', 'dismissed latin']);
});

test('Enter in a field of a form that closes a dialog dismisses nothing, and Enter on its button does', async ({
  page,
  stack,
}) => {
  const dialog = (id: string) =>
    `<dialog id="${id}-box">${offer(id, '<i>')}<form method="dialog"><input><button>OK</button></form></dialog>`;
  await stack.open(page, dialog('kept') + dialog('closed'));
  await trackerStats(page);
  for (const [id, pressed] of [
    ['kept', 'input'],
    ['closed', 'button'],
  ]) {
    const box = page.locator(`#${id}-box`);
    await box.evaluate((element: HTMLDialogElement) => element.showModal());
    await box.locator(pressed as string).press('Enter');
    await expect(box).toBeHidden();
  }
  await stack.expectRecorded(['viewed closed', 'dismissed closed']);
});

test.describe('if a card itself accepts', () => {
  const card = (inside: string, attributes = '') =>
    `<div class="offer" data-offer-id="card" data-offer-dwell="60000" data-offer-accept ${attributes}>${inside}</div>`;

  test('the cross in it closes it', async ({ page, stack }) => {
    await stack.open(page, card(`<button aria-label="Close" ${REMOVE}>x</button>`));
    await trackerStats(page);
    await page.click('button');
    await stack.expectRecorded(['viewed card', 'dismissed card']);
    expect((await trackerStats(page)).offers.card?.accepted).toBe(0);
  });

  test('a press on anything else in it accepts', async ({ page, stack }) => {
    await stack.open(page, card(`<button ${REMOVE}>Take it</button>`));
    await trackerStats(page);
    await page.click('button');
    await stack.expectRecorded(['viewed card']);
    await expect.poll(async () => (await trackerStats(page)).offers.card?.accepted).toBe(1);
  });

  test('a link that is opened in another tab by the middle button accepts', async ({ page, stack }) => {
    await stack.open(
      page,
      '<div class="offer" data-offer-id="card" data-offer-dwell="60000"><a href="/page.html#new" data-offer-accept>Take it</a></div>',
    );
    await trackerStats(page);
    await page.click('a', { button: 'middle' });
    await expect.poll(async () => (await trackerStats(page)).offers.card?.accepted).toBe(1);
  });
});
