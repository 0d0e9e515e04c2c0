/**
 * The order in which things happened, although pages could write some of them down only later. For example, a page that
 * sleeps learns about its own transaction when it wakes. The database itself numbers its transactions.
 */
import type { Row } from '../../test/history/row.js';

/** What pages write beside a row. */
export interface Told {
  /** When it really happened: when its transaction began, or when a page that could not wait wrote the row. */
  readonly since?: number;
  /** Its place among the page's own rows. */
  readonly serial?: number;
  /** The place of its transaction among all that wrote into the database, by the database itself. */
  readonly order?: number;
}

/** If a row is so much later than the beginning of its transaction, that was over long before, milliseconds. */
const LATE_MS = 500;
/** Less than the difference between any two times of a clock, milliseconds. */
export const LEAST_MS = 0.001;

/** Gives each row of a transaction the time at which that took effect: behind those that took effect before it. */
const inTheirTurn = (rows: readonly Row[]): Row[] => {
  const began = new Map<number, number>();
  for (const { order, since = 0 } of rows as readonly (Row & Told)[])
    if (order !== undefined) began.set(order, since);
  let last = 0;
  for (const [order, since] of [...began].sort(([a], [b]) => a - b)) {
    last = Math.max(since, last + LEAST_MS);
    began.set(order, last);
  }
  return rows.map((row) => {
    const { order } = row as Told;
    return order === undefined ? row : { ...row, since: began.get(order) };
  });
};

/** Puts the end of a page after its last words: it writes that it ends before the product notices that. */
const withLateEnds = (rows: readonly Row[]): Row[] => {
  const last = new Map<string, { readonly since: number; readonly serial: number }>();
  for (const row of rows) {
    const { since = row.at, serial } = row as Told;
    if (!('tab' in row) || serial === undefined) continue;
    const before = last.get(row.tab);
    last.set(row.tab, {
      since: Math.max(since, before?.since ?? 0),
      serial: Math.max(serial, before?.serial ?? 0),
    });
  }
  return rows.map((row) => {
    const isOwn = row.kind === 'page' && row.change === 'closed' && (row as Told).serial !== undefined;
    const end = isOwn ? last.get(row.tab) : undefined;
    return end && end.serial > ((row as Told).serial ?? 0)
      ? { ...row, ...end, serial: end.serial + 1, at: Math.max(row.at, end.since) }
      : row;
  });
};

/** Puts the rows of each page into the order in which that page wrote them. Other rows keep their places. */
const inOwnOrder = (rows: readonly Row[]): Row[] => {
  const ordered = [...rows];
  const places = new Map<string, number[]>();
  rows.forEach((row, index) => {
    if (!('tab' in row) || (row as Told).serial === undefined) return;
    places.set(row.tab, [...(places.get(row.tab) ?? []), index]);
  });
  for (const indices of places.values()) {
    const own = indices.flatMap((index) => rows[index] ?? []);
    own.sort((a, b) => ((a as Told).serial ?? 0) - ((b as Told).serial ?? 0));
    own.forEach((row, at) => {
      ordered[indices[at] ?? 0] = row;
    });
  }
  return ordered;
};

/**
 * Moves the rows of a transaction to its beginning, together with the rows that the product wrote late because of it.
 */
export const inTrueOrder = (rows: readonly Row[]): Row[] => {
  const told = inTheirTurn(rows);
  const wipedAt = told.flatMap((row) => (row.kind === 'wiped' ? [row.at] : []));
  const storedLate = new Map<string, number>();
  const trueTime = (row: Row): number => {
    if (row.kind === 'committed' && row.store === undefined)
      return storedLate.get(`${row.tab} ${row.id}`) ?? row.at;
    const { since } = row as Told;
    if (since === undefined) return row.at;
    const isLate = row.at - since > LATE_MS || wipedAt.some((at) => since <= at && at <= row.at);
    if (isLate && row.kind === 'put') storedLate.set(`${row.tab} ${row.id}`, since);
    return since;
  };
  return inOwnOrder(withLateEnds(told))
    .map((row, index) => ({ row: { ...row, at: trueTime(row) }, index }))
    .sort((a, b) => a.row.at - b.row.at || a.index - b.index)
    .map(({ row }) => row);
};
