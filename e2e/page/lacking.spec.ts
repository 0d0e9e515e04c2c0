/**
 * Browsers without some feature, which is removed before the page loads. The page works as ever, nothing is thrown into
 * it, and at most one report says what is wrong.
 */
import type { Page } from '@playwright/test';
import type { OfferTracker } from 'offersight';
import { expect, OFFERS, type Policed, test, WHOLE_WAY } from '../fixtures/policed.js';
import type { Stack } from '../fixtures/stack.js';

const WAYS = {
  'the script tag':
    '<script async src="/offersight.js" data-endpoint="/offer-events" data-debug></script>' +
    '<script>(window.offersight ||= []).push((tracker) => { window.tracker = tracker; })</script>',
  'the module':
    `<script type="module">import { createOfferTracker } from '/module/index.js';` +
    `window.tracker = createOfferTracker({ endpoint: '/offer-events', debug: true });</script>`,
};

/** The page's own behaviour: its close control closes, and its button buys. */
const BODY = `${OFFERS.replaceAll('data-offer-dismiss>', `data-offer-dismiss onclick="this.closest('article').hidden = true">`)}
  <button id="buy" onclick="this.textContent = 'bought'">Buy</button>`;

/** Uses the page as its visitors do. */
const visit = async (page: Page, policed: Policed, head: string): Promise<void> => {
  await policed.open({}, head, BODY);
  await page.waitForFunction(() => 'tracker' in window);
  // The tracker notices closing once the offer part is there.
  await page.evaluate(() => (window as unknown as { readonly tracker: OfferTracker }).tracker.stats());
  await page.click('[data-offer-id=closed] button');
  await page.click('#buy');
  await page.keyboard.press('Escape');
  await expect(page.locator('[data-offer-id=closed]')).toBeHidden();
  await expect(page.locator('#buy')).toHaveText('bought');
};

/** Calls all methods of the tracker. Returns those that threw, rejected or were not called. */
const silent = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const { tracker } = window as unknown as {
      tracker: Readonly<Record<string, (...given: unknown[]) => unknown>>;
    };
    const asking: Readonly<Record<string, readonly unknown[]>> = {
      observe: [document.querySelector('#buy'), { id: 'button' }],
      dismiss: ['never-shown'],
      accept: ['never-shown'],
      flush: [],
      consent: ['granted'],
      subject: ['somebody'],
      pageView: [],
      stats: [],
      stop: [],
    };
    const unanswered = Object.keys(tracker).filter((name) => !(name in asking));
    for (const [name, given] of Object.entries(asking)) {
      try {
        const answer = await tracker[name]?.(...given);
        if (typeof answer === 'function') (answer as () => void)();
      } catch {
        unanswered.push(name);
      }
    }
    return unanswered;
  });

/** What was reported on the console, without stack traces. */
const told = ({ noticed }: Policed): string[] => noticed.console.map((text) => text.split('\n')[0] ?? '');

/** Removes globals. */
const without = (...names: readonly string[]): string =>
  names.map((name) => `delete globalThis.${name};`).join('');

const forEach = (
  cases: Readonly<Record<string, string>>,
  check: (given: { page: Page; policed: Policed; stack: Stack }) => Promise<void>,
): void => {
  for (const [what, script] of Object.entries(cases))
    for (const [way, head] of Object.entries(WAYS))
      test(`if a page ${what} uses ${way}`, async ({ page, policed, stack }) => {
        await page.addInitScript(script);
        await visit(page, policed, head);
        await check({ page, policed, stack });
      });
};

test.describe('the tracker is inert, and one report says what is needed', () => {
  const check: Parameters<typeof forEach>[1] = async ({ page, policed, stack }) => {
    expect(await silent(page)).toEqual([]);
    // Everything that was begun would have failed by then.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    expect(told(policed)).toEqual(['OffersightError: unsupported: Needs IntersectionObserver.']);
    expect(stack.site.gateway.calls).toEqual([]);
    expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  };
  forEach({ 'without IntersectionObserver': without('IntersectionObserver') }, check);
});

test.describe('each event is sent once, and one report says that events do not outlast the page', () => {
  const denied = "throw new DOMException('denied', 'SecurityError')";
  forEach(
    {
      'without IndexedDB': `${without('indexedDB', 'IDBKeyRange', 'IDBFactory')} delete Window.prototype.indexedDB`,
      'with an IndexedDB that is null': `Object.defineProperty(window, 'indexedDB', { get: () => null })`,
      'with an IndexedDB that opens nothing': `IDBFactory.prototype.open = () => { ${denied} }`,
      'with an IndexedDB whose opening fails': `
        const { open } = IDBFactory.prototype;
        IDBFactory.prototype.open = function () {
          // Opening an older version than the existing one fails.
          open.call(this, 'taken', 2);
          return open.call(this, 'taken', 1);
        }`,
    },
    async ({ page, policed, stack }) => {
      await stack.expectRecorded(WHOLE_WAY);
      expect(told(policed)).toEqual(['OffersightError: storage: Allow IndexedDB; events die with the page.']);
      expect(await silent(page)).toEqual([]);
      // The commands of `silent` had their effect as well.
      await stack.expectRecorded([...WHOLE_WAY, 'viewed never-shown', 'dismissed never-shown']);
      expect(told(policed)).toHaveLength(1);
    },
  );
});

test.describe('everything works as ever', () => {
  forEach(
    {
      'without channels between tabs': without('BroadcastChannel'),
      'with a channel that must not be opened': `
        BroadcastChannel = function () { throw new DOMException('denied', 'SecurityError') }`,
      'without crypto.subtle': "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })",
      'without service workers': 'delete Navigator.prototype.serviceWorker',
      'without getAnimations and checkVisibility':
        'delete Element.prototype.getAnimations; delete Document.prototype.getAnimations; delete Element.prototype.checkVisibility',
      'without popovers and dialogs': `${without('ToggleEvent', 'HTMLDialogElement')} delete HTMLElement.prototype.popover`,
      'without newer globals': without('structuredClone', 'WeakRef', 'FinalizationRegistry', 'TextEncoder'),
      'with a localStorage that must not be touched': `
        Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })`,
    },
    async ({ page, policed, stack }) => {
      await stack.expectRecorded(WHOLE_WAY);
      expect(await silent(page)).toEqual([]);
      expect(told(policed)).toEqual([]);
    },
  );
});

test.describe('only a part does not work, and one report says which', () => {
  forEach({ 'without ResizeObserver': without('ResizeObserver') }, async ({ page, policed, stack }) => {
    await stack.expectRecorded(['viewed closed', 'viewed seen']);
    expect(await silent(page)).toEqual([]);
    expect(told(policed)).toEqual([
      'OffersightError: configuration: Closing is not noticed here, views are: ReferenceError: ResizeObserver is not defined',
    ]);
  });

  forEach({ 'without fetch': without('fetch') }, async ({ page, policed, stack }) => {
    expect(await silent(page)).toEqual([]);
    // In debug mode, a flush that finds the pause after the failure says so. Whether one does depends on the timing.
    const reports = (): string[] =>
      told(policed).filter((text) => !text.startsWith('Offersight: events wait until '));
    await expect
      .poll(reports)
      .toEqual([`OffersightError: delivery: POST ${stack.site.url}/offer-events failed; events wait.`]);
    expect(stack.site.gateway.calls).toEqual([]);
  });
});

test('the custom element shows its content even without IntersectionObserver, when nothing can be viewed', async ({
  page,
  policed,
  stack,
}) => {
  await page.addInitScript(without('IntersectionObserver'));
  policed.serve('/shop.js', "import '/module/element.js';");
  await policed.open(
    {},
    '<script type="module" src="/shop.js"></script>',
    '<offer-impression endpoint="/offer-events" data-offer-id="seen"><h2>20 % off</h2></offer-impression>',
  );
  await page.waitForFunction(() => customElements.get('offer-impression'));
  await expect(page.getByText('20 % off')).toBeVisible();
  expect(told(policed)).toEqual([]);
  expect(stack.site.gateway.calls).toEqual([]);
});
