/** Records in memory with the contract of a database, for tests that do not need one. */
import type { QueryResults, RecordKey, Records, Rows } from '../../src/client/outbox/records.js';

/** No kind, id or offer id holds a NUL, so joined keys sort as the arrays do. */
const nameOf = (key: RecordKey): string => key.join('\0');

/** Makes records that live as long as the test. */
export const memoryRecords = (): Records => {
  let values = new Map<string, readonly [RecordKey, unknown]>();
  let told: (() => void)[] = [];
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
    put: (key, value) => values.set(nameOf(key), [key, structuredClone(value)]),
    delete: (key) => values.delete(nameOf(key)),
    onComplete: (tell) => told.push(tell),
  };

  const records: Records = {
    transact(work) {
      const run = async () => {
        const before = new Map(values);
        told = [];
        try {
          const result = await work(rows);
          for (const tell of told) tell();
          return result;
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
  return records;
};
