/** I19: the ledger has exactly what the harness wrote down about each event, cell by cell. */
import { type Judgement, type Judging, judging } from '../breach.js';
import type { Chronicle } from '../chronicle.js';
import type { KeptRow, RowCell } from '../row.js';
import { isBelievable, keptAt, settledAt } from './believing.js';
import { acceptedAt, type Expected, judgeWords, takenAt } from './cells.js';

const COLUMNS = ['taken', 'delivered', 'refused', 'givenUp', 'purged', 'accepted'] as const;
type Column = (typeof COLUMNS)[number];
type Figures = Record<Column, number>;

/** What the ledger should have of one event. */
interface Counted {
  readonly expected: Expected;
  /** Its outcome; undefined while it waits. */
  readonly column: Column | undefined;
}

const GIVEN_UP = ['expired', 'viewed_dead', 'unknown_outcome'];
/** Events without a group count under this name. */
const NO_GROUP = '(none)';

const keyOf = ({ day, type, group = NO_GROUP, reason }: RowCell): string =>
  [day, group, type, reason].filter(Boolean).join(' ');

const columnOf = (state: KeptRow['state'] | undefined, code = ''): Column | undefined => {
  if (state === 'done') return 'delivered';
  if (state !== 'dead') return undefined;
  if (code === 'purged') return 'purged';
  return GIVEN_UP.includes(code) ? 'givenUp' : 'refused';
};

/** Counts by cell. */
const createTable = () => {
  const cells = new Map<string, Figures>();
  return {
    cells,
    add(key: string, column: Column, by = 1): void {
      const figures = cells.get(key) ?? {
        taken: 0,
        delivered: 0,
        refused: 0,
        givenUp: 0,
        purged: 0,
        accepted: 0,
      };
      figures[column] += by;
      cells.set(key, figures);
    },
  };
};

/** The column of an event. Only if its outcome is ambiguous, the intake may differ from what the upstream counted. */
const outcomeOf = (
  chronicle: Chronicle,
  id: string,
  endpoint: string | undefined,
  judged: Judging,
): Column | undefined => {
  const kept = keptAt(chronicle, id, endpoint);
  const ended = kept ?? settledAt(chronicle, id, endpoint)?.row;
  const column = columnOf(ended?.state, ended?.code);
  const isUpstream = chronicle
    .about('effect', id)
    .some(({ row }) => chronicle.endpointOf(chronicle.callOf(row.number)?.row.proxy) === endpoint);
  if (ended && !isBelievable(chronicle, id, endpoint, ended))
    judged.breach(`${column} for ${ended.code}, and nothing that happened explains that`, id);
  if ((column === 'delivered') === isUpstream) return column;
  const difference = `${column ?? 'waiting'} by the intake, and ${isUpstream ? '' : 'not '}counted upstream`;
  if (!kept?.isAmbiguous) {
    judged.breach(`${difference}, and not marked as ambiguous`, id);
    return isUpstream ? 'delivered' : undefined;
  }
  judged.list(difference, id);
  return column;
};

/** The ledger as it follows from the record. `found` only decides on which of two days an event was taken. */
const foldOf = (
  chronicle: Chronicle,
  endpoint: string | undefined,
  found: ReadonlyMap<string, Figures>,
  judged: Judging,
) => {
  const { cells, add } = createTable();
  const counted: Counted[] = [];
  for (const [id, expected] of takenAt(chronicle, endpoint, judged))
    counted.push({ expected, column: outcomeOf(chronicle, id, endpoint, judged) });
  for (const expected of acceptedAt(chronicle, endpoint).values())
    counted.push({ expected, column: 'accepted' });
  const lacks = (key: string, column: Column): boolean =>
    (found.get(key)?.[column] ?? 0) > (cells.get(key)?.[column] ?? 0);
  // Those that wait come last: any day that still lacks an event is good for them.
  const rankOf = ({ expected, column }: Counted): number =>
    (expected.days.length > 1 ? 1 : 0) + (column ? 0 : 2);
  for (const { expected, column } of counted.toSorted((one, other) => rankOf(one) - rankOf(other))) {
    const keys = expected.days.map((day) => keyOf({ ...expected, day }));
    const key =
      keys.find((each) => lacks(each, 'taken') && (!column || lacks(each, column))) ?? keys[0] ?? '';
    add(key, 'taken');
    if (column) add(key, column);
  }
  return cells;
};

const judgeCells = (
  found: ReadonlyMap<string, Figures>,
  expected: ReadonlyMap<string, Figures>,
  judged: Judging,
): void => {
  for (const key of new Set([...found.keys(), ...expected.keys()]))
    for (const column of COLUMNS) {
      judged.examine();
      const [has, should] = [found.get(key)?.[column] ?? 0, expected.get(key)?.[column] ?? 0];
      if (has !== should) judged.breach(`${key}: the ledger has ${has} ${column}, the record ${should}`);
    }
};

/** What is only counted is never forwarded. */
const judgeForwards = (chronicle: Chronicle, judged: Judging): void => {
  const counted = new Set(chronicle.of('accepted').map(({ row }) => row.id));
  for (const { row } of [...chronicle.of('forwarded'), ...chronicle.of('effect')]) {
    judged.examine();
    if (counted.has(row.id ?? '') || !['viewed', 'dismissed'].includes(row.type))
      judged.breach(
        `an event of type ${row.type} was ${row.kind === 'effect' ? 'counted upstream' : row.kind}`,
        row.id,
      );
  }
};

/** I19: the ledger agrees with the record, and what only the ledger gets was never forwarded. */
export const countedOnce = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  judgeForwards(chronicle, judged);
  judgeWords(chronicle, judged);
  for (const { row } of chronicle.of('final-ledger')) {
    const { cells, add } = createTable();
    for (const cell of row.cells) for (const column of COLUMNS) add(keyOf(cell), column, cell[column]);
    judgeCells(cells, foldOf(chronicle, row.endpoint, cells, judged), judged);
  }
  return judged.done();
};
