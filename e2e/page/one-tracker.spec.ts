import type { CDPSession, Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

/** An offer of 300 × 200 px. Its dwell is short, since these tests are not about the full second. */
const offer = (id: string, attributes = '', dwellMs = 300) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwellMs}" ${attributes}></div>`;

const TAG = '<script async src="/offersight.js" data-endpoint="/offer-events"></script>';

const IMPORT = `<script type="module">
  import { createOfferTracker } from '/module/index.js';
  window.imported = createOfferTracker({ endpoint: '/offer-events' });
</script>`;

test.describe('one endpoint has one tracker', () => {
  const body = `${offer('in-view')}${offer('closes', '', 60_000)}<button data-offer-dismiss="closes">x</button>`;
  test('so an offer and its dismissal count once with a script that is loaded three times and two imports (fault 47)', async ({
    page,
    stack,
  }) => {
    await stack.open(page, body, { head: TAG + IMPORT + TAG + IMPORT });
    await stack.expectRecorded(['viewed in-view']);
    await page.click('button');
    await stack.expectRecorded(['viewed in-view', 'viewed closes', 'dismissed closes']);
    expect((await trackerStats(page)).offers).toEqual({
      'in-view': { rendered: 1, viewed: 1, dismissed: 0, accepted: 0 },
      closes: { rendered: 1, viewed: 1, dismissed: 1, accepted: 0 },
    });
    await expect.poll(() => page.evaluate('!!window.imported')).toBe(true);
    expect(
      await page.evaluate('new Promise((done) => offersight.push((own) => done(own === imported)))'),
    ).toBe(true);
  });

  test('so a script that is added much later changes nothing', async ({ page, stack }) => {
    await stack.open(page, offer('early'));
    await stack.expectRecorded(['viewed early']);
    await page.addScriptTag({ url: '/offersight.js' });
    await page.addScriptTag({ type: 'module', content: IMPORT.replace(/<\/?script.*>/g, '') });
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('late'));
    await stack.expectRecorded(['viewed early', 'viewed late']);
  });
});

test.describe('a page where nothing happens', () => {
  /**
   * Counts the calls that could poll, beginning before the script. The first of two offers sets the counts back to
   * zero.
   */
  const COUNTING = `<script>
    const calls = {};
    const NAMES = ['requestAnimationFrame', 'setInterval', 'setTimeout', 'requestIdleCallback'];
    const zero = () => {
      for (const name of [...NAMES, 'rest']) calls[name] = 0;
    };
    zero();
    for (const name of NAMES) {
      const original = window[name].bind(window);
      window[name] = (...given) => {
        // A timer may fire a moment too early, and then a short one waits for the rest.
        calls[name === 'setTimeout' && given[1] < 2 ? 'rest' : name]++;
        return original(...given);
      };
    }
    document.addEventListener('offersight:viewed', (event) => {
      if (event.detail.offerId === 'start') {
        // The veto keeps the page from delivering anything in the meantime.
        event.preventDefault();
        window.before = { ...calls };
        // The timer for the second offer is a consequence of this view, so the counting begins after it.
        queueMicrotask(zero);
      }
      if (event.detail.offerId === 'end') window.between = { ...calls };
    });
  </script>`;

  /** Offers that wait: below the fold, too little visible, without a box, without a size, or not shown. */
  const WAITING = `${offer('too-little', 'style="margin-left: -200px"')}${offer('no-box', 'style="display: none"')}
    <div data-offer-id="empty"></div>${offer('clear', 'style="opacity: 0"')}
    <div style="height: 3000px"></div>${Array.from({ length: 200 }, (_, row) => offer(`row-${row}`)).join('')}`;

  const ANIMATED = `<style>@keyframes turn { to { transform: rotate(1turn) } }</style>
    <div style="width: 20px; height: 20px; background: grey; animation: turn 1s linear infinite"></div>`;

  test('is left alone by the product while offers wait beside an endless animation and one dwells', async ({
    page,
    stack,
  }) => {
    await stack.open(page, ANIMATED + WAITING, { head: COUNTING });
    await trackerStats(page);
    await page.evaluate(
      (html) => document.body.insertAdjacentHTML('afterbegin', html),
      `${offer('start', '', 1_500)}${offer('end', '', 4_500)}`,
    );
    await stack.expectRecorded(['viewed end']);
    // This shows that calls are counted.
    expect(await page.evaluate('before.setTimeout')).toBeGreaterThan(0);
    const { rest, ...calls } = await page.evaluate<Record<string, number>>('between');
    expect(calls).toEqual({
      requestAnimationFrame: 0,
      setInterval: 0,
      setTimeout: 0,
      requestIdleCallback: 0,
    });
    expect(rest).toBeLessThan(10);
  });
});

/** Counts the observers and the elements that they observe, without keeping either alive. */
const OBSERVING = `<script>
  window.observing = { observers: 0, elements: 0 };
  for (const name of ['IntersectionObserver', 'MutationObserver', 'ResizeObserver']) {
    const targets = new WeakMap();
    window[name] = class extends window[name] {
      constructor(...given) {
        super(...given);
        observing.observers++;
        targets.set(this, { known: new WeakSet(), count: 0 });
      }
      observe(target, options) {
        super.observe(target, options);
        const own = targets.get(this);
        if (own.known.has(target)) return;
        own.known.add(target);
        own.count++;
        observing.elements++;
      }
      unobserve(target) {
        super.unobserve(target);
        const own = targets.get(this);
        if (!own.known.delete(target)) return;
        own.count--;
        observing.elements--;
      }
      disconnect() {
        super.disconnect();
        const own = targets.get(this);
        observing.elements -= own.count;
        targets.set(this, { known: new WeakSet(), count: 0 });
      }
    };
  }
</script>`;

interface Observing {
  readonly observers: number;
  readonly elements: number;
}

const observing = (page: Page): Promise<Observing> => page.evaluate('({ ...observing })');

test.describe('the observers of a page', () => {
  const list = (count: number) =>
    Array.from({ length: count }, (_, row) =>
      offer(`offer-${row}`, `data-offer-ratio="${['0.1', '0.35', '0.6', '0.85'][row % 4]}"`, 60_000),
    ).join('');

  test('are few, and not more for 1,000 offers than for 20', async ({ page, stack }) => {
    const observers: number[] = [];
    for (const [count, witness] of [
      [20, 'few'],
      [1_000, 'many'],
    ] as const) {
      await stack.open(page, `${offer(witness)}${list(count)}`, { head: OBSERVING });
      await stack.expectRecorded(witness === 'few' ? ['viewed few'] : ['viewed few', 'viewed many']);
      await trackerStats(page);
      observers.push((await observing(page)).observers);
    }
    expect(observers[1]).toBe(observers[0]);
    // There is one for each share, and a few for the page as a whole.
    expect(observers[0]).toBeLessThanOrEqual(16);
  });

  test('let go of an offer once it has counted', async ({ page, stack }) => {
    // The tag must not have the debug flag, which adds observers.
    await stack.open(page, '', { script: 'data-endpoint="/offer-events"', head: OBSERVING });
    await trackerStats(page);
    const before = await observing(page);
    await page.evaluate(
      (html) => {
        document.body.innerHTML = html;
      },
      `${offer('one')}${offer('two')}${offer('three')}`,
    );
    await stack.expectRecorded(['viewed one', 'viewed two', 'viewed three']);
    expect((await observing(page)).elements).toBe(before.elements);
  });
});

test.describe('offers that come and go without end', () => {
  /** Mounts and removes 1,000 offers so many times. Each time it waits until the tracker has noticed both. */
  const cycle = (page: Page, turns: number) =>
    page.evaluate(async (count) => {
      const list = document.querySelector('#list');
      for (let turn = 0; turn < count; turn++) {
        // The view of the first offer shows that all have been looked at. Some of the others are in view, and some are
        // not.
        const looked = new Promise((resolve) => {
          document.addEventListener('offersight:viewed', resolve, { once: true });
        });
        for (let row = 0; row < 1_000; row++) {
          const element = document.createElement('div');
          element.className = 'offer';
          element.dataset.offerId = `row-${row}`;
          element.dataset.offerDwell = row ? '60000' : '0';
          element.dataset.offerRepeat = row ? 'page' : 'mount';
          element.style.cssText =
            ['', 'position: absolute; top: 0; opacity: 0', 'display: none'][row % 3] ?? '';
          list?.append(element);
        }
        await looked;
        list?.replaceChildren();
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      }
      // One more change lets the tracker drop what it kept after the last one.
      list?.append('The end');
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      list?.replaceChildren();
    }, turns);

  const measure = async (page: Page, session: CDPSession) => {
    // Objects that the first collection frees may have kept others alive until the second.
    for (let turn = 0; turn < 3; turn++) await session.send('HeapProfiler.collectGarbage');
    return {
      heap: (await session.send('Runtime.getHeapUsage')).usedSize,
      nodes: (await session.send('Memory.getDOMCounters')).nodes,
      observing: await observing(page),
    };
  };

  test('leave nothing behind (fault 48)', async ({ page, context, stack }) => {
    test.slow();
    await stack.open(
      page,
      `<main id="list"></main>
       <script>document.addEventListener('offersight:viewed', (event) => event.preventDefault());</script>`,
      // The tag has no debug flag, since objects that are written to the console stay alive.
      { script: 'data-endpoint="/offer-events"', head: OBSERVING },
    );
    await trackerStats(page);
    const session = await context.newCDPSession(page);
    await cycle(page, 10);
    const warm = await measure(page, session);
    await cycle(page, 50);
    const after = await measure(page, session);
    expect((await trackerStats(page)).offers['row-999']?.rendered).toBe(60);
    expect(after.observing).toEqual(warm.observing);
    expect(after.nodes - warm.nodes).toBeLessThan(100);
    // Keeping even the smallest object for each of the 50,000 offers would take more.
    expect(after.heap - warm.heap).toBeLessThan(50_000 * 16);
    await stack.expectRecorded([]);
  });
});
