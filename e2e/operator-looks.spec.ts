/** The operator's page as different people have it: colours, screens, engines. */
import { AxeBuilder } from '@axe-core/playwright';
import { mergeTests, type Page } from '@playwright/test';
import { ENGINES, test as engineTest } from './engines/test.js';
import { leaveEvents, OPERATOR_VIEWS, signIn, startOperated, TOKEN } from './fixtures/operator.js';
import { eventOf } from './fixtures/post.js';
import { expect, test as standaloneTest } from './fixtures/standalone.js';

const test = mergeTests(engineTest, standaloneTest);

const LOOKS = [
  { name: 'light', width: 1440, colorScheme: 'light', forcedColors: 'none' },
  { name: 'dark', width: 1440, colorScheme: 'dark', forcedColors: 'none' },
  { name: 'light, on a phone', width: 390, colorScheme: 'light', forcedColors: 'none' },
  { name: 'forced colours', width: 1440, colorScheme: 'light', forcedColors: 'active' },
] as const;
/** What else axe knows depends on the document alone, which is the same in every look. */
const DEPENDING_ON_LOOKS = [
  'color-contrast',
  'link-in-text-block',
  'scrollable-region-focusable',
  'target-size',
];

/** Looks at what a page shows now, in all of the looks. */
const look = async (page: Page, view: string): Promise<void> => {
  for (const { name, width, ...media } of LOOKS) {
    await page.emulateMedia(media);
    await page.setViewportSize({ width, height: 844 });
    const axe = new AxeBuilder({ page });
    const { violations } = await (name === 'light' ? axe : axe.withRules(DEPENDING_ON_LOOKS)).analyze();
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([view, name, found, overflow]).toEqual([view, name, [], 0]);
  }
};

test('every view can be read and used by everybody, and is no wider than the screen', async ({
  bench,
  page,
}) => {
  const proxy = await startOperated(bench);
  await leaveEvents(bench, proxy);
  await page.goto(proxy.page);
  await page.getByLabel('Admin token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await look(page, 'sign in');
  await signIn(page, proxy.page);
  for (const view of [...OPERATOR_VIEWS, `events?find=${eventOf(4).id}`, 'events?find=nobody', 'nothing']) {
    await page.goto(proxy.page + view);
    await page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'Opening' }).waitFor();
    await look(page, view);
  }
  await page.goto(`${proxy.page}dead-letters`);
  await page.getByRole('button', { name: 'Give all up …' }).click();
  await page.getByText('This gives up').waitFor();
  await look(page, 'give up');
});

for (const name of ENGINES)
  test.describe(`in ${name}`, () => {
    // A busy machine takes its time to start an engine.
    test.describe.configure({ mode: 'default', timeout: 90_000 });

    test('an operator signs in, reads, retries, sees what arrives, gives up and signs out', async ({
      bench,
      visitorOf,
    }) => {
      const proxy = await startOperated(bench);
      await leaveEvents(bench, proxy);
      const tab = await (await visitorOf(name)).open(proxy.page);
      /** What the page says; nothing while another one comes. */
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
