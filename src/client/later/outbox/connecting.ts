/** Connections to records in IndexedDB that are given up when another tab needs the database. */
import type { StoreRows } from '../../outbox/indexeddb.js';
import type { Connection, Records } from '../../outbox/records.js';

/** What one page's connections have in common. */
export interface Connecting {
  /**
   * The same records. A transaction that was given up does not take its remaining steps, so it changes nothing afterwards.
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
            const { transaction } = rows.store;
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
