/**
 * Records that outlast what happens to a database under a page: a dead connection is opened anew, a full one gets
 * room made, and while nothing helps, or nothing may be stored, the records are in memory. They move into the
 * database as soon as that works.
 */
import type { Runtime } from '../../runtime.js';
import { memoryRecords } from './memory.js';
import type { Pause, Records } from './outbox.js';

/** Records, and what decides where they are. */
export interface SteadyRecords extends Records {
  /** The database may work again: asks for a transaction, and the next one tries it. */
  retry(): void;
  /** What is in memory. */
  readonly memory: Records;
  /** The database itself, whatever may be stored: where it fails, so does the transaction. */
  readonly stored: Records;
}

/** A database that failed is tried again after this long, since it may hold what nobody would ask for otherwise. */
const RETRY_MS = 30_000;

/**
 * Makes steady records.
 * @param database The first connection to the database.
 * @param open Makes another connection to it.
 * @param mayStore Whether anything may be stored; while not, the records stay in memory and the database is left alone.
 * @param makeRoom Gives up what is worth least in the given records, which are full.
 * @param onBlocked Told, whenever the database stops working, that durability is gone, and why.
 * @param onRetry Begins a transaction soon.
 */
export const steadyRecords = (
  database: Records,
  open: () => Records,
  runtime: Pick<Runtime, 'after'>,
  mayStore: () => boolean,
  makeRoom: (records: Records) => Promise<unknown>,
  onBlocked: (cause: unknown) => void,
  onRetry: () => void,
): SteadyRecords => {
  const memory = memoryRecords();
  let mayRetry = true;
  let isInMemory = false;
  let isBlocked = false;
  let moving: Promise<unknown> | undefined;

  /** In the database; what can be mended is mended once. */
  const store: Records['transact'] = async (work) => {
    try {
      return await database.transact(work);
    } catch (cause) {
      const { name, message } = Object(cause) as Error;
      // A database that does not answer would not answer another connection either.
      if (message === 'timeout') throw cause;
      if (name === 'QuotaExceededError') await makeRoom(database);
      else database = open();
      return database.transact(work);
    }
  };

  const retry = (): void => {
    mayRetry = true;
    onRetry();
  };

  const leave = (cause: unknown): void => {
    if (!isBlocked) onBlocked(cause);
    mayRetry = false;
    isBlocked = isInMemory = true;
    runtime.after(RETRY_MS, retry);
  };

  /** Moves what is in memory into the database, if that works by now. */
  const adopt = async (): Promise<void> => {
    try {
      await memory.move(({ put, deleted }) =>
        store(async (rows) => {
          for (const key of deleted) rows.delete(key);
          for (const [key, value] of put) {
            const there = (await rows.get(key)) as Partial<Pause> | undefined;
            // What is there may be on its way by now, and of two pauses the longer one holds.
            if (!there || Number(there.at) < (value as Pause).at) rows.put(key, value as object);
          }
        }),
      );
      isBlocked = isInMemory = false;
    } catch (cause) {
      leave(cause);
    }
  };

  return {
    stored: { transact: store },
    memory,
    retry,
    async transact(work) {
      for (;;) {
        if (isInMemory && mayRetry && mayStore()) {
          moving ??= adopt().finally(() => {
            moving = undefined;
          });
        }
        // What came into the memory behind a move would stay there.
        while (moving) await moving;
        isInMemory ||= !mayStore();
        if (isInMemory) return memory.transact(work);
        try {
          return await store(work);
        } catch (cause) {
          leave(cause);
        }
      }
    },
  };
};
