/** Everything that one run is made of, all of it real: upstream, proxies, network, site, browser. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaunchOptions } from '@playwright/test';
import type { History } from '../../test/history/row.js';
import { createNetwork, type Network } from './network.js';
import type { Flavour } from './plan.js';
import { type Proxies, startProxies } from './proxies.js';
import { withReasons } from './reasons.js';
import { createRecorder, mergeRows, type Recorder, readRows } from './recorder.js';
import { type ChaosSite, startChaosSite, type TabSettings } from './site.js';
import { startTabs, type Tab, type Tabs } from './tabs.js';
import { inTrueOrder } from './true-order.js';
import { withUnheard, withUnheardEnds } from './unheard.js';
import { type ChaosUpstream, startChaosUpstream } from './upstream.js';

/** A world. */
export interface World {
  readonly folder: string;
  readonly flavour: Flavour;
  /** Whether the origin has hardly any room in tabs that are opened from now on. */
  isNarrow: boolean;
  readonly recorder: Recorder;
  readonly upstream: ChaosUpstream;
  readonly proxies: Proxies;
  readonly network: Network;
  readonly site: ChaosSite;
  readonly tabs: Tabs;
  /** The orders whose acceptance was reported, although the report may have been lost. */
  readonly orders: Set<number>;
  /** Opens a page of the site in a new tab. Without a clock of its own it has the machine's. */
  open(settings?: Partial<Omit<TabSettings, 'flavour'>>): Promise<Tab>;
  /** Moves the clock of the machine that the browser runs on. The proxies are on another machine. */
  moveClock(byMs: number): void;
  /** How far that clock is ahead. */
  readonly clockMs: number;
  /** The address of another page in a tab. */
  addressOf(tab: Tab): string;
  /** The names of the documents that a tab has shown. */
  documentsOf(tab: Tab): string[];
  /** Everything that anybody wrote down, in order. */
  history(): Promise<History>;
  close(): Promise<void>;
}

/** A key that no browser may ever see. */
export const API_KEY = 'test_key_of_the_chaos_harness';
/** How soon a proxy that ended is started again. */
const RESTART_MS = 300;

/** Room for what the product keeps, and for nothing else. */
const NARROW_BYTES = 500_000;
const STOPS = ['SIGINT', 'SIGTERM'] as const;

/** Makes a world. */
export const createWorld = async (
  launch: LaunchOptions,
  flavour: Flavour,
  isNarrow = false,
): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), 'offersight-chaos-'));
  const recorder = createRecorder();
  const upstream = await startChaosUpstream(folder, API_KEY);
  const proxies = await startProxies(
    { folder, upstream: upstream.url, key: API_KEY, restartMs: RESTART_MS },
    (name, signal) => {
      // Also by a second SIGTERM; after one it ends by itself.
      if (signal) recorder.tell({ kind: 'killed', what: 'proxy', names: [name] });
    },
  );
  const network = createNetwork(proxies.port);
  const settings = new Map<string, Partial<TabSettings>>();
  const plain = { flavour, offers: 2, looks: false };
  const site = await startChaosSite(
    network,
    (tab) => ({ ...plain, clockMs, ...settings.get(tab) }),
    recorder.write,
  );
  const documentsOf = ({ name }: Tab): string[] =>
    recorder.rows.flatMap((row) =>
      row.kind === 'opened' && row.tab.startsWith(`${name}.`) ? [row.tab] : [],
    );
  let opened = 0;
  let pages = 0;
  const tabs = await startTabs(launch, {
    onCrash: (tab) => recorder.tell({ kind: 'killed', what: 'renderer', names: documentsOf(tab) }),
    // It replaces a document as any other one does.
    onErrorPage: ({ name }) =>
      recorder.tell({ kind: 'opened', tab: `${name}.${++pages}.error`, watches: [] }),
  });
  let clockMs = 0;
  const addressOf = ({ name }: { readonly name: string }): string =>
    `${site.url}/page.html?tab=${name}&page=${++pages}`;

  const close = async (): Promise<void> => {
    for (const signal of STOPS) process.off(signal, leave);
    await tabs.end();
    await site.close();
    await proxies.close();
    upstream.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  // The browser is a process group of its own, so it would stay alive.
  const leave = (): void => void close().then(() => process.exit(1));
  for (const signal of STOPS) process.once(signal, leave);

  const world: World = {
    folder,
    flavour,
    isNarrow,
    recorder,
    upstream,
    proxies,
    network,
    site,
    tabs,
    orders: new Set(),
    open(given = {}) {
      const name = `t${++opened}`;
      settings.set(name, given);
      return tabs.open(name, addressOf({ name }), world.isNarrow ? NARROW_BYTES : undefined);
    },
    get clockMs() {
      return clockMs;
    },
    moveClock(byMs) {
      clockMs += byMs;
    },
    addressOf,
    documentsOf,
    history: async () =>
      mergeRows([
        ...proxies.rowFiles.map(readRows),
        await upstream.effects(),
        inTrueOrder(withUnheard(withUnheardEnds(withReasons(recorder.rows, isNarrow)))),
      ]),
    close,
  };
  return world;
};
