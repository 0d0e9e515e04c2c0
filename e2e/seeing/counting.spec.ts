/**
 * However cheaply the product observes offers, it counts exactly those that a bare observer counts, which looks at all
 * of them all the time. Each page has both, and each test names the offers that must count.
 */
import type { Page } from '@playwright/test';
import { type OffersightWindow, trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const DWELL_MS = 400;
/** For pages on which offers pass by: a few frames of a busy machine may take longer than the shorter dwell. */
const LONG_DWELL_MS = 2_000;
/** For an offer that appears repeatedly. */
const LONGEST_DWELL_MS = 3_000;

const scriptOf = (dwellMs: number): string =>
  `data-endpoint="/offer-events" data-dwell="${dwellMs}" data-debug`;

/** What counted in a page and its frames, and a way to let frames pass there. */
interface CountingWindow {
  readonly counting: {
    readonly bare: Set<string>;
    readonly ours: Set<string>;
    /** Does something once a frame, and waits until the last change is on the screen. */
    eachFrame(turns: number, act: (turn: number) => void): Promise<void>;
  };
}

/** Runs in every frame, before all scripts: the bare observer, and a listener to the product's events. */
const install = (defaultDwellMs: number): void => {
  const own = {
    bare: new Set<string>(),
    ours: new Set<string>(),
    async eachFrame(turns: number, act: (turn: number) => void) {
      for (let turn = 0; turn < turns; turn++) {
        act(turn);
        await new Promise(requestAnimationFrame);
      }
      await new Promise(requestAnimationFrame);
    },
  };
  Object.assign(window, { counting: own });
  const { bare, ours } = (window.top as unknown as CountingWindow).counting;

  const timers = new Map<Element, number>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        if (intersectionRatio < 0.5) {
          clearTimeout(timers.get(target));
          timers.delete(target);
        } else if (!timers.has(target)) {
          const { offerId = '', offerDwell = defaultDwellMs } = (target as HTMLElement).dataset;
          timers.set(
            target,
            window.setTimeout(() => bare.add(offerId), Number(offerDwell)),
          );
        }
      }
    },
    { threshold: [0.5] },
  );
  new MutationObserver((records) => {
    for (const { addedNodes } of records)
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        for (const offer of [node, ...node.querySelectorAll('*')])
          if (offer.hasAttribute('data-offer-id')) observer.observe(offer);
      }
  }).observe(document, { childList: true, subtree: true });

  document.addEventListener('offersight:viewed', (event) => {
    ours.add((event as CustomEvent<{ offerId: string }>).detail.offerId);
  });
};

const counted = (page: Page): Promise<{ bare: string[]; ours: string[] }> =>
  page.evaluate(() => {
    const { bare, ours } = (window as unknown as CountingWindow).counting;
    return { bare: [...bare].sort(), ours: [...ours].sort() };
  });

const STYLE = `<style>
  .offer { box-sizing: border-box; width: 300px; height: 200px; margin-bottom: 20px; background: gold }
  .small { width: 150px; height: 80px; margin: 10px }
</style>`;

const offer = (id: string, attributes = 'class="offer"'): string =>
  `<div data-offer-id="${id}" ${attributes}></div>`;

/** The ids `prefix-from` … `prefix-to`. */
const ids = (prefix: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}-${from + index}`);

const offers = (prefix: string, from: number, to: number, attributes?: string): string =>
  ids(prefix, from, to)
    .map((id) => offer(id, attributes))
    .join('');

const space = (height: number): string => `<div style="height: ${height}px"></div>`;

const open = async (stack: Stack, page: Page, body: string, dwellMs = DWELL_MS): Promise<void> => {
  await page.addInitScript(install, dwellMs);
  await stack.open(page, body, { head: STYLE, script: scriptOf(dwellMs) });
};

/** Waits until exactly these counted, for the bare observer and for the product. */
const expectCounted = async (page: Page, ...expected: readonly (readonly string[])[]): Promise<void> => {
  const all = expected.flat().sort();
  await expect.poll(() => counted(page)).toEqual({ bare: all, ours: all });
};

/**
 * Expects the same, and that no other offer was about to count: the witness comes last, and its dwell is longer than
 * theirs.
 */
const expectOnly = async (page: Page, ...expected: readonly (readonly string[])[]): Promise<void> => {
  await expectCounted(page, ...expected);
  await page.evaluate((dwellMs) => {
    document.body.insertAdjacentHTML(
      'beforeend',
      `<div data-offer-id="witness" data-offer-dwell="${dwellMs}"
        style="position: fixed; top: 0; right: 0; width: 60px; height: 40px"></div>`,
    );
  }, LONGEST_DWELL_MS + 500);
  await expect.poll(async () => (await counted(page)).ours).toContain('witness');
  await expectCounted(page, ...expected, ['witness']);
};

/** Runs a script in the page, which can use `counting` and ids as global names. */
const act = (page: Page, script: string): Promise<unknown> => page.evaluate(`(async () => { ${script} })()`);

/** A page, its dwell, and scripts, each with the offers that have counted once it has run. */
type Row = readonly [
  body: string,
  dwellMs: number,
  ...steps: (readonly [script: string, ...counted: (readonly string[])[]])[],
];

const carousel = (name: string) =>
  `<div id="${name}" style="display: flex; gap: 20px; width: 1000px; overflow-x: auto">
    ${offers(name, 0, 49, 'class="offer" style="flex: none"')}</div>`;
const bar = (name: string, bottom: number, last: number) =>
  `<div style="position: fixed; bottom: ${bottom}px; display: flex">${offers(name, 1, last, 'class="offer small"')}</div>`;
const sticky = (name: string) => `<section style="height: 8000px">
  ${offer(name, 'class="offer" style="position: sticky; top: 10px"')}${space(2_000)}${offer(`${name}-passed`)}</section>`;
/** Scrolls frame by frame, for twice the dwell. */
const scrolling = (dwellMs: number, by: string) => `const until = performance.now() + 2 * ${dwellMs};
  while (performance.now() < until) await counting.eachFrame(1, () => scrollBy(0, ${by}));`;

const ROWS: Readonly<Record<string, Row>> = {
  // An offer takes 220 px, so a screen shows three of them and 70 % of the fourth. In the end, it shows 65 % of offer 34.
  'the page scrolls': [
    offers('row', 0, 79),
    LONG_DWELL_MS,
    ['', ids('row', 0, 3)],
    ['await counting.eachFrame(20, () => scrollBy(0, 440))', ids('row', 0, 3), ids('row', 40, 43)],
    [
      `await counting.eachFrame(8, () => scrollBy(0, -440));
       await counting.eachFrame(4, () => scrollBy(0, 400));
       scrollTo(0, 34 * 220 + 70);`,
      ids('row', 0, 3),
      ids('row', 34, 37),
      ids('row', 40, 43),
    ],
  ],
  // In the end, the screen shows 30 % of the first and of the last offer.
  'the page jumps': [
    offers('row', 0, 199),
    LONG_DWELL_MS,
    ['', ids('row', 0, 3)],
    [
      'await counting.eachFrame(30, (turn) => scrollTo(0, 220 * (5 + ((turn * 37) % 190)))); scrollTo(0, 150 * 220);',
      ids('row', 0, 3),
      ids('row', 150, 153),
    ],
    ['scrollTo(0, 20 * 220 + 140)', ids('row', 0, 3), ids('row', 21, 23), ids('row', 150, 153)],
  ],
  'they come late': [
    `<div id="feed">${offer('first')}</div>${space(3_000)}<div id="foot"></div>`,
    LONG_DWELL_MS,
    ['', ['first']],
    [
      `feed.insertAdjacentHTML('beforeend', '<section><ul><li>${offer('deep')}</li></ul></section>${offer('beside')}');
       foot.insertAdjacentHTML('beforeend', '${offer('below')}${offer('lowest')}')`,
      ['first', 'deep', 'beside'],
    ],
    [
      `scrollTo(0, 1e6);
       foot.insertAdjacentHTML('beforeend', '${space(900)}${offer('under')}');
       await counting.eachFrame(2, () => undefined);
       feed.append(document.querySelector('[data-offer-id=lowest]'));`,
      ['first', 'deep', 'beside', 'below'],
    ],
  ],
  // An offer takes 320 px, so 1,000 px show three of them, and 13 % of the fourth.
  'they are in carousels': [
    `${carousel('upper')}${carousel('lower')}${space(900)}${carousel('unseen')}`,
    LONG_DWELL_MS,
    ['', ids('upper', 0, 2), ids('lower', 0, 2)],
    [
      `await counting.eachFrame(6, () => { upper.scrollBy(640, 0); unseen.scrollBy(640, 0) });
       lower.scrollLeft = 30 * 320 + 200;`,
      ids('upper', 0, 2),
      ids('upper', 12, 14),
      ids('lower', 0, 2),
      ids('lower', 31, 33),
    ],
  ],
  // The one or two frames between mounting and the jump do not count as a view of the first screen.
  'the page jumps after mounting, in the same task': [
    '',
    LONG_DWELL_MS,
    [`document.body.innerHTML = '${offers('row', 0, 239)}'; scrollTo(0, 120 * 220);`, ids('row', 120, 123)],
  ],
  'they are below an accordion that closes and shrinks the page': [
    `<div id="fold">${offers('fold', 0, 399)}</div>${offers('under', 0, 6)}`,
    DWELL_MS,
    ['', ids('fold', 0, 3)],
    ['fold.hidden = true', ids('fold', 0, 3), ids('under', 0, 3)],
  ],
  'they are in a bar that stays at the bottom': [
    `${bar('bar', 0, 5)}${bar('sunk', -70, 2)}${space(20_000)}`,
    DWELL_MS,
    [scrolling(DWELL_MS, '48'), ids('bar', 1, 5)],
  ],
  // Where the last frame came is random, and may be where the passed offer is.
  'they are sticky': [
    `${space(1_000)}${sticky('sticky')}${sticky('later')}`,
    LONG_DWELL_MS,
    [
      `scrollTo(0, 1200); ${scrolling(LONG_DWELL_MS, 'scrollY < 7000 ? 1000 : -5000')} scrollTo(0, 6200);`,
      ['sticky'],
    ],
  ],
};

test.describe('the same offers count as for an exact observer', () => {
  for (const [when, [body, dwellMs, ...steps]] of Object.entries(ROWS))
    test(`if ${when}`, async ({ page, stack }) => {
      await open(stack, page, body, dwellMs);
      for (const [at, [script, ...expected]] of steps.entries()) {
        await act(page, script);
        await (at === steps.length - 1 ? expectOnly : expectCounted)(page, ...expected);
      }
    });
});

test.describe('in a frame that the surrounding page has scrolled away', () => {
  /** Serves the frame's document. Its second offer is below the frame's own edge. */
  const show = async (page: Page, script: string): Promise<void> => {
    await page.route('**/frame.html', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<!doctype html><head>${STYLE}${script}</head><body>${offer('inside')}${space(500)}${offer('deeper')}</body>`,
      }),
    );
  };
  const BODY = `${offer('outside')}${space(2_000)}<iframe id="frame" src="/frame.html" width="600" height="400"></iframe>`;

  test('the offers of the frame’s own script do not count until the frame is back', async ({
    page,
    stack,
  }) => {
    await show(page, `<script src="/offersight.js" ${scriptOf(DWELL_MS)}></script>`);
    await open(stack, page, BODY);
    await expectOnly(page, ['outside']);
    await act(page, 'scrollTo(0, 1e6)');
    await expectCounted(page, ['outside', 'witness', 'inside']);
  });

  test('offers that are observed from outside do not count until the frame is back', async ({
    page,
    stack,
  }) => {
    await show(page, '');
    await open(stack, page, BODY);
    await page.waitForFunction(() => frames[0]?.document.querySelectorAll('[data-offer-id]').length === 2);
    await trackerStats(page);
    await page.evaluate(() => {
      (window as unknown as OffersightWindow).offersight.push((tracker) => {
        for (const element of frames[0]?.document.querySelectorAll('[data-offer-id]') ?? [])
          tracker.observe(element);
      });
    });
    await expectOnly(page, ['outside']);
    await act(page, 'scrollTo(0, 1e6)');
    await expectCounted(page, ['outside', 'witness', 'inside']);
  });
});
