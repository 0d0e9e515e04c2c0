/**
 * What the second load adds to records in IndexedDB: queries by kind, and giving the database up when another tab
 * needs that.
 */
import type { Runtime } from '../../runtime.js';
import type { OPERATION_TIMEOUT_MS, StoreRows } from './indexeddb.js';
import type { QueryResults, RecordKey, Records } from './outbox.js';

/** Told again, since a value that the first load exports costs it bytes. */
const LATE_MS: typeof OPERATION_TIMEOUT_MS = 2_000;

/** The three take the same, but for a limit that `count` leaves alone. */
type Queryable = Record<keyof QueryResults, (range: IDBKeyRange, limit?: number) => IDBRequest<never>>;

/** Keys of one kind lie between `[kind]` and `[kind, []]`: arrays sort behind strings. */
const rangeOf = (kind: string, after?: RecordKey): IDBKeyRange =>
  IDBKeyRange.bound(after ?? [kind], [kind, []], true);

/**
 * The same records, whose rows can be queried, and which do not change any more once nobody waits for them: a
 * database that answers too late must not bring back what went another way meanwhile.
 */
export const withKinds = (records: Records<StoreRows>, runtime: Pick<Runtime, 'elapsed'>): Records => ({
  transact(work) {
    const lateAt = runtime.elapsed() + LATE_MS;
    return records.transact(async (rows) => {
      const { store, ask } = rows;
      const { db } = store.transaction;
      // Another tab wants to delete or to upgrade it.
      db.onversionchange = () => db.close();
      const told: (() => void)[] = [];
      store.transaction.addEventListener('complete', () => {
        for (const tell of told) tell();
      });
      const result = await work({
        ...rows,
        query: (method, kind, limit, after) =>
          ask((store as unknown as Queryable)[method](rangeOf(kind, after), limit)),
        onComplete: (tell) => told.push(tell),
      });
      if (runtime.elapsed() >= lateAt) throw new Error('timeout');
      return result;
    });
  },
});
