/** What a pass over the entries takes and what it gives up, oldest first. Does not know storage. */

import { MAX_RETENTION_MS } from '../../../protocol/retention.js';
import type { Owner } from '../../outbox/outbox.js';
import type { LeasedEntry, Loss, OutboxEntry, RecordKey } from '../../outbox/records.js';
import type { Discard, DiscardReason } from './giving-up.js';
import { believed, isEntry, LEASE_MS, reservedUntil, strangeness } from './reading.js';

/** A pass. It may see the same records again. */
export interface Pass {
  readonly token: string;
  /** Most entries that it takes of the next records. */
  limit: number;
  /** Nothing is due before, epoch milliseconds. */
  pausedUntil: number;
  /** So many of the next records have to go, and why. */
  excess: number;
  reason: DiscardReason;
  /** What it took of the latest records, oldest first; a `dismissed` comes after its `viewed`. */
  taken: LeasedEntry[];
  /** Offers of which an older event waits. */
  heldOffers: Set<string>;
  /** Why impressions were given up. */
  lost: Map<string, Loss>;
  /** When something else is due, epoch milliseconds; undefined if nothing waits. */
  nextAt?: number | undefined;
}

/** Goes over some more records. Returns whether the rest does not matter. */
export type Choose = (
  records: readonly (readonly [RecordKey, unknown])[],
  pass: Pass,
  discard: Discard,
) => boolean;

/**
 * An entry that has waited so long for another endpoint is stranded: perhaps no page of that endpoint will ever be opened.
 */
const STRANDED_MS = 24 * 3_600_000;

/** What choosing works with. */
export interface ChoosingContext {
  readonly owner: Owner;
  readonly now: () => number;
  /** How long an event of the caller's endpoint may wait, milliseconds. */
  readonly lifeMs: number;
  /** Whether the caller's page has recorded it, and so hears what became of it. */
  isOwn(id: string): boolean;
  /** Whether an endpoint's entries go where the caller delivers. */
  isOurs(endpoint: string, isStranded: boolean): boolean;
  /** Codes by the ids of events that the proxy refused. */
  readonly refused: ReadonlyMap<string, string>;
  /** Why impressions were given up before. */
  readonly lostBefore: ReadonlyMap<string, Loss>;
}

/** Makes what chooses. */
export const createChoosing = ({
  owner,
  now: clock,
  lifeMs,
  isOwn,
  isOurs,
  refused,
  lostBefore,
}: ChoosingContext): Choose => {
  /** Another user's waits until that one is back, or it expires; another endpoint's goes there. */
  const isOthers = ({ event: { subject, occurredAt }, endpoint }: OutboxEntry, now: number): boolean =>
    (subject && subject !== owner.subject) || !isOurs(endpoint, occurredAt + STRANDED_MS <= now);

  return (records, pass, discard) => {
    const { token, heldOffers, lost } = pass;
    const now = clock();
    const soon = (at: number): unknown => (pass.nextAt = Math.min(pass.nextAt ?? at, at));
    for (const [key, value] of records) {
      if (!isEntry(value, key)) {
        const what = strangeness(key, value, now);
        if (what) discard(key, undefined, what);
        continue;
      }
      const { event, notBeforeAt, endpoint } = value;
      const { id, offerId, impressionId, occurredAt } = event;
      const reserved = reservedUntil(value, now);
      const refusal = refused.get(id);
      // A clock that is set back lengthens its life: better than losing it.
      const isOver = now >= occurredAt + (isOurs(endpoint, false) ? lifeMs : MAX_RETENTION_MS);
      const why: Loss | undefined | false =
        refusal !== undefined
          ? ['refused', refusal]
          : // The `dismissed` of a `viewed` that is given up could never be sent, so it goes with it.
            (lost.get(impressionId) ??
            lostBefore.get(impressionId) ??
            (isOver ? ['expired'] : pass.excess > 0 && [pass.reason]));
      const dueAt = Math.max(reserved, believed(notBeforeAt, now), pass.pausedUntil);
      if (why && (why[0] === 'refused' || reserved <= now)) {
        pass.excess--;
        // A view of unknown outcome has most often counted.
        if (refusal !== 'unknown_outcome') lost.set(impressionId, why);
        discard(key, event, why[0] as DiscardReason, why[1]);
      } else if (isOthers(value, now)) {
        // This page has nothing to do with it.
      } else if (pass.taken.length === pass.limit) {
        soon(now);
        if (!lost.size && pass.excess <= 0) return true;
      } else if (dueAt > now || heldOffers.has(offerId)) {
        // What waits for an older event of its offer is due whenever that one is.
        if (dueAt > now) soon(dueAt);
        heldOffers.add(offerId);
      } else
        pass.taken.push({
          ...value,
          // Who had leased it and did not give it back has died, perhaps after the request.
          ...(value.lease && !isOwn(id) && { mayBeKnown: true }),
          lease: { token, until: now + LEASE_MS },
        });
    }
    return false;
  };
};
