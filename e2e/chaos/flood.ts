/**
 * Many events at once: six tabs, a network that comes and goes, a browser that is killed twice, a proxy once. Then
 * the upstream's own history is counted.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { LaunchOptions } from '@playwright/test';
import type { History } from '../../test/history/row.js';
import { heal } from './healing.js';
import { killBrowser } from './nemesis.js';
import { chanceOf } from './random.js';
import { command } from './tabs.js';
import { createWorld } from './world.js';

/** What became of a flood. */
export interface Flood {
  /** Events that were made, as far as anybody lived to tell. */
  readonly created: number;
  /** Events that were told to be durable, and that telling was heard. */
  readonly committed: number;
  /** Ids of committed events that the upstream did not count. */
  readonly lost: readonly string[];
  /** Ids that the upstream counted more than once. */
  readonly repeated: readonly string[];
  /** Ids that the upstream counted and nobody made. */
  readonly invented: readonly string[];
  /** Events that nobody lived to call durable, and that arrived all the same. */
  readonly rescued: number;
  /** Requests of the endpoint. */
  readonly requests: number;
  /** Whether everything came to rest. */
  readonly isQuiet: boolean;
  /** From the first event until all was quiet, milliseconds. */
  readonly tookMs: number;
  /** Everything that anybody wrote down, in order. */
  readonly history: History;
}

const TABS = 6;
/** Each gives two events. */
const OFFERS_A_TURN = 10;
const TURN_MS = 20;
const KILLS_BROWSER = [1 / 3, 2 / 3];
const KILLS_PROXY = 1 / 2;
/** Each goes upstream by itself, for which a busy machine may take so long. */
const UPSTREAM_MS = 30;
/** How often a turn finds the network gone, and for how many requests. */
const FLAPS = { chance: 0.15, requests: 3 };

/**
 * Makes so many events and waits until all is quiet.
 * @param say Told how it goes.
 */
export const flood = async (
  launch: LaunchOptions,
  count: number,
  say: (line: string) => void = () => undefined,
): Promise<Flood> => {
  const chance = chanceOf(count);
  const world = await createWorld(launch, 'module');
  const { recorder, network, proxies, tabs } = world;
  const idsOf = (kind: 'created' | 'committed' | 'requested'): string[] =>
    recorder.rows.flatMap((row) => (row.kind === kind ? ('id' in row ? [row.id] : [`${row.number}`]) : []));
  try {
    const startedAt = Date.now();
    const browserKills = KILLS_BROWSER.map((share) => share * count);
    const proxyKills = [KILLS_PROXY * count];
    const isNext = (kills: number[], created: number): boolean => {
      if (created < (kills[0] ?? Infinity)) return false;
      kills.shift();
      return true;
    };
    for (let created = 0; created < count; created = idsOf('created').length) {
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
    say(`${idsOf('created').length} events were made, ${idsOf('committed').length} are durable; now to rest`);
    await heal(world, false, count * UPSTREAM_MS);
    const effects = (await world.upstream.effects()).flatMap((row) =>
      'id' in row && row.id ? [row.id] : [],
    );
    const counted = new Set(effects);
    const created = new Set(idsOf('created'));
    const committed = new Set(idsOf('committed'));
    const repeated = [...counted].filter((id) => effects.indexOf(id) !== effects.lastIndexOf(id));
    return {
      created: created.size,
      committed: committed.size,
      lost: [...committed].filter((id) => !counted.has(id)),
      repeated: effects.length === counted.size ? [] : repeated,
      invented: [...counted].filter((id) => !created.has(id)),
      rescued: [...counted].filter((id) => !committed.has(id)).length,
      requests: idsOf('requested').length,
      isQuiet: recorder.rows.some(({ kind }) => kind === 'quiet'),
      tookMs: Date.now() - startedAt,
      history: await world.history(),
    };
  } finally {
    await world.close();
  }
};
