/** The funnel, out of the ledger: how many offers were seen, closed and accepted, by day or by group. */
import { OffersightError } from '../../errors.js';
import type { DismissReason } from '../../protocol/event.js';
import { REASONS } from '../../protocol/reasons.js';
import { platformRuntime } from '../../runtime.js';
import type { Intake } from '../intake/intake.js';
import { DAY_MS, dayNumberOf, isoDayOf, type LedgerCell } from '../intake/ledger.js';

/** What figures are summed up by. */
export type FunnelBy = 'day' | 'group' | 'day,group';

/** Events of one day, or group, or both, in figures. */
export interface FunnelFigures {
  /** Offers that were really displayed. */
  readonly viewed: number;
  /** Offers that were closed or ignored. */
  readonly dismissed: number;
  /** Offers that were accepted, as far as anybody reported that. */
  readonly accepted: number;
  /** The share of what was viewed, 0–1; null if nothing was. */
  readonly dismissalRate: number | null;
  /** The share of what was viewed, 0–1; null if nothing was, or if nobody reported any acceptance in these days. */
  readonly acceptanceRate: number | null;
  /** How many of the viewed and dismissed events Chargebee has. */
  readonly delivered: number;
  /** What is still to be delivered. */
  readonly waiting: number;
  /** What Chargebee refused by name. */
  readonly refused: number;
  /** What waited too long, or had an unknown outcome for too long. */
  readonly givenUp: number;
  /** What an operator gave up. */
  readonly purged: number;
  /** How offers were closed, as far as pages said so. */
  readonly reasons: Readonly<Record<DismissReason, number>>;
}

/** The figures of one row. */
export interface FunnelRow extends FunnelFigures {
  /** The UTC day, such as `2026-11-23`, if figures are summed up by it. */
  readonly day?: string;
  /** The group, if figures are summed up by it. */
  readonly group?: string;
}

/** The funnel of some days. */
export interface Funnel {
  readonly by: FunnelBy;
  /** The first UTC day. */
  readonly since: string;
  /** The last UTC day. */
  readonly until: string;
  /** In the order of days; groups with the most views first. */
  readonly rows: readonly FunnelRow[];
  /** All of them together. */
  readonly all: FunnelFigures;
}

/** Which days, and by what. */
export interface FunnelQuery {
  /** @default 'day' */
  readonly by?: FunnelBy | undefined;
  /** Only of this group. @default of all */
  readonly group?: string | undefined;
  /** The first UTC day. @default 30 days ago */
  readonly since?: string | undefined;
  /** The last UTC day. @default today */
  readonly until?: string | undefined;
}

const DEFAULT_DAYS = 30;

type Counting = { -readonly [Key in Exclude<keyof FunnelFigures, 'reasons'>]: FunnelFigures[Key] } & {
  readonly reasons: Record<DismissReason, number>;
};

const nothing = (): Counting => ({
  viewed: 0,
  dismissed: 0,
  accepted: 0,
  dismissalRate: null,
  acceptanceRate: null,
  delivered: 0,
  waiting: 0,
  refused: 0,
  givenUp: 0,
  purged: 0,
  reasons: Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<DismissReason, number>,
});

const add = (to: Counting, cell: LedgerCell): void => {
  const { type, reason, taken, delivered, refused, givenUp, purged, accepted } = cell;
  to[type] += taken;
  to.delivered += delivered;
  to.refused += refused;
  to.givenUp += givenUp;
  to.purged += purged;
  to.waiting += taken - delivered - refused - givenUp - purged - accepted;
  if (type === 'dismissed' && reason) to.reasons[reason] += taken;
  to.dismissalRate = to.viewed ? to.dismissed / to.viewed : null;
  to.acceptanceRate = to.viewed ? to.accepted / to.viewed : null;
};

/** Whether a string names what figures are summed up by. */
export const isFunnelBy = (text: string): text is FunnelBy =>
  text === 'day' || text === 'group' || text === 'day,group';

/** The names of the columns that tell rows apart. */
export const keysOf = (by: FunnelBy): readonly ('day' | 'group')[] =>
  by === 'day,group' ? ['day', 'group'] : [by];

/** Whether a string is a day, such as `2026-11-23`. */
export const isDay = (text: string): boolean => !Number.isNaN(dayNumberOf(text));

type CountingRow = Counting & Pick<FunnelRow, 'day' | 'group'>;

/** Sums up one funnel, cell by cell. A day is put in order when the next one begins, so that no step takes long. */
const summing = ({ by = 'day', group }: Pick<FunnelQuery, 'by' | 'group'>) => {
  const keys = keysOf(by);
  const rows: CountingRow[] = [];
  const all = nothing();
  let day: string | undefined;
  let open = new Map<string, CountingRow>();
  const close = (): void => {
    rows.push(...[...open.values()].sort((one, other) => other.viewed - one.viewed));
    open = new Map();
  };
  return {
    take(cell: LedgerCell): void {
      if (group !== undefined && cell.group !== group) return;
      if (by !== 'group' && cell.day !== day) close();
      ({ day } = cell);
      const key = by === 'day' ? cell.day : cell.group;
      const row = open.get(key) ?? {
        ...Object.fromEntries(keys.map((name) => [name, cell[name]])),
        ...nothing(),
      };
      open.set(key, row);
      add(row, cell);
      add(all, cell);
    },
    sum() {
      close();
      // 0 would read as if no offer had been accepted.
      if (!all.accepted) for (const figures of [all, ...rows]) figures.acceptanceRate = null;
      return { by, rows, all };
    },
  };
};

/**
 * Sums the ledger up in several ways, in one look at it.
 * @throws {OffersightError} `configuration` if the last day is before the first one.
 */
export const readFunnels = async (
  intake: Pick<Intake, 'ledger'>,
  { since, until }: Pick<FunnelQuery, 'since' | 'until'>,
  queries: readonly Pick<FunnelQuery, 'by' | 'group'>[],
): Promise<Funnel[]> => {
  const last = until ?? isoDayOf(Math.floor(platformRuntime().now() / DAY_MS));
  const first = since ?? isoDayOf(dayNumberOf(last) - DEFAULT_DAYS);
  if (first > last) throw new OffersightError('configuration', 'Set since to a day that is not after until.');
  const sums = queries.map(summing);
  for await (const portion of intake.ledger({ since: first, until: last }))
    for (const cell of portion) for (const { take } of sums) take(cell);
  return sums.map(({ sum }) => ({ since: first, until: last, ...sum() }));
};

/** Sums the ledger up. */
export const readFunnel = async (
  intake: Pick<Intake, 'ledger'>,
  { by, group, ...days }: FunnelQuery = {},
): Promise<Funnel> => {
  const [funnel] = await readFunnels(intake, days, [{ by, group }]);
  // One was asked for.
  return funnel as Funnel;
};

/** Spreadsheets would take these for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

const csvCell = (value: string | number | null): string => {
  const text = `${value ?? ''}`;
  const harmless = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
};

const csvLine = (cells: readonly (string | number | null)[]): string => `${cells.map(csvCell).join()}\r\n`;

/** A funnel as CSV (RFC 4180), line by line, with a line of names ahead. */
export function* toCsvLines({ by, rows }: Pick<Funnel, 'by' | 'rows'>): Generator<string> {
  const keys = keysOf(by);
  yield csvLine([
    ...keys,
    'viewed',
    'dismissed',
    'dismissal_rate',
    'accepted',
    'acceptance_rate',
    'delivered',
    'waiting',
    'refused',
    'given_up',
    'purged',
    ...REASONS.map((reason) => `dismissed_${reason}`),
  ]);
  for (const row of rows)
    yield csvLine([
      ...keys.map((name) => row[name] ?? ''),
      row.viewed,
      row.dismissed,
      row.dismissalRate,
      row.accepted,
      row.acceptanceRate,
      row.delivered,
      row.waiting,
      row.refused,
      row.givenUp,
      row.purged,
      ...REASONS.map((reason) => row.reasons[reason]),
    ]);
}
