import type { BrowserContext, Page } from '@playwright/test';
import { returnToKept } from '../fixtures/kept.js';
import { flush, trackerStats, untilHidden, untilPart, untilWaiting } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const offer = (id: string, attributes = '', inside = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="0" ${attributes}>${id} ${inside}</div>`;

/** Room below everything, and an offer at its end, which is viewed once the page has been scrolled down for so long. */
const far = (id: string, dwell = 0) =>
  `<div style="height: 3000px"></div><div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}"></div>`;

const DOWN = 'scrollTo({ top: 10_000, behavior: "instant" })';

/** Keeps the events that the page announced, and that earlier pages of this tab announced. */
const HEARING = `<script>
  for (const type of ['viewed', 'dismissed']) document.addEventListener('offersight:' + type, ({ detail }) => {
    const row = [type, detail.offerId, detail.reason].filter(Boolean).join(' ');
    sessionStorage.heard = JSON.stringify([...JSON.parse(sessionStorage.heard ?? '[]'), row]);
  });
  addEventListener('pageshow', ({ persisted }) => { document.documentElement.dataset.persisted = persisted });
</script>`;

const heard = (page: Page): Promise<string[]> =>
  page.evaluate(() => JSON.parse(sessionStorage.getItem('heard') ?? '[]') as string[]);

/** Opens a page whose script tag says how long an offer may be left alone. */
const openIgnoring = async (page: Page, stack: Stack, ignore: string, body: string): Promise<void> => {
  const script = `data-endpoint="/offer-events" ${ignore && `data-ignore="${ignore}"`}`;
  await stack.open(page, body, { script, head: HEARING });
  await trackerStats(page);
  await untilPart(page, 'more');
};

/** Adds an offer that is viewed at once, or after so many milliseconds in sight, and waits until it was. */
const seeNext = async (page: Page, id: string, dwell = 0): Promise<void> => {
  await page.evaluate(
    ([next = '', dwellMs]) => {
      document.body.insertAdjacentHTML(
        'beforeend',
        `<div class="offer" data-offer-id="${next}" data-offer-dwell="${dwellMs}" style="position: fixed; right: 0; bottom: 0"></div>`,
      );
    },
    [id, String(dwell)],
  );
  await page.waitForFunction((row) => sessionStorage.getItem('heard')?.includes(`"${row}"`), `viewed ${id}`);
};

const firstPage = (context: BrowserContext): Page => {
  const [page] = context.pages();
  if (!page) throw new Error('the browser has no page');
  return page;
};

test.describe('if the option is a time', () => {
  test('an offer that is out of sight for that long is dismissed, and one that stays in sight is not', async ({
    page,
    stack,
  }) => {
    await openIgnoring(
      page,
      stack,
      '600',
      `${offer('gone')}${offer('stays', 'style="position: fixed; right: 0"')}${far('below')}`,
    );
    await stack.expectRecorded(['viewed gone', 'viewed stays']);
    await page.evaluate(DOWN);
    await stack.expectRecorded(['viewed gone', 'viewed stays', 'viewed below', 'dismissed gone']);
    expect(await heard(page)).toContain('dismissed gone ignored');
  });

  test('a hidden tab is out of sight', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const page = firstPage(context);
    await openIgnoring(page, stack, '700', offer('behind'));
    await stack.expectRecorded(['viewed behind']);
    await context.newPage();
    await untilHidden(page);
    await stack.expectRecorded(['viewed behind', 'dismissed behind']);
    await page.bringToFront();
    await seeNext(page, 'front');
    await stack.expectRecorded(['viewed behind', 'dismissed behind', 'viewed front']);
  });
});

test.describe('if the option is leave', () => {
  test('an offer that was viewed is dismissed when the page is left, and not earlier', async ({
    page,
    stack,
  }) => {
    await openIgnoring(
      page,
      stack,
      'leave',
      `${offer('taken')}${offer('scrolled')}${offer('seen')}${far('below', 800)}`,
    );
    const seen = ['viewed taken', 'viewed scrolled', 'viewed seen'];
    await stack.expectRecorded(seen);
    await page.evaluate(DOWN);
    await stack.expectRecorded([...seen, 'viewed below']);
    // What the page itself removes has been left.
    await page.locator('[data-offer-id=taken]').evaluate((element) => element.remove());
    await stack.expectRecorded([...seen, 'viewed below', 'dismissed taken']);
    await page.goto(`${stack.site.url}/elsewhere`);
    await stack.expectRecorded([
      ...[...seen, 'viewed below', 'dismissed taken'],
      ...['dismissed scrolled', 'dismissed seen', 'dismissed below'],
    ]);
    expect((await heard(page)).filter((row) => row.startsWith('dismissed')).toSorted()).toEqual([
      'dismissed below ignored',
      'dismissed scrolled ignored',
      'dismissed seen ignored',
      'dismissed taken ignored',
    ]);
  });

  test('a tab that is only hidden does not count as left', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const page = firstPage(context);
    await openIgnoring(page, stack, 'leave', offer('waiting'));
    await stack.expectRecorded(['viewed waiting']);
    const other = await context.newPage();
    await untilHidden(page);
    await openIgnoring(other, stack, 'leave', offer('other', '', '').replace('"0"', '"300"'));
    await stack.expectRecorded(['viewed waiting', 'viewed other']);
    await page.bringToFront();
    await seeNext(page, 'back');
    await stack.expectRecorded(['viewed waiting', 'viewed other', 'viewed back']);
  });

  test('a tab that is closed counts as left', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const page = await context.newPage();
    await openIgnoring(page, stack, 'leave', offer('closed-tab'));
    await stack.expectRecorded(['viewed closed-tab']);
    await page.close({ runBeforeUnload: true });
    await stack.expectRecorded(['viewed closed-tab', 'dismissed closed-tab']);
  });

  test('the next page delivers the dismissals that the farewell could not deliver, even on a machine that stores slowly', async ({
    page,
    stack,
  }) => {
    const ids = ['late', 'later', 'latest'];
    const seen = ids.map((id) => `viewed ${id}`);
    await openIgnoring(page, stack, 'leave', ids.map((id) => offer(id)).join(''));
    await stack.expectRecorded(seen);
    // The changes by the answer must be stored already. A later step of that transaction would not run while the page
    // is left, and the dismissals could not be stored before it.
    await untilWaiting(page, 0);
    await flush(page);
    stack.site.gateway.fault = 'off';
    const before = stack.site.gateway.calls.length;
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 20 });
    await page.goto(`${stack.site.url}/elsewhere`);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
    await expect.poll(() => stack.site.gateway.calls.length).toBeGreaterThan(before);
    expect(stack.recorded().toSorted()).toEqual(seen.toSorted());
    stack.site.gateway.fault = undefined;
    await openIgnoring(page, stack, 'leave', '<p>Imprint</p>');
    await stack.expectRecorded([...seen, ...ids.map((id) => `dismissed ${id}`)]);
  });

  test('coming back from the back/forward cache neither cancels nor repeats a dismissal', {
    tag: '@whole',
  }, async ({ page, stack }) => {
    const told: string[] = [];
    const tell = (...events: readonly string[]): Promise<void> => {
      told.push(...events);
      return stack.expectRecorded(told);
    };
    await returnToKept(
      page,
      stack.site,
      async (before) => {
        await openIgnoring(page, stack, 'leave', offer(`cached-${before}`));
        await tell(`viewed cached-${before}`);
      },
      (before) => tell(`dismissed cached-${before}`),
    );
    await expect(page.locator('html[data-persisted=true]')).toHaveCount(1);
    await seeNext(page, 'after');
    await tell('viewed after');
    await page.goto(`${stack.site.url}/elsewhere`);
    await tell('dismissed after');
  });
});

test.describe('an offer that the visitor reacted to is never ignored', () => {
  test('if words are typed inside, and it is if only a script presses something inside', async ({
    page,
    stack,
  }) => {
    await openIgnoring(
      page,
      stack,
      '500',
      `${offer('touched', '', '<input>')}${offer('scripted', '', '<a href="#more">More</a>')}${far('below', 1_000)}`,
    );
    const seen = ['viewed touched', 'viewed scripted', 'viewed below', 'dismissed scripted'];
    await page.locator('input').pressSequentially('code');
    await page.evaluate(() => document.querySelector('a')?.click());
    await expect.poll(() => heard(page)).toEqual(['viewed touched', 'viewed scripted']);
    await page.evaluate(DOWN);
    await stack.expectRecorded(seen);
    await page.locator('[data-offer-id=touched]').evaluate((element) => element.remove());
    await seeNext(page, 'last', 700);
    await stack.expectRecorded([...seen, 'viewed last']);
  });

  test('if it was accepted or dismissed, or its link followed, when the page is left', async ({
    page,
    stack,
  }) => {
    await openIgnoring(
      page,
      stack,
      'leave',
      `${offer('accepted', '', '<button data-offer-accept>Yes</button>')}
       ${offer('by-api')}
       ${offer('closed', '', '<button data-offer-dismiss>No</button>')}
       ${offer('followed', '', '<a href="/elsewhere">More</a>')}${offer('alone', 'style="position: fixed; right: 0; top: 0"')}`,
    );
    const seen = ['accepted', 'by-api', 'closed', 'alone'].map((id) => `viewed ${id}`);
    await page.click('[data-offer-accept]');
    await page.click('[data-offer-dismiss]');
    await page.evaluate(() => {
      const { offersight } = window as unknown as { offersight: { push(command: unknown): void } };
      offersight.push((tracker: { accept(id: string): void }) => tracker.accept('by-api'));
    });
    await page.locator('[data-offer-id=followed]').scrollIntoViewIfNeeded();
    await expect.poll(() => heard(page)).toContain('viewed followed');
    await page.click('[data-offer-id=followed] a');
    await page.waitForURL('**/elsewhere');
    await stack.expectRecorded([...seen, 'viewed followed', 'dismissed closed', 'dismissed alone']);
    expect((await heard(page)).filter((row) => row.startsWith('dismissed'))).toEqual([
      'dismissed closed control',
      'dismissed alone ignored',
    ]);
  });
});
