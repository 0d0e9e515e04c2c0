/** I4 no removal without an answer, I13 an entry that is gone stays gone, I20 nor is it sent again: the store's trace. */
import { DECISION_MS, LEASE_MS, REQUEST_MS } from '../bounds.js';
import { type Judgement, judging } from '../breach.js';
import { type Chronicle, DISK, type Placed } from '../chronicle.js';
import type { RowOf } from '../row.js';
import { endedUntold, isNarrow, wasBlocked, wasRefused } from './reasons.js';

/** A lease has the time at which its transaction began, which ends within this time unless its page is busy. */
const TRANSACTION_MS = 2_000;

/** Whether the page reported that it gave up the event. It has to, sooner or later, unless it dies. */
const isTold = (chronicle: Chronicle, { row }: Placed<'removed'>): boolean =>
  chronicle.about('discarded', row.id).some((told) => told.row.tab === row.tab);

/** A valid verdict that the removing page itself heard between two places. */
const isAnswered = (chronicle: Chronicle, { id, tab }: RowOf<'removed'>, from: number, to: number): boolean =>
  chronicle.about('answered', id).some((answered) => {
    const verdict = answered.row.verdicts?.[id];
    return (
      answered.index > from &&
      answered.index < to &&
      answered.row.tab === tab &&
      (verdict?.kind === 'accepted' || verdict?.kind === 'duplicate')
    );
  });

/**
 * Whether the page delivered the event from its memory while a transaction removed it: one that the page had given up, or
 * one that made room and ended after the answer. Then there is nothing left to report.
 */
const isOutOfMemory = (chronicle: Chronicle, { row, index }: Placed<'removed'>): boolean => {
  const end = chronicle.history.findIndex(({ at }, place) => place > index && at > row.at + DECISION_MS);
  const isEvicted = isNarrow(chronicle) && isAnswered(chronicle, row, index, end < 0 ? Infinity : end);
  return isEvicted || (wasBlocked(chronicle, row.tab, index) && isAnswered(chronicle, row, index, Infinity));
};

/** Whether a page sent an event from its memory, since it was kept from the database. No other page can know that. */
const isUnleased = (chronicle: Chronicle, id: string, tab: string, to: number): boolean =>
  wasBlocked(chronicle, tab, to) &&
  !chronicle.lately(
    'put',
    to,
    LEASE_MS,
    (put) => put.id === id && put.tab === tab && put.token !== undefined,
    tab,
  );

/** Whether another page is delivering the entry, and will report the result. */
const isInFlight = (chronicle: Chronicle, { row, index }: Placed<'removed'>): boolean =>
  chronicle.about('requested', row.id).some(({ row: request, index: at }) => {
    if (request.isFarewell || at > index || row.at - request.at >= REQUEST_MS) return false;
    const endedAt = chronicle.answerOf(request.number)?.index ?? Infinity;
    if (endedAt < index || (chronicle.goneAt(request.tab, at) ?? Infinity) < index) return false;
    if (isUnleased(chronicle, row.id, request.tab, at)) return false;
    // A page that was frozen with its lease may ask at once when it is thawed.
    const isStill = !chronicle.lately(
      'page',
      index,
      row.at - request.at + LEASE_MS,
      ({ tab, change }) => tab === request.tab && ['frozen', 'thawed', 'pagehide'].includes(change),
    );
    const leasedSince = request.at - TRANSACTION_MS;
    return isStill && !chronicle.between('clock', -1, index, ({ at: movedAt }) => movedAt > leasedSince);
  });

/** I4: an entry leaves the store by a verdict, or given up and reported, or purged. */
export const noDeleteWithoutAck = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const placed of chronicle.of('removed')) {
    const { row, index } = placed;
    // An event that nobody created was never promised.
    if (row.shelf !== 'entry' || !chronicle.about('created', row.id).length) continue;
    judged.examine();
    if (isAnswered(chronicle, row, -1, index)) continue;
    const given = chronicle.about('discarded', row.id).find((told) => told.row.tab === row.tab)?.row;
    const isPurged =
      // The trace calls a purged event expired if its time is over, since it only sees the event go.
      (row.why === 'purged' || given?.reason === 'consent') &&
      chronicle.of('consent').some((said) => said.index < index && said.row.state === 'denied');
    const store = row.store ?? DISK;
    if (isPurged) continue;
    const told = isTold(chronicle, placed);
    const isDying = endedUntold(chronicle, row.tab, index) && row.why !== undefined;
    // The trace only sees it go: what a page reports says more.
    const why = row.why === 'settled' ? undefined : row.why;
    const reason = why ?? given?.reason;
    if (!told && isOutOfMemory(chronicle, placed)) judged.excuse('from-memory');
    else if (!told && !isDying) judged.breach(`left the ${store} without an answer and untold`, row.id);
    else if (!told && row.why === 'settled') judged.breach('settled without an answer', row.id);
    else if (reason === 'refused' && !wasRefused(chronicle, row.id, row.tab, index))
      judged.breach('nobody refused it', row.id);
    else if (isInFlight(chronicle, placed) && (reason === 'expired' || reason === 'outbox-full'))
      judged.breach(`given up as ${reason} while it was being delivered`, row.id);
    else if (!told) judged.excuse('unreported');
  }
  return judged.done();
};

/** I13: created comes first, and an entry that left a store never comes back to it. */
export const monotone = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  const wipes = chronicle.of('wiped').filter(({ row }) => row.what === 'outbox');
  for (const id of chronicle.ids) {
    const [created] = chronicle.about('created', id);
    if (!created) continue;
    judged.examine();
    if (chronicle.story(id)[0] !== created.row) judged.breach('known before it was created', id);
    const stores = new Set(chronicle.about('put', id).map(({ row }) => row.store ?? DISK));
    for (const store of stores) {
      const isHere = ({ row }: Placed<'put'> | Placed<'removed'>): boolean =>
        row.shelf === 'entry' && (row.store ?? DISK) === store;
      const puts = chronicle.about('put', id).filter(isHere);
      const losses = [
        ...chronicle.about('removed', id).filter(isHere),
        ...wipes.filter(({ row }) => (row.store ?? DISK) === store),
      ].map(({ index }) => index);
      /** The first write behind each loss. */
      const returns = puts.filter(({ index }, at) => {
        const before = puts[at - 1]?.index ?? index;
        return losses.some((loss) => before < loss && loss < index);
      });
      if (!returns[0]) continue;
      // A write that was given up but took effect is written again. A farewell can be answered in between.
      const isRepeated = returns.every(
        ({ row, index }) =>
          row.tab === created.row.tab &&
          row.token === undefined &&
          // While the second write was on its way, another tab may have settled it, and reported that.
          !chronicle
            .about('committed', id)
            .some(
              (told) =>
                told.index < index &&
                (told.row.store ?? DISK) === store &&
                (losses.some((loss) => told.index < loss && loss < index) ||
                  chronicle.awakeMs(row.tab, told.index, index) > TRANSACTION_MS),
            ),
      );
      if (isRepeated) judged.excuse('copy');
      else judged.breach(`came back to the ${store} after it had gone`, id);
    }
  }
  return judged.done();
};

/** I20: a page that heard that the proxy has an event never sends it again, in whatever way it leaves. */
export const neverAskedAgain = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row: answered, index } of chronicle.of('answered'))
    for (const [id, { kind }] of Object.entries(answered.verdicts ?? {})) {
      if (kind !== 'accepted' && kind !== 'duplicate') continue;
      judged.examine();
      const isAgain = chronicle.about('requested', id).some(
        ({ row, index: at }) =>
          at > index &&
          row.tab === answered.tab &&
          // What was leased before the answer may be about to leave.
          chronicle.awakeMs(row.tab, index, at) > DECISION_MS,
      );
      if (isAgain) judged.breach('asked again by the page that heard its verdict', id);
    }
  return judged.done();
};
