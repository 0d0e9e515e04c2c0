/**
 * What the second load adds to records in IndexedDB: queries by kind, and giving the database up when another tab
 * needs that.
 */
import type { StoreRows } from '../../outbox/indexeddb.js';
import type { Connection, QueryResults, RecordKey, Records } from '../../outbox/records.js';

/** The three take the same arguments, except that `count` ignores the limit. */
type Queryable = Record<keyof QueryResults, (range: IDBKeyRange, limit?: number) => IDBRequest<never>>;

/** Keys of one kind lie between `[kind]` and `[kind, []]`: arrays sort behind strings. */
const rangeOf = (kind: string, after?: RecordKey): IDBKeyRange =>
  IDBKeyRange.bound(after ?? [kind], [kind, []], true);

/** What one page's connections have in common. */
export interface Connecting {
  /**
   * The same records, whose rows can be queried, and which do not change any more once nobody waits for them: a
   * transaction that has steps left when it is given up ends without them.
   */
  connect(records: Records<StoreRows>): Connection;
  /**
   * Ends transactions under way; their callers retry once. In a page that is left or frozen, a
   * transaction that waits for its next step cannot continue. It would block the last events of the
   * page, and other tabs.
   */
  abandon(): void;
}

/** Makes what a page connects by. */
export const createConnecting = (): Connecting => {
  /** Transactions that wait for their next step. */
  const unfinished = new Set<IDBTransaction>();
  return {
    connect(records) {
      let db: IDBDatabase | undefined;
      let isClosed = false;
      return {
        transact(work) {
          let isGivenUp = false;
          const outcome = records.transact((rows) => {
            const { store, ask } = rows;
            const { transaction } = store;
            db = transaction.db;
            // Another tab wants to delete or to upgrade it.
            db.onversionchange = () => db?.close();
            if (isClosed) db.close();
            unfinished.add(transaction);
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
        close() {
          isClosed = true;
          db?.close();
        },
      };
    },
    abandon() {
      for (const transaction of unfinished)
        try {
          transaction.abort();
        } catch {
          // It was ended a moment ago, by the browser or here.
        }
      unfinished.clear();
    },
  };
};
