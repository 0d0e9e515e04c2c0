/** Each attribute of the script tag is shown by its effect. */
import type { Page } from '@playwright/test';
import { flush, type OffersightWindow, trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const offer = (id: string, attributes = '', inside = '') =>
  `<div class="offer" data-offer-id="${id}" ${attributes}>${inside}</div>`;

/** An offer that counts later than one with the defaults: by then, that one has counted or never will. */
const WITNESS = offer('witness', 'data-offer-dwell="1500" data-offer-ratio="0"');

/** Keeps the details of each event that the page announced. */
const HEARD = `<script>
  window.heard = [];
  document.addEventListener('offersight:viewed', ({ detail }) => heard.push({ ...detail }));
</script>`;

const heard = (page: Page) => page.evaluate<Record<string, unknown>[]>('heard');

const open = (page: Page, stack: Stack, attribute: string, body: string, head = '') =>
  stack.open(page, body, { script: `data-endpoint="/offer-events" ${attribute}`, head });

/** Calls a method of the page's tracker. */
const dismiss = (page: Page, id: string) =>
  page.evaluate((id) => {
    (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.dismiss(id));
  }, id);

const grant = (page: Page) =>
  page.evaluate(() => {
    (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.consent('granted'));
  });

/** Expects that events are not recorded while consent is denied, and are recorded once it is granted. */
const expectDenied = async (page: Page, stack: Stack): Promise<void> => {
  await dismiss(page, 'before');
  await flush(page);
  await grant(page);
  await dismiss(page, 'after');
  await stack.expectRecorded(['viewed after', 'dismissed after']);
};

const DIALOG = `<dialog open>${offer('held', 'data-offer-dwell="0"')}<button class="away">x</button></dialog>
  <script>
    const dialog = document.querySelector('dialog');
    dialog.close();
    dialog.showModal();
    document.querySelector('.away').addEventListener('click', () => dialog.close());
  </script>`;

/** Every attribute of the script tag, and an effect that shows that it was read. */
const ATTRIBUTES: Readonly<Record<string, (page: Page, stack: Stack) => Promise<void>>> = {
  'data-endpoint': async (page, stack) => {
    await open(page, stack, '', offer('one'));
    await stack.expectRecorded(['viewed one']);
  },
  'data-repeat': async (page, stack) => {
    for (const id of ['first', 'second']) {
      await open(page, stack, 'data-repeat="browser"', offer('one') + offer(id, 'data-offer-dwell="1500"'));
      await expect.poll(() => stack.recorded()).toContain(`viewed ${id}`);
    }
    await stack.expectRecorded(['viewed one', 'viewed first', 'viewed second']);
  },
  'data-debug': async (page, stack) => {
    const report = page.waitForEvent('console', (message) => message.type() === 'error');
    await open(page, stack, 'data-debug data-ratio="2"', '');
    expect((await report).text()).toContain('configuration');
  },
  'data-ignore': async (page, stack) => {
    await open(page, stack, 'data-ignore="0"', offer('one'));
    await stack.expectRecorded(['viewed one']);
    await page.evaluate("document.querySelector('.offer').remove()");
    await stack.expectRecorded(['viewed one', 'dismissed one']);
  },
  'data-occlusion': async (page, stack) => {
    const cover = '<div class="offer" style="position: fixed; top: 0; background: grey"></div>';
    await open(page, stack, 'data-occlusion="false"', offer('covered') + WITNESS + cover);
    await stack.expectRecorded(['viewed covered', 'viewed witness']);
  },
  'data-data-layer': async (page, stack) => {
    await open(page, stack, 'data-data-layer="shopLayer personalized_offer_id"', offer('one'));
    await expect
      .poll(() => page.evaluate('window.shopLayer'))
      .toEqual([
        {
          event: 'personalized_offer_viewed',
          personalized_offer_id: 'one',
          event_id: expect.any(String),
          occurred_at: expect.any(Number),
          is_durable: true,
        },
      ]);
  },
  'data-ratio': async (page, stack) => {
    await open(page, stack, 'data-ratio="0.8"', offer('shows-75', 'style="margin-left: -75px"') + WITNESS);
    await stack.expectRecorded(['viewed witness']);
  },
  'data-dwell': async (page, stack) => {
    await open(page, stack, 'data-dwell="600000"', offer('one') + WITNESS);
    await stack.expectRecorded(['viewed witness']);
  },
  'data-controls': async (page, stack) => {
    await open(page, stack, 'data-controls=".away"', DIALOG);
    await stack.expectRecorded(['viewed held']);
    await page.click('.away');
    await stack.expectRecorded(['viewed held', 'dismissed held']);
  },
  'data-escape': async (page, stack) => {
    const held = `<div role="dialog">${offer('held', 'data-offer-dwell="0"')}</div>
      <script>
        addEventListener('keydown', () => document.querySelector('[role=dialog]').remove());
      </script>`;
    await open(page, stack, 'data-escape="false"', held);
    await stack.expectRecorded(['viewed held']);
    await page.keyboard.press('Escape');
    await dismiss(page, 'later');
    await stack.expectRecorded(['viewed held', 'viewed later', 'dismissed later']);
  },
  'data-labels': async (page, stack) => {
    const named = `<button onclick="this.parentElement.remove()">Not now</button>`;
    await open(page, stack, 'data-labels="Never, Not now"', offer('named', 'data-offer-dwell="0"', named));
    await stack.expectRecorded(['viewed named']);
    await page.click('[data-offer-id=named] button');
    await stack.expectRecorded(['viewed named', 'dismissed named']);
  },
  'data-outbox': async (page, stack) => {
    await open(page, stack, 'data-outbox="shop"', offer('one'));
    await stack.expectRecorded(['viewed one']);
    const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    expect(names).toEqual(['shop']);
  },
  'data-consent': async (page, stack) => {
    await open(page, stack, 'data-consent="denied"', '');
    await expectDenied(page, stack);
  },
  'data-gpc': async (page, stack) => {
    await page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    await open(page, stack, 'data-gpc', '');
    await expectDenied(page, stack);
  },
  'data-machines': async (page, stack) => {
    // A browser under test says that a script drives it.
    const warned = page.waitForEvent('console', { predicate: (message) => message.type() === 'warning' });
    await open(page, stack, 'data-machines="ignore"', offer('one'));
    expect((await warned).text()).toContain('nothing counts');
    expect(stack.recorded()).toEqual([]);
  },
  'data-subject': async (page, stack) => {
    await open(page, stack, 'data-subject="somebody"', offer('one'), HEARD);
    await expect.poll(() => heard(page)).toMatchObject([{ subject: 'somebody' }]);
  },
};

test.describe('the script file reads each attribute of its tag', () => {
  for (const [name, show] of Object.entries(ATTRIBUTES)) test(name, ({ page, stack }) => show(page, stack));
});

/** Collects the attributes that are read from elements that match, or looked for among the names of all that they have. */
const readOf = (page: Page, selector: string) =>
  page.addInitScript((selector) => {
    const { getAttribute } = Element.prototype;
    const read = new Set<string>();
    Object.assign(window, { read });
    Element.prototype.getAttribute = function (name) {
      if (this.matches(selector)) read.add(name);
      return getAttribute.call(this, name);
    };
    const { getAttributeNames } = Element.prototype;
    Element.prototype.getAttributeNames = function () {
      const names = getAttributeNames.call(this);
      const isRead = this.matches(selector);
      const includes = (name: string): boolean => {
        if (isRead) read.add(name);
        return Array.prototype.includes.call(names, name);
      };
      return Object.assign(names, { includes });
    };
  }, selector);

test('the tests above are about all attributes that the script file reads from its tag', async ({
  page,
  stack,
}) => {
  await readOf(page, 'script');
  await open(page, stack, '', '');
  await trackerStats(page);
  const read = await page.evaluate<string[]>('[...read]');
  expect(read.sort()).toEqual(Object.keys(ATTRIBUTES).sort());
});

test('the script file reads every attribute of an offer', async ({ page, stack }) => {
  await readOf(page, '[data-offer-id]');
  const expiresAt = 4_000_000_000_000;
  const marked = `data-offer-ratio="0.1" data-offer-dwell="0" data-offer-repeat="mount" data-offer-ignore="0"
    data-offer-expires="${expiresAt / 1_000}" data-offer-token="signed" data-offer-group="summer" style="margin-left: -250px"`;
  await open(
    page,
    stack,
    'data-dwell="600000"',
    `${offer('marked', marked)}${offer('default')}
     ${offer('closed', 'data-offer-dwell="0"', '<button data-offer-dismiss>x</button>')}
     ${offer('taken', 'data-offer-dwell="0"', '<button data-offer-accept>x</button>')}`,
    HEARD,
  );
  await stack.expectRecorded(['viewed marked', 'viewed closed', 'viewed taken']);
  expect((await heard(page)).filter(({ offerId }) => offerId === 'marked')).toMatchObject([
    { expiresAt, token: 'signed', group: 'summer' },
  ]);
  await page.click('[data-offer-dismiss]');
  await page.click('[data-offer-accept]');
  await expect.poll(async () => (await trackerStats(page)).offers.taken?.accepted).toBe(1);
  await page.evaluate("window.marked = document.querySelector('[data-offer-id=marked]'); marked.remove()");
  const once = ['viewed marked', 'viewed closed', 'viewed taken', 'dismissed closed', 'dismissed marked'];
  await stack.expectRecorded(once);
  await page.evaluate('document.body.prepend(marked)');
  await stack.expectRecorded([...once, 'viewed marked']);
  const read = await page.evaluate<string[]>('[...read]');
  expect(read.filter((name) => name.startsWith('data-')).sort()).toEqual(
    ['dwell', 'expires', 'group', 'id', 'ignore', 'ratio', 'repeat', 'token'].map(
      (name) => `data-offer-${name}`,
    ),
  );
});
