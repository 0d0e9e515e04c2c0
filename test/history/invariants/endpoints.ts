/** I17 an event goes to its own endpoint, I18 nobody touches what another version wrote. */
import { type Judgement, judging } from '../breach.js';
import type { Chronicle, Placed } from '../chronicle.js';
import { latestTime, wasDenied } from './reasons.js';

const HOUR_MS = 3_600_000;
/** A page brings another endpoint the events that have waited so long for it. */
const STRANDED_MS = 24 * HOUR_MS;
/** An entry of a later version is given up when it is so old. */
const LONGEST_LIFE_MS = 6 * 24 * HOUR_MS;

/** The answers of an endpoint to flushes before a place, by the clock of the page that heard them. */
const answersOf = (chronicle: Chronicle, endpoint: string, to: number) =>
  chronicle
    .of('requested')
    .filter(({ row }) => row.endpoint === endpoint)
    .flatMap(({ row: { number, isFarewell } }) => {
      const answer = chronicle.answerOf(number);
      if (!answer || answer.index >= to || isFarewell) return [];
      const { row, index } = answer;
      return [{ row, index, heardAt: row.at + chronicle.clockOf(row.tab, index) }];
    })
    .sort((a, b) => a.index - b.index);

/** Whether an endpoint seemed absent, and an hour later again, and never answered well in between. */
export const wasAbsent = (chronicle: Chronicle, endpoint: string, to: number): boolean => {
  let since = Infinity;
  for (const { row, heardAt } of answersOf(chronicle, endpoint, to)) {
    if (row.verdicts) since = Infinity;
    else if (row.isAbsent) {
      if (heardAt - since >= HOUR_MS) return true;
      since = Math.min(since, heardAt);
    }
  }
  return false;
};

/** When an event was made, by the clock of its page. */
const madeAt = (chronicle: Chronicle, { row, index }: Placed<'created'>): number =>
  row.at + chronicle.clockOf(row.tab, index);

/**
 * I17: only an event's own endpoint takes it, unless nobody is there. Pages of other endpoints bring it there only when
 * it has waited for a day.
 */
export const ownEndpoint = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  const ownOf = (created: Placed<'created'> | undefined): string | undefined =>
    chronicle.endpointOf(created?.row.tab);
  for (const { row, index } of chronicle.of('taken')) {
    const own = ownOf(chronicle.about('created', row.id)[0]);
    const there = chronicle.endpointOf(row.proxy);
    if (own === undefined || there === undefined) continue;
    judged.examine();
    if (there !== own && !wasAbsent(chronicle, own, index))
      judged.breach(`taken at ${there}, and nobody had found ${own} absent for an hour`, row.id);
  }
  for (const { row, index } of chronicle.of('requested')) {
    const { tab, endpoint } = row;
    if (endpoint === undefined || endpoint === chronicle.endpointOf(tab)) continue;
    for (const id of row.ids) {
      const [created] = chronicle.about('created', id);
      if (!created || ownOf(created) === undefined) continue;
      judged.examine();
      if (ownOf(created) !== endpoint) judged.breach(`brought to ${endpoint}, which is not its own`, id);
      else if (latestTime(chronicle, tab, index, row.at) < madeAt(chronicle, created) + STRANDED_MS)
        judged.breach(`brought to ${endpoint} by ${tab} before it had waited for a day`, id);
    }
  }
  return judged.done();
};

/** When a UUIDv7 was made, epoch milliseconds. */
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 13).replace('-', ''), 16);

/** I18: fields that this version does not know are never sent, changed or removed while the entry lives. */
export const leftAlone = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row } of chronicle.of('requested')) {
    if (row.extras?.length) judged.breach(`${row.tab} sent ${row.extras.join()}`, row.ids[0]);
    for (const id of row.ids)
      if (chronicle.about('put', id).some((put) => put.row.isNewer))
        judged.breach('sent by an older version', id);
  }
  for (const id of chronicle.ids) {
    const [first, ...others] = chronicle.about('put', id).filter(({ row }) => row.shelf === 'entry');
    if (first?.row.unknown === undefined) continue;
    judged.examine();
    for (const { row } of others)
      if (row.unknown !== first.row.unknown)
        judged.breach(`${row.tab} wrote ${row.unknown ?? 'nothing'} for ${first.row.unknown}`, id);
    if (!first.row.isNewer) continue;
    for (const { row, index } of chronicle.about('removed', id)) {
      const isPurged = wasDenied(chronicle, row.tab, index);
      const isExpired = latestTime(chronicle, row.tab, index, row.at) >= timeOf(id) + LONGEST_LIFE_MS;
      if (!isPurged && !isExpired) judged.breach(`taken away by ${row.tab}, which cannot read it`, id);
    }
  }
  return judged.done();
};
