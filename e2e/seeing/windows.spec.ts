/** Offers larger than what clips them: they need the same share of the most that can show. */
import type { Page } from '@playwright/test';
import { test } from '../fixtures/stack.js';

const offer = (id: string, width: number, height: number, style = '') =>
  `<div data-offer-id="${id}" data-offer-dwell="300" style="width: ${width}px; height: ${height}px; background: gold; ${style}"></div>`;
const witness = (id = 'witness') =>
  `<div data-offer-id="${id}" data-offer-dwell="900" style="position: fixed; bottom: 0; right: 0; width: 9px; height: 9px; z-index: 1"></div>`;
const addWitness = (page: Page, id: string) =>
  page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), witness(id));

/** A box that clips what it holds, and lies beside the others. */
const clip = (width: number, height: number, inside: string, style = 'overflow: auto') =>
  `<div style="float: left; margin: 2px; width: ${width}px; height: ${height}px; ${style}">${inside}</div>`;

const COUNTING: Readonly<Record<string, string>> = {
  'higher than the box that scrolls it': clip(220, 250, offer('high', 200, 600)),
  'wider than the box that scrolls it': clip(250, 100, offer('wide', 900, 60)),
  'larger than the inner of two boxes that scroll it': clip(
    280,
    300,
    clip(240, 240, offer('nested', 200, 700)),
  ),
  'larger in both directions': clip(220, 220, offer('both', 1_000, 900)),
  'cut by a box that does not scroll': clip(220, 220, offer('cropped', 700, 100), 'overflow: hidden'),
  'in a sheet at the foot of the window': `<div style="position: fixed; bottom: 0; left: 0; width: 220px; height: 230px; overflow: auto">${offer('sheet', 200, 900)}</div>`,
  'without a box of its own': clip(
    220,
    220,
    `<div data-offer-id="spread" data-offer-dwell="300" style="display: contents"><p style="margin: 0; width: 200px; height: 700px; background: gold"></p></div>`,
  ),
};

const LACKING: Readonly<Record<string, string>> = {
  'at the edge of the box that scrolls it': clip(
    220,
    250,
    `<div style="height: 150px"></div>${offer('edge', 200, 900)}`,
  ),
  'in a box that is folded': clip(220, 40, offer('folded', 200, 900), 'overflow: hidden'),
  'in a sheet of which only the edge is there': clip(220, 60, offer('peeking', 200, 900)),
  'that would fit the box': clip(220, 250, `<div style="height: 150px"></div>${offer('fitting', 200, 240)}`),
};

test('an offer larger than what clips it counts with its share of what can show at once, and not with less', async ({
  page,
  stack,
}) => {
  const idOf = (markup: string) => `viewed ${/data-offer-id="([^"]+)"/.exec(markup)?.[1]}`;
  const all = [...Object.values(COUNTING), ...Object.values(LACKING)];
  await stack.open(page, all.join('') + witness());
  const counted = [...Object.values(COUNTING).map(idOf), 'viewed witness'];
  await stack.expectRecorded(counted);
  await addWitness(page, 'second');
  await stack.expectRecorded([...counted, 'viewed second']);
  // Nearer by 60 px: then 160 of the 250 that could show are of the offer.
  await page.evaluate("document.querySelector('[data-offer-id=edge]').parentElement.scrollTop = 60");
  await stack.expectRecorded([...counted, 'viewed second', 'viewed edge']);
});

test('an offer larger than the frame that shows it counts there', async ({ page, stack }) => {
  await page.route('**/frame.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><style>body { margin: 0 }</style>${offer('framed', 200, 900)}
        <script async src="/offersight.js" data-endpoint="/offer-events"></script>`,
    }),
  );
  await stack.open(page, '<iframe src="/frame.html" width="220" height="220"></iframe>');
  await stack.expectRecorded(['viewed framed']);
});
