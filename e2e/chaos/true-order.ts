/**
 * The order in which things happened, although pages could write some of them down only later. For example, a page that
 * sleeps learns about its own transaction when it wakes. Transactions of one store follow each other in the order in
 * which they began.
 */
import type { Row } from '../../test/history/row.js';

/** What pages write beside a row. */
export interface Told {
  /** When it really happened: when its transaction began, or when a page that could not wait wrote the row. */
  readonly since?: number;
  /** Its place among the page's own rows. */
  readonly serial?: number;
}

/** If a row is so much later than the beginning of its transaction, that was over long before, milliseconds. */
const LATE_MS = 500;
/**
 * If two pages began their transactions so close to each other, their clocks do not show which came first,
 * milliseconds.
 */
const TOGETHER_MS = 5;

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
  const wipedAt = rows.flatMap((row) => (row.kind === 'wiped' ? [row.at] : []));
  const storedLate = new Map<string, number>();
  /** When each entry was leased. */
  const leases = new Map<string, number[]>();
  for (const row of rows)
    if (row.kind === 'put' && row.token !== undefined)
      leases.set(row.id, [...(leases.get(row.id) ?? []), (row as Told).since ?? row.at]);
  /** A page that leases an entry has read it, so the entry was still there. */
  const behindLeases = (id: string, since: number): number =>
    Math.max(
      since,
      ...(leases.get(id) ?? [])
        .filter((at) => at - since <= TOGETHER_MS)
        .map((at) => at + Number(at >= since)),
    );
  const trueTime = (row: Row): number => {
    if (row.kind === 'committed' && row.store === undefined)
      return storedLate.get(`${row.tab} ${row.id}`) ?? row.at;
    const { since } = row as Told;
    if (since === undefined) return row.at;
    const isLate = row.at - since > LATE_MS || wipedAt.some((at) => since <= at && at <= row.at);
    if (isLate && row.kind === 'put') storedLate.set(`${row.tab} ${row.id}`, since);
    return row.kind === 'removed' ? behindLeases(row.id, since) : since;
  };
  return inOwnOrder(withLateEnds(rows))
    .map((row, index) => ({ row: { ...row, at: trueTime(row) }, index }))
    .sort((a, b) => a.row.at - b.row.at || a.index - b.index)
    .map(({ row }) => row);
};
