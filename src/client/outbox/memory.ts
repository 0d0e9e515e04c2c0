/** Records in memory: the same contract where storage is blocked. They die with the page. */
import type { QueryResults, RecordKey, Records, Rows } from './outbox.js';

/** No kind, id or offer id holds a NUL, so joined keys sort as the arrays do. */
const nameOf = (key: RecordKey): string => key.join('\0');

/** Makes records that live as long as the page. */
export const memoryRecords = (): Records => {
  let values = new Map<string, readonly [RecordKey, unknown]>();
  let last: Promise<unknown> = Promise.resolve();

  const rows: Rows = {
    get: async (key) => values.get(nameOf(key))?.[1],
    async query(method, kind, limit, after) {
      const found = [...values]
        .filter(([name, [key]]) => key[0] === kind && (!after || name > nameOf(after)))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([, record]) => record);
      const results: QueryResults = {
        getAllKeys: found.map(([key]) => key),
        getAll: found.map(([, value]) => value),
        count: found.length,
      };
      return results[method];
    },
    put: (key, value) => values.set(nameOf(key), [key, value]),
    delete: (key) => values.delete(nameOf(key)),
  };

  return {
    transact(work) {
      const run = async () => {
        const before = new Map(values);
        try {
          return await work(rows);
        } catch (cause) {
          values = before;
          throw cause;
        }
      };
      const result = last.then(run);
      last = result.catch(() => undefined);
      return result;
    },
  };
};

/**
 * Records that stay with `primary` as long as it works, and in memory from its first failure on.
 * @param onBlocked Told once that durability is gone, and why.
 */
export const withMemoryFallback = (primary: Records, onBlocked: (cause: unknown) => void): Records => {
  let fallback: Records | undefined;
  return {
    async transact(work) {
      try {
        if (!fallback) return await primary.transact(work);
      } catch (cause) {
        if (!fallback) onBlocked(cause);
        fallback ??= memoryRecords();
      }
      return fallback.transact(work);
    },
  };
};
