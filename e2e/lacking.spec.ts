/**
 * Browsers that lack something, or have it taken away before the page loads: the page works as ever, nothing is thrown
 * into it, and at most one report says what is the matter.
 */
import type { Page } from '@playwright/test';
import type { OfferTracker } from 'offersight';
import { expect, OFFERS, type Policed, test, WHOLE_WAY } from './fixtures/policed.js';
import type { Stack } from './fixtures/stack.js';

const WAYS = {
  'the script tag':
    '<script async src="/offersight.js" data-endpoint="/offer-events" data-debug></script>' +
    '<script>(window.offersight ||= []).push((tracker) => { window.tracker = tracker; })</script>',
  'the module':
    `<script type="module">import { createOfferTracker } from '/module/index.js';` +
    `window.tracker = createOfferTracker({ endpoint: '/offer-events', debug: true });</script>`,
};

/** The page's own doings: its close control closes, its button buys. */
const BODY = `${OFFERS.replaceAll('data-offer-dismiss>', `data-offer-dismiss onclick="this.closest('article').hidden = true">`)}
  <button id="buy" onclick="this.textContent = 'bought'">Buy</button>`;

/** Uses the page as its visitors do. */
const visit = async (page: Page, policed: Policed, head: string): Promise<void> => {
  await policed.open({}, head, BODY);
  await page.waitForFunction(() => 'tracker' in window);
  // Closing is noticed once the second load is there.
  await page.evaluate(() => (window as unknown as { readonly tracker: OfferTracker }).tracker.stats());
  await page.click('[data-offer-id=closed] button');
  await page.click('#buy');
  await page.keyboard.press('Escape');
  await expect(page.locator('[data-offer-id=closed]')).toBeHidden();
  await expect(page.locator('#buy')).toHaveText('bought');
};

/** Asks everything of the tracker; gives the methods that threw, rejected or never answered. */
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

/** What the page was told, without where in the code that was. */
const told = ({ noticed }: Policed): string[] => noticed.console.map((text) => text.split('\n')[0] ?? '');

/** Takes globals away. */
const without = (...names: readonly string[]): string =>
  names.map((name) => `delete globalThis.${name};`).join('');

const forEach = (
  cases: Readonly<Record<string, string>>,
  check: (given: { page: Page; policed: Policed; stack: Stack; what: string }) => Promise<void>,
): void => {
  for (const [what, script] of Object.entries(cases))
    for (const [way, head] of Object.entries(WAYS))
      test(`${what}, by ${way}`, async ({ page, policed, stack }) => {
        await page.addInitScript(script);
        await visit(page, policed, head);
        await check({ page, policed, stack, what });
      });
};

test.describe('nothing happens, and one report says what is needed, without', () => {
  const check: Parameters<typeof forEach>[1] = async ({ page, policed, stack, what }) => {
    expect(await silent(page)).toEqual([]);
    // Whatever was begun would have failed by then.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    expect(told(policed)).toEqual([`OffersightError: unsupported: Needs ${what}.`]);
    expect(stack.site.gateway.calls).toEqual([]);
    expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  };
  forEach({ IntersectionObserver: without('IntersectionObserver') }, check);
});

test.describe('events go, each once, and one report says that they do not outlast the page,', () => {
  const denied = "throw new DOMException('denied', 'SecurityError')";
  forEach(
    {
      'without IndexedDB': `${without('indexedDB', 'IDBKeyRange', 'IDBFactory')} delete Window.prototype.indexedDB`,
      'with an IndexedDB that is null': `Object.defineProperty(window, 'indexedDB', { get: () => null })`,
      'with an IndexedDB that must not be touched': `Object.defineProperty(window, 'indexedDB', { get() { ${denied} } })`,
      'with an IndexedDB that opens nothing': `IDBFactory.prototype.open = () => { ${denied} }`,
      'with an IndexedDB whose opening fails': `
        const { open } = IDBFactory.prototype;
        IDBFactory.prototype.open = function () {
          // Nobody can have the first version of what has a second one.
          open.call(this, 'taken', 2);
          return open.call(this, 'taken', 1);
        }`,
    },
    async ({ page, policed, stack }) => {
      await stack.expectRecorded(WHOLE_WAY);
      expect(told(policed)).toEqual(['OffersightError: storage: Allow IndexedDB; events die with the page.']);
      expect(await silent(page)).toEqual([]);
      // What the test asked of it happened as well.
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
      'without animations and visibility to ask for':
        'delete Element.prototype.getAnimations; delete Document.prototype.getAnimations; delete Element.prototype.checkVisibility',
      'without popovers and dialogs': `${without('ToggleEvent', 'HTMLDialogElement')} delete HTMLElement.prototype.popover`,
      'without what came later': without('structuredClone', 'WeakRef', 'FinalizationRegistry', 'TextEncoder'),
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

test.describe('part of it works, and one report says what does not', () => {
  forEach(
    { 'without ResizeObserver, closing': without('ResizeObserver') },
    async ({ page, policed, stack }) => {
      await stack.expectRecorded(['viewed closed', 'viewed seen']);
      expect(await silent(page)).toEqual([]);
      expect(told(policed)).toEqual(['OffersightError: configuration: Closing goes unnoticed.']);
    },
  );

  forEach({ 'without fetch, delivery': without('fetch') }, async ({ page, policed, stack }) => {
    expect(await silent(page)).toEqual([]);
    // Whether a flush found the pause that the failure began is a matter of time; in debug mode it says so.
    const reports = (): string[] =>
      told(policed).filter((text) => !text.startsWith('Offersight: events wait until '));
    await expect
      .poll(reports)
      .toEqual([`OffersightError: delivery: POST ${stack.site.url}/offer-events failed; events wait.`]);
    expect(stack.site.gateway.calls).toEqual([]);
  });
});

test('the custom element shows what it holds where nothing can be seen without IntersectionObserver', async ({
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

test('what is thrown into a page is noticed', async ({ page, policed }) => {
  await page.addInitScript("addEventListener('click', () => { throw new Error('ours') })");
  await visit(page, policed, WAYS['the script tag']);
  await expect.poll(() => told(policed)).toEqual(['ours', 'ours']);
});
