/** Takes one contender through one ordeal, heals everything, and counts what reached the upstream. */
import { setTimeout as wait } from 'node:timers/promises';
import type { BrowserContext, LaunchOptions, Page } from 'playwright';
import { createProfile, type RealBrowser } from '../../e2e/fixtures/real-browser.js';
import { ordealOf, type View } from './ordeal.js';
import { startStack } from './stack.js';
import { groupOf, STYLE } from './stage.js';
import type { Contender, ContestPage } from './words.js';

/** The result of one ordeal. */
export interface Outcome {
  readonly created: number;
  /** Created, and never at the upstream. */
  readonly lost: number;
  /** Created, and more than once at the upstream. */
  readonly twice: number;
  readonly requests: number;
  /** Events that the contender still held at the end. They count as lost. */
  readonly held: number;
}

/** How long a contender may take for what it holds once all is well, and how long it has to be quiet. */
const LONGEST_MS = 45_000;
const QUIET_MS = 2_500;
/** If a page shows nothing for so long, it never will. */
const SHOW_MS = 10_000;

/** What a contender's page shows: its offers, and which contender delivers. */
const renderContest = (query: URLSearchParams): string => {
  const ours = '<script src="/offersight.js" data-endpoint="/offer-events"></script>';
  const offerIds = query.get('offers')?.split(',').filter(Boolean) ?? [];
  return `<!doctype html>
<html><head><meta charset="utf-8"><link rel="icon" href="data:,"><style>${STYLE}</style>
${query.get('contender') === 'offersight' ? ours : ''}<script type="module" src="/contest-page.js"></script>
</head><body>${offerIds.map((id) => groupOf([id])).join('')}</body></html>`;
};

interface ContestWindow {
  readonly contest: ContestPage;
}

const tabOf = async (context: BrowserContext): Promise<Page> => context.pages()[0] ?? context.newPage();

/** Ends a tab or the whole browser as the view says, and returns the next view's tab. */
const end = async (
  { ending }: View,
  page: Page,
  browser: RealBrowser,
  restart: () => Promise<RealBrowser>,
): Promise<Page> => {
  const { context } = browser;
  if (ending === 'navigate') return page;
  if (ending === 'kill') {
    await browser.kill();
    return tabOf((await restart()).context);
  }
  if (ending === 'crash') {
    const cdp = await context.newCDPSession(page);
    const crashed = page.waitForEvent('crash');
    // The page is gone, so this cannot be answered.
    cdp.send('Page.crash').catch(() => undefined);
    await crashed;
  }
  // Without another tab the browser would end.
  const next = await context.newPage();
  await page.close();
  return next;
};

/** Runs it. */
export const runContest = async (
  options: LaunchOptions,
  scripts: ReadonlyMap<string, string>,
  contender: Contender,
  seed: number,
): Promise<Outcome> => {
  const stack = await startStack({ scripts, render: renderContest, isFreshEachTime: true });
  const { network, upstream } = stack;
  const profile = await createProfile(options);
  let browser = await profile.start();
  let page = await tabOf(browser.context);
  const restart = async (): Promise<RealBrowser> => {
    browser = await profile.start();
    return browser;
  };

  const created = new Set<string>();
  const urlOf = (view: View | undefined): string =>
    `${stack.url}${new URLSearchParams({
      contender,
      offers: view?.sights.map(({ offerId }) => offerId).join() ?? '',
    })}`;
  const show = async (offerId: string, next?: string): Promise<void> => {
    const shown = page
      .evaluate(([id, url]) => (window as unknown as ContestWindow).contest.show(id, url), [
        offerId,
        next,
      ] as const)
      // The navigation to the next page follows the creation, and may end this call.
      .catch((cause: unknown) => {
        if (!next) throw cause;
      });
    const late = wait(SHOW_MS, 'late', { ref: false });
    if ((await Promise.race([shown, late])) === 'late') throw new Error(`${offerId} was not seen`);
    created.add(offerId);
  };

  const views = ordealOf(seed);
  await page.goto(urlOf(views[0]));
  for (const [index, view] of views.entries()) {
    const next = urlOf(views[index + 1]);
    for (const { offerId, network: condition, gapMs } of view.sights) {
      if (condition !== network.condition || offerId === view.sights[0]?.offerId)
        network.become(condition, view.seed);
      const isEnd = view.isAbrupt && offerId === view.sights.at(-1)?.offerId;
      await show(offerId, isEnd && view.ending === 'navigate' ? next : undefined);
      if (!isEnd) await wait(gapMs);
    }
    if (!view.isAbrupt) await wait(view.restMs);
    page = await end(view, page, browser, restart);
    // On the last page all is well, but not yet for those who have to leave the one before.
    if (index === views.length - 1) network.become('good');
    if (view.isAbrupt && view.ending === 'navigate') await page.waitForURL(next);
    else await page.goto(next);
  }

  const waiting = () => page.evaluate(() => (window as unknown as ContestWindow).contest.waiting());
  for (const deadline = Date.now() + LONGEST_MS; Date.now() < deadline && (await waiting()); )
    await wait(100);
  while (Date.now() < network.lastAt + QUIET_MS) await wait(100);
  await stack.untilForwarded();
  const held = await waiting();
  const effects = new Map<string, number>();
  for (const { personalized_offer_id: id, replayed } of upstream.history())
    if (!replayed) effects.set(id, (effects.get(id) ?? 0) + 1);
  const counts = [...created].map((id) => effects.get(id) ?? 0);
  await profile.close();
  await stack.close();
  return {
    created: created.size,
    lost: counts.filter((count) => count === 0).length,
    twice: counts.filter((count) => count > 1).length,
    requests: network.requests,
    held,
  };
};
