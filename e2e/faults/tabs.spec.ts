import type { BrowserContext, Page, Request } from '@playwright/test';
import { putRecords } from '../fixtures/database.js';
import { addOffer, offer, sayOnline } from '../fixtures/faults.js';
import { flush, trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

interface Post {
  readonly tab: Page;
  readonly ids: readonly string[];
  readonly request: Request;
}

/** Collects the requests that the tabs of a browser make from now on: the tab, and the ids that it posts. */
const watchPosts = async (context: BrowserContext): Promise<readonly Post[]> => {
  const posts: Post[] = [];
  const add = (request: Request): void => {
    const { events } = request.postDataJSON() as { events: { id: string }[] };
    posts.push({ tab: request.frame().page(), ids: events.map(({ id }) => id), request });
  };
  await context.route('**/offer-events', (route) => {
    add(route.request());
    return route.continue();
  });
  return posts;
};

/** Returns the posts that have an answer: a tab that tries again while there is no network gets none. */
const answered = async (posts: readonly Post[]): Promise<readonly Post[]> => {
  const answers = await Promise.all(posts.map(({ request }) => request.response()));
  return posts.filter((_, n) => answers[n] !== null);
};

/**
 * Opens tabs without a network, each with an event of its own. Returns the events as the upstream would record them.
 */
const openOffline = async (
  context: BrowserContext,
  stack: Stack,
  count: number,
): Promise<{ readonly tabs: readonly Page[]; readonly made: readonly string[] }> => {
  stack.site.gateway.fault = 'off';
  const tabs: Page[] = [];
  const made: string[] = [];
  for (let n = 0; n < count; n++) {
    const tab = await context.newPage();
    await stack.open(tab, offer(`tab-${n}`));
    tabs.push(tab);
    made.push(`viewed tab-${n}`);
  }
  await Promise.all(tabs.map((tab) => untilWaiting(tab, count)));
  return { tabs, made };
};

test('ten tabs that share an outbox deliver each event once, and nearly all of them from one (fault 54)', async ({
  context,
  stack,
}) => {
  const { tabs, made } = await openOffline(context, stack, 10);
  const posts = await watchPosts(context);
  stack.site.gateway.fault = undefined;
  await Promise.all(tabs.map(sayOnline));
  await stack.expectRecorded(made);
  await Promise.all(tabs.map((tab) => untilWaiting(tab, 0)));
  const delivered = await answered(posts);
  const ids = delivered.flatMap((post) => post.ids);
  expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
  expect(ids).toHaveLength(10);
  expect(new Set(delivered.map(({ tab }) => tab)).size).toBeLessThanOrEqual(2);
});

test('two tabs deliver side by side, and a lease keeps each event to one of them (fault 55)', async ({
  context,
  stack,
}) => {
  const posts = await watchPosts(context);
  stack.site.gateway.fault = 'hold-answer';
  const first = await context.newPage();
  await stack.open(first, offer('held'));
  await expect.poll(() => stack.recorded()).toEqual(['viewed held']);
  stack.site.gateway.fault = undefined;
  const second = await context.newPage();
  await stack.open(second, offer('beside'));
  await stack.expectRecorded(['viewed held', 'viewed beside']);
  // A flush continues until nothing more can be sent at the moment.
  await flush(second);
  stack.site.gateway.release();
  await Promise.all([first, second].map((tab) => untilWaiting(tab, 0)));
  expect(posts.map(({ tab, ids }) => [tab, ids.length])).toEqual([
    [first, 1],
    [second, 1],
  ]);
  await stack.expectRecorded(['viewed held', 'viewed beside']);
});

test('leaving a tab that was backing off does not repeat the events that another tab has delivered', async ({
  context,
  page,
  stack,
}) => {
  const leaving = `<div class="offer" data-offer-id="last" data-offer-dwell="600000"><a data-offer-dismiss href="/elsewhere">x</a></div>`;
  await stack.open(page, leaving);
  await trackerStats(page);
  const pause = { kind: 'back-off', failures: 6, at: Date.now() + 60_000 };
  await putRecords(page, [[['state', 'pause', new URL('/offer-events', page.url()).href], pause]]);
  await addOffer(page, 'mine');
  await expect.poll(async () => (await trackerStats(page)).outbox).toMatchObject({ waiting: 1, pause });

  const other = await context.newPage();
  // A page that loads shortens a back-off, and pages that wait for its end do not notice that.
  await stack.open(other, '<p>Imprint</p>');
  await stack.expectRecorded(['viewed mine']);
  await untilWaiting(page, 0);
  // The other tab looks into the outbox again soon after a delivery. It would find the events of the farewell, which a
  // page that leaves cannot lease.
  await other.close();
  await page.click('[data-offer-dismiss]');
  await stack.expectRecorded(['viewed mine', 'viewed last', 'dismissed last']);
  // The proxy's answers name each id as often as the requests did.
  const named = stack.upstream.calls().map(({ key, personalized_offer_id: id }) => {
    const times = stack.site.sent().split(`"${key?.replace('oe1-', '')}"`).length - 1;
    return `${id} ${times}`;
  });
  expect(named.toSorted()).toEqual(['last 1', 'last 1', 'mine 1']);
});
