/** Tables of what closes offers: a page, what its user does there, and which offers that closes. */
import type { Page } from '@playwright/test';
import { trackerStats, untilPart } from '../fixtures/ready.js';
import type { PageOptions } from '../fixtures/site.js';
import { expect, type Stack } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
export const offer = (id: string, inside = '', attributes = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" ${attributes}>${id} ${inside}</div>`;

export const X = '<button class="x" aria-label="Close">×</button>';
export const MARKED = '<button data-offer-dismiss>No</button>';
/** Removes the offer around what is pressed. */
export const REMOVE = `onclick="this.closest('.offer').remove()"`;
export const DRAWER =
  'role="dialog" aria-modal="true" style="position: fixed; right: 0; top: 0; bottom: 0; width: 500px; background: #fff"';

export const modal = (inside: string, attributes = '') =>
  `<dialog id="modal" ${attributes}>${inside}</dialog><script>modal.showModal()</script>`;
export const popover = (inside: string, kind = 'auto') =>
  `<div id="pop" popover="${kind}" style="margin: 200px">${inside}</div><script>pop.showPopover()</script>`;

/** Runs when the first cross is pressed. */
export const onCross = (act: string): string =>
  `<script>document.querySelector('.x').onclick = () => { ${act} }</script>`;

/** Markup as a string of JavaScript inside a page. */
export const quoted = (markup: string): string => JSON.stringify(markup).replaceAll('</', '<\\/');

/** What a user does. A text is the selector of what is pressed. */
export type Act = string | ((page: Page) => Promise<unknown>);

export const key =
  (name: string): Act =>
  (page) =>
    page.keyboard.press(name);
export const at =
  (x: number, y: number): Act =>
  (page) =>
    page.mouse.click(x, y);
export const js =
  (statements: string): Act =>
  (page) =>
    page.evaluate(`(async () => { ${statements} })()`);
export const gone =
  (selector: string): Act =>
  (page) =>
    page.locator(selector).waitFor({ state: 'hidden' });
/** Lets the page's own time pass. */
export const pass =
  (ms: number): Act =>
  (page) =>
    page.evaluate((delay) => new Promise((resolve) => setTimeout(resolve, delay)), ms);
/** Drags an element by so many pixels. */
export const drag =
  (selector: string, byX: number, byY: number) =>
  async (page: Page): Promise<void> => {
    const box = await page.locator(selector).first().boundingBox();
    if (!box) throw new Error(`${selector} is not drawn`);
    const [x, y] = [box.x + box.width / 2, box.y + Math.min(40, box.height / 2)];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + byX / 2, y + byY / 2, { steps: 4 });
    await page.mouse.move(x + byX, y + byY, { steps: 4 });
    await page.mouse.up();
  };

export const ESCAPE = key('Escape');
/** A blank place, beside everything that rows show. */
export const BLANK = at(20, 600);

export const doAll = async (page: Page, acts: Act | readonly Act[]): Promise<void> => {
  for (const act of typeof acts === 'object' ? acts : [acts])
    await (typeof act === 'string' ? page.click(act) : act(page));
};

/** What the page announced of dismissals, also of earlier pages of this tab. */
const HEAD = `<style>.offer { height: 90px }</style><script>
  document.addEventListener('offersight:dismissed', ({ detail }) => {
    sessionStorage.reasons = [sessionStorage.reasons, detail.offerId + ' ' + detail.reason].filter(Boolean).join();
  });
</script>`;

const reasonsOf = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => (sessionStorage.getItem('reasons') ?? '').split(',').filter(Boolean));

/** Opens a page and waits until closing is noticed there. */
export const openReady = async (
  page: Page,
  stack: Stack,
  body: string,
  { script = 'data-endpoint="/offer-events" data-debug', head = '' }: PageOptions = {},
): Promise<void> => {
  await stack.open(page, body, { script, head: HEAD + head });
  await trackerStats(page);
  await untilPart(page, 'more');
  await page.evaluate(() => new Promise<number>(requestAnimationFrame));
  // A dialog or the like has asked for it.
  await untilPart(page, 'closing');
};

export const both = (...ids: readonly string[]) => ids.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]);

/**
 * Expects only these, and an offer that counts last: if nothing is closed, once no consequence of an act can follow any
 * more.
 */
export const expectOnly = async (
  page: Page,
  stack: Stack,
  expected: readonly string[] = [],
  dwellMs = expected.length ? 0 : CONSEQUENCE_MS,
): Promise<void> => {
  if (expected.length) await stack.expectRecorded(expected);
  await showWitness(page, dwellMs);
  await stack.expectRecorded([...expected, 'viewed witness']);
};

/** A page, what its user does, the offers that this closes, by default none, and for what reason. */
export type Row = readonly [body: string, acts: Act | readonly Act[], closed?: string, reason?: string];

/** A test of a row. Each page also shows an offer that nothing closes: a mix-up of offers shows. */
export const closing =
  ([body, acts, closed = '', reason]: Row, options?: PageOptions) =>
  async ({ page, stack }: { page: Page; stack: Stack }): Promise<void> => {
    await openReady(page, stack, offer('elsewhere') + body, options);
    await doAll(page, acts);
    const ids = closed.split(' ').filter(Boolean);
    await expectOnly(page, stack, both(...ids));
    if (reason)
      expect((await reasonsOf(page)).toSorted()).toEqual(ids.map((id) => `${id} ${reason}`).toSorted());
  };
