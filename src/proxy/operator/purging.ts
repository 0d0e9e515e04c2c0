/** Gives up what waits, or marks dead letters as given up, in portions; or counts first what that would concern. */

import type { EventState } from '../intake/admitted.js';
import type { Lane } from '../intake/intake.js';
import { PURGED } from '../intake/rules.js';
import { eachRow } from './listing.js';

/** What can be given up. */
export type Purgeable = 'waiting' | 'dead';

/** What a purge concerned, or would concern. */
export interface PurgeCount {
  readonly events: number;
  /** The number of their offers. */
  readonly offers: number;
  /** Events on their way to Chargebee, which are left. */
  readonly left: number;
}

/** What to give up. */
export interface PurgeRequest {
  readonly what: Purgeable;
  /** Only of this offer. @default of all */
  readonly offerId?: string | undefined;
  /** Whether to do it; otherwise it is only counted. */
  readonly isMeant: boolean;
}

/** So many are given up in one transaction, some milliseconds' work. */
const PORTION = 100;

/** Ids of a state in portions, newest first, and of how many offers they are. */
async function* idsOf(
  lane: Lane,
  state: EventState,
  offerId: string | undefined,
  offers: Set<string>,
): AsyncGenerator<string[]> {
  let ids: string[] = [];
  for await (const row of eachRow(lane, { states: [state], offerId })) {
    if (row.code === PURGED) continue;
    offers.add(row.offerId);
    ids.push(row.id);
    if (ids.length < PORTION) continue;
    yield ids;
    ids = [];
  }
  if (ids.length) yield ids;
}

/** Counts, or gives up. */
export const purge = async (
  lane: Lane,
  { what, offerId, isMeant }: PurgeRequest,
  now: () => number,
): Promise<PurgeCount> => {
  const offers = new Set<string>();
  let events = 0;
  for await (const ids of idsOf(lane, what, offerId, offers))
    events += isMeant ? await lane.purge(ids, now()) : ids.length;
  let left = 0;
  if (what === 'waiting')
    for await (const ids of idsOf(lane, 'forwarding', offerId, new Set())) left += ids.length;
  return { events, offers: offers.size, left };
};
