import type { BrowserContext, Page } from '@playwright/test';
import { returnToKept } from '../fixtures/kept.js';
import { flush, trackerStats, untilHidden, untilMore, untilWaiting } from '../fixtures/ready.js';
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
  await untilMore(page);
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

test.describe('without the option', () => {
  test('an offer that was viewed and then ignored in every way is only viewed', async ({ page, stack }) => {
    await openIgnoring(page, stack, '', `${offer('scrolled')}${offer('removed')}${far('below')}`);
    await stack.expectRecorded(['viewed scrolled', 'viewed removed']);
    await page.locator('[data-offer-id=removed]').evaluate((element) => element.remove());
    await page.evaluate(DOWN);
    await stack.expectRecorded(['viewed scrolled', 'viewed removed', 'viewed below']);
    await page.goto(`${stack.site.url}/elsewhere`);
    await openIgnoring(page, stack, '', offer('marker'));
    await stack.expectRecorded(['viewed scrolled', 'viewed removed', 'viewed below', 'viewed marker']);
  });
});

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

  test('a tab that comes back to the front in time keeps its offers', async ({ profile, stack }) => {
    const { context } = await profile.start();
    const page = firstPage(context);
    await page.clock.install();
    await openIgnoring(page, stack, '600000', offer('kept'));
    await stack.expectRecorded(['viewed kept']);
    const other = await context.newPage();
    await untilHidden(page);
    await page.clock.fastForward(300_000);
    await other.close();
    await page.bringToFront();
    await seeNext(page, 'back');
    await stack.expectRecorded(['viewed kept', 'viewed back']);
    await page.clock.fastForward(600_000);
    await seeNext(page, 'after');
    await stack.expectRecorded(['viewed kept', 'viewed back', 'viewed after']);
  });

  test('a vetoed view is not ignored either', async ({ page, stack }) => {
    await openIgnoring(
      page,
      stack,
      '300',
      `<script>document.addEventListener('offersight:viewed', (event) => {
         if (event.detail.offerId === 'vetoed') event.preventDefault();
       })</script>${offer('vetoed')}${offer('heard')}${far('below', 1_000)}`,
    );
    await stack.expectRecorded(['viewed heard']);
    await page.evaluate(DOWN);
    await stack.expectRecorded(['viewed heard', 'viewed below', 'dismissed heard']);
  });
});

for (const mode of ['500', 'leave']) {
  test.describe(`an offer that the page removes, with ignore=${mode}`, () => {
    test('is dismissed if it was viewed', async ({ page, stack }) => {
      await openIgnoring(page, stack, mode, `${offer('taken')}${offer('stays')}`);
      await stack.expectRecorded(['viewed taken', 'viewed stays']);
      await page.locator('[data-offer-id=taken]').evaluate((element) => element.remove());
      await stack.expectRecorded(['viewed taken', 'viewed stays', 'dismissed taken']);
      expect(await heard(page)).toContain('dismissed taken ignored');
    });
  });
}

test.describe('if the option is leave', () => {
  test('an offer that was viewed is dismissed when the page is left, and not earlier', async ({
    page,
    stack,
  }) => {
    await openIgnoring(page, stack, 'leave', `${offer('scrolled')}${offer('seen')}${far('below', 800)}`);
    await stack.expectRecorded(['viewed scrolled', 'viewed seen']);
    await page.evaluate(DOWN);
    await stack.expectRecorded(['viewed scrolled', 'viewed seen', 'viewed below']);
    await page.goto(`${stack.site.url}/elsewhere`);
    await stack.expectRecorded([
      ...['viewed scrolled', 'viewed seen', 'viewed below'],
      ...['dismissed scrolled', 'dismissed seen', 'dismissed below'],
    ]);
    expect((await heard(page)).filter((row) => row.startsWith('dismissed')).toSorted()).toEqual([
      'dismissed below ignored',
      'dismissed scrolled ignored',
      'dismissed seen ignored',
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

  for (const [machine, rate] of [
    ['', 1],
    [', even on a machine that stores slowly', 20],
  ] as const) {
    test(`the next page delivers the dismissals that the farewell could not deliver${machine}`, async ({
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
      await session.send('Emulation.setCPUThrottlingRate', { rate });
      await page.goto(`${stack.site.url}/elsewhere`);
      await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
      await expect.poll(() => stack.site.gateway.calls.length).toBeGreaterThan(before);
      expect(stack.recorded().toSorted()).toEqual(seen.toSorted());
      stack.site.gateway.fault = undefined;
      await openIgnoring(page, stack, 'leave', '<p>Imprint</p>');
      await stack.expectRecorded([...seen, ...ids.map((id) => `dismissed ${id}`)]);
    });
  }

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
  const reactions: Readonly<Record<string, readonly [inside: string, act: (page: Page) => Promise<void>]>> = {
    'if a link inside is pressed': [
      '<a href="#details">Details</a>',
      (page) => page.click('[data-offer-id=touched] a'),
    ],
    'if words are typed inside': [
      '<input>',
      (page) => page.locator('[data-offer-id=touched] input').pressSequentially('code'),
    ],
  };
  for (const [name, [inside, act]] of Object.entries(reactions)) {
    test(name, async ({ page, stack }) => {
      await openIgnoring(
        page,
        stack,
        '500',
        `${offer('touched', '', inside)}${offer('untouched', '', inside)}
         <div style="height: 3000px"></div><div class="offer" data-offer-id="below" data-offer-dwell="1000"></div>`,
      );
      await stack.expectRecorded(['viewed touched', 'viewed untouched']);
      await act(page);
      await page.evaluate(DOWN);
      await stack.expectRecorded([
        ...['viewed touched', 'viewed untouched', 'viewed below'],
        'dismissed untouched',
      ]);
      await page.locator('[data-offer-id=touched]').evaluate((element) => element.remove());
      await seeNext(page, 'last', 300);
      await stack.expectRecorded([
        ...['viewed touched', 'viewed untouched', 'viewed below', 'viewed last'],
        'dismissed untouched',
      ]);
    });
  }

  test('except after a press that a script made', async ({ page, stack }) => {
    await openIgnoring(
      page,
      stack,
      '400',
      `${offer('scripted', '', '<a href="#more">More</a>')}${far('below', 900)}`,
    );
    await stack.expectRecorded(['viewed scripted']);
    await page.evaluate(() => document.querySelector('a')?.click());
    await page.evaluate(DOWN);
    await stack.expectRecorded(['viewed scripted', 'viewed below', 'dismissed scripted']);
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
