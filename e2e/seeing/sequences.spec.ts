import type { Page } from '@playwright/test';
import { type OffersightWindow, trackerStats, untilPart } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const offer = (id: string, inside = '', dwell = 60_000, style = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}" style="height: 90px; ${style}">${id} ${inside}</div>`;

const NO = '<button data-offer-dismiss>No</button>';

/** Keeps the events that the page announced, and that earlier pages of this tab announced. */
const HEARING = `<script>
  for (const type of ['viewed', 'dismissed']) document.addEventListener('offersight:' + type, ({ detail }) => {
    const row = [type, detail.offerId, detail.reason].filter(Boolean).join(' ');
    sessionStorage.heard = JSON.stringify([...JSON.parse(sessionStorage.heard ?? '[]'), row]);
  });
</script>`;

const heard = (page: Page): Promise<string[]> =>
  page.evaluate(() => JSON.parse(sessionStorage.getItem('heard') ?? '[]') as string[]);

test('each way of closing has its reason on the page and in the proxy’s ledger', async ({ page, stack }) => {
  const dialogs = ['escape', 'backdrop', 'dialog']
    .map((how) => `<dialog id="${how}" closedby="any">${offer(`by-${how}`)}</dialog>`)
    .join('');
  await stack.open(
    page,
    `${offer('by-control', NO)}${offer('by-convention', `<button aria-label="Close" onclick="this.parentElement.remove()">x</button>`)}
     ${offer('by-api')}${offer('by-ignoring', '', 0)}${dialogs}`,
    {
      script: 'data-endpoint="/offer-events" data-ignore="leave"',
      // A phone's back gesture asks a dialog to close without any key, as the last Escape does for the tracker here.
      head: `${HEARING}<script>addEventListener('keydown', (event) => {
        if (document.querySelector('[data-no-key]')) event.stopImmediatePropagation();
      }, true)</script>`,
    },
  );
  await trackerStats(page);
  await untilPart(page, 'more');
  await page.click('[data-offer-dismiss]');
  await page.click('[aria-label=Close]');
  await expect.poll(() => heard(page)).toContain('dismissed by-convention control');
  await page.evaluate(() => {
    (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.dismiss('by-api'));
  });
  const open = (id: string) =>
    page.evaluate((name) => document.querySelector<HTMLDialogElement>(`#${name}`)?.showModal(), id);
  await open('escape');
  await page.keyboard.press('Escape');
  await open('backdrop');
  await page.mouse.click(1200, 700);
  await open('dialog');
  await page.evaluate(() => document.documentElement.toggleAttribute('data-no-key', true));
  await page.keyboard.press('Escape');
  await page.locator('#dialog').waitFor({ state: 'hidden' });
  const closed = ['control', 'convention', 'api', 'escape', 'backdrop', 'dialog', 'ignoring'].map(
    (how) => `by-${how}`,
  );
  await expect.poll(() => heard(page)).toContain('dismissed by-dialog dialog');
  await page.goto(`${stack.site.url}/elsewhere`);
  await stack.expectRecorded(closed.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]));
  expect((await heard(page)).filter((row) => row.startsWith('dismissed'))).toEqual([
    'dismissed by-control control',
    'dismissed by-convention control',
    'dismissed by-api api',
    'dismissed by-escape escape',
    'dismissed by-backdrop backdrop',
    'dismissed by-dialog dialog',
    'dismissed by-ignoring ignored',
  ]);
  const counted: string[] = [];
  for await (const cells of stack.intake.ledger())
    for (const { type, reason, taken } of cells) if (type === 'dismissed') counted.push(`${reason} ${taken}`);
  expect(counted).toEqual(['api 1', 'backdrop 1', 'control 2', 'dialog 1', 'escape 1', 'ignored 1']);
});

test.describe('a veto', () => {
  test('against viewed also prevents every kind of dismissal', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('vetoed', NO, 0)}
       <dialog id="modal">${offer('vetoed-modal')}${offer('free')}</dialog><script>modal.showModal()</script>`,
      {
        head: `<script>document.addEventListener('offersight:viewed', (event) => {
          if (event.detail.offerId.startsWith('vetoed')) event.preventDefault();
        })</script>${HEARING}`,
        script: 'data-endpoint="/offer-events" data-ignore="leave"',
      },
    );
    await trackerStats(page);
    await untilPart(page, 'more');
    await page.keyboard.press('Escape');
    await page.click('[data-offer-dismiss]');
    await page.evaluate(() => {
      (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.dismiss('vetoed'));
    });
    await stack.expectRecorded(['viewed free', 'dismissed free']);
    await page.goto(`${stack.site.url}/elsewhere`);
    await stack.open(page, offer('witness', '', 0));
    await stack.expectRecorded(['viewed free', 'dismissed free', 'viewed witness']);
    expect((await heard(page)).filter((row) => row.startsWith('dismissed'))).toEqual([
      'dismissed free escape',
    ]);
  });

  test('against dismissed keeps viewed, even if the offer is closed again', async ({ page, stack }) => {
    await stack.open(page, `${offer('vetoed', NO)}${offer('free', NO)}`, {
      head: `<script>document.addEventListener('offersight:dismissed', (event) => {
        if (event.detail.offerId === 'vetoed') event.preventDefault();
      })</script>`,
    });
    await trackerStats(page);
    await page.dblclick('[data-offer-id=vetoed] button');
    await page.click('[data-offer-id=free] button');
    await stack.expectRecorded(['viewed vetoed', 'viewed free', 'dismissed free']);
    expect((await trackerStats(page)).offers.vetoed).toEqual({
      rendered: 1,
      viewed: 1,
      dismissed: 0,
      accepted: 0,
    });
  });
});
