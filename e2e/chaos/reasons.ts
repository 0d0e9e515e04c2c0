/**
 * Why entries left a store if their page died while it wrote its rows. A page writes down one event after the other,
 * which takes time, while the product gave up all events of one transaction at once.
 */
import type { Row } from '../../test/history/row.js';
import type { Told } from './true-order.js';

type Why = Extract<Row, { readonly kind: 'removed' }>['why'];

/** What a page says of an event, and what the checker calls it. */
const WHYS: Readonly<Record<string, Why>> = {
  expired: 'expired',
  'outbox-full': 'outbox-full',
  'storage-full': 'storage-full',
  refused: 'refused',
  consent: 'purged',
};

const transactionOf = (row: Row): number | undefined => {
  const { order } = row as Told;
  return row.kind === 'removed' ? order : undefined;
};

/** The transactions of removals that were the last words of a page that was killed with its browser. */
const lastWords = (rows: readonly Row[]): ReadonlySet<number> => {
  const last = new Map<string, Row & Told>();
  const cutShort = new Set<string>();
  for (const row of rows as readonly (Row & Told)[]) {
    if ('tab' in row && (row.serial ?? -1) > (last.get(row.tab)?.serial ?? -1)) last.set(row.tab, row);
    if (row.kind === 'killed' && row.what === 'browser') for (const name of row.names) cutShort.add(name);
  }
  return new Set([...last].flatMap(([tab, row]) => (cutShort.has(tab) ? (transactionOf(row) ?? []) : [])));
};

/**
 * Gives each removal the reason that its page reported for any other removal of the same transaction.
 * @param isNarrow Whether there was hardly any room. If so, a page removed entries in its last words to make room.
 */
export const withReasons = (rows: readonly Row[], isNarrow: boolean): Row[] => {
  const untold = isNarrow ? lastWords(rows) : new Set<number>();
  const told = new Map<string, string>();
  for (const row of rows) if (row.kind === 'discarded') told.set(`${row.tab} ${row.id}`, row.reason);
  const whys = new Map<number, Why>();
  for (const row of rows) {
    const transaction = transactionOf(row);
    if (row.kind !== 'removed' || transaction === undefined) continue;
    const why = WHYS[told.get(`${row.tab} ${row.id}`) ?? ''];
    if (why) whys.set(transaction, why);
  }
  return rows.map((row) => {
    const transaction = transactionOf(row);
    if (transaction === undefined) return row;
    const why = whys.get(transaction) ?? (untold.has(transaction) ? 'storage-full' : undefined);
    return why ? ({ ...row, why } as Row) : row;
  });
};
