/** Lets all dead letters of a lane wait anew, in portions. */
import type { Lane } from '../intake/intake.js';
import { PURGED } from '../intake/rules.js';
import { eachRow } from './listing.js';
import { nextTurn } from './portions.js';

/** So many wait anew in one transaction, some milliseconds' work. */
const PORTION = 100;

/**
 * Retries all but what an operator gave up.
 * @returns How many there were.
 */
export const retryAll = async (lane: Lane, now: () => number): Promise<number> => {
  const ids: string[] = [];
  for await (const { id, code } of eachRow(lane, { states: ['dead'] })) if (code !== PURGED) ids.push(id);
  // Oldest first: a `dismissed` whose `viewed` is still a dead letter would stay with it.
  ids.reverse();
  let retried = 0;
  for (let at = 0; at < ids.length; at += PORTION) {
    retried += await lane.retry(ids.slice(at, at + PORTION), now());
    await nextTurn();
  }
  return retried;
};
