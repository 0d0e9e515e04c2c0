/**
 * Many events at once: six tabs, a network that comes and goes, a browser that is killed twice, and a proxy that is
 * killed once. Then the upstream's own history is counted.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { LaunchOptions } from '@playwright/test';
import { type Checked, check } from '../../test/history/checker.js';
import type { History } from '../../test/history/row.js';
import { heal } from './healing.js';
import { killBrowser } from './nemesis.js';
import { chanceOf } from './random.js';
import { command } from './tabs.js';
import { createWorld } from './world.js';

/** What became of a flood. */
export interface Flood {
  /** Events that were made, as far as a page lived to write that down. */
  readonly created: number;
  /** Events that a page reported as recorded, and whose report reached the run. */
  readonly committed: number;
  /**
   * How many of these were only in the memory of a page, since its database did not answer, which the page reported.
   */
  readonly inMemory: number;
  /** Ids of committed events that the upstream did not count, for any reason, and of others that are lost. */
  readonly lost: readonly string[];
  /** How many of the lost were only in the memory of a page when it ended. Nothing is promised about those. */
  readonly diedWithPage: number;
  /** Ids that the upstream counted more than once. */
  readonly repeated: readonly string[];
  /** Ids that the upstream counted and nobody made. */
  readonly invented: readonly string[];
  /** Events that arrived although no page lived to report them as recorded. */
  readonly rescued: number;
  /** Requests of the endpoint. */
  readonly requests: number;
  /** Whether everything came to rest. */
  readonly isQuiet: boolean;
  /** What the checker says of the history. */
  readonly checked: Checked;
  /** Everything that anybody wrote down, in order. */
  readonly history: History;
}

/** Sums up a history of a flood, or of any other run in which no storage was taken away. */
const floodOf = (history: History): Flood => {
  const checked = check(history);
  const idsOf = (kind: 'created' | 'committed' | 'effect'): string[] =>
    history.flatMap((row) => (row.kind === kind && row.id !== undefined ? [row.id] : []));
  const created = new Set(idsOf('created'));
  const committed = new Set(idsOf('committed'));
  const effects = idsOf('effect');
  const counted = new Set(effects);
  const uncounted = [...committed].filter((id) => !counted.has(id));
  const breaches = checked.invariants.I1.breaches.flatMap(({ id }) => id ?? []);
  return {
    created: created.size,
    committed: committed.size,
    inMemory: history.filter((row) => row.kind === 'committed' && row.store !== undefined).length,
    lost: [...new Set([...uncounted, ...breaches])],
    diedWithPage: checked.tally['died-with-page'] ?? 0,
    repeated: [...new Set(effects.filter((id, at) => effects.indexOf(id) !== at))],
    invented: [...counted].filter((id) => !created.has(id)),
    rescued: [...counted].filter((id) => !committed.has(id)).length,
    requests: history.filter(({ kind }) => kind === 'requested').length,
    isQuiet: history.some(({ kind }) => kind === 'quiet'),
    checked,
    history,
  };
};

/** Whether each event was counted exactly once, without any excuse, and the checker finds nothing else. */
export const isKept = ({ lost, repeated, invented, isQuiet, checked }: Flood): boolean =>
  isQuiet && checked.isKept && !lost.length && !repeated.length && !invented.length;

const TABS = 6;
/** Each offer gives two events. */
const OFFERS_A_TURN = 10;
const TURN_MS = 20;
const KILLS_BROWSER = [1 / 3, 2 / 3];
const KILLS_PROXY = 1 / 2;
/** How long a busy machine may take to forward one event; they are forwarded one by one. */
const UPSTREAM_MS = 30;
/** How often a turn finds the network gone, and for how many requests. */
const FLAPS = { chance: 0.15, requests: 3 };

/**
 * Makes so many events and waits until all is quiet.
 * @param say Gets lines about the progress.
 */
export const flood = async (
  launch: LaunchOptions,
  count: number,
  say: (line: string) => void = () => undefined,
): Promise<Flood> => {
  const chance = chanceOf(count);
  const world = await createWorld(launch, 'module');
  const { recorder, network, proxies, tabs } = world;
  const madeSoFar = (): number => recorder.rows.filter(({ kind }) => kind === 'created').length;
  try {
    const browserKills = KILLS_BROWSER.map((share) => share * count);
    const proxyKills = [KILLS_PROXY * count];
    const isNext = (kills: number[], created: number): boolean => {
      if (created < (kills[0] ?? Infinity)) return false;
      kills.shift();
      return true;
    };
    for (let created = 0; created < count; created = madeSoFar()) {
      while (tabs.list.length < TABS) await world.open({ offers: 0 });
      for (const tab of tabs.list) {
        if (chance.next() < FLAPS.chance)
          network.arm(chance.pick(['drop-request', 'drop-reply', 'cut'] as const), FLAPS.requests, 700);
        await command(tab, 'flood', OFFERS_A_TURN);
        await wait(TURN_MS);
      }
      if (isNext(proxyKills, created)) proxies.kill(0, 'SIGKILL');
      if (isNext(browserKills, created)) {
        say(`${created} events were made; the browser is killed`);
        await killBrowser(world);
      }
    }
    say(`${madeSoFar()} events were made; now to rest`);
    await heal(world, false, count * UPSTREAM_MS);
    return floodOf(await world.history());
  } finally {
    await world.close();
  }
};
