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

test.describe('the same offers count as for an exact observer', () => {
  test('if the page scrolls', async ({ page, stack }) => {
    // An offer takes 220 px, so a screen shows three of them and 70 % of the fourth.
    await open(stack, page, offers('row', 0, 79), LONG_DWELL_MS);
    await expectCounted(page, ids('row', 0, 3));
    await act(page, 'await counting.eachFrame(20, () => scrollBy(0, 440))');
    await expectCounted(page, ids('row', 0, 3), ids('row', 40, 43));
    // In the end, the screen shows 65 % of offer 34, and nothing of 38.
    await act(
      page,
      `await counting.eachFrame(8, () => scrollBy(0, -440));
      await counting.eachFrame(4, () => scrollBy(0, 400));
      scrollTo(0, 34 * 220 + 70);`,
    );
    await expectOnly(page, ids('row', 0, 3), ids('row', 34, 37), ids('row', 40, 43));
  });

  test('if the page jumps', async ({ page, stack }) => {
    await open(stack, page, offers('row', 0, 199), LONG_DWELL_MS);
    await expectCounted(page, ids('row', 0, 3));
    await act(
      page,
      `await counting.eachFrame(30, (turn) => scrollTo(0, 220 * (5 + ((turn * 37) % 190))));
      scrollTo(0, 150 * 220);`,
    );
    await expectCounted(page, ids('row', 0, 3), ids('row', 150, 153));
    // The screen shows 30 % of the first and of the last offer.
    await act(page, 'scrollTo(0, 20 * 220 + 140)');
    await expectOnly(page, ids('row', 0, 3), ids('row', 21, 23), ids('row', 150, 153));
  });

  test('if they come late', async ({ page, stack }) => {
    await open(
      stack,
      page,
      `<div id="feed">${offer('first')}</div>${space(3_000)}<div id="foot"></div>`,
      LONG_DWELL_MS,
    );
    await expectCounted(page, ['first']);
    const late = `<section><ul><li>${offer('deep')}</li></ul></section>${offer('beside')}`;
    await act(page, `feed.insertAdjacentHTML('beforeend', '${late}')`);
    await act(page, `foot.insertAdjacentHTML('beforeend', '${offer('below')}${offer('lowest')}')`);
    await expectCounted(page, ['first', 'deep', 'beside']);
    await act(
      page,
      `scrollTo(0, 1e6);
      foot.insertAdjacentHTML('beforeend', '${space(900)}${offer('under')}');
      await counting.eachFrame(2, () => undefined);
      feed.append(document.querySelector('[data-offer-id=lowest]'));`,
    );
    await expectOnly(page, ['first', 'deep', 'beside', 'below']);
  });

  test('if they are in carousels', async ({ page, stack }) => {
    // An offer takes 320 px, so 1,000 px show three of them, and 13 % of the fourth.
    const carousel = (name: string) =>
      `<div id="${name}" style="display: flex; gap: 20px; width: 1000px; overflow-x: auto">
        ${offers(name, 0, 49, 'class="offer" style="flex: none"')}</div>`;
    const body = `${carousel('upper')}${carousel('lower')}${space(900)}${carousel('unseen')}`;
    await open(stack, page, body, LONG_DWELL_MS);
    await expectCounted(page, ids('upper', 0, 2), ids('lower', 0, 2));
    await act(
      page,
      `await counting.eachFrame(6, () => { upper.scrollBy(640, 0); unseen.scrollBy(640, 0) });
      lower.scrollLeft = 30 * 320 + 200;`,
    );
    await expectOnly(
      page,
      ids('upper', 0, 2),
      ids('upper', 12, 14),
      ids('lower', 0, 2),
      ids('lower', 31, 33),
    );
  });

  test('if they are scattered over a long page', async ({ page, stack }) => {
    const gaps = [1_310, 940, 2_770, 1_020, 3_330, 1_150];
    const body = gaps
      .map((gap, index) => {
        const [open, close] = ['<p><i>'.repeat(index), '</i></p>'.repeat(index)];
        return `${space(gap)}${open}${offer(`part-${index}`, `style="display: block; height: ${90 + 40 * index}px"`)}${close}`;
      })
      .join('');
    await open(stack, page, body + space(2_000));
    for (const [index, before] of [
      [4, []],
      [1, ['part-4']],
      [5, ['part-1', 'part-4']],
    ] as const) {
      await act(
        page,
        `document.querySelector('[data-offer-id=part-${index}]').scrollIntoView({ block: 'center' })`,
      );
      await expectCounted(page, before, [`part-${index}`]);
    }
    await expectOnly(page, ['part-1', 'part-4', 'part-5']);
  });

  // The one or two frames between mounting and the jump do not count as a view of the first screen.
  for (const [when, wait] of [
    ['in the same task', ''],
    ['a frame later', 'await counting.eachFrame(1, () => undefined);'],
  ] as const)
    test(`if the page jumps after mounting, ${when}`, async ({ page, stack }) => {
      await open(stack, page, '', LONG_DWELL_MS);
      await act(
        page,
        `document.body.innerHTML = '${offers('row', 0, 239)}'; ${wait} scrollTo(0, 120 * 220);`,
      );
      await expectOnly(page, ids('row', 120, 123));
    });

  test('if they are below an accordion that closes and shrinks the page', async ({ page, stack }) => {
    await open(stack, page, `<div id="fold">${offers('fold', 0, 399)}</div>${offers('under', 0, 6)}`);
    await expectCounted(page, ids('fold', 0, 3));
    await act(page, 'fold.hidden = true');
    await expectOnly(page, ids('fold', 0, 3), ids('under', 0, 3));
  });

  test('if they are in an inner vertical scroller', async ({ page, stack }) => {
    await open(
      stack,
      page,
      `<div id="box" style="height: 600px; overflow-y: auto">
        ${offers('item', 0, 59, 'style="height: 140px; margin-bottom: 10px"')}</div>`,
      LONG_DWELL_MS,
    );
    await expectCounted(page, ids('item', 0, 3));
    await act(page, 'await counting.eachFrame(20, () => box.scrollBy(0, 300))');
    await expectOnly(page, ids('item', 0, 3), ids('item', 40, 43));
  });

  test('if they are in a bar that stays at the bottom', async ({ page, stack }) => {
    const bar = (name: string, bottom: number, last: number) =>
      `<div style="position: fixed; bottom: ${bottom}px; display: flex">${offers(name, 1, last, 'class="offer small"')}</div>`;
    await open(stack, page, `${bar('bar', 0, 5)}${bar('sunk', -70, 2)}${space(20_000)}`);
    await act(
      page,
      `const until = performance.now() + 2 * ${DWELL_MS};
      while (performance.now() < until) await counting.eachFrame(1, () => scrollBy(0, 48));`,
    );
    await expectOnly(page, ids('bar', 1, 5));
  });

  test('if they are sticky', async ({ page, stack }) => {
    const part = (name: string) => `<section style="height: 8000px">
      ${offer(name, 'class="offer" style="position: sticky; top: 10px"')}${space(2_000)}${offer(`${name}-passed`)}</section>`;
    await open(stack, page, `${space(1_000)}${part('sticky')}${part('later')}`, LONG_DWELL_MS);
    await act(page, 'scrollTo(0, 1200)');
    await act(
      page,
      `const until = performance.now() + 2 * ${LONG_DWELL_MS};
      while (performance.now() < until)
        await counting.eachFrame(1, () => scrollBy(0, scrollY < 7000 ? 1000 : -5000));
      // Where the last frame came is random, and may be where the passed offer is.
      scrollTo(0, 6200);`,
    );
    await expectOnly(page, ['sticky']);
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
