/**
 * What each event counts under in the ledger, as it follows from what the harness did: the group that it put on the
 * element, how it closed the offer, and when the proxy was asked. A client that says something else, or nothing, is
 * noticed by this.
 */
import type { Judging } from '../breach.js';
import { type Chronicle, type Placed, SERVERS } from '../chronicle.js';
import type { RowCell, RowOf } from '../row.js';
import { utcDayOf } from '../wire.js';

/** The cell of one event, or two cells if it was taken around midnight. */
export interface Expected extends Pick<RowCell, 'type' | 'group' | 'reason'> {
  /** The days on which it may have been taken; only one, unless midnight came during the request. */
  readonly days: readonly string[];
}

/** The events of an endpoint's intake, by their ids. */
type ByEvent = ReadonlyMap<string, Expected>;

const unique = (days: readonly string[]): readonly string[] => [...new Set(days)];
const daysOf = ({ day, lastDay = day }: RowCell): readonly string[] => unique([day, lastDay]);

/** The deaths of processes that may have taken something, and written nothing of it down. */
const killedProxies = (chronicle: Chronicle): readonly Placed<'killed'>[] =>
  chronicle.of('killed').filter(({ row }) => row.what === 'proxy');

const dayAt = (
  chronicle: Chronicle,
  { row, index }: { readonly row: { readonly at: number }; readonly index: number },
): string => utcDayOf(row.at + chronicle.clockOf(SERVERS, index));

/** The days on which a process may have taken an event that died before it wrote that down. */
const daysUnseen = (
  chronicle: Chronicle,
  id: string,
  known: Placed<'taken'> | Placed<'settled'>,
): readonly string[] => {
  const requests = chronicle.about('requested', id).filter(({ index }) => index < known.index);
  const begins = requests.length ? requests : chronicle.about('created', id).slice(0, 1);
  const first = begins[0]?.index ?? 0;
  const deaths = killedProxies(chronicle).filter(({ index }) => index > first && index < known.index);
  const ends = deaths.length ? deaths : [known];
  return unique([...begins, ...ends].map((placed) => dayAt(chronicle, placed)));
};

/** The cells of the events that the intake of an endpoint took. */
export const takenAt = (chronicle: Chronicle, endpoint: string | undefined, judged: Judging): ByEvent => {
  const taken = new Map<string, Expected>();
  const isHere = ({ row }: Placed<'taken'> | Placed<'settled'>): boolean =>
    chronicle.endpointOf(row.proxy) === endpoint;
  const rows = chronicle.of('taken').filter(isHere);

  const wordsOf = (id: string, cell?: RowCell): Omit<Expected, 'days'> => {
    const { type, group, reason } = chronicle.about('created', id)[0]?.row ?? cell ?? { type: 'unknown' };
    return { type, group, reason };
  };

  for (const placed of rows) {
    const { id, verdict, cell } = placed.row;
    if (verdict.kind !== 'accepted' || taken.has(id)) continue;
    taken.set(id, { ...wordsOf(id, cell), days: cell ? daysOf(cell) : [dayAt(chronicle, placed)] });
  }
  const again = rows.filter(({ row }) => row.verdict.kind === 'duplicate');
  for (const placed of [...again, ...chronicle.of('settled').filter(isHere)]) {
    const { id } = placed.row;
    if (taken.has(id)) continue;
    if (!killedProxies(chronicle).length) judged.breach('the intake knows it, and nobody saw it taken', id);
    const cell = 'cell' in placed.row ? placed.row.cell : undefined;
    taken.set(id, { ...wordsOf(id, cell), days: daysUnseen(chronicle, id, placed) });
  }
  return taken;
};

/** The acceptances that an endpoint's intake counted, by name. */
export const acceptedAt = (chronicle: Chronicle, endpoint: string | undefined): ByEvent => {
  const isHere = ({ row }: Placed<'accepted'> | Placed<'reported'>): boolean =>
    chronicle.endpointOf(row.proxy) === endpoint;
  const rows = chronicle.of('accepted').filter(isHere);
  const accepted = new Map<string, Expected>();
  const kindOf = ({ verdict }: RowOf<'accepted'>): string => verdict.kind;
  for (const { row } of rows)
    if (kindOf(row) === 'accepted' && !accepted.has(row.name))
      accepted.set(row.name, { ...row.cell, days: daysOf(row.cell) });
  for (const { row, index } of rows) {
    if (kindOf(row) !== 'duplicate' || accepted.has(row.name)) continue;
    // A process that died took one of the earlier reports.
    const earlier = chronicle
      .of('reported')
      .filter((placed) => isHere(placed) && placed.row.name === row.name && placed.index < index);
    const days = unique([...earlier.map((placed) => placed.row.day), ...daysOf(row.cell)]);
    accepted.set(row.name, { ...row.cell, days });
  }
  return accepted;
};

/** A request says of an event what its page did. */
export const judgeWords = (chronicle: Chronicle, judged: Judging): void => {
  for (const { row } of chronicle.of('taken')) {
    const { id, cell } = row;
    const [created] = chronicle.about('created', id);
    if (!cell || !created) continue;
    judged.examine();
    const { group, reason } = created.row;
    const isSame = cell.group === group && cell.reason === reason;
    if (!isSame)
      judged.breach(`said ${cell.group} ${cell.reason} on its way, and ${group} ${reason} at first`, id);
  }
};
