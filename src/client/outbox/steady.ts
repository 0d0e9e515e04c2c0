/**
 * Records that outlast what happens to a database under a page: a dead connection is opened anew, a full one gets
 * room made, and while nothing helps, or nothing may be stored, the records are in memory. They move into the
 * database as soon as that works.
 */
import type { Runtime, Stop } from '../../runtime.js';
import { memoryRecords } from './memory.js';
import type { Pause, RecordKey, Records } from './outbox.js';

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

/** Where something is written to see whether the database takes it: no event has this id, and nothing stays there. */
const PROBE: RecordKey = ['dead', ''];

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
  /** While the database that failed is left alone. */
  let stopRetry: Stop | undefined;
  let isInMemory = false;
  let isBlocked = false;
  let moving: Promise<unknown> | undefined;
  let room: Promise<unknown> | undefined;

  /** In the database; what can be mended is mended once. */
  const store: Records['transact'] = async (work) => {
    try {
      return await database.transact(work);
    } catch (cause) {
      const { name, message } = Object(cause) as Error;
      // A database that does not answer would not answer another connection either.
      if (message === 'timeout') throw cause;
      if (name === 'QuotaExceededError') {
        // Room that did not help is not made again: else that would go on until nothing is left.
        if (isBlocked) throw cause;
        // Once for all that find it full together.
        room ??= makeRoom(database).finally(() => {
          room = undefined;
        });
        await room;
      } else database = open();
      return database.transact(work);
    }
  };

  const retry = (): void => {
    stopRetry?.();
    stopRetry = undefined;
    onRetry();
  };

  const leave = (cause: unknown): void => {
    if (!isBlocked) onBlocked(cause);
    isBlocked = isInMemory = true;
    stopRetry ??= runtime.after(RETRY_MS, retry);
  };

  /** Moves what is in memory into the database, if that works by now. */
  const adopt = async (): Promise<void> => {
    try {
      await memory.move(({ put, deleted }) =>
        store(async (rows) => {
          for (const key of deleted) rows.delete(key);
          // A full database still takes nothing, and lets itself be read.
          rows.put(PROBE, {});
          rows.delete(PROBE);
          for (const [key, value] of put) {
            const there = (await rows.get(key)) as Pause | undefined;
            // An entry that is there may be on its way by now, and of two pauses the longer one holds.
            if (!there || (key[0] !== 'entry' && !(there.at > (value as Pause).at)))
              rows.put(key, value as object);
          }
        }),
      );
      isBlocked = isInMemory = false;
    } catch (cause) {
      leave(cause);
    }
    moving = undefined;
  };

  return {
    stored: { transact: store },
    memory,
    retry,
    async transact(work) {
      for (;;) {
        if (isInMemory && !stopRetry && mayStore()) {
          moving ??= adopt();
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
