/** Deletes everything that the origin has stored, at a moment that the history can name. */
import { setTimeout as wait } from 'node:timers/promises';
import { setFrozen, type Tab, within } from './tabs.js';
import type { World } from './world.js';

/** How long the browser may take to finish what is under way when its pages fall asleep. */
const SETTLING_MS = 100;

/** Wipes while all pages sleep, so that none of them stores anything between the wipe and its row. */
export const wipe = async (world: World, tab: Tab): Promise<void> => {
  const awake = world.tabs.list.filter(({ isFrozen }) => !isFrozen);
  // Also those that were put to sleep before, since the browser may have woken them.
  for (const each of world.tabs.list) await setFrozen(each, true);
  await wait(SETTLING_MS);
  const parameters = { origin: world.site.url, storageTypes: 'indexeddb' };
  await within(tab.session.send('Storage.clearDataForOrigin', parameters));
  world.recorder.tell({ kind: 'wiped', what: 'outbox' });
  for (const each of awake) await setFrozen(each, false);
};
