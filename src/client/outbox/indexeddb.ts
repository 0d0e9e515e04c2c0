/**
 * Records in IndexedDB: the one room that names idb-keyval, for its store function, which opens the database and
 * reopens it when the browser closed it.
 */
import { createStore, promisifyRequest } from 'idb-keyval';
import type { Runtime } from '../../runtime.js';
import type { QueryResults, RecordKey, Records, Rows } from './outbox.js';

/** A database that answers nothing for this long is taken for blocked. */
const OPERATION_TIMEOUT_MS = 2_000;

/** The three take the same, but for a limit that `count` leaves alone. */
type Queryable = Record<keyof QueryResults, (range: IDBKeyRange, limit?: number) => IDBRequest<never>>;

/** The DOM's types know mutable keys only. */
const native = (key: RecordKey): IDBValidKey => key as readonly string[] as string[];

/** Keys of one kind lie between `[kind]` and `[kind, []]`: arrays sort behind strings. */
const rangeOf = (kind: string, after?: RecordKey): IDBKeyRange =>
  IDBKeyRange.bound(after ?? [kind], [kind, []], true);

const rowsOf = (store: IDBObjectStore): Rows => ({
  get: (key) => promisifyRequest(store.get(native(key))),
  query: (method, kind, limit, after) =>
    promisifyRequest((store as unknown as Queryable)[method](rangeOf(kind, after), limit)),
  put: (key, value) => store.put(value, native(key)),
  delete: (key) => store.delete(native(key)),
});

/**
 * Makes records in IndexedDB. The database opens with the first transaction.
 * @param name The database's name.
 */
export const indexedDbRecords = (name: string, runtime: Pick<Runtime, 'after'>): Records => {
  const useStore = createStore(name, 'offersight');
  return {
    transact: (work) =>
      new Promise((resolve, reject) => {
        const stopTimer = runtime.after(OPERATION_TIMEOUT_MS, () => reject(new Error('timeout')));
        // A blocked `indexedDB` getter throws out of this call at once, which rejects as well.
        useStore('readwrite', async (store) => {
          const { transaction } = store;
          const result = work(rowsOf(store));
          // All or nothing, and at once: a page that is closing may not live until the transaction ends by itself.
          // A failed request has aborted it already, hence the catch.
          result
            .then(
              () => transaction.commit(),
              (cause: unknown) => {
                reject(cause);
                transaction.abort();
              },
            )
            .catch(() => undefined);
          // Success is the transaction's completion, not its requests': it may still abort behind them.
          await promisifyRequest(transaction);
          resolve(result);
        })
          .catch(reject)
          .finally(stopTimer);
      }),
  };
};
