/** Gives up what waits, or marks dead letters as given up, in portions; or counts first what that would concern. */

import { isSubject } from '../../protocol/subject.js';
import { addressKey } from '../door/address.js';
import type { EventState, IntakeRow } from '../intake/admitted.js';
import type { Lane } from '../intake/intake.js';

import { PURGED } from '../intake/ledger.js';
import { eachRow, type LaneName } from './listing.js';

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
  /** Only of this user or address. @default of all */
  readonly visitor?: string | undefined;
  /** Whether to do it; otherwise it is only counted. */
  readonly isMeant: boolean;
}

/** Why what is asked for cannot be found out; undefined if it can. */
export const faultOf = (
  { what, visitor }: Pick<PurgeRequest, 'what' | 'visitor'>,
  lane: LaneName,
): string | undefined => {
  if (visitor === undefined) return undefined;
  // Such as a network or a list, which would count as a visitor without events.
  if (!isSubject(visitor.replace(/\/64$/, '')))
    return 'Name one visitor: a user as the subject hook gives it, or an address.';
  if (what === 'dead')
    return 'A dead letter has no visitor: the proxy forgets who reported an event once it is settled. Choose dead letters by their offer.';
  return lane === 'usage_events'
    ? 'A usage event has no visitor. Choose usage events by their offer.'
    : undefined;
};

/** So many are given up in one transaction, some milliseconds' work. */
const PORTION = 100;

/** Whether an event may have arrived: then it is too late to give it up. */
const mayHaveArrived = ({ state, isAmbiguous }: IntakeRow): boolean =>
  state === 'forwarding' || (state === 'waiting' && isAmbiguous);

/** Ids of rows in portions, newest first, and of how many offers they are. */
async function* idsOf(rows: AsyncIterable<IntakeRow>, offers: Set<string>, onLeft: () => void) {
  let ids: string[] = [];
  for await (const row of rows) {
    if (row.code === PURGED) continue;
    if (mayHaveArrived(row)) {
      onLeft();
      continue;
    }
    offers.add(row.offerId);
    ids.push(row.id);
    if (ids.length < PORTION) continue;
    yield ids;
    ids = [];
  }
  if (ids.length) yield ids;
}

/**
 * The names that an intake may have for a visitor: an address is kept as the key that the door made of it, and a user's id
 * may look like an address.
 */
const namesOf = (visitor: string | undefined): Iterable<string | undefined> =>
  new Set([visitor, visitor === undefined ? undefined : (addressKey(visitor) ?? visitor)]);

/** Counts, or gives up. */
export const purge = async (
  lane: Lane,
  { what, offerId, visitor, isMeant }: PurgeRequest,
  now: () => number,
): Promise<PurgeCount> => {
  const offers = new Set<string>();
  let events = 0;
  let left = 0;
  const states: readonly EventState[] = what === 'waiting' ? ['waiting', 'forwarding'] : ['dead'];
  for (const name of namesOf(visitor)) {
    const rows = eachRow(lane, { offerId, visitor: name, states });
    for await (const ids of idsOf(rows, offers, () => left++))
      events += isMeant ? await lane.purge(ids, now()) : ids.length;
  }
  return { events, offers: offers.size, left };
};
