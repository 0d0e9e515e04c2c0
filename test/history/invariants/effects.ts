/** I2 no invention, I3 no duplicates, I5 what never changes, I6 none after done, I14 one of each per impression. */
import { LEAD_MS } from '../bounds.js';
import { type Judgement, judging } from '../breach.js';
import type { Ledger, Placed } from '../ledger.js';
import { wasAbsent } from './endpoints.js';

/** I2: every effect is an event that was created, once, with the same offer and type. */
export const noInvention = (ledger: Ledger): Judgement => {
  const judged = judging();
  for (const { row } of ledger.of('effect')) {
    judged.examine();
    const created = row.id === undefined ? [] : ledger.about('created', row.id);
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

/** Whether the proxy could not know what came of a forward. */
const isAmbiguous = (ledger: Ledger, { row, index }: Placed<'forwarded'>): boolean => {
  const end = ledger.endOf(row.number);
  if (!end || end.row.isAmbiguous) return true;
  if (ledger.isDirect(row.proxy)) return false;
  // What it knew was never written: it died first, or its intake failed.
  const settledAt = ledger.about('settled', row.id ?? '').find((settled) => settled.index > index)?.index;
  const to = settledAt ?? ledger.history.length;
  const diedAt = row.proxy === undefined ? undefined : ledger.deathOf(row.proxy, index);
  const isKilled =
    row.proxy === undefined
      ? ledger.between('killed', index, to, ({ what }) => what === 'proxy')
      : diedAt !== undefined && diedAt < to;
  return isKilled || ledger.between('fault', end.index, to, ({ where }) => where === 'intake');
};

/** Forwards of one event that were ambiguous. */
const ambiguousForwards = (ledger: Ledger, id: string): readonly Placed<'forwarded'>[] =>
  ledger.about('forwarded', id).filter((forward) => isAmbiguous(ledger, forward));

/** Whether the very process that forwards had heard before that the upstream has the event. */
const hadHeard = (ledger: Ledger, id: string, proxy: string | undefined, to: number): boolean =>
  ledger.about('forwarded', id).some(({ row }) => {
    const end = ledger.endOf(row.number);
    const isDone = end && !end.row.isAmbiguous && (end.row.status ?? Infinity) < 300;
    return row.proxy === proxy && isDone === true && end.index < to;
  });

/** Which proxy's call an effect came from. */
const causeOf = (ledger: Ledger, { row }: Placed<'effect'>): string | undefined =>
  ledger.callOf(row.number)?.row.proxy;

/** Of several endpoints each has an intake and an upstream of its own. */
const isSamePlace = (ledger: Ledger, a: string | undefined, b: string | undefined): boolean =>
  ledger.endpointOf(a) === ledger.endpointOf(b);

/**
 * I3: one effect an event where the upstream honours the key; where it does not, a further one only for a marked
 * ambiguous attempt, or by a process without storage that has not heard of it.
 */
export const noDuplicates = (ledger: Ledger): Judgement => {
  const judged = judging();
  const modes = ledger.of('mode');
  for (const id of ledger.ids) {
    const all = ledger.about('effect', id);
    const [first] = all;
    if (!first) continue;
    judged.examine();
    const effects = all.filter((each) => isSamePlace(ledger, causeOf(ledger, each), causeOf(ledger, first)));
    const elsewhere = all.find((each) => !effects.includes(each));
    if (elsewhere) {
      const own = ledger.endpointOf(ledger.about('created', id)[0]?.row.tab);
      // What version 0.1 wrote bears no endpoint, and goes with the pages of any.
      if (own === undefined) judged.excuse('any-endpoint');
      else if (wasAbsent(ledger, own, elsewhere.index)) judged.excuse('moved');
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
      const marks = (ledger.about('final-intake', id).at(-1)?.row.rows ?? []).filter((row) => row.id === id);
      const proxy = causeOf(ledger, extra);
      const earlier = ambiguousForwards(ledger, id).filter(
        ({ row, index }) => index < extra.index && isSamePlace(ledger, row.proxy, proxy),
      );
      const isUnheard =
        ledger.isDirect(proxy) &&
        !hadHeard(ledger, id, proxy, ledger.callOf(extra.row.number)?.index ?? extra.index);
      if (isRemembered) judged.breach('counted twice though its key was honoured', id);
      else if (ledger.between('wiped', before.index, extra.index, ({ what }) => what === 'intake'))
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

/** I5: the key, and what is said of an event, never change. */
export const neverChanges = (ledger: Ledger): Judgement => {
  const judged = judging();
  for (const { row } of ledger.of('forwarded')) {
    judged.examine();
    if (row.id === undefined || row.key !== `oe1-${row.id}`)
      judged.breach(`forwarded under the key ${row.key}`, row.id);
    const [created] = row.id === undefined ? [] : ledger.about('created', row.id);
    if (created && (created.row.type !== row.type || created.row.offerId !== row.offerId))
      judged.breach(`forwarded as ${row.type} ${row.offerId}`, row.id);
  }
  const said = new Map<string, string>();
  for (const { row } of ledger.of('requested')) {
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
export const noneAfterDone = (ledger: Ledger): Judgement => {
  const judged = judging();
  for (const { row, index } of ledger.of('settled')) {
    judged.examine();
    for (const forward of ledger.about('forwarded', row.id)) {
      if (forward.index < index || !isSamePlace(ledger, forward.row.proxy, row.proxy)) continue;
      if (ledger.between('wiped', index, forward.index, ({ what }) => what === 'intake')) continue;
      judged.breach(`forwarded after it was ${row.state}`, row.id);
    }
  }
  for (const { row, index } of ledger.of('forwarded')) {
    judged.examine();
    if (row.id === undefined) continue;
    if (ledger.isDirect(row.proxy) && hadHeard(ledger, row.id, row.proxy, index))
      judged.breach('forwarded again by a process that had heard it was done', row.id);
    const end = ledger.endOf(row.number);
    const diedAt = row.proxy === undefined ? undefined : ledger.deathOf(row.proxy, index);
    const to = Math.min(end?.index ?? Infinity, diedAt ?? Infinity);
    const second = ledger
      .about('forwarded', row.id)
      .find(
        (other) =>
          other.index > index &&
          other.index < to &&
          (ledger.isDirect(row.proxy)
            ? other.row.proxy === row.proxy
            : isSamePlace(ledger, other.row.proxy, row.proxy)),
      );
    if (!second || to === Infinity) continue;
    const since = row.at - LEAD_MS;
    const isMoved = ledger.between(
      'clock',
      -1,
      second.index,
      ({ at, names }) => at >= since && (names?.includes('servers') ?? true),
    );
    if (!isMoved) judged.breach('two forwards of it at once', row.id);
  }
  return judged.done();
};

/** Whether a page gave the event up before; another page, or another store, may have it still. */
const wasGivenUp = (ledger: Ledger, id: string, to: number): boolean =>
  ledger.about('discarded', id).some(({ index }) => index < to);

/** I14: at most one `viewed` and one `dismissed` an impression, and the `viewed` reaches the upstream first. */
export const oneOfEach = (ledger: Ledger): Judgement => {
  const judged = judging();
  const seen = new Map<string, string>();
  const views = new Map<string, string>();
  for (const { row } of ledger.of('created')) if (row.type === 'viewed') views.set(row.impressionId, row.id);
  for (const { row } of ledger.of('created')) {
    const view = views.get(row.impressionId);
    const [closed] = ledger.about('effect', row.id);
    if (row.type !== 'dismissed' || view === undefined || !closed) continue;
    judged.examine();
    // Two sites count apart: what was shown at one and closed at the other has no order.
    const shown = ledger
      .about('effect', view)
      .find((each) => isSamePlace(ledger, causeOf(ledger, each), causeOf(ledger, closed)));
    if (!shown || shown.index < closed.index) continue;
    // The first of the two was lost from the store; the page said it all the same when it was left.
    if (ledger.wasWiped(view, 0, closed.index)) judged.excuse('wiped');
    else if (wasGivenUp(ledger, view, closed.index)) judged.excuse('given-up');
    else judged.breach('dismissed upstream before it was viewed', row.id);
  }
  for (const { row } of ledger.of('created')) {
    judged.examine();
    if (ledger.about('declined', row.id).length) continue;
    const name = `${row.impressionId} ${row.type}`;
    const other = seen.get(name);
    if (other !== undefined && other !== row.id)
      judged.breach(`a second ${row.type} of its impression`, row.id);
    seen.set(name, row.id);
  }
  return judged.done();
};
