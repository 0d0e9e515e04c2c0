/**
 * Records in IndexedDB: the one room that names idb-keyval, for its store function, which opens the database and
 * reopens it when the browser closed it. Giving it up when another tab needs that is connecting.ts.
 */
import { createStore, promisifyRequest } from 'idb-keyval';
import type { Runtime, Stop } from '../../runtime.js';
import type { BareRows, QueryResults, RecordKey, Records } from './records.js';

/** The rows of an object store. */
export interface StoreRows extends BareRows {
  readonly store: IDBObjectStore;
}

/**
 * A database that does not answer within all turns counts as blocked. One timer would run out on a
 * busy page: each step of a transaction waits behind a whole task of the page. A timer that is due
 * then fires before an answer that has been there for long. A turn begins when the one before it
 * ends, so a busy page takes longer over the turns as well.
 */
const TURNS = 8;
const TURN_MS = 250;

/** The DOM's types know mutable keys only. */
const native = (key: RecordKey): IDBValidKey => key as readonly string[] as string[];

/** The three take the same arguments, except that `count` ignores the limit. */
type Queryable = Record<keyof QueryResults, (range: IDBKeyRange, limit?: number) => IDBRequest<never>>;

const rowsOf = (store: IDBObjectStore): StoreRows => ({
  store,
  // Keys of one kind lie between `[kind]` and `[kind, []]`: arrays sort behind strings.
  query: (method, kind, limit, after) =>
    promisifyRequest(
      (store as unknown as Queryable)[method](IDBKeyRange.bound(after ?? [kind], [kind, []], true), limit),
    ),
  get: (key) => promisifyRequest(store.get(native(key))),
  put: (key, value) => store.put(value, native(key)),
  delete: (key) => store.delete(native(key)),
});

/**
 * Makes records in IndexedDB. The database opens with the first transaction. After the browser or another tab
 * closed it for good, every transaction rejects: make new records then.
 * @param name The database's name.
 */
export const indexedDbRecords = (name: string, runtime: Pick<Runtime, 'after'>): Records<StoreRows> => {
  const useStore = createStore(name, 'offersight');
  /** How many transactions the database has ended: it completed them, or refused what they wrote. */
  let ended = 0;
  /** Waits for the end of a transaction, and times out after all turns in which the database ends none. */
  const wait = (onTimeout: () => void): ((isAnswer: unknown) => void) => {
    let turns = TURNS;
    let known = ended;
    let stop: Stop;
    const turn = (): void => {
      // A database that answers those ahead is not blocked.
      if (known < ended) turns = TURNS;
      known = ended;
      if (turns--) stop = runtime.after(TURN_MS, turn);
      else onTimeout();
    };
    turn();
    return (isAnswer) => {
      if (isAnswer) ended++;
      stop();
    };
  };

  return {
    transact: (work) =>
      new Promise((resolve, reject) => {
        const end = wait(() => reject(new Error('timeout')));
        // A blocked `indexedDB` getter throws out of this call at once, which rejects as well.
        useStore('readwrite', (store) => {
          const { transaction } = store;
          const result = work(rowsOf(store));
          // Success is the transaction's completion, not its requests': it may still abort behind them.
          transaction.oncomplete = () => {
            end(true);
            resolve(result);
          };
          transaction.onabort = () => {
            // What the page aborts by itself has no error, and may not have reached the database.
            end(transaction.error);
            reject(transaction.error);
          };
          // All or nothing, and at once: a page that is closing may not live until the transaction ends by itself.
          // A failed request has aborted it already, and then this throws.
          result
            .then(
              () => transaction.commit(),
              (cause: unknown) => {
                // If the database aborts, requests behind the one that failed say only that they were aborted.
                reject(transaction.error ?? cause);
                transaction.abort();
              },
            )
            .catch(() => undefined);
        }).catch(reject);
      }),
  };
};
