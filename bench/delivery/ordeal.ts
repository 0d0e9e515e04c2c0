/** Makes an ordeal from a seed: page views, the offers that are seen, the network meanwhile, and how each view ends. */
import type { Condition } from './network.js';
import { createRandom, pick, type Random } from './random.js';

/** How a page view ends. */
export type Ending =
  /** The tab goes to the next page. */
  | 'navigate'
  | 'close'
  /** The tab's process crashes. */
  | 'crash'
  /** Every process of the browser is killed; the profile stays. */
  | 'kill';

/** An offer that comes into sight. */
export interface Sight {
  readonly offerId: string;
  /** The condition of the network from just before it. */
  readonly network: Condition;
  /** How long to wait afterwards, milliseconds. */
  readonly gapMs: number;
}

/** One page view. */
export interface View {
  readonly sights: readonly Sight[];
  readonly ending: Ending;
  /** Whether it ends at the moment at which its last event is created. */
  readonly isAbrupt: boolean;
  /** If not, how long after the last gap, milliseconds. */
  readonly restMs: number;
  /** Seed for the fates of its requests in a poor network. */
  readonly seed: number;
}

const VIEWS = 24;
const SIGHTS = 8;
const LONGEST_GAP_MS = 200;
const LONGEST_REST_MS = 800;
/** How often the network changes with a page view; and within one, from sight to sight. */
const CHANGES = { withView: 0.6, withSight: 0.05 };
const ABRUPT = 0.5;
const NETWORKS = { good: 50, poor: 22, off: 12, portal: 8, busy: 8 } as const;
const ENDINGS = { navigate: 60, close: 28, crash: 12 } as const;

const sightsOf = (random: Random, view: number, first: Condition): Sight[] => {
  let network = first;
  return Array.from({ length: SIGHTS }, (_, index) => {
    if (random() < CHANGES.withSight) network = pick(random, NETWORKS);
    return { offerId: `view-${view}-${index}`, network, gapMs: random() * LONGEST_GAP_MS };
  });
};

/** Makes the ordeal of a seed, which is the same for every contender. */
export const ordealOf = (seed: number): readonly View[] => {
  const random = createRandom(seed);
  const killedIn = Math.floor(VIEWS * (0.3 + 0.4 * random()));
  let network: Condition = 'good';
  return Array.from({ length: VIEWS }, (_, view) => {
    if (random() < CHANGES.withView) network = pick(random, NETWORKS);
    const sights = sightsOf(random, view, network);
    network = sights.at(-1)?.network ?? network;
    const ending = pick(random, ENDINGS);
    return {
      sights,
      ending: view === killedIn ? 'kill' : ending,
      isAbrupt: random() < ABRUPT,
      restMs: random() * LONGEST_REST_MS,
      seed: Math.floor(random() * 2 ** 32),
    };
  });
};

const tally = (names: readonly string[]): string =>
  [...new Set(names)]
    .toSorted()
    .map((name) => `${name} ${names.filter((other) => other === name).length}`)
    .join(', ');

/** The contents of ordeals, in words. */
export const inWords = (ordeals: readonly (readonly View[])[]): string => {
  const views = ordeals.flat();
  const networks = views.flatMap(({ sights }) => sights.map(({ network }) => network));
  return [
    `${views.length} page views of ${SIGHTS} events, and one without at the end when all is well`,
    `events by network: ${tally(networks)}`,
    `page views by ending: ${tally(views.map(({ ending, isAbrupt }) => `${ending}${isAbrupt ? ' at once' : ''}`))}`,
  ].join('\n');
};
