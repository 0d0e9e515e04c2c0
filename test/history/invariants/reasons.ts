/**
 * I16 justified: a page gives up only events that it has to. Judged only if a row has the bounds of the outbox.
 */
import { COMMIT_MS, DECISION_MS, HELD_MS, MEMORY_MS, ORDER_MS } from '../bounds.js';
import { type Judgement, judging } from '../breach.js';
import { type Chronicle, DISK, type Placed } from '../chronicle.js';
import type { RowOf } from '../row.js';

type Setting = RowOf<'setting'>;

/** The bounds of the outbox, if the history has them. */
const settingOf = (chronicle: Chronicle): Setting | undefined => chronicle.of('setting')[0]?.row;

/** Whether the database is so small that it may be full at any time. */
export const isNarrow = (chronicle: Chronicle): boolean => settingOf(chronicle)?.storage === 'narrow';

/** Whether the history has each fault of the storage. Otherwise a page may be as slow as a real browser, and as its disk. */
const tellsStorage = (chronicle: Chronicle): boolean => settingOf(chronicle)?.storage === 'told';

/** The latest time that the page may have read from its clock when it decided what it reports here. */
export const latestTime = (chronicle: Chronicle, tab: string, index: number, at: number): number =>
  Math.max(
    at + chronicle.clockOf(tab, index),
    ...chronicle
      .of('clock')
      .filter((moved) => moved.index < index && chronicle.awakeMs(tab, moved.index, index) <= DECISION_MS)
      .map((moved) => moved.row.at + chronicle.clockOf(tab, moved.index)),
  );

/** Whether the life of an event was over by the clock of the page that gave it up. */
const isOver = (
  chronicle: Chronicle,
  { retentionMs }: Setting,
  { row: { id, tab, at }, index }: Placed<'discarded'>,
): boolean => {
  const [created] = chronicle.about('created', id);
  if (!created) return true;
  const madeAt = created.row.at + chronicle.clockOf(created.row.tab, created.index);
  return latestTime(chronicle, tab, index, at) >= madeAt + retentionMs;
};

/**
 * Whether it goes for the reason for which it, or the `viewed` of a `dismissed`, was given up before: by another page if it is
 * the same event, which was stored again late. A page may find the reason in the database before the other one says it.
 */
const goesAlong = (
  chronicle: Chronicle,
  { row: { id, tab, reason }, index }: Placed<'discarded'>,
): boolean => {
  const [created] = chronicle.about('created', id);
  return [
    ...chronicle.of('discarded').filter(({ row }) => row.reason === reason),
    ...chronicle.of('removed').filter(({ row }) => row.why === reason),
  ].some(
    (other) =>
      other.index < index &&
      (other.row.id === id
        ? other.row.tab !== tab
        : created?.row.type === 'dismissed' &&
          chronicle
            .about('created', other.row.id)
            .some(({ row }) => row.type === 'viewed' && row.impressionId === created.row.impressionId)),
  );
};

/** How many entries a store held, at each place where that changed. */
const sizesOf = (
  chronicle: Chronicle,
  store: string,
): readonly { at: number; index: number; size: number }[] => {
  const held = new Set<string>();
  return [...chronicle.of('put'), ...chronicle.of('removed'), ...chronicle.of('wiped')]
    .sort((a, b) => a.index - b.index)
    .flatMap(({ row, index }) => {
      if ((row.store ?? DISK) !== store) return [];
      if (row.kind === 'wiped') {
        if (row.what === 'outbox') held.clear();
      } else if (row.shelf !== 'entry') return [];
      else if (row.kind === 'put') held.add(row.id);
      else held.delete(row.id);
      return { at: row.at, index, size: held.size };
    });
};

/** The most that a store held just before a row. */
const mostBefore = (chronicle: Chronicle, { row, index }: Placed<'removed'>): number => {
  const sizes = sizesOf(chronicle, row.store ?? DISK).filter((each) => each.index < index);
  const before = sizes.findLast(({ at }) => at < row.at - ORDER_MS);
  const lately = sizes.filter(({ at }) => at >= row.at - ORDER_MS);
  return Math.max(0, before?.size ?? 0, ...lately.map(({ size }) => size));
};

/** The most that the memory of a page can have held: what it made itself and has not given up. */
const mostInMemory = (chronicle: Chronicle, { row: { tab, at }, index }: Placed<'discarded'>): number =>
  chronicle
    .of('created')
    .filter(
      (created) =>
        created.row.tab === tab &&
        created.index < index &&
        !chronicle
          .about('discarded', created.row.id)
          .some(({ row }) => row.tab === tab && row.at < at - ORDER_MS),
    ).length;

/** Whether too many events waited in the store of this one. */
const wasFull = (chronicle: Chronicle, { maxEntries }: Setting, told: Placed<'discarded'>): boolean => {
  const { id, tab } = told.row;
  const mine = ({ row, index }: Placed<'removed'> | Placed<'discarded'>): boolean =>
    row.tab === tab && index < told.index;
  const removals = chronicle.about('removed', id).filter(mine);
  if (removals.some((removed) => mostBefore(chronicle, removed) > maxEntries)) return true;
  // If it was given up more often than it left a known store, one of them was the page's memory.
  const isFromMemory = chronicle.about('discarded', id).filter(mine).length >= removals.length;
  return isFromMemory && mostInMemory(chronicle, told) > maxEntries;
};

/** Whether this page was refused room just before. */
const wasRefusedRoom = (chronicle: Chronicle, { row: { tab }, index }: Placed<'discarded'>): boolean =>
  chronicle.lately(
    'fault',
    index,
    DECISION_MS,
    ({ where, what, target = tab }) => where === 'storage' && what === 'quota' && target === tab,
    tab,
  );

/** The consent that this page had at a place. */
const consentAt = (chronicle: Chronicle, tab: string, to: number): 'granted' | 'pending' | 'denied' =>
  chronicle.of('consent').findLast(({ row, index }) => index < to && row.tab === tab)?.row.state ?? 'granted';

/** Whether the database refused this page something just before. */
const wasRefusedStorage = (chronicle: Chronicle, tab: string, index: number): boolean =>
  chronicle.lately(
    'fault',
    index,
    DECISION_MS,
    ({ where, target }) => where === 'storage' && target === tab,
    tab,
  );

/**
 * Whether the user denied consent on this page, or had until just before: a purge goes on to its end. While the database
 * fails, the page repeats the purge, also after consent was given again.
 */
export const wasDenied = (chronicle: Chronicle, tab: string, index: number): boolean =>
  consentAt(chronicle, tab, index) === 'denied' ||
  chronicle
    .of('consent')
    .some(
      ({ row, index: at }) =>
        at < index &&
        row.tab === tab &&
        consentAt(chronicle, tab, at) === 'denied' &&
        (chronicle.awakeMs(tab, at, index) <= DECISION_MS || wasRefusedStorage(chronicle, tab, index)),
    );

/** Whether a proxy refused the event, or another one of its impression, and this page heard of it. */
export const wasRefused = (chronicle: Chronicle, id: string, tab: string, to: number): boolean => {
  const impression = chronicle.about('created', id)[0]?.row.impressionId;
  return chronicle.of('answered').some(
    ({ row, index }) =>
      index < to &&
      Object.entries(row.verdicts ?? {}).some(
        ([other, { kind }]) =>
          kind === 'refused' &&
          (other === id
            ? row.tab === tab
            : // Another tab may have given up the view of a dismissal before that was recorded.
              chronicle.about('created', other)[0]?.row.impressionId === impression),
      ),
  );
};

/** Why a reason does not hold; nothing if it does. */
const faultOf = (chronicle: Chronicle, setting: Setting, told: Placed<'discarded'>): string | undefined => {
  const { id, tab, reason } = told.row;
  if (goesAlong(chronicle, told)) return undefined;
  switch (reason) {
    case 'expired':
      return isOver(chronicle, setting, told) ? undefined : 'before its life was over';
    case 'outbox-full':
      return wasFull(chronicle, setting, told) ? undefined : `though at most ${setting.maxEntries} waited`;
    case 'storage-full':
      return setting.storage === 'narrow' || wasRefusedRoom(chronicle, told)
        ? undefined
        : 'though the page was not refused room';
    case 'consent':
      return wasDenied(chronicle, tab, told.index) ? undefined : 'though nobody denied it';
    case 'refused':
      return wasRefused(chronicle, id, tab, told.index) ? undefined : 'though nobody refused it';
    case 'unreadable':
      return chronicle.about('created', id).length ? 'though the product made it' : undefined;
    default:
      return 'which is no reason';
  }
};

/** Whether something kept a page from its database just before a place. */
export const wasBlocked = (chronicle: Chronicle, tab: string, to: number): boolean =>
  consentAt(chronicle, tab, to) !== 'granted' ||
  chronicle.lately('consent', to, MEMORY_MS, (row) => row.tab === tab && row.state !== 'granted', tab) ||
  chronicle.lately(
    'fault',
    to,
    MEMORY_MS,
    ({ where, target = tab }) => where === 'storage' && target === tab,
    tab,
  ) ||
  // A wipe ends the transactions that are open.
  chronicle.lately('wiped', to, MEMORY_MS, ({ what }) => what === 'outbox', tab) ||
  // A page that is frozen in a transaction blocks the database for all, and its own transaction is then too slow.
  chronicle.lately('page', to, MEMORY_MS, ({ change }) => change === 'frozen' || change === 'thawed', tab) ||
  [...new Set(chronicle.of('opened').map(({ row }) => row.tab))].some((other) =>
    chronicle.isFrozenAt(other, to),
  ) ||
  // So does a busy page: each step of its transaction waits for the end of a task.
  chronicle.lately('busy', to, HELD_MS, (row) => row.tab !== tab);

/** Whether an event had to be in a page's memory when it was committed, and still when the page ended. */
export const hadToBeInMemory = (chronicle: Chronicle, tab: string, index: number): boolean =>
  !tellsStorage(chronicle) ||
  (wasBlocked(chronicle, tab, index) &&
    wasBlocked(chronicle, tab, chronicle.goneAt(tab, index) ?? chronicle.history.length - 1));

/** Whether a page ended, or was frozen for good, before it can have reported what it did at a place. */
export const endedUntold = (chronicle: Chronicle, tab: string, index: number): boolean => {
  if (!chronicle.isOver(tab, index)) return false;
  const end = chronicle.goneAt(tab, index) ?? chronicle.history.length - 1;
  return !tellsStorage(chronicle) || chronicle.awakeMs(tab, index, end) <= DECISION_MS;
};

/** Whether a page ended before its event can have been durable. Nothing is durable while consent is pending. */
export const endedUnwritten = (chronicle: Chronicle, tab: string, index: number): boolean => {
  if (!chronicle.isOver(tab, index)) return false;
  const end = chronicle.goneAt(tab, index) ?? chronicle.history.length - 1;
  const isPending =
    consentAt(chronicle, tab, index) !== 'granted' ||
    chronicle.between('consent', index, end, (said) => said.tab === tab && said.state !== 'granted');
  const isSlow = !tellsStorage(chronicle) || wasBlocked(chronicle, tab, end);
  return isPending || isSlow || chronicle.awakeMs(tab, index, end) <= COMMIT_MS;
};

/** Whether an offer that counts once in the browser was recorded before. */
const wasKnown = (chronicle: Chronicle, { row: { id, tab }, index }: Placed<'declined'>): boolean => {
  const [created] = chronicle.about('created', id);
  return chronicle.of('created').some(({ row, index: madeAt }) => {
    const isSameKind = row.offerId === created?.row.offerId && row.type === created.row.type;
    if (row.id === id || !created || !isSameKind) return false;
    const isOwn = row.tab === tab && madeAt < created.index;
    return (
      // The transaction that finds it known may be the one that stores the first.
      [...chronicle.about('put', row.id), ...chronicle.about('committed', row.id)].some(
        (kept) => kept.index < index || isOwn,
      ) ||
      // The page has it in memory, whether or not its database takes it.
      (isOwn && !chronicle.about('discarded', row.id).some((gone) => gone.index < index))
    );
  });
};

/** I16: an event is given up only for a reason that holds. */
export const justified = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  const setting = settingOf(chronicle);
  if (!setting) return judged.done();
  for (const told of chronicle.of('discarded')) {
    judged.examine();
    const fault = faultOf(chronicle, setting, told);
    if (fault) judged.breach(`given up as ${told.row.reason} ${fault}`, told.row.id);
  }
  for (const declined of chronicle.of('declined')) {
    judged.examine();
    if (!wasKnown(chronicle, declined)) judged.breach('declined, and the first of its kind', declined.row.id);
  }
  return judged.done();
};
