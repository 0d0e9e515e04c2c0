/** The inspector: how it can be opened, what it shows and does to the page, and that other pages never load it. */
import type { Page } from '@playwright/test';
import { inspectLink } from 'offersight/proxy';
import { axeOf } from '../../scripts/axe.mjs';
import { openInspectorIn, saidIn } from '../fixtures/inspected.js';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const SECRET = 'a secret of the inspector’s links, 32';
const FILE = '/offersight-inspector.js';
const OPERATOR = 'https://ops.example/admin/';

test.use({ proxyOptions: { inspectSecret: SECRET } });

const offer = (id: string, dwell = 0) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}"><button data-offer-dismiss>Close</button></div>`;

/** Opens a page and the inspector on it. */
const inspect = async (page: Page, stack: Stack, body: string, head = ''): Promise<void> => {
  await stack.open(page, body, { head });
  await trackerStats(page);
  await openInspectorIn(page, FILE);
};

/** Whether the inspector is on the page. */
const isOpen = (page: Page) => page.evaluate(() => !!document.querySelector('offersight-inspector'));

/** Every path that the page requests. */
const listen = (page: Page): string[] => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  return asked;
};

const MODULE = `<script type="module">
  import { createOfferTracker } from '/module/index.js';
  const tracker = createOfferTracker({ endpoint: '/offer-events' });
  window.offersight = { push: (command) => command(tracker) };
</script>`;

const WAYS_IN = {
  'by script tag': {},
  'by npm': { script: '', head: MODULE },
} as const;

test.describe('a page that does not ask for the inspector', () => {
  for (const [way, options] of Object.entries(WAYS_IN))
    test(`loads nothing of it if the tracker is loaded ${way}`, async ({ page, stack }) => {
      const asked = listen(page);
      await stack.open(page, offer('seen'), options);
      await stack.expectRecorded(['viewed seen']);
      expect(asked.filter((path) => path.includes('inspector'))).toEqual([]);
      expect(asked).toContain('/offer-events');
    });
});

test.describe('a link to the inspector', () => {
  const linkTo = (stack: Stack, path: string, options = {}) =>
    inspectLink(`${stack.site.url}${path}`, { secret: SECRET, ...options });

  for (const [way, options] of Object.entries(WAYS_IN))
    test(`opens it by the proxy’s code, and its events lead to the operator’s page, ${way}`, async ({
      page,
      stack,
    }) => {
      stack.site.show(offer('seen'), options);
      await page.goto(await linkTo(stack, '/page.html', { operatorUrl: OPERATOR }));
      const link = page.getByRole('link', { name: 'at the proxy' });
      await expect(link).toHaveAttribute(
        'href',
        new RegExp(`^${OPERATOR}events\\?find=(?:[0-9a-f-]{36}|seen)$`),
      );
      await expect.poll(() => saidIn(page)).toMatch(/seen counted It counted as viewed at /);
      await stack.expectRecorded(['viewed seen']);
    });

  test('opens nothing if a stranger made, changed, kept or pointed it at another page (attack 76)', async ({
    page,
    stack,
  }) => {
    const kept = await linkTo(stack, '/page.html', { now: () => Date.now() - 3_600_000 });
    const elsewhere = new URL(await linkTo(stack, '/other.html')).hash;
    const changed = (await linkTo(stack, '/page.html')).slice(0, -1);
    const made = await inspectLink(`${stack.site.url}/page.html`, {
      secret: 'what a stranger thinks up, 32 long',
    });
    const statuses: number[] = [];
    page.on('response', (response) => {
      if (response.request().postData()?.includes('"inspect"')) statuses.push(response.status());
    });
    stack.site.show(offer('seen'));
    for (const link of [kept, `${stack.site.url}/page.html${elsewhere}`, changed, made]) {
      const asked = page.waitForResponse(
        (response) => !!response.request().postData()?.includes('"inspect"'),
      );
      await page.goto('about:blank');
      await page.goto(link);
      if (link !== changed) await asked;
      else asked.catch(() => undefined);
      await trackerStats(page);
      expect(await isOpen(page)).toBe(false);
    }
    // The proxy is not even asked about a string that cannot be a code.
    expect(statuses).toEqual([403, 403, 403]);
  });

  test('opens nothing if a page answers in the proxy’s place (attack 76)', async ({ page, stack }) => {
    const link = await linkTo(stack, '/page.html');
    stack.site.show(offer('seen'));
    for (const body of ['<h1>Hello</h1>', '{"v":1,"results":[]}', '{"inspect":"true"}']) {
      await page.route('**/offer-events', (route) => route.fulfill({ body }));
      const asked = page.waitForResponse(
        (response) => !!response.request().postData()?.includes('"inspect"'),
      );
      await page.goto('about:blank');
      await page.goto(link);
      await (await asked).finished();
      await trackerStats(page);
      expect(await isOpen(page)).toBe(false);
      await page.unroute('**/offer-events');
    }
  });

  test('leads to an error on the console if the file is not served', async ({ page, stack }) => {
    const said = page.waitForEvent('console', (message) => message.text().includes('OffersightError'));
    await page.route(`**${FILE}`, (route) => route.fulfill({ status: 404 }));
    stack.site.show(offer('seen'));
    await page.goto(await linkTo(stack, '/page.html'));
    expect((await said).text()).toContain('load: offersight-inspector.js did not load');
    await stack.expectRecorded(['viewed seen']);
  });
});

test.describe('an endpoint that takes no events', () => {
  const POLICY = "default-src 'self'; style-src 'unsafe-inline'; connect-src https://stats.example";

  test('is named with the directive if the page’s policy blocks it', async ({ page, stack }) => {
    await stack.open(page, offer('seen'), {
      head: `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    });
    await trackerStats(page);
    await openInspectorIn(page, FILE);
    await expect(page.locator('.problem').first()).toHaveText(
      /Content-Security-Policy blocks POST .*: connect-src https:\/\/stats\.example\. Add 'self'/,
    );
  });

  test('keeps a link from opening anything, and the console says why', async ({ page, stack }) => {
    const link = await inspectLink(`${stack.site.url}/page.html`, { secret: SECRET });
    await page.route('**/offer-events', (each) => each.abort('blockedbyclient'));
    const warned = page.waitForEvent('console', (message) =>
      /the proxy did not answer at .*offer-events, so the link opens nothing/.test(message.text()),
    );
    stack.site.show(offer('seen'));
    await page.goto(link);
    await warned;
    expect(await isOpen(page)).toBe(false);
  });
});

test('what keeps an offer out of reach is named: a lock of scrolling, and a portal', async ({
  page,
  stack,
}) => {
  const body = `<div data-offer-id="empty"></div>
    <div class="column" style="width: 90px; overflow: hidden"><p style="width: 100px" data-offer-id="cut" data-offer-ratio="1">Two</p></div>
    <div style="height: 3000px"></div><p data-offer-id="below">Two months</p>`;
  await stack.open(page, body);
  await trackerStats(page);
  await page.evaluate(() => {
    document.body.style.overflow = 'hidden';
    document.body.className = 'no-scroll';
  });
  await openInspectorIn(page, FILE);
  await expect
    .poll(() => saidIn(page))
    .toMatch(/empty not yet It is empty, and has no size\. If a portal draws/);
  await expect
    .poll(() => saidIn(page))
    .toMatch(/cut not yet Too little of it is visible: <div\.column> cuts/);
  await expect
    .poll(() => saidIn(page))
    .toMatch(/below not yet <body\.no-scroll> has overflow: hidden, so users cannot scroll to it\./);
  // Then the root scrolls, and the body has nothing to hide.
  await page.addStyleTag({ content: 'html { overflow-y: scroll }' });
  await expect.poll(() => saidIn(page)).toMatch(/below not yet It is not in view\. Scroll to it\./);
});

test('the inspector can search in many offers', async ({ page, stack }) => {
  await inspect(page, stack, Array.from({ length: 150 }, (_, at) => offer(`o${at}`, 600_000)).join(''));
  await page.getByRole('searchbox', { name: 'Search' }).fill('o149');
  await expect(
    page.locator('offersight-inspector section details').first().getByRole('listitem'),
  ).toHaveCount(1);
  await expect.poll(() => saidIn(page)).toMatch(/o149 not yet/);
});

test('the bookmark of the documentation opens the inspector from beside the script', async ({
  page,
  stack,
}) => {
  await stack.open(page, offer('seen'));
  await trackerStats(page);
  await page.evaluate(
    "import(new URL('offersight-inspector.js', document.querySelector('script[src*=\"offersight\"]').src)).then((file) => file.openInspector())",
  );
  await expect.poll(() => saidIn(page)).toMatch(/seen counted/);
});

test('the inspector says so if the page has no tracker', async ({ page, stack }) => {
  await stack.open(page, offer('seen'), { script: '' });
  await openInspectorIn(page, FILE);
  await expect.poll(() => saidIn(page)).toMatch(/No tracker runs here\. There is no script tag\./);
  await expect.poll(() => saidIn(page)).toMatch(/seen wrong No tracker watches it\./);
});

test.describe('the inspector’s content', () => {
  test('follows the page: an offer counts, is closed, and leaves', async ({ page, stack }) => {
    await inspect(page, stack, '');
    await expect.poll(() => saidIn(page)).toMatch(/No element of this page has data-offer-id now\./);
    // A dwell that does not end while the test looks.
    const both = `${offer('slow', 600_000)}${offer('late')}`;
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), both);
    await expect.poll(() => saidIn(page)).toMatch(/slow counting Its time runs/);
    await expect.poll(() => saidIn(page)).toMatch(/late counted It counted as viewed at [^.]*\./);
    await page.locator('[data-offer-id=late]').getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => saidIn(page)).toMatch(/late counted .*, and was closed later\./);
    const done = page.locator('.steps').first().locator('.done');
    await expect(done).toHaveText(['recorded', 'left the page', 'taken by the proxy']);
    await page.evaluate(() => {
      for (const each of document.querySelectorAll('.offer')) each.remove();
    });
    await expect.poll(() => saidIn(page)).toMatch(/Offers \(0\)/);
  });

  test('shows why nothing is sent while the network is gone, and that it was sent once the network is back', async ({
    page,
    stack,
  }) => {
    stack.site.gateway.fault = 'off';
    await inspect(page, stack, offer('held'));
    await expect.poll(() => saidIn(page)).toMatch(/Pause Events are sent again at .* failed at /);
    await expect(page.locator('.steps .done')).toHaveText(['recorded']);
    stack.site.gateway.fault = undefined;
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await expect(page.locator('.steps .done')).toHaveText([
      'recorded',
      'left the page',
      'taken by the proxy',
    ]);
    await stack.expectRecorded(['viewed held']);
  });

  test('shows the events that a second tracker of the page sends to another endpoint', async ({
    page,
    stack,
  }) => {
    await stack.open(page, offer('seen'), {
      head: `<script type="module">
        import { createOfferTracker } from '/module/index.js';
        createOfferTracker({ endpoint: '/brand', onError: () => undefined });
      </script>`,
    });
    await trackerStats(page);
    await openInspectorIn(page, FILE);
    const other = page.getByRole('button', { name: /Look at http.*\/(?:brand|offer-events)$/ });
    const [before] = [await page.locator('.endpoint code').textContent()];
    await other.click();
    await expect(page.locator('.endpoint code')).not.toHaveText(before ?? '');
    await expect.poll(() => saidIn(page)).toMatch(/Offers \(1\)/);
  });

  test('can be copied as text', async ({ page, stack, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await inspect(page, stack, '');
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('seen'));
    await expect(page.locator('.steps .done')).toHaveCount(3);
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await expect(page.getByRole('status')).toHaveText('Copied.');
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toMatch(/^Offersight inspector \d/);
    expect(text).toMatch(/seen: It counted as viewed at /);
    expect(text).toMatch(/viewed seen: taken by the proxy/);
    expect(text).toMatch(/endpoint = \/offer-events \(data-endpoint of the script tag\)/);
  });

  test('can be copied by hand if the browser does not allow copying', async ({ page, stack }) => {
    await inspect(page, stack, offer('seen'));
    await page.evaluate(() =>
      Object.assign(navigator.clipboard, { writeText: () => Promise.reject(new Error()) }),
    );
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await expect(page.getByLabel('Copy this text by hand:')).toHaveValue(/^Offersight inspector/);
  });
});

test.describe('a page with the inspector', () => {
  test('gets each event once, while the inspector is open and after it is closed', async ({
    page,
    stack,
  }) => {
    await stack.open(page, '', {
      script: '',
      head: `<script type="module">
        import { createOfferTracker } from '/module/index.js';
        window.told = [];
        const onEvent = ({ type, offerId }, isDurable) => told.push([type, offerId, isDurable].join(' '));
        const tracker = createOfferTracker({ endpoint: '/offer-events', onEvent });
        window.offersight = { push: (command) => command(tracker) };
      </script>`,
    });
    await trackerStats(page);
    await openInspectorIn(page, '/module/inspector.js');
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('a'));
    await stack.expectRecorded(['viewed a']);
    await page.getByRole('button', { name: 'Leave' }).click();
    expect(await isOpen(page)).toBe(false);
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('b'));
    await stack.expectRecorded(['viewed a', 'viewed b']);
    expect(await page.evaluate('told')).toEqual(['viewed a true', 'viewed b true']);
  });

  test('does not lose an offer by presses in the inspector', async ({ page, stack }) => {
    const flyout = `<div role="dialog" class="offer" data-offer-id="flyout" data-offer-dwell="0">x</div>
      <script>addEventListener('click', ({ target }) => target.closest('[role=dialog]') || document.querySelector('[role=dialog]').remove())</script>`;
    await stack.open(page, `${flyout}${offer('under')}`);
    await stack.expectRecorded(['viewed flyout', 'viewed under']);
    await openInspectorIn(page, FILE);
    await page.getByRole('heading', { name: 'Offersight' }).click();
    await page.getByRole('button', { name: 'Fold' }).click();
    await page.getByRole('button', { name: 'Unfold' }).click();
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('witness'));
    await stack.expectRecorded(['viewed flyout', 'viewed under', 'viewed witness']);
  });

  test('may have any styles, which do not reach the inspector', async ({ page, stack }) => {
    const hostile =
      '<style>* { display: none !important; opacity: 0 !important; color: red !important; font-size: 90px !important } html, body { display: block !important; opacity: 1 !important }</style>';
    await stack.open(page, offer('seen'), { head: hostile });
    await openInspectorIn(page, FILE);
    const panel = page.getByRole('region', { name: 'Offersight inspector' });
    await expect(panel).toBeVisible();
    await expect(panel).toHaveCSS('font-size', '13px');
    await expect(panel).toHaveCSS('color', 'rgb(26, 28, 32)');
    await expect.poll(() => saidIn(page)).toMatch(/seen not yet .*hides it by display: none\./);
  });

  test('may have the strictest policy, and markup in its names stays text (attack 78)', async ({
    page,
    stack,
  }) => {
    const violated: string[] = [];
    page.on('console', (message) => violated.push(message.text()));
    await page.route('**/strict.html', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: {
          'content-security-policy':
            "default-src 'none'; script-src 'nonce-r' 'strict-dynamic'; connect-src 'self'; img-src data:; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        },
        body: `<!doctype html><link rel="icon" href="data:,"><script async nonce="r" src="/offersight.js" data-endpoint="/offer-events"></script>
          <img width="300" height="200" alt="" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E" data-offer-id="&lt;img src=x onerror=alert(1)&gt;" data-offer-dwell="0">
          <img width="300" height="200" alt="" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E" data-offer-id="seen" data-offer-dwell="0">`,
      }),
    );
    await page.goto(await inspectLink(`${stack.site.url}/strict.html`, { secret: SECRET }));
    await expect.poll(() => saidIn(page)).toMatch(/seen counted/);
    await expect.poll(() => saidIn(page)).toMatch(/“<img src=x onerror=alert\(1\)>” is not the id/);
    await expect(page.locator('.panel')).toHaveCSS('position', 'fixed');
    expect(violated.filter((words) => !words.includes('No offer id'))).toEqual([]);
    await stack.expectRecorded(['viewed seen']);
  });

  test('may open a modal dialog in a shadow tree or go into full screen while the inspector stays usable', async ({
    page,
    stack,
  }) => {
    await inspect(page, stack, '<div id="host"></div><main id="film">Film</main>');
    const fold = page.getByRole('button', { name: /^(?:Fold|Unfold)$/ });
    await page.evaluate(() => {
      const root = document.querySelector('#host')?.attachShadow({ mode: 'open' });
      if (root) root.innerHTML = '<dialog><button>Close</button></dialog>';
      root?.querySelector('dialog')?.showModal();
    });
    await fold.click();
    await expect(fold).toHaveText('Unfold');
    await page.evaluate(() => {
      document.querySelector('#host')?.remove();
      return document.querySelector('#film')?.requestFullscreen();
    });
    await fold.click();
    await expect(fold).toHaveText('Fold');
  });

  test('may open a modal dialog while the inspector stays usable above it, and after it is gone', async ({
    page,
    stack,
  }) => {
    await inspect(page, stack, `<dialog id="modal">${offer('asked')}</dialog>`);
    await page.evaluate(() => document.querySelector('dialog')?.showModal());
    await expect.poll(() => saidIn(page)).toMatch(/asked counted/);
    await page.getByRole('button', { name: 'Fold' }).click();
    await page.getByRole('button', { name: 'Unfold' }).click();
    await page.evaluate(() => document.querySelector('dialog')?.remove());
    await expect(page.getByRole('region', { name: 'Offersight inspector' })).toBeVisible();
    await page.getByRole('button', { name: 'Leave' }).click();
    expect(await isOpen(page)).toBe(false);
  });
});

test.describe('the inspector’s users', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1440, 390])
      test(`can read it in ${colorScheme} at ${width} px by the rules of axe`, async ({ page, stack }) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await inspect(page, stack, `${offer('long', 600_000)}${offer('not an id')}`);
        await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('seen'));
        await expect(page.locator('.steps .done')).toHaveCount(3);
        const { violations } = await axeOf(page).include('offersight-inspector').analyze();
        expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
        const overflow = () =>
          page.evaluate(() => {
            const body = document.querySelector('offersight-inspector')?.shadowRoot?.querySelector('.body');
            return body && body.scrollWidth - body.clientWidth;
          });
        expect(await overflow()).toBe(0);
      });

  test('can do everything by keyboard', async ({ page, stack }) => {
    await inspect(page, stack, `<div style="height: 3000px"></div>${offer('far', 600_000)}`);
    await expect.poll(() => saidIn(page)).toMatch(/far not yet It is not in view\. Scroll to it\./);
    const show = page.getByRole('button', { name: 'Show far on the page' });
    await show.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => saidIn(page)).toMatch(/far counting/);
    // The button is drawn again all the time, but keeps the focus.
    await expect(show).toBeFocused();
    await page.getByRole('button', { name: 'Leave' }).focus();
    await page.keyboard.press('Space');
    expect(await isOpen(page)).toBe(false);
  });
});

test.describe('code that draws offers', () => {
  test('and replaces one all the time is named at once, and not that its time runs', async ({
    page,
    stack,
  }) => {
    // The page does it from the beginning: on a slow machine the offer would count before a test could.
    await inspect(
      page,
      stack,
      `<main>${offer('renewed', 1_000)}</main>
       <script>
         const main = document.querySelector('main');
         const html = main.innerHTML;
         setInterval(() => {
           main.replaceChildren(document.createRange().createContextualFragment(html));
         }, 300);
       </script>`,
    );
    await expect
      .poll(() => saidIn(page))
      .toMatch(/renewed wrong Its time begins again and again, so it is never over\..* keep it, and change/s);
  });

  test('and gives several one id is shown what they read, and copies of one are not', async ({
    page,
    stack,
  }) => {
    const reads = (id: string, text: string) => offer(id).replace(/<button.*button>/, text);
    await inspect(page, stack, reads('looped', 'A month free') + reads('looped', 'A mug'));
    await expect
      .poll(() => saidIn(page))
      .toContain('2 elements have this id and read differently (“A month free”, “A mug”)');
    await page.evaluate(
      (html) => {
        document.body.insertAdjacentHTML('beforeend', html + html);
      },
      reads('copied', 'A cup'),
    );
    await expect
      .poll(() => saidIn(page))
      .toContain('Another element shows the same offer; together they count once.');
  });
});

test.describe('a page that stops every press before others hear it', () => {
  const EVENTS =
    'click pointerdown pointerup mousedown mouseup keydown keyup keypress submit touchstart touchend';
  const DEAF = `<script>
    for (const type of '${EVENTS}'.split(' ')) addEventListener(type, (event) => event.stopImmediatePropagation(), true);
  </script>`;

  test('keeps no pointer and no key from the panel', async ({ page, stack }) => {
    await inspect(page, stack, `${offer('seen')}<p style="height: 3000px"></p>${offer('low')}`, DEAF);
    const fold = page.getByRole('button', { name: /^(?:Fold|Unfold)$/ });
    await fold.click();
    await expect(fold).toHaveText('Unfold');
    await fold.press('Enter');
    await expect(fold).toHaveText('Fold');
    await fold.press('Space');
    await expect(fold).toHaveText('Unfold');
    await fold.click();
    await page.getByRole('button', { name: 'Show low on the page' }).click();
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(1_000);
    const address = page.url();
    await page.getByRole('button', { name: 'Leave' }).click();
    await expect(page.locator('offersight-inspector')).toHaveCount(0);
    expect(page.url()).toBe(address);
  });

  test('is no other to the panel than one that listens to nothing: a press acts once', async ({
    page,
    stack,
  }) => {
    await stack.open(page, offer('seen'), {
      head: '<script>addEventListener("submit", () => { document.title = "submitted"; }, true)</script>',
    });
    await trackerStats(page);
    await openInspectorIn(page, FILE);
    const fold = page.getByRole('button', { name: /^(?:Fold|Unfold)$/ });
    for (const [press, text] of [
      [() => fold.click(), 'Unfold'],
      [() => fold.press('Enter'), 'Fold'],
      [() => fold.press('Space'), 'Unfold'],
    ] as const) {
      await press();
      await expect(fold).toHaveText(text);
    }
    expect(await page.title()).not.toBe('submitted');
  });
});
