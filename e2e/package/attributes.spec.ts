/** Each attribute of an offer is shown by its effect; those of the tag are rows of test/client/script.test.ts. */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const offer = (id: string, attributes = '', inside = '') =>
  `<div class="offer" data-offer-id="${id}" ${attributes}>${inside}</div>`;

/** Keeps the details of each event that the page announced. */
const HEARD = `<script>
  window.heard = [];
  document.addEventListener('offersight:viewed', ({ detail }) => heard.push({ ...detail }));
</script>`;

const heard = (page: Page) => page.evaluate<Record<string, unknown>[]>('heard');

const open = (page: Page, stack: Stack, attribute: string, body: string, head = '') =>
  stack.open(page, body, { script: `data-endpoint="/offer-events" ${attribute}`, head });

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
