/** I2 no invention, I3 no duplicates, I5 nothing changes, I6 no forward after done, I14 one of each per impression. */
import { LEAD_MS, ORDER_MS } from '../bounds.js';
import { type Judgement, judging } from '../breach.js';
import type { Chronicle, Placed } from '../chronicle.js';
import type { RowOf } from '../row.js';
import { wasAbsent } from './endpoints.js';

/** I2: every effect is an event that was created, once, with the same offer and type. */
export const noInvention = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row } of chronicle.of('effect')) {
    judged.examine();
    const created = row.id === undefined ? [] : chronicle.about('created', row.id);
    const [first] = created;
    if (!first) judged.breach(`an effect of ${row.type} ${row.offerId} that nobody created`, row.id);
    else if (created.length > 1) judged.breach('created more than once', row.id);
    else if (first.row.type !== row.type || first.row.offerId !== row.offerId)
      judged.breach(
        `counted as ${row.type} ${row.offerId}, but it was ${first.row.type} ${first.row.offerId}`,
        row.id,
      );
  }
  return judged.done();
};

/** Whether the proxy could not know the result of a forward. */
const isAmbiguous = (chronicle: Chronicle, { row, index }: Placed<'forwarded'>): boolean => {
  const end = chronicle.endOf(row.number);
  if (!end || end.row.isAmbiguous) return true;
  if (chronicle.isDirect(row.proxy)) return false;
  // A lead that was taken under another clock is void: another process takes over what is under way.
  const isOther = ({ names }: RowOf<'clock'>): boolean => names?.includes('servers') === true;
  if (chronicle.lately('clock', index, LEAD_MS, isOther)) return true;
  // It never wrote what it knew: it died first, or its intake failed.
  const settledAt = chronicle.about('settled', row.id ?? '').find((settled) => settled.index > index)?.index;
  const to = settledAt ?? chronicle.history.length;
  const diedAt = row.proxy === undefined ? undefined : chronicle.deathOf(row.proxy, index);
  const isKilled =
    row.proxy === undefined
      ? chronicle.between('killed', index, to, ({ what }) => what === 'proxy')
      : diedAt !== undefined && diedAt < to;
  return isKilled || chronicle.between('fault', end.index, to, ({ where }) => where === 'intake');
};

/** Forwards of one event that were ambiguous. */
const ambiguousForwards = (chronicle: Chronicle, id: string): readonly Placed<'forwarded'>[] =>
  chronicle.about('forwarded', id).filter((forward) => isAmbiguous(chronicle, forward));

/** Whether the process that forwards had heard itself that the upstream has the event. */
const hadHeard = (chronicle: Chronicle, id: string, proxy: string | undefined, to: number): boolean =>
  chronicle.about('forwarded', id).some(({ row }) => {
    const end = chronicle.endOf(row.number);
    const isDone = end && !end.row.isAmbiguous && (end.row.status ?? Infinity) < 300;
    return row.proxy === proxy && isDone === true && end.index < to;
  });

/** The proxy whose call caused an effect. */
const causeOf = (chronicle: Chronicle, { row }: Placed<'effect'>): string | undefined =>
  chronicle.callOf(row.number)?.row.proxy;

/** If there are several endpoints, each has an intake and an upstream of its own. */
const isSamePlace = (chronicle: Chronicle, a: string | undefined, b: string | undefined): boolean =>
  chronicle.endpointOf(a) === chronicle.endpointOf(b);

/**
 * I3: an event has one effect if the upstream honours the key. If it does not, each further effect needs a marked
 * ambiguous attempt, or a process without storage that has not heard of the first effect.
 */
export const noDuplicates = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  const modes = chronicle.of('mode');
  for (const id of chronicle.ids) {
    const all = chronicle.about('effect', id);
    const [first] = all;
    if (!first) continue;
    judged.examine();
    const effects = all.filter((each) =>
      isSamePlace(chronicle, causeOf(chronicle, each), causeOf(chronicle, first)),
    );
    const elsewhere = all.find((each) => !effects.includes(each));
    if (elsewhere) {
      const own = chronicle.endpointOf(chronicle.about('created', id)[0]?.row.tab);
      if (own !== undefined && wasAbsent(chronicle, own, elsewhere.index)) judged.excuse('moved');
      else judged.breach('counted at two endpoints', id);
    }
    let before = first;
    effects.slice(1).forEach((extra, at) => {
      const mode = modes.findLast(({ index }) => index < extra.index)?.row ?? {
        keys: 'honours',
        windowMs: Infinity,
      };
      const isRemembered =
        mode.keys === 'honours' ||
        (mode.keys === 'window' && extra.row.at - before.row.at < (mode.windowMs ?? 0));
      const marks = (chronicle.about('final-intake', id).at(-1)?.row.rows ?? []).filter(
        (row) => row.id === id,
      );
      const proxy = causeOf(chronicle, extra);
      const earlier = ambiguousForwards(chronicle, id).filter(
        ({ row, index }) => index < extra.index && isSamePlace(chronicle, row.proxy, proxy),
      );
      const isUnheard =
        chronicle.isDirect(proxy) &&
        !hadHeard(chronicle, id, proxy, chronicle.callOf(extra.row.number)?.index ?? extra.index);
      if (isRemembered) judged.breach('counted twice though its key was honoured', id);
      else if (chronicle.between('wiped', before.index, extra.index, ({ what }) => what === 'intake'))
        judged.excuse('intake-wiped');
      else if (earlier.length <= at && isUnheard) judged.excuse('other-process');
      else if (earlier.length <= at) judged.breach('counted again without an ambiguous attempt before', id);
      else if (marks.length && !marks.some((mark) => mark.isAmbiguous))
        judged.breach('counted again, and not marked as ambiguous', id);
      else judged.excuse('ambiguous');
      before = extra;
    });
  }
  return judged.done();
};

/** I5: the key and the content of an event never change. */
export const neverChanges = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row } of chronicle.of('forwarded')) {
    judged.examine();
    if (row.id === undefined || row.key !== `oe1-${row.id}`)
      judged.breach(`forwarded under the key ${row.key}`, row.id);
    const [created] = row.id === undefined ? [] : chronicle.about('created', row.id);
    if (created && (created.row.type !== row.type || created.row.offerId !== row.offerId))
      judged.breach(`forwarded as ${row.type} ${row.offerId}`, row.id);
  }
  const said = new Map<string, string>();
  for (const { row } of chronicle.of('requested')) {
    for (const [id, content] of Object.entries(row.contents ?? {})) {
      judged.examine();
      const before = said.get(id);
      if (before !== undefined && before !== content) judged.breach(`said ${before}, then ${content}`, id);
      said.set(id, content);
    }
  }
  return judged.done();
};

/**
 * I6: nothing starts for an event that the intake has settled, and never two forwards of it at once. A process without
 * storage is an intake of its own.
 */
export const noneAfterDone = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row, index } of chronicle.of('settled')) {
    judged.examine();
    for (const forward of chronicle.about('forwarded', row.id)) {
      if (forward.index < index || !isSamePlace(chronicle, forward.row.proxy, row.proxy)) continue;
      if (chronicle.between('wiped', index, forward.index, ({ what }) => what === 'intake')) continue;
      judged.breach(`forwarded after it was ${row.state}`, row.id);
    }
  }
  for (const { row, index } of chronicle.of('forwarded')) {
    judged.examine();
    if (row.id === undefined) continue;
    if (chronicle.isDirect(row.proxy) && hadHeard(chronicle, row.id, row.proxy, index))
      judged.breach('forwarded again by a process that had heard it was done', row.id);
    const end = chronicle.endOf(row.number);
    const diedAt = row.proxy === undefined ? undefined : chronicle.deathOf(row.proxy, index);
    const to = Math.min(end?.index ?? Infinity, diedAt ?? Infinity);
    const second = chronicle
      .about('forwarded', row.id)
      .find(
        (other) =>
          other.index > index &&
          other.index < to &&
          (chronicle.isDirect(row.proxy)
            ? other.row.proxy === row.proxy
            : isSamePlace(chronicle, other.row.proxy, row.proxy)),
      );
    if (!second || to === Infinity) continue;
    const since = row.at - LEAD_MS;
    const isMoved = chronicle.between(
      'clock',
      -1,
      second.index,
      ({ at, names }) => at >= since && (names?.includes('servers') ?? true),
    );
    if (!isMoved) judged.breach('two forwards of it at once', row.id);
  }
  return judged.done();
};

/** Whether a page gave up the event before. Another page, or another store, may still have it. */
const wasGivenUp = (chronicle: Chronicle, id: string, to: number): boolean =>
  chronicle.about('discarded', id).some(({ index }) => index < to);

/** Whether a page sent a `dismissed` although it was known by then that its `viewed` was given up. */
const wentAlone = (chronicle: Chronicle, view: string, { row: { id, tab } }: Placed<'created'>): boolean => {
  const [given] = chronicle.about('discarded', view);
  // A view of unknown outcome most often counted. A denial of another page leaves nothing that a page could read.
  if (!given || given.row.code === 'unknown_outcome') return false;
  if (given.row.reason === 'consent' && given.row.tab !== tab) return false;
  return chronicle
    .of('requested')
    .some(
      ({ row, index, row: { at } }) =>
        index > given.index &&
        at > given.row.at + ORDER_MS &&
        row.ids.includes(id) &&
        !row.ids.includes(view),
    );
};

/** I14: at most one `viewed` and one `dismissed` an impression, and the `viewed` reaches the upstream first: without it, a page sends none. */
export const oneOfEach = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  const seen = new Map<string, string>();
  const views = new Map<string, string>();
  for (const { row } of chronicle.of('created'))
    if (row.type === 'viewed') views.set(row.impressionId, row.id);
  for (const placed of chronicle.of('created')) {
    const { row } = placed;
    const view = views.get(row.impressionId);
    const [closed] = chronicle.about('effect', row.id);
    if (row.type !== 'dismissed' || view === undefined || !closed) continue;
    judged.examine();
    // Two sites count apart, so an offer that was shown at one and closed at the other has no order.
    const shown = chronicle
      .about('effect', view)
      .find((each) => isSamePlace(chronicle, causeOf(chronicle, each), causeOf(chronicle, closed)));
    if (!shown && wentAlone(chronicle, view, placed)) {
      if (chronicle.wasWiped(view, 0, closed.index)) judged.excuse('wiped');
      else judged.breach('dismissed upstream, though its view was given up before it was sent', row.id);
    }
    if (!shown || shown.index < closed.index) continue;
    // The first of the two was lost from the store, but the page still sent it in its farewell.
    if (chronicle.wasWiped(view, 0, closed.index)) judged.excuse('wiped');
    else if (wasGivenUp(chronicle, view, closed.index)) judged.excuse('given-up');
    else judged.breach('dismissed upstream before it was viewed', row.id);
  }
  for (const { row } of chronicle.of('created')) {
    judged.examine();
    if (chronicle.about('declined', row.id).length) continue;
    const name = `${row.impressionId} ${row.type}`;
    const other = seen.get(name);
    if (other !== undefined && other !== row.id)
      judged.breach(`a second ${row.type} of its impression`, row.id);
    seen.set(name, row.id);
  }
  return judged.done();
};
