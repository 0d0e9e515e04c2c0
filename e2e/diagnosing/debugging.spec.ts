/** What the console says with `data-debug` and, from npm, with `debug: true`. */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const offer = (id: string, style = '', dwell = 60_000) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}" style="${style}"></div>`;

/** The lines that the tracker writes to the console, without the element that a browser shows in its own way. */
const listen = (page: Page): string[] => {
  const said: string[] = [];
  page.on('console', (message) => {
    if (message.text().startsWith('Offersight:'))
      said.push(message.text().replace(/^Offersight: | JSHandle@\S+$/g, ''));
  });
  return said;
};

type Way = (page: Page, stack: Stack, body: string) => Promise<string[]>;

/** The two ways to load the tracker. */
const WAYS: Readonly<Record<string, Way>> = {
  'by script tag': async (page, stack, body) => {
    const said = listen(page);
    await stack.open(page, body, { script: 'data-endpoint="/offer-events" data-debug' });
    return said;
  },
  'by npm': async (page, stack, body) => {
    const said = listen(page);
    await stack.open(page, body, {
      script: '',
      head: `<script type="module">
        import { createOfferTracker } from '/module/index.js';
        window.offersight = { push: (command) => command(tracker) };
        window.tracker = createOfferTracker({ endpoint: '/offer-events', debug: true });
      </script>`,
    });
    return said;
  },
};

const card = (id: string, control: string) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000">${control.replace('>', ' onclick="this.closest(`.offer`).remove()">')}</div>`;

/** Offers that do not count, and what is said of each: one page shows all of them. */
const REASONS: Readonly<Record<string, string>> = {
  [offer('sizeless', 'height: 0')]: 'sizeless: It has no size.',
  [`<dialog id="deal">${offer('modal')}</dialog>`]: 'modal: <dialog#deal> hides it by display: none.',
  [`<div style="height: 60px; overflow: hidden">${offer('cut')}</div>`]:
    'cut: 30 % of it is visible; it needs 50 %.',
  [`<section id="shop" class="fade out" style="opacity: 0; height: 0"><div>${offer('faded')}</div></section>`]:
    'faded: <section#shop.fade.out> hides it by opacity: 0.',
  [offer('unseen', 'visibility: hidden; height: 9px')]: 'unseen: <div.offer> hides it by visibility: hidden.',
  [offer('dwelling')]: 'dwelling: 100 % of it is visible; it counts after 60.0 s.',
  [`<div style="position: relative; width: 300px">${offer('under', 'height: 50px')}<p style="position: absolute; inset: 0; margin: 0; background: grey"></p></div>`]:
    'under: Something covers it.',
  [offer('seen', 'height: 50px', 0)]: 'seen: It has counted as viewed.',
  [`<div style="height: 3000px"></div>${offer('below')}`]: 'below: It is not in view.',
  '<div data-offer-id="boxless" data-offer-dwell="60000" style="display: contents"><p>An offer</p></div>':
    'boxless: It is not in view.',
};

for (const [way, open] of Object.entries(WAYS))
  test.describe(`${way}, the console says`, () => {
    test('why each offer has not counted, and that a dwell was interrupted', async ({ page, stack }) => {
      const said = await open(page, stack, Object.keys(REASONS).join(''));
      for (const words of Object.values(REASONS)) await expect.poll(() => said).toContain(words);
      await page.evaluate(() => Object.assign(document.body, { hidden: true }));
      await expect
        .poll(() => said.join('\n'))
        .toMatch(/dwelling: It was visible for \d+\.\d s only; it needs 60\.0 s without a break\./);
    });

    test('a mistake once, also one that comes later in a shadow tree', async ({ page, stack }) => {
      const said = await open(page, stack, `<main>${offer('undefined')}</main>`);
      const words = 'data-offer-id="undefined" is what a template writes for nothing; the proxy refuses it.';
      await expect.poll(() => said).toContain(words);
      await page.evaluate(() => {
        document.body.append(document.querySelector('main') as Element);
        const host = document.createElement('section');
        host.attachShadow({ mode: 'open' }).innerHTML = '<p data-offer-dismis></p>';
        document.body.append(host);
      });
      await expect
        .poll(() => said)
        .toContain('data-offer-dismis is unknown. Did you mean data-offer-dismiss?');
      await trackerStats(page);
      expect(said.filter((line) => line === words)).toHaveLength(1);
    });

    test('which press closed an offer and did not count, with the control’s text, and what to do', async ({
      page,
      stack,
    }) => {
      const body =
        card('counted', '<button>Close</button>') + card('missed', '<button class="no">Not  today</button>');
      const said = await open(page, stack, body);
      await expect.poll(() => said.some((line) => line.startsWith('missed:'))).toBe(true);
      for (const text of ['Close', 'Not today']) await page.getByText(text).click();
      await expect
        .poll(() => said.filter((line) => line.includes('gone right after')))
        .toEqual([
          'missed: It was gone right after a press on <button.no> “Not today”, and did not count as dismissed: that is not known as a close control. If it closes the offer, give it data-offer-dismiss, and data-offer-accept if it accepts.',
        ]);
    });
  });

test('the console names mistakes of the tag, and nobody else’s attributes', async ({ page, stack }) => {
  const said = listen(page);
  await stack.open(page, '', {
    script: 'data-debug data-cfasync="false" data-end-point="/x" data-repeat="daily"',
  });
  await expect.poll(() => said).toContain('data-end-point is unknown. Did you mean data-endpoint?');
  await expect
    .poll(() => said)
    .toContain('data-repeat="daily" is not page, mount or browser; offers count once a page view.');
  expect(said.filter((line) => line.includes('cfasync'))).toEqual([]);
});

test('of two tags for two endpoints the first one counts, and one line says so without data-debug', async ({
  page,
  stack,
}) => {
  const said = listen(page);
  const tag = (endpoint: string) => `<script src="/offersight.js" data-endpoint="${endpoint}"></script>`;
  await stack.open(page, tag('/offer-events') + tag('/offer-events') + tag('/fr/offer-events'), {
    script: '',
  });
  await expect
    .poll(() => said)
    .toEqual(['the tag for /fr/offer-events is ignored, since another one came first. Remove one.']);
});

test.describe('the code that only helps to set up a page', () => {
  test('is not loaded without the option', async ({ page, stack }) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const said = listen(page);
    await stack.open(page, `${offer('a', '', 0)}<p data-offer-dismis></p>`, {
      script: 'data-endpoint="/offer-events"',
    });
    await stack.expectRecorded(['viewed a']);
    expect(asked).not.toContain('/offersight-debug.js');
    expect(said).toEqual([]);
  });

  test('may be missing: one line says so, and everything else works', async ({ page, stack }) => {
    await page.route('**/offersight-debug.js*', (route) => route.fulfill({ status: 404, body: '' }));
    const said: string[] = [];
    page.on('console', (message) => {
      if (message.text().startsWith('OffersightError')) said.push(message.text());
    });
    await stack.open(page, offer('a', '', 0));
    await stack.expectRecorded(['viewed a']);
    await expect
      .poll(() => said)
      .toEqual([expect.stringContaining('load: offersight-debug.js did not load')]);
  });
});
