/** What the host's own program reports of an order, in the same words each time. */
export const acceptanceOf = (order: number): ServerEvent => ({
  name: `order-${order}`,
  type: 'accepted',
  offerId: `order-${order}`,
  // One of those that pages name, since each address may name only some.
  ...(order % 2 && { group: 'summer' }),
});

/** Does one step to the world. A step skips what is impossible at that moment. */
import { setTimeout as wait } from 'node:timers/promises';
import type { ServerEvent } from 'offersight/proxy';
import type { Step } from './plan.js';
import { bringToFront, command, setFrozen, type Tab, within } from './tabs.js';
import { wipe } from './wiping.js';
import type { World } from './world.js';

const MOST_TABS = 6;

const closeTab = async (world: World, tab: Tab): Promise<void> => {
  await world.tabs.close(tab);
  for (const name of world.documentsOf(tab))
    world.recorder.tell({ kind: 'page', tab: name, change: 'closed' });
};

/** A page that was loaded again never comes back, and its own last rows may be lost with it. */
const reload = async (world: World, tab: Tab): Promise<void> => {
  const latest = world.documentsOf(tab).at(-1);
  const isLoaded = await within(tab.page.reload());
  if (latest && isLoaded) world.recorder.tell({ kind: 'page', tab: latest, change: 'closed' });
};

/** Takes the network from a tab, or gives it back. The tab can still write its rows. */
export const setOffline = async (world: World, { session }: Tab, offline: boolean): Promise<void> => {
  const speed = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  const rules = offline ? [{ urlPattern: `${world.site.url}/*`, offline: true, ...speed }] : [];
  // Playwright's types do not have this method yet.
  const send = session.send.bind(session) as (method: string, parameters?: object) => Promise<unknown>;
  await within(send('Network.enable'));
  await within(send('Network.emulateNetworkConditionsByRule', { matchedNetworkConditions: rules }));
  await within(send('Network.overrideNetworkState', { offline, ...speed }));
};

/** Ends the browser at once, with all its pages, and opens one page in the next. */
const killBrowser = async (world: World): Promise<void> => {
  // These include tabs that were closed, since a slow one lives on for a while.
  const names = world.recorder.rows.flatMap((row) => (row.kind === 'opened' ? [row.tab] : []));
  await world.tabs.kill();
  world.recorder.tell({ kind: 'killed', what: 'browser', names });
  await world.open({ offers: 1, looks: true });
};

const onTab = async (world: World, tab: Tab, step: Step): Promise<void> => {
  switch (step.act) {
    case 'close':
      return closeTab(world, tab);
    case 'reload':
      if (!tab.isFrozen) await reload(world, tab);
      return;
    case 'navigate':
      if (tab.isFrozen) return;
      tab.depth++;
      await within(tab.page.goto(world.addressOf(tab)));
      return;
    case 'back':
      if (tab.isFrozen || !tab.depth) return;
      tab.depth--;
      await within(tab.page.evaluate(() => history.back()));
      return;
    case 'front':
      return bringToFront(tab);
    case 'freeze':
      return setFrozen(tab, true);
    case 'thaw':
      return setFrozen(tab, false);
    case 'crash':
      await within(tab.session.send('Page.crash'), 500);
      return;
    case 'hog':
    case 'again':
      await command(tab, step.act);
      return;
    case 'show':
    case 'dismiss':
    case 'burst':
      // An offer in a tab behind another one is seen only later.
      if (step.isInFront) await bringToFront(tab);
      await command(tab, step.act, step.count);
      return;
    case 'flood':
      await command(tab, 'flood', step.count);
      return;
    case 'train':
      await command(tab, 'train', step.taskMs, step.tasks);
      return;
    case 'worker':
      await command(tab, 'work', step.lie);
      return;
    case 'slow':
      await within(tab.session.send('Emulation.setCPUThrottlingRate', { rate: step.rate }));
      return;
    case 'offline':
      return setOffline(world, tab, step.isOffline);
    default:
  }
};

/** Does one step. */
export const act = async (world: World, step: Step): Promise<void> => {
  const { recorder, network, upstream, proxies, tabs } = world;
  recorder.tell({ kind: 'fault', where: 'step', what: JSON.stringify(step) });
  switch (step.act) {
    case 'open': {
      const { act: _, ...settings } = step;
      const oldest = tabs.list[0];
      if (tabs.list.length >= MOST_TABS && oldest) await closeTab(world, oldest);
      await world.open(settings);
      return;
    }
    case 'kill-browser':
      return killBrowser(world);
    case 'wipe': {
      const [tab] = tabs.list;
      return tab && wipe(world, tab);
    }
    case 'fill':
      if (world.isNarrow) for (const tab of tabs.list) await command(tab, 'fill', step.refusals);
      return;
    case 'network':
      return network.arm(step.fault, step.count, step.ms);
    case 'upstream':
      await upstream.arm(step.fault, step.count, step.ms);
      return;
    case 'proxy-kill':
      return proxies.kill(step.proxy, step.signal);
    case 'proxy-arm':
      return proxies.arm(step.proxy, step.point);
    case 'report':
      world.orders.add(step.order);
      await proxies.report(step.proxy, acceptanceOf(step.order));
      return;
    case 'clock':
      world.moveClock(step.byMs);
      for (const tab of tabs.list) await command(tab, 'followClock');
      return;
    case 'wait':
      await wait(step.ms);
      return;
    default:
      return onTab(world, tabs.at(step.tab) ?? (await world.open()), step);
  }
};
