/** I1 no loss, I15 accounting: where every event is when all is quiet. */
import { type Judgement, judging } from '../breach.js';
import { type Chronicle, DISK } from '../chronicle.js';
import { endedUntold, endedUnwritten, hadToBeInMemory, wasBlocked } from './reasons.js';

/** The place where an event ended up. */
type Whereabouts =
  | 'effect'
  /** Dead in the intake: the upstream refused it, or it waited too long there. */
  | 'dead'
  /** Waits in the outbox or in the intake. */
  | 'kept'
  /** Given up by the page and reported. */
  | `discarded:${string}`
  /** Never promised. */
  | 'declined'
  /** Gone with storage that was wiped. */
  | 'wiped'
  /** In a page's memory, because storage was blocked, when the page ended. */
  | 'died-with-page'
  /** Given up by a page that died before it could report that. */
  | 'unreported'
  /** Never durable: its page ended first. */
  | 'before-commit'
  | 'nowhere';

const GIVEN_UP = ['expired', 'outbox-full', 'storage-full', 'refused', 'unreadable', 'purged'];

/** Whether the events of the page's memory died with it, or are frozen with it for ever. */
const diedWithPage = (chronicle: Chronicle, id: string): boolean =>
  chronicle
    .about('put', id)
    .some(
      ({ row, index }) =>
        row.shelf === 'entry' &&
        (row.store ?? DISK) !== DISK &&
        chronicle.isOver(row.tab, index) &&
        hadToBeInMemory(chronicle, row.tab, index) &&
        !chronicle
          .about('removed', id)
          .some((removed) => removed.index > index && removed.row.store === row.store),
    ) ||
  chronicle
    .about('committed', id)
    .some(
      ({ row, index }) =>
        (row.store ?? DISK) !== DISK &&
        chronicle.isOver(row.tab, index) &&
        hadToBeInMemory(chronicle, row.tab, index) &&
        !chronicle.about('put', id).some((put) => (put.row.store ?? DISK) === DISK),
    );

/** Whether a page gave up the event at the moment at which it died or was frozen for good. */
const isUnreported = (chronicle: Chronicle, id: string): boolean =>
  chronicle
    .about('removed', id)
    .some(
      ({ row, index }) =>
        row.why !== undefined && GIVEN_UP.includes(row.why) && endedUntold(chronicle, row.tab, index),
    ) || chronicle.about('unheard', id).some(({ row, index }) => chronicle.isOver(row.tab, index));

const isIntakeWiped = (chronicle: Chronicle, id: string): boolean =>
  chronicle
    .about('taken', id)
    .some(({ index }) =>
      chronicle.between('wiped', index, chronicle.history.length, ({ what }) => what === 'intake'),
    );

/** Finds where one event ended up. */
const whereIs = (chronicle: Chronicle, id: string): Whereabouts => {
  if (chronicle.about('effect', id).length) return 'effect';
  const [discarded] = chronicle.about('discarded', id);
  const finalIntake = chronicle
    .about('final-intake', id)
    .at(-1)
    ?.row.rows.find((row) => row.id === id);
  if (chronicle.about('settled', id).some(({ row }) => row.state === 'dead') || finalIntake?.state === 'dead')
    return 'dead';
  if (finalIntake && finalIntake.state !== 'done') return 'kept';
  const outbox = chronicle.about('final-outbox', id).at(-1)?.row;
  if (outbox?.entries.some((entry) => entry.id === id)) return 'kept';
  if (discarded) return `discarded:${discarded.row.reason}`;
  if (outbox) return 'kept';
  if (chronicle.about('declined', id).length) return 'declined';
  if (chronicle.wasWiped(id) || isIntakeWiped(chronicle, id)) return 'wiped';
  if (diedWithPage(chronicle, id)) return 'died-with-page';
  if (isUnreported(chronicle, id)) return 'unreported';
  return 'nowhere';
};

/** Whether anybody said that the event is kept. */
const isPromised = (chronicle: Chronicle, id: string): boolean =>
  chronicle.about('committed', id).length > 0 ||
  chronicle
    .about('taken', id)
    .some(({ row: { verdict } }) => verdict.kind === 'accepted' || verdict.kind === 'duplicate');

const EXCUSED: readonly Whereabouts[] = ['wiped', 'died-with-page', 'unreported', 'declined'];

/** I1: every event that was committed or accepted is an effect, or still kept, or was given up with a reason. */
export const noLoss = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const id of chronicle.ids) {
    if (!isPromised(chronicle, id)) continue;
    judged.examine();
    const where = whereIs(chronicle, id);
    if (where === 'nowhere') {
      const isDone = chronicle.about('settled', id).some(({ row }) => row.state === 'done');
      judged.breach(isDone ? 'called done, but the upstream never counted it' : 'lost', id);
    } else if (EXCUSED.includes(where)) judged.excuse(where);
  }
  return judged.done();
};

/** I15: every event that was created is accounted for, once. */
export const accounting = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row, index } of chronicle.of('created')) {
    judged.examine();
    const { id, tab } = row;
    const times = chronicle.about('discarded', id).length;
    // A put that nobody waited for took effect late, and is made again: every page that finds it there gives it up.
    const puts = chronicle
      .about('put', id)
      .filter((put) => put.row.tab === tab && put.row.token === undefined);
    const isInMemory = chronicle.about('committed', id).some((told) => (told.row.store ?? DISK) !== DISK);
    // One page gave up its copy, once, while its database failed, and another one found what that still had.
    const isApart = chronicle
      .about('discarded', id)
      .some((told) => told.row.tab === tab && wasBlocked(chronicle, tab, told.index));
    // An event that a page gave up stayed in the database, since the page ended before it deleted the event there.
    const isOwed = chronicle
      .about('discarded', id)
      .some((told) => endedUntold(chronicle, told.row.tab, told.index));
    const isLate = times > 1 && times <= puts.length + Number(isInMemory || isApart) + Number(isOwed);
    if (isLate) judged.excuse('late-put');
    else if (times > 1) judged.breach(`told as given up ${times} times`, id);
    const where = whereIs(chronicle, id);
    if (where !== 'nowhere') continue;
    if (!isPromised(chronicle, id) && endedUnwritten(chronicle, tab, index)) judged.excuse('before-commit');
    else
      judged.breach(
        isPromised(chronicle, id) ? 'promised, and now nowhere' : 'neither durable nor given up',
        id,
      );
  }
  return judged.done();
};

/** How many created events ended up where. */
export const tallyOf = (chronicle: Chronicle): Readonly<Record<string, number>> => {
  const tally: Record<string, number> = {};
  for (const { row, index } of chronicle.of('created')) {
    let where: string = whereIs(chronicle, row.id);
    if (where === 'nowhere' && !isPromised(chronicle, row.id) && endedUnwritten(chronicle, row.tab, index))
      where = 'before-commit';
    tally[where] = (tally[where] ?? 0) + 1;
  }
  return tally;
};
