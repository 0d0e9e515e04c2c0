/**
 * What a decision of the user does to what is stored, also while delivery is not there: an acceptance is remembered, and a
 * denial purges. Once delivery is there, it does both.
 */
import type { Runtime } from '../../runtime.js';
import type { MARK_MS, Outbox, Owner } from '../outbox/outbox.js';
import type { Mark, OutboxEntry, Rows } from '../outbox/records.js';
import type { OnNeed } from './on-need.js';
import type { OnDiscard } from './outbox/giving-up.js';
import type { Leasing } from './outbox/leasing.js';

/** What it works with. */
export interface MeanwhileContext {
  readonly outbox: Outbox<Rows>;
  readonly owner: Owner;
  readonly runtime: Pick<Runtime, 'now'>;
  readonly delivery: Pick<OnNeed, 'now' | 'act'>;
  readonly onDiscard: OnDiscard;
}

/** Does it. */
export interface Meanwhile extends Pick<Leasing, 'accept' | 'drop' | 'purge'> {
  /** Whether a denial is not carried out yet. */
  isPurging(): boolean;
}

/** Repeated here and checked by its type: importing the value would grow the first load. */
const REMEMBERED_MS: typeof MARK_MS = 2_592_000_000;

/** Makes it. */
export const createMeanwhile = ({
  outbox,
  owner,
  runtime,
  delivery,
  onDiscard,
}: MeanwhileContext): Meanwhile => {
  let isPurging = false;
  /** What was reported, though a write that is under way may store it yet. */
  const dropped = new Set<string>();
  return {
    isPurging: () => isPurging,

    accept(offerId, expiresAt) {
      const leave = (): Promise<unknown> => delivery.act((there) => there.accept(offerId, expiresAt));
      if (owner.consent !== 'granted') return leave();
      const until = expiresAt ?? runtime.now() + REMEMBERED_MS;
      const mark = { offerId, type: 'accepted', until } satisfies Mark;
      return outbox.records
        .transact(async (rows) => rows.put(['seen', offerId, 'accepted'], mark))
        .catch(leave);
    },

    drop(copies) {
      const there = delivery.now();
      if (there) there.drop(copies);
      else
        for (const { event, isStored } of copies)
          if (!isStored) {
            dropped.add(event.id);
            onDiscard(event, 'consent', undefined);
          }
    },

    async purge() {
      isPurging = true;
      const there = delivery.now();
      if (there) await there.purge();
      else {
        const entries = await outbox.records.transact(async (rows) => {
          const stored = (await rows.query('getAll', 'entry')) as readonly Partial<OutboxEntry>[];
          // What was recorded after the denial stays. A pause says nothing of a user, and other tabs need it.
          for (const kind of ['entry', 'dead', 'seen', 'state'] as const)
            for (const key of await rows.query('getAllKeys', kind))
              if (key[1] !== 'pause' && !outbox.mirror.has(key[1])) rows.delete(key);
          return stored;
        });
        for (const { event } of entries)
          if (event && !outbox.mirror.has(event.id) && !dropped.has(event.id))
            onDiscard(event, 'consent', undefined);
      }
      isPurging = false;
    },
  };
};
