/** A history by what its rows are about: ids, tabs, numbers. Every room of the checker reads from here. */
import type { History, Row, RowOf } from './row.js';

/** The store of a page's entries, unless a row names another. */
export const DISK = 'disk';
/** The name of the clock of all proxies. */
export const SERVERS = 'servers';

/** A row and its place. */
export interface Placed<Kind extends Row['kind'] = Row['kind']> {
  readonly row: RowOf<Kind>;
  readonly index: number;
}

/** A history, sorted. */
export interface Chronicle {
  readonly history: History;
  /** All rows of one kind, in order. */
  of<Kind extends Row['kind']>(kind: Kind): readonly Placed<Kind>[];
  /** All rows of one kind that are about one event, in order. */
  about<Kind extends Row['kind']>(kind: Kind, id: string): readonly Placed<Kind>[];
  /** All rows about one event, in order. */
  story(id: string): readonly Row[];
  /** Every id that a row names, in the order of their first rows. */
  readonly ids: readonly string[];
  /** How a request ended, if the page lived to see it. */
  answerOf(number: number): Placed<'answered'> | undefined;
  /** The forward of this number. */
  callOf(number: number): Placed<'forwarded'> | undefined;
  /** The endpoint that a page delivers to, or a proxy answers at; nothing if there is only one, or none is known. */
  endpointOf(name: string | undefined): string | undefined;
  /** Whether a proxy forwards before it answers, and keeps nothing. */
  isDirect(proxy: string | undefined): boolean;
  /** How a forward ended, if the proxy lived to see it. */
  endOf(number: number): Placed<'forward-ended'> | undefined;
  /** Whether a row of this kind that satisfies `test` lies strictly between two places. */
  between<Kind extends Row['kind']>(
    kind: Kind,
    from: number,
    to: number,
    test?: (row: RowOf<Kind>) => boolean,
  ): boolean;
  /**
   * Whether a row of this kind that satisfies `test` lies before a place, and not longer ago than that.
   * @param to Up to this row, which is not counted itself.
   * @param tab Whose time counts: while that page was frozen, none passed. Without it the true time counts.
   */
  lately<Kind extends Row['kind']>(
    kind: Kind,
    to: number,
    withinMs: number,
    test: (row: RowOf<Kind>) => boolean,
    tab?: string,
  ): boolean;
  /** How far the clock of this name is ahead of the true one at a place, milliseconds. */
  clockOf(name: string, to: number): number;
  /** Whether a page was frozen at a place, and not over. */
  isFrozenAt(tab: string, to: number): boolean;
  /** How long a page was awake between two places, without its own long tasks, milliseconds. */
  awakeMs(tab: string, from: number, to: number): number;
  /** The place where the tab or the proxy was killed, at or behind another place. */
  deathOf(name: string, from?: number): number | undefined;
  /** The place where the page ended, killed or not, at or behind another place. */
  goneAt(tab: string, from?: number): number | undefined;
  /** Whether the page ended at or behind a place, or was frozen and never thawed: it reports nothing any more. */
  isOver(tab: string, from: number): boolean;
  /** Whether an entry was in a store when everything in it was lost, at or behind one place and before another. */
  wasWiped(id: string, from?: number, to?: number): boolean;
}

const namedBy = (row: Row): readonly string[] => {
  const ids = new Set<string>();
  if ('id' in row && row.id !== undefined) ids.add(row.id);
  if ('ids' in row) for (const id of row.ids) ids.add(id);
  if ('verdicts' in row) for (const id of Object.keys(row.verdicts ?? {})) ids.add(id);
  if (row.kind === 'final-outbox') for (const { id } of [...row.entries, ...row.dead]) ids.add(id);
  if (row.kind === 'final-intake') for (const { id } of row.rows) ids.add(id);
  return [...ids];
};

const lengthOf = (from: number, to: number): number => Math.max(0, to - from);

/** Sorts a history. */
export const createChronicle = (history: History): Chronicle => {
  const kinds = new Map<Row['kind'], Placed[]>();
  const abouts = new Map<string, Map<Row['kind'], Placed[]>>();
  const stories = new Map<string, Row[]>();
  const answers = new Map<number, Placed<'answered'>>();
  const ends = new Map<number, Placed<'forward-ended'>>();
  const asked = new Map<number, readonly string[]>();
  const calls = new Map<number, Placed<'forwarded'>>();
  const endpoints = new Map<string, string | undefined>();
  const direct = new Set<string>();
  const deaths = new Map<string, number[]>();
  const closings = new Map<string, number[]>();

  history.forEach((row, index) => {
    const placed = { row, index } as Placed;
    const sameKind = kinds.get(row.kind);
    if (sameKind) sameKind.push(placed);
    else kinds.set(row.kind, [placed]);
    let ids = namedBy(row);
    if (row.kind === 'requested') asked.set(row.number, row.ids);
    if (row.kind === 'forwarded') calls.set(row.number, { row, index });
    if (row.kind === 'opened') endpoints.set(row.tab, row.endpoint);
    if (row.kind === 'started') {
      endpoints.set(row.proxy, row.endpoint);
      if (row.isDirect) direct.add(row.proxy);
    }
    if (row.kind === 'answered') {
      answers.set(row.number, { row, index });
      ids = [...new Set([...(asked.get(row.number) ?? []), ...ids])];
    }
    if (row.kind === 'forward-ended') {
      ends.set(row.number, { row, index });
      const { id } = calls.get(row.number)?.row ?? {};
      ids = id === undefined ? [] : [id];
    }
    if (row.kind === 'killed')
      for (const name of row.names) deaths.set(name, [...(deaths.get(name) ?? []), index]);
    if (row.kind === 'page' && row.change === 'closed')
      closings.set(row.tab, [...(closings.get(row.tab) ?? []), index]);
    for (const id of ids) {
      const story = stories.get(id);
      if (story) story.push(row);
      else stories.set(id, [row]);
      const byKind = abouts.get(id) ?? new Map<Row['kind'], Placed[]>();
      abouts.set(id, byKind);
      const list = byKind.get(row.kind);
      if (list) list.push(placed);
      else byKind.set(row.kind, [placed]);
    }
  });

  const chronicle: Chronicle = {
    history,
    of: <Kind extends Row['kind']>(kind: Kind) => (kinds.get(kind) ?? []) as unknown as Placed<Kind>[],
    about: <Kind extends Row['kind']>(kind: Kind, id: string) =>
      (abouts.get(id)?.get(kind) ?? []) as unknown as Placed<Kind>[],
    story: (id) => stories.get(id) ?? [],
    ids: [...stories.keys()],
    answerOf: (number) => answers.get(number),
    callOf: (number) => calls.get(number),
    endpointOf: (name) => endpoints.get(name ?? ''),
    isDirect: (proxy) => direct.has(proxy ?? ''),
    endOf: (number) => ends.get(number),
    between: (kind, from, to, test = () => true) =>
      chronicle.of(kind).some(({ row, index }) => index > from && index < to && test(row)),
    lately: (kind, to, withinMs, test, tab) => {
      const end = history[to]?.at ?? Infinity;
      return chronicle
        .of(kind)
        .some(
          ({ row, index }) =>
            index < to &&
            test(row) &&
            (tab === undefined ? end - row.at : chronicle.awakeMs(tab, index, to)) <= withinMs,
        );
    },
    clockOf: (name, to) =>
      chronicle
        .of('clock')
        .filter(({ row, index }) => index < to && (row.names?.includes(name) ?? name !== SERVERS))
        .reduce((sum, { row }) => sum + row.byMs, 0),
    isFrozenAt(tab, to) {
      const last = chronicle
        .of('page')
        .findLast(
          ({ row, index }) =>
            index < to && row.tab === tab && (row.change === 'frozen' || row.change === 'thawed'),
        );
      return last?.row.change === 'frozen' && (chronicle.goneAt(tab, last.index) ?? Infinity) >= to;
    },
    awakeMs(tab, from, to) {
      let awakeMs = 0;
      let since = chronicle.isFrozenAt(tab, from) ? undefined : (history[from]?.at ?? 0);
      for (const { row, index } of chronicle.of('page')) {
        if (index < from || index >= to || row.tab !== tab) continue;
        if (row.change === 'frozen') {
          awakeMs += row.at - (since ?? row.at);
          since = undefined;
        } else if (row.change === 'thawed') since ??= row.at;
      }
      const begin = history[from]?.at ?? 0;
      const end = history[to]?.at ?? Infinity;
      const busyMs = chronicle
        .of('busy')
        .filter(({ row }) => row.tab === tab)
        .reduce(
          (sum, { row }) => sum + lengthOf(Math.max(begin, row.at), Math.min(end, row.at + row.taskMs)),
          0,
        );
      return Math.max(0, awakeMs + (since === undefined ? 0 : end - since) - busyMs);
    },
    deathOf: (name, from = 0) => deaths.get(name)?.find((index) => index >= from),
    goneAt: (tab, from = 0) =>
      deaths.get(tab)?.find((index) => index >= from) ?? closings.get(tab)?.find((index) => index >= from),
    isOver: (tab, from) =>
      chronicle.goneAt(tab, from) !== undefined ||
      chronicle
        .of('page')
        .filter(({ row }) => row.tab === tab && (row.change === 'frozen' || row.change === 'thawed'))
        .at(-1)?.row.change === 'frozen',
    wasWiped: (id, from = 0, to = Infinity) =>
      chronicle.of('wiped').some(({ row, index }) => {
        if (row.what !== 'outbox' || index < from || index >= to) return false;
        const store = row.store ?? DISK;
        const isHere = (placed: Placed<'put'> | Placed<'removed'>): boolean =>
          placed.index < index && (placed.row.store ?? DISK) === store && placed.row.shelf === 'entry';
        const puts = chronicle.about('put', id).filter(isHere);
        const removals = chronicle.about('removed', id).filter(isHere);
        return puts.length > 0 && (puts.at(-1)?.index ?? 0) > (removals.at(-1)?.index ?? -1);
      }),
  };
  return chronicle;
};
