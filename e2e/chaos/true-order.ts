/**
 * The order in which things happened, where pages could tell them only later: one that sleeps hears of its own
 * transaction when it wakes. Transactions of one store follow each other in the order in which they began.
 */
import type { Row } from '../../test/history/row.js';

/** What pages tell beside a row. */
export interface Told {
  /** When it really was: when its transaction began, or when a page that could not wait told it. */
  readonly since?: number;
  /** Its place among the page's own rows. */
  readonly serial?: number;
}

/** Told so much later than it began, a transaction was over long before, milliseconds. */
const LATE_MS = 500;
/** Two pages that began their transactions so close to each other cannot tell whose came first, milliseconds. */
const TOGETHER_MS = 5;

/** Puts the end of a page behind its last words: it tells that it ends before the product hears of it. */
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

/** Puts the rows of each page into the order in which that page told them; places of others stay. */
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

/** Puts what transactions did where they began, and what the product made late of them in the same breath. */
export const inTrueOrder = (rows: readonly Row[]): Row[] => {
  const wipedAt = rows.flatMap((row) => (row.kind === 'wiped' ? [row.at] : []));
  const storedLate = new Map<string, number>();
  /** When each entry was leased. */
  const leases = new Map<string, number[]>();
  for (const row of rows)
    if (row.kind === 'put' && row.token !== undefined)
      leases.set(row.id, [...(leases.get(row.id) ?? []), (row as Told).since ?? row.at]);
  /** Who leases an entry has read it, so it was there. */
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
