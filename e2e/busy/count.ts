/** What became of the events of a run. Pure: it knows what pages said and what the upstream counted. */
import { table } from '../../bench/figures.js';
import { type Cell, MATRIX, wordsOf } from './plan.js';
import type { Said } from './said.js';

/** What a page said, and when it was heard, epoch milliseconds. */
export type Heard = Said & { readonly at: number };

/** One visit, as it was heard. */
export interface Visit {
  readonly cell: Cell;
  readonly heard: readonly Heard[];
  /** When it ended, epoch milliseconds. */
  readonly endedAt: number;
  /** Whether its outbox was empty in the end. If not, what is not counted may only be waiting. */
  readonly isEmpty: boolean;
}

/** What became of a visit's events, ids each. */
export interface Outcome {
  readonly visit: Visit;
  readonly made: readonly string[];
  /** The page reported them as durable. */
  readonly durable: readonly string[];
  /** The durable ones that the upstream never counted. */
  readonly lost: readonly string[];
  /** The made ones that the upstream counted more than once. */
  readonly twice: readonly string[];
  /** Reports that nothing can be stored. Each of them is false. */
  readonly storage: readonly string[];
  /** The page reported them as only in memory. */
  readonly inMemory: readonly string[];
  /** Those in memory that died with their page. */
  readonly died: readonly string[];
  /** The page had not reported them by the end of the visit. */
  readonly untold: readonly string[];
  /** The untold ones that the upstream counted nevertheless. */
  readonly rescued: readonly string[];
}

/** Counts a visit's events. */
export const outcomeOf = (visit: Visit, counted: ReadonlyMap<string, number>): Outcome => {
  const made = new Set<string>();
  const durable = new Set<string>();
  const inMemory = new Set<string>();
  const storage: string[] = [];
  for (const said of visit.heard) {
    if (said.kind === 'made' || said.kind === 'told') made.add(said.id);
    if (said.kind === 'told') (said.isDurable ? durable : inMemory).add(said.id);
    if (said.kind === 'report' && said.code === 'storage') storage.push(said.text);
  }
  const isMissing = (id: string): boolean => !counted.has(id);
  const untold = [...made].filter((id) => !durable.has(id) && !inMemory.has(id));
  return {
    visit,
    made: [...made],
    durable: [...durable],
    lost: [...durable].filter(isMissing),
    twice: [...made].filter((id) => (counted.get(id) ?? 0) > 1),
    storage,
    inMemory: [...inMemory],
    died: [...inMemory].filter(isMissing),
    untold,
    rescued: untold.filter((id) => counted.has(id)),
  };
};

/** Whether a visit kept the promise. */
export const isKept = ({ visit, lost, twice, storage }: Outcome): boolean =>
  visit.isEmpty && !lost.length && !twice.length && !storage.length;

const COLUMNS = [
  'made',
  'durable',
  'lost',
  'twice',
  'storage',
  'inMemory',
  'died',
  'untold',
  'rescued',
] as const satisfies readonly (keyof Outcome)[];
const sumOf = (outcomes: readonly Outcome[], column: (typeof COLUMNS)[number]): number =>
  outcomes.reduce((sum, outcome) => sum + outcome[column].length, 0);

/** Rows of the table: a name, and which pages it sums up. */
const ROWS: readonly (readonly [name: string, isOne: (cell: Cell) => boolean])[] = [
  ...MATRIX.taskMs.map((ms) => [`tasks of ${ms} ms`, (cell: Cell) => cell.taskMs === ms] as const),
  ...MATRIX.trainMs.map((ms) => [`trains of ${ms} ms`, (cell: Cell) => cell.trainMs === ms] as const),
  ...MATRIX.endpoint.map((name) => [`endpoint ${name}`, (cell: Cell) => cell.endpoint === name] as const),
  ['visitor leaves', ({ end }) => end === 'leave'],
  ['browser is killed', ({ end }) => end === 'kill'],
  ['CPU at full speed', ({ throttle }) => throttle === 1],
  ['CPU six times slower', ({ throttle }) => throttle === 6],
  ['offers count once a page', ({ repeat }) => repeat === 'page'],
  ['offers count once a browser', ({ repeat }) => repeat === 'browser'],
  ['all', () => true],
];

/** The table of a run, with an explanation of the columns about which nothing is promised. */
export const figuresOf = (outcomes: readonly Outcome[]): string => {
  const rows = ROWS.map(([name, isOne]) => {
    const those = outcomes.filter(({ visit }) => isOne(visit.cell));
    return [name, `${those.length}`, ...COLUMNS.map((column) => `${sumOf(those, column)}`)];
  });
  const head = [
    '',
    'pages',
    'made',
    'durable',
    'LOST',
    'TWICE',
    'STORAGE',
    'in memory',
    'died',
    'untold',
    'rescued',
  ];
  return [
    table(head, rows),
    '',
    `in memory: reported with isDurable === false, since the database did not take it in time; died: those of them that`,
    `ended with their page. untold: the page ended before the database had it; rescued: those of them that arrived.`,
  ].join('\n');
};

/** What happened in a visit that broke the promise, to be read. */
export const storyOf = ({ visit, lost, twice, storage }: Outcome): string => {
  const { cell, heard, endedAt, isEmpty } = visit;
  const beganAt = heard[0]?.at ?? endedAt;
  const seconds = (at: number): string => `${((at - beganAt) / 1_000).toFixed(2)} s`;
  const marks = new Map([
    ...lost.map((id) => [id, ' LOST'] as const),
    ...twice.map((id) => [id, ' TWICE'] as const),
  ]);
  const lines = heard.map((said) => {
    switch (said.kind) {
      case 'train':
        return `${seconds(said.at)} train ${said.train + 1} begins`;
      case 'report':
        return `${seconds(said.at)} report ${said.code}: ${said.text}`;
      case 'told':
        return `${seconds(said.at)} ${said.id} reported as ${said.isDurable ? 'durable' : 'in memory'}${marks.get(said.id) ?? ''}`;
      default:
        return `${seconds(said.at)} ${said.id} made`;
    }
  });
  const sums = `${lost.length} lost, ${twice.length} twice, ${storage.length} false reports`;
  return [
    `${wordsOf(cell)}: ${sums}${isEmpty ? '' : ', and its outbox did not become empty'}`,
    ...lines,
    `${seconds(endedAt)} the visit ended`,
  ].join('\n  ');
};
