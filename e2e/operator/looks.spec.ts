/** The operator's page as different people see it: colours, screens, engines. */
import { mergeTests, type Page } from '@playwright/test';
import { axeOf } from '../../scripts/axe.mjs';
import { ENGINES, test as engineTest } from '../engines/test.js';
import { leaveEvents, OPERATOR_VIEWS, signIn, startOperated, TOKEN } from '../fixtures/operator.js';
import { eventOf } from '../fixtures/post.js';
import { expect, test as standaloneTest } from '../fixtures/standalone.js';

const test = mergeTests(engineTest, standaloneTest);

const LOOKS = [
  { name: 'light', width: 1440, colorScheme: 'light', forcedColors: 'none' },
  { name: 'dark', width: 1440, colorScheme: 'dark', forcedColors: 'none' },
  { name: 'light, on a phone', width: 390, colorScheme: 'light', forcedColors: 'none' },
  { name: 'forced colours', width: 1440, colorScheme: 'light', forcedColors: 'active' },
] as const;
/** The other rules of axe depend only on the document, which is the same in every look. */
const DEPENDING_ON_LOOKS = [
  'color-contrast',
  'link-in-text-block',
  'scrollable-region-focusable',
  'target-size',
];

/** Examines what a page shows now, in all looks. */
const look = async (page: Page, view: string): Promise<void> => {
  for (const { name, width, ...media } of LOOKS) {
    await page.emulateMedia(media);
    await page.setViewportSize({ width, height: 844 });
    const axe = axeOf(page);
    const { violations } = await (name === 'light' ? axe : axe.withRules(DEPENDING_ON_LOOKS)).analyze();
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([view, name, found, overflow]).toEqual([view, name, [], 0]);
  }
};

const VIEWS = [...OPERATOR_VIEWS, `events?find=${eventOf(4).id}`, 'events?find=nobody', 'nothing'];

test.describe('by the rules of axe, and in the width of the screen', () => {
  // Axe computes for seconds in each look.
  test.describe.configure({ timeout: 240_000 });

  test('the page to sign in is accessible, also after a wrong token', async ({ bench, page }) => {
    const proxy = await startOperated(bench);
    await page.goto(proxy.page);
    await page.getByLabel('Admin token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await look(page, 'sign in');
  });

  for (const view of VIEWS)
    test(`the view “${view}” is accessible`, async ({ bench, page }) => {
      const proxy = await startOperated(bench);
      await leaveEvents(bench, proxy);
      await signIn(page, proxy.page);
      await page.goto(proxy.page + view);
      await page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'Opening' }).waitFor();
      await look(page, view);
    });

  test('the question before all dead letters are given up is accessible', async ({ bench, page }) => {
    const proxy = await startOperated(bench);
    await leaveEvents(bench, proxy);
    await signIn(page, proxy.page);
    await page.goto(`${proxy.page}dead-letters`);
    await page.getByRole('button', { name: 'Give all up …' }).click();
    await page.getByText('This gives up').waitFor();
    await look(page, 'give up');
  });
});

for (const name of ENGINES)
  test.describe(`in ${name}`, () => {
    // A busy machine takes long to start an engine.
    test.describe.configure({ mode: 'default', timeout: 240_000 });

    test('an operator signs in, reads, retries, sees what arrives, gives up and signs out', async ({
      bench,
      visitorOf,
    }) => {
      const proxy = await startOperated(bench);
      await leaveEvents(bench, proxy);
      const tab = await (await visitorOf(name)).open(proxy.page);
      /** The words that the page shows; an empty string while another page loads. */
      // biome-ignore lint/performance/useDomNodeTextContent: only drawn cells have blanks between them.
      const text = (): Promise<string> => tab.evaluate(() => document.body.innerText).catch(() => '');
      const says = (words: string | RegExp): Promise<void> => expect.poll(text).toMatch(words);
      await says('Admin token');
      await tab.evaluate((token) => {
        const field = document.querySelector<HTMLInputElement>('[name=token]');
        if (field) field.value = token;
      }, TOKEN);
      await tab.click('main button');
      await says(/By day[\s\S]*\d{4}-\d\d-\d\d\s+3\s+1\s+33\.3 %/);
      await tab.evaluate(() => {
        const by = document.querySelector<HTMLSelectElement>('[name=by]');
        if (by) by.value = 'group';
      });
      await tab.click('main button');
      await says(/autumn-sale\s+1\s+1\s+100\.0 %/);
      await tab.goto(`${proxy.page}dead-letters`);
      await says('resource_not_found');
      bench.upstream.clearFaults();
      await tab.click('td button');
      await says('1 event waiting again.');
      await bench.upstream.until(() => bench.upstream.history().length === 4);
      await tab.click('[href=live]');
      await says(/The newest events, as they come\.[\s\S]*viewed\s+gone\s+delivered/);
      await tab.click('nav button');
      await says('Admin token');
      await tab.goto(`${proxy.page}delivery`);
      await says('Admin token');
    });
  });
