/**
 * What a seed means: the steps of a run, decided before it begins, so that any of them can be left out later. A step
 * names a tab by a number. Which of the open tabs that is, is decided when the step happens.
 */
import type { CrashPoint } from '../fixtures/crash-points.js';
import { CRASH_POINTS } from '../fixtures/crash-points.js';
import { type Chance, chanceOf } from './random.js';

/** What the network does to a request of the endpoint. */
export const NETWORK_FAULTS = {
  'drop-request': 4,
  'drop-reply': 5,
  delay: 3,
  twice: 3,
  'again-later': 2,
  portal: 3,
  cut: 4,
  redirect: 2,
  bare: 2,
  'too-large': 2,
  throttled: 3,
  unavailable: 3,
  absent: 0.3,
  forbidden: 0.3,
  'no-chunk': 1,
} as const;
export type NetworkFault = keyof typeof NETWORK_FAULTS;

/** What the upstream does to a call. */
export const UPSTREAM_FAULTS = {
  reset_before: 3,
  reset_after: 4,
  delay: 3,
  throttled: 2,
  broken: 3,
  html: 2,
  truncated: 3,
} as const;
export type UpstreamFault = keyof typeof UPSTREAM_FAULTS;

/** How a page gets its tracker. */
export type Flavour = 'module' | 'script' | 'twice';

/** Long tasks of a page, one after the other. */
export interface Train {
  readonly taskMs: number;
  readonly tasks: number;
}

/** One thing that happens to the world. Times are milliseconds. */
export type Step =
  | {
      readonly act: 'open';
      readonly offers: number;
      /** Keeps the page busy from its start. */
      readonly train?: Train;
    }
  | { readonly act: 'flood'; readonly tab: number; readonly count: number }
  | ({ readonly act: 'train'; readonly tab: number } & Train)
  | {
      readonly act:
        | 'close'
        | 'reload'
        | 'navigate'
        | 'back'
        | 'front'
        | 'freeze'
        | 'thaw'
        | 'crash'
        | 'hog'
        | 'again';
      readonly tab: number;
    }
  | {
      readonly act: 'show' | 'dismiss' | 'burst';
      readonly tab: number;
      readonly count: number;
      readonly isInFront: boolean;
    }
  | { readonly act: 'clock'; readonly byMs: number }
  | { readonly act: 'slow'; readonly tab: number; readonly rate: number }
  | { readonly act: 'offline'; readonly tab: number; readonly isOffline: boolean }
  | { readonly act: 'worker'; readonly tab: number; readonly lie: 'portal' | 'replay' | 'none' }
  | { readonly act: 'kill-browser' }
  | { readonly act: 'wipe' }
  | { readonly act: 'fill'; readonly refusals: number }
  | { readonly act: 'network'; readonly fault: NetworkFault; readonly count: number; readonly ms: number }
  | { readonly act: 'upstream'; readonly fault: UpstreamFault; readonly count: number; readonly ms: number }
  | { readonly act: 'proxy-kill'; readonly proxy: number; readonly signal: 'SIGKILL' | 'SIGTERM' }
  | { readonly act: 'proxy-arm'; readonly proxy: number; readonly point: CrashPoint }
  /** The host's own program reports that an order accepted an offer. */
  | { readonly act: 'report'; readonly proxy: number; readonly order: number }
  | { readonly act: 'wait'; readonly ms: number };

/** A run before it happened. */
export interface Plan {
  readonly seed: number;
  readonly flavour: Flavour;
  /** Whether the upstream honours idempotency keys. */
  readonly keys: 'honour' | 'ignore';
  /**
   * Whether the origin has hardly any room, from the start: Chromium notices a change of the room only after half a
   * minute.
   */
  readonly isNarrow: boolean;
  readonly steps: readonly Step[];
}

const WEIGHTS: Readonly<Record<Exclude<Step['act'], 'report' | 'flood' | 'train'>, number>> = {
  open: 10,
  close: 4,
  reload: 4,
  navigate: 4,
  back: 3,
  front: 6,
  show: 14,
  dismiss: 12,
  burst: 4,
  freeze: 3,
  thaw: 3,
  crash: 2,
  'kill-browser': 2.5,
  offline: 5,
  slow: 2,
  fill: 5,
  wipe: 0.7,
  clock: 2,
  worker: 2,
  network: 14,
  upstream: 8,
  'proxy-kill': 4,
  'proxy-arm': 6,
  hog: 2,
  again: 2,
  wait: 8,
};

/** The seed of what is reported is that of the run and this. */
const REPORTS = 1_000_003;
const HOUR_MS = 3_600_000;
const JUMPS_MS = [-24 * HOUR_MS, -HOUR_MS, -60_000, 60_000, HOUR_MS, 24 * HOUR_MS];

const stepOf = (act: keyof typeof WEIGHTS, chance: Chance): Step => {
  const tab = chance.whole(0, 5);
  switch (act) {
    case 'open':
      return {
        act,
        offers: chance.whole(0, 4),
      };
    case 'show':
      return { act, tab, count: chance.whole(1, 4), isInFront: chance.next() < 0.8 };
    case 'dismiss':
      return { act, tab, count: chance.whole(1, 3), isInFront: chance.next() < 0.8 };
    case 'burst':
      return { act, tab, count: chance.whole(10, 60), isInFront: chance.next() < 0.8 };
    case 'clock':
      return { act, byMs: chance.pick(JUMPS_MS) };
    case 'slow':
      return { act, tab, rate: chance.pick([20, 1]) };
    case 'offline':
      return { act, tab, isOffline: chance.next() < 0.6 };
    case 'worker':
      return { act, tab, lie: chance.pick(['portal', 'replay', 'none'] as const) };
    case 'fill':
      // After the first refusal the page makes room; after the second one in a row it keeps its events in memory.
      return { act, refusals: chance.pick([0, 1, 1, 2, 4]) };
    case 'network': {
      const fault = chance.weighted(NETWORK_FAULTS);
      // More of them would outlast the run, since the pauses grow with every refusal.
      const most = ['throttled', 'absent', 'forbidden', 'too-large', 'no-chunk'].includes(fault) ? 2 : 5;
      return { act, fault, count: chance.whole(1, most), ms: chance.whole(50, 1_500) };
    }
    case 'upstream':
      return {
        act,
        fault: chance.weighted(UPSTREAM_FAULTS),
        count: chance.whole(1, 3),
        ms: chance.whole(20, 1_000),
      };
    case 'proxy-kill':
      return { act, proxy: chance.whole(0, 1), signal: chance.pick(['SIGKILL', 'SIGTERM'] as const) };
    case 'proxy-arm':
      return { act, proxy: chance.whole(0, 1), point: chance.pick(CRASH_POINTS) };
    case 'wait':
      return { act, ms: chance.whole(20, 900) };
    case 'kill-browser':
      return { act };
    case 'wipe':
      return { act };
    default:
      return { act, tab };
  }
};

/** How many steps come between two reports at most. */
const REPORT_STEPS = 12;
const MOST_ORDERS = 4;

/** Adds what the host's own program reports. It is drawn apart, so that the other steps of a seed stay the same. */
const withReports = (steps: readonly Step[], chance: Chance): Step[] => {
  let next = chance.whole(2, REPORT_STEPS);
  return steps.flatMap((step, at): Step[] => {
    if (at < next) return [step];
    next = at + chance.whole(2, REPORT_STEPS);
    const [proxy, order] = [chance.whole(0, 1), chance.whole(1, MOST_ORDERS)];
    return [step, { act: 'report', proxy, order }];
  });
};

/** What happens in the run of a seed. */
export const planOf = (seed: number, length?: number): Plan => {
  const chance = chanceOf(seed);
  const flavour = chance.weighted({ module: 6, twice: 2, script: 2 });
  const keys = chance.weighted({ honour: 3, ignore: 1 });
  // Script-tag pages do not report which events were given up, so only other pages have too little room.
  const isNarrow = flavour !== 'script' && chance.next() < 0.4;
  const count = length ?? chance.whole(60, 120);
  const steps: Step[] = [3, 2].map((offers) => ({ act: 'open', offers }));
  while (steps.length < count) steps.push(stepOf(chance.weighted(WEIGHTS), chance));
  return { seed, flavour, keys, isNarrow, steps: withReports(steps, chanceOf(seed + REPORTS)) };
};

/** A calm plan, which says nothing but its steps. */
const calm = (seed: number, steps: readonly Step[]): Plan => ({
  seed,
  flavour: 'module',
  keys: 'honour',
  isNarrow: false,
  steps,
});

const VISITS = 4;
const TRAIN_MS = [1_000, 2_000, 4_000, 8_000];
/** Above 250 ms, two time-outs of the database in a row would pass within a train. */
const TASK_MS = [100, 250, 400, 500, 700, 900, 1_000];
const VISIT_OFFERS = 10;

/**
 * Pages that run long tasks from their very start and while they record, and close their offers meanwhile. Their endpoint
 * works, fails or flaps. In the end they are left, or their browser is killed.
 */
export const busyPlanOf = (seed: number): Plan => {
  const chance = chanceOf(seed);
  const train = (): Train => {
    const taskMs = chance.pick(TASK_MS);
    return { taskMs, tasks: Math.ceil(chance.pick(TRAIN_MS) / taskMs) };
  };
  const steps: Step[] = [];
  for (let visit = 0; visit < VISITS; visit++) {
    const fault = chance.pick(['none', 'drop-request', 'drop-reply'] as const);
    if (fault !== 'none') steps.push({ act: 'network', fault, count: chance.pick([2, 100]), ms: 0 });
    const tab = visit;
    const { taskMs, tasks } = train();
    steps.push({ act: 'open', offers: VISIT_OFFERS, train: { taskMs, tasks } });
    if (chance.next() < 0.5) steps.push({ act: 'slow', tab, rate: 6 });
    steps.push({ act: 'wait', ms: Math.ceil(chance.next() * taskMs * tasks) });
    steps.push({ act: 'show', tab, count: VISIT_OFFERS, isInFront: true });
    const second = train();
    steps.push({ act: 'train', tab, ...second });
    steps.push({ act: 'wait', ms: Math.ceil(chance.next() * second.taskMs * second.tasks) });
    steps.push(chance.next() < 0.5 ? { act: 'kill-browser' } : { act: 'navigate', tab });
  }
  return calm(seed, steps);
};

const FLOOD_TABS = 6;
/** Each offer gives two events. */
const OFFERS_A_TURN = 10;
const TURN_MS = 20;
/** How often a turn finds the network gone, and for how many requests. */
const FLAPS = { chance: 0.15, count: 3, ms: 700 };

/** So many events of six tabs, while the browser dies twice and a proxy once. */
export const floodPlanOf = (seed: number, events: number): Plan => {
  const chance = chanceOf(seed);
  const open = Array.from({ length: FLOOD_TABS }, (): Step => ({ act: 'open', offers: 0 }));
  const turns = Math.ceil(events / (2 * OFFERS_A_TURN));
  const steps: Step[] = [...open];
  for (let turn = 1; turn <= turns; turn++) {
    if (chance.next() < FLAPS.chance) {
      const fault = chance.pick(['drop-request', 'drop-reply', 'cut'] as const);
      steps.push({ act: 'network', fault, count: FLAPS.count, ms: FLAPS.ms });
    }
    steps.push({ act: 'flood', tab: turn, count: OFFERS_A_TURN }, { act: 'wait', ms: TURN_MS });
    if (turn === Math.ceil(turns / 2)) steps.push({ act: 'proxy-kill', proxy: 0, signal: 'SIGKILL' });
    // The next browser begins with a tab of its own.
    if (turn === Math.ceil(turns / 3) || turn === Math.ceil((turns * 2) / 3))
      steps.push({ act: 'kill-browser' }, ...open.slice(1));
  }
  return calm(seed, steps);
};
