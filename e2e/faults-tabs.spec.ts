import type { BrowserContext, Page, Request } from '@playwright/test';
import { offer, sayOnline } from './fixtures/faults.js';
import { untilWaiting } from './fixtures/ready.js';
import { expect, type Stack, test } from './fixtures/stack.js';

/** What the tabs of a browser post from now on: the tab and the ids of each request. */
const watchPosts = async (
  context: BrowserContext,
): Promise<{ readonly tab: Page; readonly ids: readonly string[] }[]> => {
  const posts: { tab: Page; ids: string[] }[] = [];
  const add = (request: Request): void => {
    const { events } = request.postDataJSON() as { events: { id: string }[] };
    posts.push({ tab: request.frame().page(), ids: events.map(({ id }) => id) });
  };
  await context.route('**/offer-events', (route) => {
    add(route.request());
    return route.continue();
  });
  return posts;
};

/** Opens tabs without a network, each with an event of its own; gives what was recorded, as the upstream has it. */
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
  const ids = posts.flatMap((post) => post.ids);
  expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
  expect(ids).toHaveLength(10);
  expect(new Set(posts.map(({ tab }) => tab)).size).toBeLessThanOrEqual(2);
});

test('two tabs without locks deliver each event, and the upstream has it once (fault 55)', async ({
  context,
  stack,
}) => {
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
  });
  const { tabs, made } = await openOffline(context, stack, 2);
  expect(await tabs[0]?.evaluate(() => 'request' in (navigator.locks ?? {}))).toBe(false);
  stack.site.gateway.fault = undefined;
  await Promise.all(tabs.map(sayOnline));
  await stack.expectRecorded(made);
  await Promise.all(tabs.map((tab) => untilWaiting(tab, 0)));
  await stack.expectRecorded(made);
});
