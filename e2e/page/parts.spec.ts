/** The offer part: a page asks for it with its first offer, or if an earlier page left something. Until it is there nothing is lost. */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { untilStored } from '../fixtures/database.js';
import { type OffersightWindow, trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const OFFERS = '**/offersight-offers.js*';
const SCRIPT = { script: 'data-endpoint="/offer-events"' };

const offer = (id: string) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="0"><button data-offer-dismiss>x</button></div>`;

/** The requests for the file, and what the console says without `data-debug`. */
const watch = (page: Page): { readonly asked: string[]; readonly said: string[] } => {
  const asked: string[] = [];
  const said: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname.includes('offersight-offers')) asked.push(pathname + search);
  });
  page.on('console', (message) => {
    if (/OffersightError/.test(message.text()))
      said.push(`${message.type()} ${message.text().split('\n')[0]}`);
  });
  return { asked, said };
};

/** Waits until the page has looked at the database: by then it would have asked. */
const untilLooked = async (page: Page): Promise<void> => {
  await page.waitForFunction(() => 'by' in (window as unknown as OffersightWindow).offersight);
  await page.evaluate(async () => {
    // The page's own look came first: tasks take turns, and so do transactions.
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise<void>((resolve) => {
      const opening = indexedDB.open('offersight');
      opening.onsuccess = () => {
        const looking = opening.result.transaction('offersight', 'readwrite');
        looking.objectStore('offersight').count();
        looking.oncomplete = () => resolve();
      };
    });
  });
};

const goOnline = (page: Page): Promise<unknown> =>
  page.evaluate(() => window.dispatchEvent(new Event('online')));

const openWith = (page: Page, stack: Stack, body: string) => stack.open(page, body, SCRIPT);

test.describe('the offer part', () => {
  test('is not asked for by a page without offers where nothing waits, and once by a page with offers', async ({
    page,
    stack,
  }) => {
    const { asked, said } = watch(page);
    await openWith(page, stack, '<p>Imprint</p>');
    await untilLooked(page);
    expect(asked).toEqual([]);
    await openWith(page, stack, `${offer('one')}${offer('two')}`);
    await stack.expectRecorded(['viewed one', 'viewed two']);
    expect(asked).toEqual(['/offersight-offers.js']);
    expect(said).toEqual([]);
  });

  test('is asked for when an offer is added to the page', async ({ page, stack }) => {
    const { asked } = watch(page);
    await openWith(page, stack, '');
    await untilLooked(page);
    expect(asked).toEqual([]);
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('late'));
    await stack.expectRecorded(['viewed late']);
  });

  test('is asked for by a page without offers that finds events of an earlier page', async ({
    page,
    stack,
  }) => {
    stack.site.gateway.fault = 'off';
    await openWith(page, stack, offer('left'));
    await untilStored(page, 1);
    stack.site.show('<p>Imprint</p>', SCRIPT);
    await page.reload();
    stack.site.gateway.fault = undefined;
    await goOnline(page);
    await stack.expectRecorded(['viewed left']);
  });
});

test.describe('the closing part', () => {
  const closing = (page: Page): string[] => {
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('offersight-closing')) asked.push(request.url());
    });
    return asked;
  };

  test('is not asked for by an offer that is viewed and closed by its mark, nor by a press while none is in sight', async ({
    page,
    stack,
  }) => {
    const asked = closing(page);
    await openWith(page, stack, `<p>Text</p><div style="height: 3000px"></div>${offer('a')}`);
    await page.click('p');
    await page.click('[data-offer-dismiss]');
    await stack.expectRecorded(['viewed a', 'dismissed a']);
    expect(asked).toEqual([]);
  });

  for (const [what, body, press] of [
    ['a press while an offer is in sight', `${offer('a')}<p>Text</p>`, 'p'],
    ['an offer in a dialog', `<div role="dialog">${offer('a')}</div>`, undefined],
    [
      'an offer in a box that stays in place',
      `<div style="position: fixed; inset: auto 0 0">${offer('a')}</div>`,
      undefined,
    ],
  ] as const)
    test(`is asked for by ${what}`, async ({ page, stack }) => {
      const asked = page.waitForRequest('**/offersight-closing.js');
      await openWith(page, stack, body);
      await stack.expectRecorded(['viewed a']);
      if (press) await page.click(press);
      await asked;
    });

  test('that does not load is reported once, and what it would have closed is closed when it comes', async ({
    page,
    stack,
  }) => {
    const { said } = watch(page);
    await page.route('**/offersight-closing.js*', (route) => route.fulfill({ status: 404 }));
    await openWith(
      page,
      stack,
      `<div data-offer-id="a"><button aria-label="Close" onclick="this.parentElement.remove()">×</button></div>
       <div data-offer-id="b"><button data-offer-dismiss>No</button></div>`,
    );
    await stack.expectRecorded(['viewed a', 'viewed b']);
    await page.click('[aria-label=Close]');
    await page.click('[data-offer-dismiss]');
    await stack.expectRecorded(['viewed a', 'viewed b', 'dismissed b']);
    await expect
      .poll(() => said)
      .toEqual([expect.stringMatching(/load: offersight-closing\.js did not load/)]);
    await page.unroute('**/offersight-closing.js*');
    await goOnline(page);
    await stack.expectRecorded(['viewed a', 'viewed b', 'dismissed b', 'dismissed a']);
    expect(said).toHaveLength(1);
  });
});

test('a script that is inlined into the page finds its files where data-files says, or says where it looked', async ({
  page,
  stack,
}) => {
  const { said } = watch(page);
  const inlined = await readFile('dist/offersight.js', 'utf8');
  const show = (attributes: string): void =>
    stack.site.show(
      `${offer('seen')}<script ${attributes} data-endpoint="/offer-events">${inlined}</script>`,
      {
        script: '',
      },
    );
  show('data-files="/"');
  await page.goto(`${stack.site.url}/page.html`);
  await stack.expectRecorded(['viewed seen']);
  expect(said).toEqual([]);
  show('data-files="/elsewhere/"');
  await page.goto(`${stack.site.url}/page.html`);
  await expect
    .poll(() => said)
    .toEqual([expect.stringMatching(/did not load: TypeError: .*\/elsewhere\/offersight-offers\.js$/)]);
  show('');
  await page.goto(`${stack.site.url}/page.html`);
  await stack.expectRecorded(['viewed seen', 'viewed seen', 'viewed seen']);
});

test.describe('without the offer part', () => {
  test('offers are seen and stored, one line says so, and the next page that has it delivers them', async ({
    page,
    stack,
  }) => {
    const { said } = watch(page);
    await page.route(OFFERS, (route) => route.fulfill({ status: 404, body: '' }));
    await openWith(page, stack, offer('kept'));
    await untilStored(page, 1);
    await expect
      .poll(() => said)
      .toEqual([
        expect.stringMatching(
          /^error OffersightError: load: offersight-offers\.js did not load: TypeError: /,
        ),
      ]);
    await page.unroute(OFFERS);
    stack.site.show('<p>Imprint</p>', SCRIPT);
    await page.goto(`${stack.site.url}/page.html?next`);
    await stack.expectRecorded(['viewed kept']);
  });

  test('as after a deployment or from a cache, a file of another version is not used (attack 66)', async ({
    page,
    stack,
  }) => {
    const { said } = watch(page);
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const built = await readFile('dist/offersight-offers.js', 'utf8');
    expect(built).toContain(`"${version}"`);
    await page.route(OFFERS, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: built.replace(`"${version}"`, '"0.0.9"') }),
    );
    await openWith(page, stack, offer('seen'));
    await untilStored(page, 1);
    await expect.poll(() => said).toHaveLength(1);
    expect(stack.site.gateway.calls).toEqual([]);
  });

  test('it is asked for again by another address as soon as the network is back, and then everything is delivered', async ({
    page,
    stack,
  }) => {
    const { asked, said } = watch(page);
    await page.route(OFFERS, (route) => route.abort('internetdisconnected'));
    await openWith(page, stack, offer('waits'));
    await untilStored(page, 1);
    await expect.poll(() => said).toHaveLength(1);
    await page.unroute(OFFERS);
    await goOnline(page);
    await stack.expectRecorded(['viewed waits']);
    expect(asked).toEqual(['/offersight-offers.js', expect.stringMatching(/^\/offersight-offers\.js\?\d+$/)]);
    // The proxy has it before its reply reaches the page.
    await expect.poll(async () => (await trackerStats(page)).outbox?.waiting).toBe(0);
  });

  test('a page that went offline before its first offer keeps its events, and delivers them without a reload', async ({
    context,
    page,
    stack,
  }) => {
    await openWith(page, stack, '');
    await untilLooked(page);
    await context.setOffline(true);
    await page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), offer('offline'));
    await untilStored(page, 1);
    await page.click('[data-offer-dismiss]');
    await context.setOffline(false);
    await stack.expectRecorded(['viewed offline', 'dismissed offline']);
  });
});

test('what a denial deletes before the offer part is there is not sent by the next page, though consent is given again', async ({
  page,
  stack,
}) => {
  await page.route(OFFERS, (route) => route.fulfill({ status: 404, body: '' }));
  await openWith(page, stack, offer('denied'));
  await untilStored(page, 1);
  await page.evaluate(() =>
    (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.consent('denied')),
  );
  await untilStored(page, 0);
  await page.unroute(OFFERS);
  await openWith(page, stack, offer('witness'));
  await stack.expectRecorded(['viewed witness']);
});

test('an import map’s integrity pins the offer part, also when it is asked for again (attack 66)', async ({
  page,
  stack,
}) => {
  const { asked, said } = watch(page);
  const integrity = (await readFile('dist/offersight-offers.js.sri', 'utf8')).trim();
  const open = () =>
    stack.open(page, offer('seen'), {
      ...SCRIPT,
      head: `<script type="importmap">{ "integrity": { "/offersight-offers.js": "${integrity}" } }</script>`,
    });
  await open();
  await stack.expectRecorded(['viewed seen']);
  expect(said).toEqual([]);

  const tampered = `${await readFile('dist/offersight-offers.js', 'utf8')} `;
  await page.route(OFFERS, (route) => route.fulfill({ contentType: 'text/javascript', body: tampered }));
  await open();
  await untilStored(page, 1);
  await expect.poll(() => said).toHaveLength(1);
  const before = asked.length;
  await goOnline(page);
  await expect.poll(() => asked.length).toBeGreaterThan(before);
  expect(new Set(asked)).toEqual(new Set(['/offersight-offers.js']));
  expect(stack.recorded()).toEqual(['viewed seen']);
});
