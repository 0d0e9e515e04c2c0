/**
 * What the second load adds to records in IndexedDB: queries by kind, and giving the database up when another tab
 * needs that.
 */
import type { StoreRows } from './indexeddb.js';
import type { QueryResults, RecordKey, Records } from './outbox.js';

/** The three take the same, but for a limit that `count` leaves alone. */
type Queryable = Record<keyof QueryResults, (range: IDBKeyRange, limit?: number) => IDBRequest<never>>;

/** Transactions that wait for their next step: of all records together, since they have one page. */
const unfinished = new Set<IDBTransaction>();

/** Keys of one kind lie between `[kind]` and `[kind, []]`: arrays sort behind strings. */
const rangeOf = (kind: string, after?: RecordKey): IDBKeyRange =>
  IDBKeyRange.bound(after ?? [kind], [kind, []], true);

/**
 * The same records, whose rows can be queried, and which do not change any more once nobody waits for them: a
 * database that answers too late must not bring back what went another way meanwhile.
 */
export const withKinds = (records: Records<StoreRows>): Records => ({
  transact(work) {
    let isGivenUp: boolean | undefined;
    const outcome = records.transact((rows) => {
      const { store, ask } = rows;
      const { transaction } = store;
      const { db } = transaction;
      unfinished.add(transaction);
      // Another tab wants to delete or to upgrade it.
      db.onversionchange = () => db.close();
      const told: (() => void)[] = [];
      transaction.addEventListener('complete', () => {
        for (const tell of told) tell();
      });
      return work({
        ...rows,
        query: (method, kind, limit, after) =>
          ask((store as unknown as Queryable)[method](rangeOf(kind, after), limit)),
        onComplete: (tell) => told.push(tell),
      }).finally(() => {
        // What was given up may have been repeated by now.
        if (unfinished.delete(transaction) && isGivenUp) transaction.abort();
      });
    });
    outcome.catch(() => {
      isGivenUp = true;
    });
    return outcome;
  },
});

/**
 * Ends what is under way; who waits for it tries once more. In a page that is left or frozen no transaction goes on that
 * waits for its next step: it would keep the database from what is recorded in leaving, and from other tabs.
 */
export const abandon = (): void => {
  for (const transaction of unfinished)
    try {
      transaction.abort();
    } catch {
      // It was ended a moment ago, by the browser or here.
    }
  unfinished.clear();
};
