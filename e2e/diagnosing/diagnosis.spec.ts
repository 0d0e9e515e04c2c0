import type { Page } from '@playwright/test';
import { untilHidden } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

/** What the `debug` function was given. Instead of the element it has the element's id. */
interface Note {
  readonly offerId: string;
  readonly elementId: string;
  readonly reason: string;
  readonly ratio: number;
  readonly neededRatio: number;
  readonly dwelledMs: number;
}

const offer = (id: string, style = '', dwell = 60_000) =>
  `<div class="offer" id="box-${id}" data-offer-id="${id}" data-offer-dwell="${dwell}" style="${style}">${id}</div>`;

/** Opens a page whose tracker reports why offers have not counted, and keeps all changes to the document. */
const openDiagnosed = async (
  page: Page,
  stack: Stack,
  body: string,
  { options = '', also = '' } = {},
): Promise<void> => {
  await stack.open(page, body, {
    script: '',
    head: `<script type="module">
      import { createOfferTracker, explain } from '/module/index.js';
      window.notes = [];
      window.changes = [];
      new MutationObserver((records) => changes.push(...records.map(({ type, attributeName, target }) =>
        type + ' ' + (attributeName ?? '') + ' ' + target.nodeName))).observe(document,
        { attributes: true, childList: true, characterData: true, subtree: true });
      window.tracker = createOfferTracker({
        endpoint: '/offer-events',
        debug: explain(({ element, ...note }) => { notes.push({ ...note, elementId: element.id }); ${also} }),
        ${options}
      });
    </script>`,
  });
};

const notesOf = async (page: Page, offerId: string): Promise<Note[]> => {
  const notes = await page.evaluate(() => (window as unknown as { notes?: Note[] }).notes ?? []);
  return notes.filter((note) => note.offerId === offerId);
};

/** Waits until this reason was reported for the offer, and returns the last such note. */
const untilTold = async (page: Page, offerId: string, reason: string): Promise<Note> => {
  await expect.poll(async () => (await notesOf(page, offerId)).map((note) => note.reason)).toContain(reason);
  const note = (await notesOf(page, offerId)).findLast((told) => told.reason === reason);
  if (!note) throw new Error('a note that was there is gone');
  expect(note.elementId).toBe(`box-${offerId}`);
  return note;
};

/** Expects that this is the last reason that was reported for the offer. */
const expectLast = (page: Page, offerId: string, reason: string): Promise<void> =>
  expect.poll(async () => (await notesOf(page, offerId)).at(-1)?.reason).toBe(reason);

/** Adds an offer to a page whose tracker is known to report already: earlier views would not be reported. */
const add = (page: Page, html: string): Promise<void> =>
  page.evaluate((added) => document.body.insertAdjacentHTML('afterbegin', added), html);

const NEIGHBOUR = offer('neighbour', 'position: fixed; right: 0; bottom: 0');

const at = (left: number, top: number): string => `position: absolute; left: ${left}px; top: ${top}px;`;

/** Offers that do not count, side by side in a window of 1280 × 800 px, with the reason and the shares of each. */
const REASONS: Readonly<
  Record<string, readonly [html: string, reason: string, ratio: number, needed?: number]>
> = {
  boxless: [offer('boxless', 'display: none'), 'not-rendered', 0],
  'in-hidden': [`<section hidden>${offer('in-hidden')}</section>`, 'not-rendered', 0],
  below: [offer('below', at(0, 5_000)), 'not-rendered', 0],
  'just-below': [offer('just-below', at(0, 900)), 'not-rendered', 0],
  left: [offer('left', at(-1_000, 0)), 'not-rendered', 0],
  transparent: [offer('transparent', `${at(0, 0)} opacity: 0`), 'not-shown', 1, 0.5],
  invisible: [offer('invisible', `${at(320, 0)} visibility: hidden`), 'not-shown', 1, 0.5],
  faded: [`<section style="opacity: 0">${offer('faded', at(640, 0))}</section>`, 'not-shown', 1, 0.5],
  half: [offer('half', at(-210, 220)), 'too-small', 0.3, 0.5],
  own: [offer('own', at(-60, 440)).replace('>', ' data-offer-ratio="0.9">'), 'too-small', 0.8, 0.9],
  large: [offer('large', `${at(1_180, 0)} width: 500px; height: 500px`), 'too-small', 0.2, 0.3],
  under: [
    `${offer('under', at(320, 440))}<div style="${at(300, 420)} width: 400px; height: 300px; background: black"></div>`,
    'covered',
    1,
    0.5,
  ],
};

test.describe('the debug function gets the reason', () => {
  test('of each offer that is not rendered, not shown, too small or covered, with its shares', async ({
    page,
    stack,
  }) => {
    await openDiagnosed(
      page,
      stack,
      Object.values(REASONS)
        .map(([html]) => html)
        .join('') + NEIGHBOUR,
    );
    await untilTold(page, 'neighbour', 'dwelling');
    for (const [id, [, reason, ratio, needed]] of Object.entries(REASONS)) {
      const note = await untilTold(page, id, reason);
      expect(note.ratio, id).toBeCloseTo(ratio, 2);
      if (needed) expect(note.neededRatio, id).toBe(needed);
      expect(note.dwelledMs, id).toBe(0);
      await expectLast(page, id, reason);
    }
    await add(page, offer('witness', `${at(960, 220)} width: 200px`, 500));
    await stack.expectRecorded(['viewed witness']);
  });

  // A browser says that an element without a size is visible as a whole.
  test('not-rendered if an offer has no size', async ({ page, stack }) => {
    await openDiagnosed(page, stack, offer('none', 'width: 0; height: 0; overflow: hidden') + NEIGHBOUR);
    expect((await untilTold(page, 'none', 'not-rendered')).dwelledMs).toBe(0);
    await untilTold(page, 'neighbour', 'dwelling');
    await expectLast(page, 'none', 'not-rendered');
  });

  test('page-hidden if the tab is behind another', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const [page] = context.pages();
    if (!page) throw new Error('the browser has no page');
    await openDiagnosed(page, stack, offer('behind'));
    await untilTold(page, 'behind', 'dwelling');
    const other = await context.newPage();
    await untilHidden(page);
    expect((await untilTold(page, 'behind', 'interrupted')).dwelledMs).toBeGreaterThan(0);
    expect(await untilTold(page, 'behind', 'page-hidden')).toMatchObject({ ratio: 1, dwelledMs: 0 });
    await other.close();
    await page.bringToFront();
    await expectLast(page, 'behind', 'dwelling');
  });

  test('dwelling and then viewed, each once', async ({ page, stack }) => {
    await openDiagnosed(page, stack, NEIGHBOUR);
    await untilTold(page, 'neighbour', 'dwelling');
    await add(page, offer('seen', '', 700));
    const viewed = await untilTold(page, 'seen', 'viewed');
    expect(viewed).toMatchObject({ ratio: 1, neededRatio: 0.5 });
    expect(viewed.dwelledMs).toBeGreaterThanOrEqual(700);
    await stack.expectRecorded(['viewed seen']);
    const reasons = (await notesOf(page, 'seen')).map(({ reason }) => reason);
    expect(reasons.slice(-2)).toEqual(['dwelling', 'viewed']);
    expect(reasons.filter((reason) => reason === 'dwelling' || reason === 'viewed')).toHaveLength(2);
    expect((await notesOf(page, 'neighbour')).map(({ reason }) => reason)).not.toContain('viewed');
  });

  test('again at each change while an offer comes into sight bit by bit', async ({ page, stack }) => {
    await openDiagnosed(
      page,
      stack,
      `<div style="height: 2000px"></div>${offer('slow')}<div style="height: 3000px"></div>${NEIGHBOUR}`,
    );
    const show = (pixels: number) =>
      page.evaluate(`scrollTo({ top: 2000 - 800 + ${pixels}, behavior: 'instant' })`);
    await expectLast(page, 'slow', 'not-rendered');
    await show(60);
    await expectLast(page, 'slow', 'too-small');
    expect((await untilTold(page, 'slow', 'too-small')).ratio).toBeCloseTo(0.3, 1);
    await show(150);
    await expectLast(page, 'slow', 'dwelling');
    await show(0);
    const { dwelledMs, ratio } = await untilTold(page, 'slow', 'interrupted');
    expect(dwelledMs).toBeGreaterThan(0);
    expect([dwelledMs < 60_000, ratio]).toEqual([true, 0]);
    await expectLast(page, 'slow', 'not-rendered');
    const reasons = (await notesOf(page, 'slow')).map(({ reason }) => reason);
    expect(reasons.slice(-5)).toEqual([
      'not-rendered',
      'too-small',
      'dwelling',
      'interrupted',
      'not-rendered',
    ]);
  });
});

test.describe('the debug function', () => {
  test('comes with no change to any element of the page', async ({ page, stack }) => {
    await openDiagnosed(
      page,
      stack,
      `${offer('hidden', 'opacity: 0')}${offer('small', 'margin-left: -210px')}<div style="height: 3000px"></div>${offer('seen', '', 1_000)}`,
    );
    for (const [id, reason] of [
      ['hidden', 'not-shown'],
      ['small', 'too-small'],
      ['seen', 'not-rendered'],
    ] as const)
      await untilTold(page, id, reason);
    await page.evaluate('scrollTo({ top: 3000, behavior: "instant" })');
    await untilTold(page, 'seen', 'viewed');
    await stack.expectRecorded(['viewed seen']);
    expect(await page.evaluate(() => (window as unknown as { changes: string[] }).changes)).toEqual([]);
  });

  test('harms nothing if it throws', async ({ page, stack }) => {
    const crashes: string[] = [];
    page.on('pageerror', (error) => crashes.push(error.message));
    await openDiagnosed(
      page,
      stack,
      `${offer('seen', '', 300)}${offer('closed').replace('</div>', '<button data-offer-dismiss>x</button></div>')}`,
      {
        also: "throw new Error('mine')",
      },
    );
    await untilTold(page, 'closed', 'dwelling');
    await stack.expectRecorded(['viewed seen']);
    await page.click('button');
    await stack.expectRecorded(['viewed seen', 'viewed closed', 'dismissed closed']);
    expect(crashes).toEqual([]);
  });

  test('may close offers and add others while it is called', async ({ page, stack }) => {
    await openDiagnosed(page, stack, offer('first') + NEIGHBOUR, {
      also: `if (note.reason === 'dwelling' && note.offerId === 'first') {
        tracker.dismiss('first');
        element.remove();
        document.body.insertAdjacentHTML('beforeend', '<div class="offer" data-offer-id="second" data-offer-dwell="0"></div>');
      }`,
    });
    await stack.expectRecorded(['viewed first', 'dismissed first', 'viewed second']);
  });
});
