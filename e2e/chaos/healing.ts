/** Ends all faults, waits until nothing moves any more, and writes down what is left. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'libsql';
import type { LedgerCell } from 'offersight/proxy';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import type { KeptRow } from '../../test/history/row.js';
import { acceptanceOf, setOffline } from './nemesis.js';
import type { Dump } from './page/types.js';
import { command, setFrozen, type Tab, within } from './tabs.js';
import { API_KEY, type World } from './world.js';

/** All events must be settled in this time: the longest back-offs of either side, and what a busy machine adds. */
const WITHIN_MS = 90_000;
/** The same if a tab stays frozen: the browser ends its transactions only after about a minute. */
const WITHIN_ASLEEP_MS = 150_000;
const LOOK_MS = 250;
/** How often the network comes back for a page, since a page may act on that only once. */
const ONLINE_MS = 2_000;
/** No longer waits are awaited. Instead, a page opens whose clock is ahead. */
const PATIENCE_MS = 8_000;

interface IntakeRow {
  readonly id: string;
  readonly state: KeptRow['state'];
  readonly code: string | null;
  readonly is_ambiguous: number;
  readonly maybe_duplicate: number;
}

const readIntake = (folder: string): KeptRow[] => {
  const database = new Database(join(folder, 'intake.sqlite'), { timeout: 5_000 });
  const rows = database
    .prepare('SELECT id, state, code, is_ambiguous, maybe_duplicate FROM events')
    .all() as IntakeRow[];
  database.close();
  return rows.map(({ id, state, code, is_ambiguous, maybe_duplicate }) => ({
    id,
    state,
    ...(code !== null && { code }),
    isAmbiguous: is_ambiguous === 1,
    maybeDuplicate: maybe_duplicate === 1,
  }));
};

const readLedger = async (folder: string): Promise<LedgerCell[]> => {
  const intake = sqliteIntake({ file: join(folder, 'intake.sqlite') });
  const cells: LedgerCell[] = [];
  for await (const portion of intake.ledger()) cells.push(...portion);
  await intake.close();
  return cells;
};

/** Reports again what was reported, until a proxy says that it has it: some of the replies were lost. */
const reportAgain = async ({ orders, proxies }: World, endsAt: number): Promise<void> => {
  for (const order of orders)
    while (!(await proxies.report(0, acceptanceOf(order))) && Date.now() < endsAt) await wait(LOOK_MS);
};

const isOpen = ({ state }: KeptRow): boolean => state === 'waiting' || state === 'forwarding';

/** When the last entry that waits is due, by the page's own clock. */
const dueAt = ({ entries, pausedUntil }: Dump): number =>
  Math.max(
    pausedUntil,
    ...entries.map(({ notBeforeAt = 0, lease }) => Math.max(notBeforeAt, lease?.until ?? 0)),
  );

/** Gives a tab's origin all the room that the disk has. */
const widen = async ({ site }: World, { session }: Tab): Promise<void> => {
  await within(session.send('Storage.overrideQuotaForOrigin', { origin: site.url }));
};

const mendBrowser = async (world: World, keepsOneAsleep: boolean): Promise<void> => {
  const { tabs } = world;
  let isKept = !keepsOneAsleep;
  for (const tab of tabs.list) {
    // A tab that stays asleep is included, since the room belongs to the origin.
    await widen(world, tab);
    if (tab.isFrozen && !isKept) {
      isKept = true;
      // The browser wakes a tab if the one before it is closed.
      await setFrozen(tab, true);
      continue;
    }
    if (tab.isFrozen) await setFrozen(tab, false);
    await setOffline(world, tab, false);
    await command(tab, 'fill', 0);
    await within(tab.session.send('Emulation.setCPUThrottlingRate', { rate: 1 }));
    await command(tab, 'work', 'none');
  }
};

/** Whether no page that lives on has an event any more, not even in memory. */
const arePagesDone = async (tabs: readonly Tab[]): Promise<boolean> => {
  const waiting = await Promise.all(tabs.map((tab) => command(tab, 'waiting')));
  return waiting.every((count) => !count);
};

/** Whether an event of a tab is durable. */
const isRecorded = ({ recorder }: World, { name }: Tab): boolean =>
  recorder.rows.some((row) => row.kind === 'committed' && row.tab.startsWith(`${name}.`));

/** Waits until a page knows its commands, however slow the machine is: a command to a page that loads is lost. */
const loaded = async ({ page }: Tab, endsAt: number): Promise<void> => {
  await within(
    page.waitForFunction(() => 'chaos' in window, undefined, { timeout: 0, polling: LOOK_MS }),
    endsAt - Date.now(),
  );
};

const sayOnline = async (tabs: readonly Tab[]): Promise<void> => {
  for (const tab of tabs)
    if (!tab.isFrozen)
      await within(
        tab.page.evaluate(() => window.dispatchEvent(new Event('online'))),
        1_000,
      );
};

/**
 * Heals the world, shows one more offer, and waits.
 * @param keepsOneAsleep Whether a tab that is frozen stays so. It must not hold up the others.
 * @param moreMs Added to the time in which all events must be settled.
 */
export const heal = async (world: World, keepsOneAsleep: boolean, moreMs = 0): Promise<void> => {
  const { recorder, network, upstream, proxies, tabs } = world;
  network.heal();
  await upstream.heal();
  await proxies.heal();
  await mendBrowser(world, keepsOneAsleep);
  const withinMs = moreMs + (tabs.list.some(({ isFrozen }) => isFrozen) ? WITHIN_ASLEEP_MS : WITHIN_MS);
  recorder.tell({ kind: 'healed', withinMs });
  const endsAt = Date.now() + withinMs;
  await reportAgain(world, endsAt);
  world.isNarrow = false;
  let tab = await world.open({ offers: 0 });
  await loaded(tab, endsAt);
  // A worker that lies would continue to lie to every page that is open.
  await command(tab, 'work', 'none');
  await within(tab.page.goto(world.addressOf(tab)), endsAt - Date.now());
  await loaded(tab, endsAt);
  // However little the faults left, this one is counted now.
  await command(tab, 'show', 1);
  while (!isRecorded(world, tab) && Date.now() < endsAt) {
    // Only what is in front is certainly rendered, and another tab may come before it.
    await within(tab.page.bringToFront(), LOOK_MS);
    await wait(LOOK_MS);
  }
  let { clockMs } = world;
  let onlineAt = Date.now() + ONLINE_MS;
  let changedAt = Date.now();
  let before = '';
  let calm = 0;
  let dump: Dump | undefined;
  while (Date.now() < endsAt && calm < 3) {
    await wait(LOOK_MS);
    dump = await command(tab, 'dump');
    const open = readIntake(world.folder).filter(isOpen);
    const left = dump?.entries.map(({ id }) => id) ?? ['unknown'];
    const isCalm = !open.length && !left.length && !network.inFlight;
    calm = isCalm && (await arePagesDone(tabs.list)) ? calm + 1 : 0;
    const now = JSON.stringify([open, left]);
    if (now !== before) changedAt = Date.now();
    before = now;
    if (Date.now() > onlineAt) {
      onlineAt = Date.now() + ONLINE_MS;
      await sayOnline(tabs.list);
    }
    const waitsMs = dump?.entries.length ? dueAt(dump) - Date.now() - clockMs : 0;
    if (waitsMs > PATIENCE_MS && Date.now() - changedAt > 1_000) {
      clockMs += waitsMs;
      tab = await world.open({ offers: 0, clockMs });
      await loaded(tab, endsAt);
    }
  }
  if (calm >= 3) recorder.tell({ kind: 'quiet' });
  dump = (await command(tab, 'dump')) ?? dump;
  const { entries = [], dead = [] } = dump ?? {};
  recorder.tell({
    kind: 'final-outbox',
    entries: entries.map(({ id }) => ({ id })),
    dead: dead.map((id) => ({ id })),
  });
  const said = network.said();
  const secrets = [API_KEY, new URL(upstream.url).host];
  const hits = secrets.filter((secret) => said.includes(secret)).length;
  recorder.tell({ kind: 'searched', where: 'replies', bytes: said.length, hits });
  recorder.tell({ kind: 'final-intake', rows: readIntake(world.folder) });
  recorder.tell({ kind: 'final-ledger', cells: await readLedger(world.folder) });
  recorder.tell({
    kind: 'final-holds',
    leases: entries.flatMap(({ id, lease }) => (lease ? [id] : [])),
  });
};
