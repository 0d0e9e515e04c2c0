/**
 * What a decision of the user does to what is stored, also while delivery is not there: an acceptance is remembered, and a
 * denial purges. Once delivery is there, it does both.
 */
import type { Runtime } from '../../runtime.js';
import { MARK_MS, type Outbox, type Owner } from '../outbox/outbox.js';
import type { Mark, Rows } from '../outbox/records.js';
import type { OnNeed } from './on-need.js';
import type { OnDiscard } from './outbox/giving-up.js';
import type { Leasing } from './outbox/leasing.js';

/** What it works with. */
export interface MeanwhileContext {
  readonly outbox: Outbox<Rows>;
  readonly owner: Owner;
  readonly runtime: Pick<Runtime, 'now'>;
  readonly delivery: Pick<OnNeed, 'now' | 'ask'>;
  readonly onDiscard: OnDiscard;
}

/** Does it. */
export interface Meanwhile extends Pick<Leasing, 'drop' | 'purge'> {
  /** Remembers for other pages that an offer was accepted, as soon as there is consent. */
  accept(offerId: string): unknown;
  /** Writes what could not be remembered yet. */
  pay(): unknown;
  /** Whether a denial is not carried out yet. */
  isPurging(): boolean;
}

/** Makes it. */
export const createMeanwhile = ({
  outbox,
  owner,
  runtime,
  delivery,
  onDiscard,
}: MeanwhileContext): Meanwhile => {
  let isPurging = false;
  /** Acceptances that are not stored yet. */
  const owed = new Map<string, Mark>();

  const pay = (): unknown => {
    if (owner.consent !== 'granted' || !owed.size) return undefined;
    const marks = [...owed.values()];
    owed.clear();
    // What the database does not take, though it was asked twice, is known to this page only.
    return outbox.records
      .transact(async (rows) => {
        for (const mark of marks) rows.put(['seen', mark.offerId, 'accepted'], mark);
      })
      .catch(() => undefined);
  };

  return {
    isPurging: () => isPurging,
    pay,

    accept(offerId) {
      const there = delivery.now();
      if (there) return there.accept(offerId);
      owed.set(offerId, { offerId, type: 'accepted', until: runtime.now() + MARK_MS });
      return pay();
    },

    drop(copies) {
      const there = delivery.now();
      if (there) there.drop(copies);
      else
        for (const { event } of copies) {
          if (event.type === 'viewed') outbox.lost.set(event.impressionId, ['consent']);
          onDiscard(event, 'consent', undefined);
        }
    },

    async purge() {
      isPurging = true;
      owed.clear();
      const there = delivery.now();
      // It deletes in portions, in case a slow device cannot delete all at once.
      delivery.ask();
      if (there) await there.purge();
      else
        await outbox.records.transact(async (rows) => {
          // What was recorded after the denial stays. A pause says nothing of a user, and other tabs need it.
          for (const kind of ['entry', 'dead', 'seen', 'state'] as const)
            for (const key of await rows.query('getAllKeys', kind))
              if (key[1] !== 'pause' && !outbox.mirror.has(key[1])) rows.delete(key);
        });
      isPurging = false;
    },
  };
};
