/** Lets dead letters wait again: those of given ids, those of an offer or a time, or all. */
import { OffersightError } from '../../errors.js';
import type { OfferEventType } from '../../protocol/event.js';
import type { Lane, ListFilter } from '../intake/intake.js';

import { PURGED } from '../intake/ledger.js';
import { eachRow } from './listing.js';

/** Which dead letters to retry. */
export interface RetryRequest extends Pick<ListFilter, 'offerId' | 'since'> {
  /** These. @default those that the rest chooses, except what an operator gave up */
  readonly ids?: readonly string[] | undefined;
}

/** So many are retried in one transaction, some milliseconds' work. */
const PORTION = 100;

const retryChosen = async (
  lane: Lane,
  chosen: Pick<ListFilter, 'offerId' | 'since'>,
  now: () => number,
): Promise<number> => {
  // Views first, since a `dismissed` stays a dead letter as long as its `viewed` is one.
  const ids: Record<OfferEventType, string[]> = { viewed: [], dismissed: [] };
  for await (const { id, type, code } of eachRow(lane, { ...chosen, states: ['dead'] }))
    if (code !== PURGED) ids[type].push(id);
  const inOrder = [...ids.viewed, ...ids.dismissed];
  let retried = 0;
  for (let at = 0; at < inOrder.length; at += PORTION)
    retried += await lane.retry(inOrder.slice(at, at + PORTION), now(), true);
  return retried;
};

/**
 * Retries them, and says how many wait again.
 * @throws {OffersightError} `configuration` if they are chosen in both ways.
 */
export const retry = async (
  lane: Lane,
  { ids = [], offerId, since }: RetryRequest,
  now: () => number,
): Promise<number> => {
  const isChosen = offerId !== undefined || since !== undefined;
  if (!isChosen) return lane.retry(ids.length ? ids : undefined, now());
  if (ids.length)
    throw new OffersightError('configuration', 'Choose dead letters by their ids, or by offer and since.');
  return retryChosen(lane, { offerId, since }, now);
};
