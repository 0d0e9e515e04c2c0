/** Turns runs into tables. */
import { median, spread, table } from '../figures.js';
import type { Run } from './measure.js';
import { type Layout, PHASES, type Phase, STRATEGIES, type Strategy } from './plan.js';

/** One page of one round under each strategy; another release only takes part if the command names one. */
export type Round = Readonly<Record<Exclude<Strategy, 'against'>, Run>> & { readonly against?: Run };

/** All rounds of one page. */
export interface Series {
  readonly layout: Layout;
  readonly count: number;
  readonly rounds: readonly Round[];
}

/** The most that we may add, as a share of what the bare observer adds, if there are at least so many offers. */
const AIMS = [
  { count: 10_000, most: 0.2 },
  { count: 1_000, most: 0.5 },
] as const;
/** Below this a share means nothing, since the bare observer itself adds too little to measure. */
const FEW = 20;
/** From here on it is measured what each offer takes. The line of the heap is for so many; more have to work. */
const MANY = 1_000;
/** Phases that happen once, regardless of how many frames they take. */
const ONCE: ReadonlySet<Phase> = new Set(['mount', 'rest']);

type Quantity = (run: Run) => number;

const total: Quantity = ({ cpuMs }) => PHASES.reduce((sum, phase) => sum + cpuMs[phase], 0);
const heapKb: Quantity = ({ heapBytes }) => heapBytes / 1_024;
const mountScript: Quantity = ({ mountScriptMs }) => mountScriptMs;

/** (tracker − none) ÷ (bare − none) by round; a round in which the bare observer cost nothing has no share. */
const shares = ({ rounds }: Series, quantity: Quantity, tracker: Strategy = 'ours'): number[] =>
  rounds.flatMap((round) => {
    const { none, bare } = round;
    const floor = quantity(bare) - quantity(none);
    const run = round[tracker];
    return run && floor > 0 ? [(quantity(run) - quantity(none)) / floor] : [];
  });

const runsOf = ({ rounds }: Series, strategy: Strategy): Run[] =>
  rounds.flatMap((round) => round[strategy] ?? []);

const medianOf = (runs: readonly Run[], quantity: Quantity): number => median(runs.map(quantity));

const nameOf = ({ layout, count }: Series): string => `${layout} × ${count}`;

const COLUMNS: readonly (readonly [name: string, quantity: Quantity])[] = [
  ['all', total],
  ...PHASES.map((phase: Phase): [string, Quantity] => [phase, ({ cpuMs }) => cpuMs[phase]]),
];

/** The measurements of each page: plain figures and shares. */
export const renderSeries = (series: Series): string => {
  const tookPart = STRATEGIES.filter((strategy) => runsOf(series, strategy).length);
  const plain = tookPart.map((strategy) => {
    const runs = runsOf(series, strategy);
    return [
      strategy,
      ...COLUMNS.map(([, quantity]) => medianOf(runs, quantity).toFixed(0)),
      medianOf(runs, mountScript).toFixed(0),
      medianOf(runs, heapKb).toFixed(0),
      runs.map(({ counted }) => counted).join(' '),
    ];
  });
  const trackers: readonly (readonly [row: string, tracker: Strategy])[] = [
    ['share', 'ours'],
    ['of Snowplow', 'snowplow'],
    ...(tookPart.includes('against') ? [['of the other release', 'against'] as const] : []),
  ];
  const shared = trackers.map(([row, tracker]) => [
    row,
    ...COLUMNS.map(([, quantity]) => spread(shares(series, quantity, tracker), 2)),
    spread(shares(series, mountScript, tracker), 2),
    spread(shares(series, heapKb, tracker), 2),
    '',
  ]);
  const head = [
    nameOf(series),
    ...COLUMNS.map(([name]) => `${name} ms`),
    'mount script ms',
    'heap KB',
    'counted',
  ];
  return table(head, [...plain, ...shared]);
};

/** What mounting many offers costs beside the bare observer: how many times its script, and how much more heap. */
const renderMany = (all: readonly Series[]): string => {
  const rows = all
    .filter(({ count }) => count >= MANY)
    .map((series) => [
      nameOf(series),
      `${spread(
        series.rounds.map(({ bare, ours }) => mountScript(ours) / mountScript(bare)),
        2,
      )} (≤ 1.5)`,
      `${spread(
        series.rounds.map(({ bare, ours }) => (heapKb(ours) - heapKb(bare)) / 1_024),
        2,
      )}${series.count === MANY ? ' (≤ 0.5)' : ''}`,
    ]);
  const head = ['', 'mount script, ours ÷ bare', 'heap, ours − bare, MB'];
  return rows.length ? `${table(head, rows)}\n\n` : '';
};

/** What we add with few offers, milliseconds: to a frame, if a phase can have any number of frames. */
const renderFew = (all: readonly Series[]): string => {
  const few = all.filter(({ count }) => count <= FEW);
  const added = ({ rounds }: Series, phase: Phase): number[] =>
    rounds.map(({ none, ours }) => {
      const frames = ONCE.has(phase) ? 1 : ours.frames[phase];
      return (ours.cpuMs[phase] - none.cpuMs[phase]) / frames;
    });
  const rows = few.map((series) => [
    nameOf(series),
    ...PHASES.map((phase) => spread(added(series, phase), 3)),
  ]);
  const head = ['', ...PHASES.map((phase) => `${phase} ${ONCE.has(phase) ? 'ms' : 'ms/frame'}`)];
  return rows.length ? `ours − none\n${table(head, rows)}\n\n` : '';
};

/** The shares of all pages, and the aims that are missed. */
export const renderSummary = (all: readonly Series[]): string => {
  const rows = all.map((series) => {
    const aim = AIMS.find(({ count }) => series.count >= count);
    const share = median(shares(series, total));
    const verdict = !aim ? '' : `${share <= aim.most ? 'met' : 'MISSED'} (≤ ${aim.most})`;
    return [
      nameOf(series),
      ...COLUMNS.map(([, quantity]) => spread(shares(series, quantity), 2)),
      spread(shares(series, heapKb), 2),
      verdict,
    ];
  });
  const head = ['', ...COLUMNS.map(([name]) => name), 'heap', 'aim'];
  return `${renderFew(all)}${renderMany(all)}(ours − none) ÷ (bare − none), median (min–max) over rounds\n${table(head, rows)}`;
};
