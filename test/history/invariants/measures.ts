/** I8 bounded, I9 liveness, I10 page safety, I11 secrecy, I12 fail closed: the harness's measurements and searches. */
import { type Judgement, judging } from '../breach.js';
import type { Chronicle } from '../chronicle.js';

const LONG_TASK_MS = 50;

/** I8: nothing grows past its bound. */
export const bounded = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row } of chronicle.of('measured')) {
    judged.examine();
    if (row.value > row.bound) judged.breach(`${row.what}: ${row.value}, at most ${row.bound}`);
  }
  return judged.done();
};

/** I9: once faults are over everything drains, and nothing is held. */
export const liveness = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row, index } of chronicle.of('healed')) {
    judged.examine();
    const quiet = chronicle.of('quiet').find((placed) => placed.index > index);
    if (!quiet) judged.breach('never quiet after healing');
    else if (quiet.row.at - row.at > row.withinMs)
      judged.breach(`quiet after ${quiet.row.at - row.at} ms, not within ${row.withinMs}`);
  }
  if (!chronicle.of('healed').length) return judged.done();
  for (const { row } of chronicle.of('final-outbox')) {
    for (const { id, because } of row.entries) {
      judged.examine();
      if (because === undefined) judged.breach('still in the outbox', id);
    }
  }
  for (const { row } of chronicle.of('final-intake')) {
    for (const { id, state } of row.rows) {
      judged.examine();
      if (state === 'waiting' || state === 'forwarding') judged.breach(`still ${state} in the intake`, id);
    }
  }
  for (const { row } of chronicle.of('final-holds')) {
    judged.examine();
    for (const id of row.leases) judged.breach('still leased', id);
  }
  return judged.done();
};

/** I10: the page never suffers. */
export const pageSafety = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row } of chronicle.of('opened')) if (row.watches.length) judged.examine();
  for (const { row } of chronicle.of('harm'))
    if (row.what !== 'long-task' || (row.durationMs ?? Infinity) > LONG_TASK_MS)
      judged.breach(`${row.what} in ${row.tab}: ${row.text}`);
  return judged.done();
};

/** I11: neither the key nor the upstream's name is anywhere on this side. */
export const secrecy = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row } of chronicle.of('searched')) {
    if (row.bytes > 0) judged.examine();
    if (row.hits > 0) judged.breach(`${row.hits} times in ${row.where}`);
  }
  return judged.done();
};

/** I12: an event that fails a check is never forwarded, and none is sent in another user's session. */
export const failClosed = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row, index } of chronicle.of('probed')) {
    judged.examine();
    for (const id of row.ids) {
      if (chronicle.about('forwarded', id).some((forward) => forward.index > index))
        judged.breach(`forwarded though it failed ${row.check}`, id);
      if (chronicle.about('taken', id).some(({ row: taken }) => taken.verdict.kind === 'accepted'))
        judged.breach(`taken though it failed ${row.check}`, id);
    }
  }
  for (const { row } of chronicle.of('requested')) {
    for (const id of row.ids) {
      const subject = chronicle.about('created', id)[0]?.row.subject;
      if (subject === undefined || !('session' in row)) continue;
      judged.examine();
      if (subject !== row.session)
        judged.breach(`an event of ${subject} went out in the session of ${row.session ?? 'nobody'}`, id);
    }
  }
  return judged.done();
};
