/**
 * Adds rows that a page could not deliver any more:
 * - Events of a page that was left. Its browser did not live to send the beacons about them, or did not take that many.
 *   But the product had written them into the outbox, and the page that finds them there says what they are.
 * - The end of a page that its browser replaced without notifying it, since its process was busy.
 */
import type { Row } from '../../test/history/row.js';
import { LEAST_MS, type Told } from './true-order.js';

/** How long after a page was left its beacons may still be on their way, milliseconds: the machine may be busy. */
const BEACONS_MS = 2_000;

/** The tab of a document: the first part of its name. */
const tabOf = (document: string): string => document.slice(0, document.indexOf('.'));

/** A page of the browser itself, about what it cannot load: it only replaces another document. */
const ERROR_PAGE = /\.error$/;

/**
 * Puts the death of such a page ahead of the next document of its tab. A page of the browser itself may be there while the
 * one that it replaces still runs its last task, so its death is behind all that it wrote.
 */
export const withUnheardEnds = (rows: readonly Row[]): Row[] => {
  const lastAt = new Map(rows.flatMap((row) => ('tab' in row ? [[row.tab, row.at]] : [])));
  const ended = new Set(
    rows.flatMap((row) => {
      if (row.kind === 'killed') return row.names;
      const isEnd = row.kind === 'page' && (row.change === 'pagehide' || row.change === 'closed');
      return isEnd ? [row.tab] : [];
    }),
  );
  const shown = new Map<string, string>();
  return rows.flatMap((row): Row[] => {
    if (row.kind !== 'opened') return [row];
    const before = shown.get(tabOf(row.tab));
    shown.set(tabOf(row.tab), row.tab);
    const itself = ERROR_PAGE.test(row.tab) ? [] : [row];
    if (before === undefined || ended.has(before) || ERROR_PAGE.test(before)) return itself;
    const at = Math.max(row.at, (lastAt.get(before) ?? 0) + LEAST_MS);
    return [{ kind: 'killed', what: 'renderer', names: [before], at }, ...itself];
  });
};

/** The pages of which rows are missing: a browser takes only 64 KiB of beacons at once (Beacon, W3C, § 3.1). */
const incomplete = (rows: readonly Row[]): ReadonlySet<string> => {
  const serials = new Map<string, Set<number>>();
  for (const row of rows as readonly (Told & { readonly tab?: string; readonly target?: string })[]) {
    const { serial, tab, target = tab } = row;
    if (serial === undefined || target === undefined) continue;
    const known = serials.get(target) ?? new Set();
    serials.set(target, known.add(serial));
  }
  return new Set([...serials].flatMap(([tab, known]) => (known.size < Math.max(...known) ? tab : [])));
};

/** What the intake that took an event wrote down of it beside its content. */
const wordsOf = (rows: readonly Row[], id: string): { readonly group?: string; readonly reason?: string } => {
  const taken = rows.find((row) => row.kind === 'taken' && row.id === id);
  const { group, reason } = (taken?.kind === 'taken' && taken.cell) || {};
  return { ...(group !== undefined && { group }), ...(reason !== undefined && { reason }) };
};

/** Puts the events of such pages after the row by which they said that they are left. */
export const withUnheard = (rows: readonly Row[]): Row[] => {
  const partly = incomplete(rows);
  const heard = new Set(rows.flatMap((row) => (row.kind === 'created' ? [row.id] : [])));
  const killed = rows.flatMap((row) => (row.kind === 'killed' && row.what === 'browser' ? [row] : []));
  return rows.flatMap((row): Row[] => {
    if (row.kind !== 'page' || row.change !== 'pagehide') return [row];
    const { tab, at } = row;
    const isCutShort =
      partly.has(tab) ||
      killed.some(
        ({ names, at: killedAt }) => names.includes(tab) && killedAt >= at && killedAt - at < BEACONS_MS,
      );
    if (!isCutShort) return [row];
    // A page that could not wait wrote the row later. What it stored then may have been heard.
    const { since = at } = row as Told;
    const created: Row[] = [];
    for (const asked of rows) {
      if (asked.kind !== 'requested' || asked.tab === tab) continue;
      for (const [id, content] of Object.entries(asked.contents ?? {})) {
        const { type, personalized_offer_id: offerId } = JSON.parse(content) as {
          readonly type: 'viewed' | 'dismissed';
          readonly personalized_offer_id: string;
        };
        // Each document's offers begin with its name.
        if (heard.has(id) || !offerId.startsWith(`${tab}-`)) continue;
        heard.add(id);
        const impressionId = `of ${id}`;
        created.push({
          kind: 'created',
          id,
          type,
          offerId,
          impressionId,
          ...wordsOf(rows, id),
          tab,
          at: since,
        });
      }
    }
    return [row, ...created];
  });
};
