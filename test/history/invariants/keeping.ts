/** I1 no loss, I15 accounting: where every event is when all is quiet. */
import { type Judgement, judging } from '../breach.js';
import { DISK, type Ledger } from '../ledger.js';
import { endedUntold, endedUnwritten, hadToBeInMemory } from './reasons.js';

/** Where an event ended up. */
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
  /** Given up by a page that died before it could tell. */
  | 'unreported'
  /** Never durable: its page ended first. */
  | 'before-commit'
  | 'nowhere';

const GIVEN_UP = ['expired', 'outbox-full', 'storage-full', 'refused', 'unreadable', 'purged'];

/** Whether the events of the page's memory died with it, or are frozen with it for ever. */
const diedWithPage = (ledger: Ledger, id: string): boolean =>
  ledger
    .about('put', id)
    .some(
      ({ row, index }) =>
        row.shelf === 'entry' &&
        (row.store ?? DISK) !== DISK &&
        ledger.isOver(row.tab, index) &&
        hadToBeInMemory(ledger, row.tab, index) &&
        !ledger
          .about('removed', id)
          .some((removed) => removed.index > index && removed.row.store === row.store),
    ) ||
  ledger
    .about('committed', id)
    .some(
      ({ row, index }) =>
        (row.store ?? DISK) !== DISK &&
        ledger.isOver(row.tab, index) &&
        hadToBeInMemory(ledger, row.tab, index) &&
        !ledger.about('put', id).some((put) => (put.row.store ?? DISK) === DISK),
    );

/** Whether a page gave the event up in the moment in which it died, or was frozen for good. */
const isUnreported = (ledger: Ledger, id: string): boolean =>
  ledger
    .about('removed', id)
    .some(
      ({ row, index }) =>
        row.why !== undefined && GIVEN_UP.includes(row.why) && endedUntold(ledger, row.tab, index),
    ) || ledger.about('unheard', id).some(({ row, index }) => ledger.isOver(row.tab, index));

const isIntakeWiped = (ledger: Ledger, id: string): boolean =>
  ledger
    .about('taken', id)
    .some(({ index }) =>
      ledger.between('wiped', index, ledger.history.length, ({ what }) => what === 'intake'),
    );

/** Where one event ended up. */
const whereIs = (ledger: Ledger, id: string): Whereabouts => {
  if (ledger.about('effect', id).length) return 'effect';
  const [discarded] = ledger.about('discarded', id);
  const finalIntake = ledger
    .about('final-intake', id)
    .at(-1)
    ?.row.rows.find((row) => row.id === id);
  if (ledger.about('settled', id).some(({ row }) => row.state === 'dead') || finalIntake?.state === 'dead')
    return 'dead';
  if (finalIntake && finalIntake.state !== 'done') return 'kept';
  const outbox = ledger.about('final-outbox', id).at(-1)?.row;
  if (outbox?.entries.some((entry) => entry.id === id)) return 'kept';
  if (discarded) return `discarded:${discarded.row.reason}`;
  if (outbox) return 'kept';
  if (ledger.about('declined', id).length) return 'declined';
  if (ledger.wasWiped(id) || isIntakeWiped(ledger, id)) return 'wiped';
  if (diedWithPage(ledger, id)) return 'died-with-page';
  if (isUnreported(ledger, id)) return 'unreported';
  return 'nowhere';
};

/** Whether anybody said that the event is kept. */
const isPromised = (ledger: Ledger, id: string): boolean =>
  ledger.about('committed', id).length > 0 ||
  ledger
    .about('taken', id)
    .some(({ row: { verdict } }) => verdict.kind === 'accepted' || verdict.kind === 'duplicate');

const EXCUSED: readonly Whereabouts[] = ['wiped', 'died-with-page', 'unreported', 'declined'];

/** I1: what was committed, or accepted by the proxy, is an effect, or still kept, or was given up with a reason. */
export const noLoss = (ledger: Ledger): Judgement => {
  const judged = judging();
  for (const id of ledger.ids) {
    if (!isPromised(ledger, id)) continue;
    judged.examine();
    const where = whereIs(ledger, id);
    if (where === 'nowhere') {
      const isDone = ledger.about('settled', id).some(({ row }) => row.state === 'done');
      judged.breach(isDone ? 'called done, but the upstream never counted it' : 'lost', id);
    } else if (EXCUSED.includes(where)) judged.excuse(where);
  }
  return judged.done();
};

/** I15: every event that was created is accounted for, once. */
export const accounting = (ledger: Ledger): Judgement => {
  const judged = judging();
  for (const { row, index } of ledger.of('created')) {
    judged.examine();
    const { id, tab } = row;
    const times = ledger.about('discarded', id).length;
    // A put that nobody waited for took effect late, and is made again: whoever finds it there gives it up, each time.
    const puts = ledger.about('put', id).filter((put) => put.row.tab === tab && put.row.token === undefined);
    const isInMemory = ledger.about('committed', id).some((told) => (told.row.store ?? DISK) !== DISK);
    // One page gave up its copy, once, while its database failed, and another one found what that still had.
    const isApart = ledger
      .of('fault')
      .some(({ row: { where, target } }) => where === 'storage' && target === tab);
    // What a page gave up stayed in the database, since that page ended before it was deleted there.
    const isOwed = ledger
      .about('discarded', id)
      .some((told) => endedUntold(ledger, told.row.tab, told.index));
    const isLate = times > 1 && times <= puts.length + Number(isInMemory || isApart) + Number(isOwed);
    if (isLate) judged.excuse('late-put');
    else if (times > 1) judged.breach(`told as given up ${times} times`, id);
    const where = whereIs(ledger, id);
    if (where !== 'nowhere') continue;
    if (!isPromised(ledger, id) && endedUnwritten(ledger, tab, index)) judged.excuse('before-commit');
    else
      judged.breach(
        isPromised(ledger, id) ? 'promised, and now nowhere' : 'neither durable nor given up',
        id,
      );
  }
  return judged.done();
};

/** How many created events ended up where. */
export const tallyOf = (ledger: Ledger): Readonly<Record<string, number>> => {
  const tally: Record<string, number> = {};
  for (const { row, index } of ledger.of('created')) {
    let where: string = whereIs(ledger, row.id);
    if (where === 'nowhere' && !isPromised(ledger, row.id) && endedUnwritten(ledger, row.tab, index))
      where = 'before-commit';
    tally[where] = (tally[where] ?? 0) + 1;
  }
  return tally;
};
