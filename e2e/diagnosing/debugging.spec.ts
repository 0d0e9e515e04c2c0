/** What the console says with `data-debug` and, from npm, with `debug: true`. */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const offer = (id: string, attributes = '', style = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000" style="${style}" ${attributes}></div>`;

type Way = (
  page: Page,
  stack: Stack,
  body: string,
  more?: { tag?: string; options?: string },
) => Promise<string[]>;

/** The two ways to load the tracker. Each returns the lines that it writes to the console. */
const WAYS: Readonly<Record<string, Way>> = {
  'by script tag': async (page, stack, body, { tag = '' } = {}) => {
    const said = listen(page);
    await stack.open(page, body, { script: `data-endpoint="/offer-events" data-debug ${tag}` });
    return said;
  },
  'by npm': async (page, stack, body, { options = '' } = {}) => {
    const said = listen(page);
    await stack.open(page, body, {
      script: '',
      head: `<script type="module">
        import { createOfferTracker } from '/module/index.js';
        window.offersight = { push: (command) => command(tracker) };
        window.tracker = createOfferTracker({ endpoint: '/offer-events', debug: true, ${options} });
      </script>`,
    });
    return said;
  },
};

const listen = (page: Page): string[] => {
  const said: string[] = [];
  page.on('console', (message) => {
    // After the words comes the element, which a browser's console shows in its own way.
    if (message.text().startsWith('Offersight:'))
      said.push(message.text().replace(/^Offersight: | JSHandle@\S+$/g, ''));
  });
  return said;
};

const below = '<div style="height: 3000px"></div>';

test.describe('an offer that goes right after a press that does not count', () => {
  const card = (id: string, control: string) =>
    `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000">${control.replace('>', ' onclick="this.closest(`.offer`).remove()">')}</div>`;

  for (const [name, open] of Object.entries(WAYS)) {
    test(`is named with the control's text, and what to do, and one that counts is not, ${name}`, async ({
      page,
      stack,
    }) => {
      const body =
        card('counted', '<button>Close</button>') + card('missed', '<button class="no">Not  today</button>');
      const said = await open(page, stack, body);
      await expect.poll(() => said.some((line) => line.startsWith('missed:'))).toBe(true);
      for (const text of ['Close', 'Not today']) await page.getByText(text).click();
      const gone = (): string[] => said.filter((line) => line.includes('gone right after'));
      await expect
        .poll(gone)
        .toEqual([
          'missed: It was gone right after a press on <button.no> “Not today”, and did not count as dismissed: that is not known as a close control. If it closes the offer, give it data-offer-dismiss, and data-offer-accept if it accepts.',
        ]);
    });
  }
});

/** Pages whose offer does not count, and the line for each. */
const REASONS: Readonly<Record<string, readonly [body: string, words: string]>> = {
  'since it is not in view': [below + offer('a'), 'a: It is not in view.'],
  'since it has no size': [
    '<div data-offer-id="a" data-offer-dwell="100" style="height: 0"></div>',
    'a: It has no size.',
  ],
  'since its dialog is closed': [
    `<dialog id="deal">${offer('a')}</dialog>`,
    'a: <dialog#deal> hides it by display: none.',
  ],
  'since its content is not in view': [
    `${below}<div data-offer-id="a" style="display: contents"><p>An offer</p></div>`,
    'a: It is not in view.',
  ],
  'since too little of it is visible': [
    `<div style="height: 60px; overflow: hidden">${offer('a')}</div>`,
    'a: 30 % of it is visible; it needs 50 %.',
  ],
  'since an ancestor hides it': [
    `<section id="shop" class="fade out" style="opacity: 0"><div>${offer('a')}</div></section>`,
    'a: <section#shop.fade.out> hides it by opacity: 0.',
  ],
  'since its own style hides it': [
    offer('a', '', 'visibility: hidden'),
    'a: <div.offer> hides it by visibility: hidden.',
  ],
  'since it still dwells': [offer('a'), 'a: 100 % of it is visible; it counts after 60.0 s.'],
  'since it has counted': [offer('a').replace('60000', '0'), 'a: It has counted as viewed.'],
};

/** Mistakes of an offer's attributes, and the line for each. */
const MISTAKES: Readonly<Record<string, readonly [markup: string, words: string]>> = {
  'a misspelt id': [
    '<div class="offer" data-offer-ids="a"></div>',
    'data-offer-ids is unknown. Did you mean data-offer-id?',
  ],
  'another misspelt id': [
    '<div class="offer" data-offerid="a"></div>',
    'data-offerid is unknown. Did you mean data-offer-id?',
  ],
  'a misspelt prefix': [
    '<div class="offer" data-ofer-id="a"></div>',
    'data-ofer-id is unknown. Did you mean data-offer-id?',
  ],
  'a template that was not filled in': [
    offer('{{ offer.id }}'),
    'data-offer-id="{{ offer.id }}" is not the id of a personalized offer, so the element is not an offer yet.',
  ],
  'what a template writes for a missing value': [
    offer('undefined'),
    'data-offer-id="undefined" is what a template writes for nothing; the proxy refuses it.',
  ],
  'an unknown repeat': [
    offer('a', 'data-offer-repeat="daily"'),
    'data-offer-repeat="daily" is not page, mount or browser; it counts once a page view.',
  ],
  'an expiry that is not a date': [
    offer('a', 'data-offer-expires="next week"'),
    'data-offer-expires="next week" is not a time: give epoch seconds or an ISO date; without one the offer never ends.',
  ],
  'a share above one': [
    offer('a', 'data-offer-ratio="50"'),
    'data-offer-ratio="50" is not a share from 0 to 1; the page’s own counts.',
  ],
  'a time with a unit': [
    '<div class="offer" data-offer-id="a" data-offer-dwell="2s"></div>',
    'data-offer-dwell="2s" is read as 2 milliseconds.',
  ],
  'an unknown ignore': [
    offer('a', 'data-offer-ignore="hidden"'),
    'data-offer-ignore="hidden" is not off, leave or a number of milliseconds; the page’s own counts.',
  ],
};

for (const [way, open] of Object.entries(WAYS)) {
  test.describe(`${way}, the console says that an offer has not counted`, () => {
    // Both ways use the same modules, so one page of each kind shows that npm has them.
    for (const [name, [body, words]] of Object.entries(REASONS).slice(0, way === 'by npm' ? 1 : Infinity))
      test(name, async ({ page, stack }) => {
        const said = await open(page, stack, body);
        await expect
          .poll(() => said.some((line) => line.startsWith(words)), { message: said.join('\n') })
          .toBe(true);
      });

    test('since its dwell was interrupted', async ({ page, stack }) => {
      const said = await open(page, stack, offer('a'));
      await expect.poll(() => said).toContain('a: 100 % of it is visible; it counts after 60.0 s.');
      await page.evaluate(() => Object.assign(document.body, { hidden: true }));
      await expect
        .poll(() => said.join('\n'))
        .toMatch(/a: It was visible for \d+\.\d s only; it needs 60\.0 s without a break\./);
    });

    test('since something covers it', async ({ page, stack }) => {
      const said = await open(
        page,
        stack,
        `<div style="position: relative; width: 300px">${offer('a')}<p style="position: absolute; inset: 0; margin: 0; background: grey"></p></div>`,
      );
      await expect.poll(() => said).toContain('a: Something covers it.');
    });
  });

  test.describe(`${way}, the console names a mistake`, () => {
    for (const [name, [body, words]] of Object.entries(MISTAKES).slice(0, way === 'by npm' ? 1 : Infinity))
      test(`and names it only once: ${name}`, async ({ page, stack }) => {
        const said = await open(page, stack, `<main>${body}</main>`);
        await expect.poll(() => said).toContain(words);
        await page.evaluate(() => document.body.append(document.querySelector('main') as Element));
        await trackerStats(page);
        expect(said.filter((line) => line === words)).toHaveLength(1);
      });

    test('that comes later, also if it is in a shadow tree', async ({ page, stack }) => {
      const said = await open(page, stack, '');
      await trackerStats(page);
      await page.evaluate(() => {
        const host = document.createElement('section');
        host.attachShadow({ mode: 'open' }).innerHTML = '<p data-offer-dismis></p>';
        document.body.append(host);
      });
      await expect
        .poll(() => said)
        .toContain('data-offer-dismis is unknown. Did you mean data-offer-dismiss?');
    });

    test('and says nothing about attributes that are right, or are not its own', async ({ page, stack }) => {
      const said = await open(
        page,
        stack,
        `<div data-off="x" data-offset="3" data-id="a" data-order-id="7" data-offer-price="9" data-product-offer="x"></div>
         <form data-offer-accept="a"><button data-offer-dismiss="">No</button></form>
         ${offer('a', 'data-offer-repeat="mount" data-offer-ignore="leave" data-offer-token="t" data-offer-ratio=".3" data-offer-expires="2030-01-01"')}
         ${offer('', 'data-offer-expires="1900000000"')}${offer(' b ')}`,
      );
      await expect.poll(() => said).toContain('a: 100 % of it is visible; it counts after 60.0 s.');
      expect(said.filter((line) => !/^[ab]: /.test(line))).toEqual([]);
    });
  });
}

test.describe('the console names a mistake of the tag', () => {
  const tags: Readonly<Record<string, string>> = {
    'data-end-point="/de/events"': 'data-end-point is unknown. Did you mean data-endpoint?',
    'data-repeats="mount"': 'data-repeats is unknown. Did you mean data-repeat?',
    'data-repeat="daily"':
      'data-repeat="daily" is not page, mount or browser; offers count once a page view.',
  };
  for (const [tag, words] of Object.entries(tags))
    test(tag, async ({ page, stack }) => {
      const said = listen(page);
      await stack.open(page, '', {
        script: `data-debug data-cfasync="false" data-src="x" data-gtm="y" ${tag}`,
      });
      await expect.poll(() => said).toContain(words);
      expect(said.filter((line) => /cfasync|data-src|data-gtm/.test(line))).toEqual([]);
    });
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
    await stack.open(page, `${offer('a').replace('60000', '0')}<p data-offer-dismis></p>`, {
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
    await stack.open(page, offer('a').replace('60000', '0'));
    await stack.expectRecorded(['viewed a']);
    await expect
      .poll(() => said)
      .toEqual([expect.stringContaining('load: offersight-debug.js did not load')]);
  });
});
