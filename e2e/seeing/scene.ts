/** Pages of offers that count, or not, by what only a browser knows of them. Several share a page if none disturbs another. */
import type { Page } from '@playwright/test';
import { HIDDEN, showWhenReady } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

export const TALL = '<div style="height: 3000px"></div>';

/** An offer of 300 × 200 px. Its dwell is short, since few tests are about the full second. */
export const offer = (id: string, attributes = '', dwellMs = 300) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwellMs}" ${attributes}></div>`;

/** Counts later than everything that counts at once: when it has arrived, all others have. */
export const witness = (id = 'witness', dwellMs = 800) =>
  offer(
    id,
    'style="position: fixed; top: 0; right: 0; z-index: 1; width: 20px; height: 20px; pointer-events: none"',
    dwellMs,
  );

export const addWitness = (page: Page, id: string, dwellMs?: number) =>
  page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), witness(id, dwellMs));

export const find = (id: string) => `document.querySelector('[data-offer-id="${id}"]')`;

/** Runs statements of the page; `noticed()` waits until the tracker has had a frame to notice what was done. */
export const run = (page: Page, statements: string) =>
  page.evaluate(`(async () => {
    const noticed = async () => {
      for (let turn = 0; turn < 2; turn++) await new Promise(requestAnimationFrame);
    };
    ${statements}
  })()`);

/** Runs statements of the page at the moment when an offer counts. */
export const onViewed = (id: string, statements: string) => `<script>
  document.addEventListener('offersight:viewed', async ({ detail }) => { if (detail.offerId === '${id}') { ${statements} } });
</script>`;

/** Keeps, by the page's clock, when each offer counted and when the page could be seen. */
export const CLOCK = `<script>
  window.times = {};
  document.addEventListener('offersight:viewed', ({ detail, timeStamp }) => { times[detail.offerId] = timeStamp; });
  document.addEventListener('visibilitychange', ({ timeStamp }) => { times[document.visibilityState] = timeStamp; });
  addEventListener('pageshow', ({ persisted, timeStamp }) => { if (persisted) times.restored = timeStamp; });
</script>`;

/** The milliseconds between two moments that the clock kept. */
export const between = (from: string, to: string) => `times['${to}'] - times['${from}']`;

/** The offer of a row: 140 × 80 px. */
export const it = (style = '', attributes = '') => offer('it', `style="${style}" ${attributes}`);

/** The markup of an offer, made by `it()`, and statements, which know its `offer`, and its `box`: the cell's first element. */
export type Row = readonly [markup: string, act: string];

interface Fixtures {
  readonly page: Page;
  readonly stack: Stack;
}

const STYLE = `<style>
  .offer { width: 140px; height: 80px }
  .cell { position: relative; float: left; width: 156px; height: 96px; margin: 2px }
</style>${CLOCK}`;

const cells = (rows: readonly string[], dwellMs: number) =>
  rows
    .map(
      (markup, at) => `<div class="cell" id="cell-${at}">${markup.replaceAll('"it"', `"row-${at}"`)}</div>`,
    )
    .join('')
    .replaceAll('data-offer-dwell="300"', `data-offer-dwell="${dwellMs}"`);

const acting = (act: string, at: number) => `{
  const box = document.querySelector('#cell-${at}').firstElementChild;
  const offer = document.querySelector('[data-offer-id="row-${at}"]');
  ${act}
}`;

const viewed = (rows: readonly unknown[]) => rows.map((_, at) => `viewed row-${at}`);

/** Each row's offer counts once its statements have run on a page at rest, one row after the other, and not before. */
export const countsOnce =
  (table: Readonly<Record<string, Row>>) =>
  async ({ page, stack }: Fixtures): Promise<void> => {
    const rows = Object.entries(table);
    const markups = rows.map(([, [markup]]) => markup);
    await stack.open(page, HIDDEN + cells(markups, 300) + witness(), { head: STYLE });
    await showWhenReady(page);
    await stack.expectRecorded(['viewed witness']);
    const counted = ['witness'];
    for (const [at, [name, [, act]]] of rows.entries())
      await test.step(name, async () => {
        await run(page, acting(act, at));
        counted.push(`row-${at}`);
        await expect.poll(() => page.evaluate('Object.keys(times)'), name).toEqual(counted);
      });
    await stack.expectRecorded(['viewed witness', ...viewed(rows)]);
  };

/** No row's offer counts, since its statements run before its dwell is over: when another offer counts. */
export const countsNever =
  (table: Readonly<Record<string, Row>>) =>
  async ({ page, stack }: Fixtures): Promise<void> => {
    const rows = Object.values(table);
    const markups = rows.map(([markup]) => markup);
    const acts = rows.map(([, act], at) => acting(act, at)).join('');
    const body = `${cells(markups, 3_000)}${onViewed('first', acts)}${witness('first', 300)}${witness('witness', 3_300)}`;
    await stack.open(page, HIDDEN + body, { head: STYLE });
    await showWhenReady(page);
    await stack.expectRecorded(['viewed first', 'viewed witness']);
  };

/** Of a page's rows exactly the first ones count. */
export const countsOnly =
  (counting: Readonly<Record<string, string>>, others: Readonly<Record<string, string>>) =>
  async ({ page, stack }: Fixtures): Promise<void> => {
    const counted = Object.values(counting);
    const body = cells([...counted, ...Object.values(others)], 300) + witness();
    await stack.open(page, HIDDEN + body, { head: STYLE });
    await showWhenReady(page);
    await stack.expectRecorded([...viewed(counted), 'viewed witness']);
  };
