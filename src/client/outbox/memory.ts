/** Records in memory: the same contract where storage is blocked. They die with the page. */
import type { QueryResults, RecordKey, Records, Rows } from './outbox.js';

/** What stood in memory, for records that take it over. */
export interface Moved {
  readonly put: readonly (readonly [RecordKey, unknown])[];
  /** What was deleted here, and may have come into the other records behind our back. */
  readonly deleted: readonly RecordKey[];
}

/** Records in memory, which can be moved elsewhere. */
export interface MemoryRecords extends Records {
  /** Gives everything to `adopt`, after what is under way, and forgets it once that has resolved. */
  move(adopt: (moved: Moved) => Promise<unknown>): Promise<void>;
}

/** No kind, id or offer id holds a NUL, so joined keys sort as the arrays do. */
const nameOf = (key: RecordKey): string => key.join('\0');

/** Makes records that live as long as the page. */
export const memoryRecords = (): MemoryRecords => {
  /** Without a value: deleted. */
  let values = new Map<string, readonly [RecordKey, unknown?]>();
  let told: (() => void)[] = [];
  let last: Promise<unknown> = Promise.resolve();

  const rows: Rows = {
    get: async (key) => values.get(nameOf(key))?.[1],
    async query(method, kind, limit, after) {
      const found = [...values]
        .filter(([name, [key, value]]) => value && key[0] === kind && (!after || name > nameOf(after)))
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
    // Of other kinds nothing can have come into a database behind our back.
    delete: (key) => (key[0] === 'entry' ? values.set(nameOf(key), [key]) : values.delete(nameOf(key))),
    onComplete: (tell) => told.push(tell),
  };

  const records: MemoryRecords = {
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
    move: (adopt) =>
      records.transact(async () => {
        const all = [...values.values()];
        await adopt({
          put: all.flatMap(([key, value]) => (value ? [[key, value] as const] : [])),
          deleted: all.flatMap(([key, value]) => (value ? [] : [key])),
        });
        values.clear();
      }),
  };
  return records;
};
