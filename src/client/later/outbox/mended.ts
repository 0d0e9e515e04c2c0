/**
 * Records that survive what happens to a database while a page uses it: a dead connection is opened again, room is made
 * in a full one, and the operation that failed is repeated once. If nothing can be stored, that is reported once.
 */
import { OffersightError } from '../../../errors.js';
import type { Outbox } from '../../outbox/outbox.js';
import type { Connection, Records } from '../../outbox/records.js';

/** What these records need from others. */
export interface MendingListener {
  /** Gives up what is worth least in records that are full. */
  makeRoom(records: Records): Promise<unknown>;
  /** Called when durability is gone. That lasts until an event is stored again. */
  readonly report: (error: OffersightError) => void;
}

/**
 * Makes records that recover from faults.
 * @param connection The first connection to the database.
 * @param open Makes another one.
 */
export const mendedRecords = (
  outbox: Pick<Outbox, 'isBlocked'>,
  connection: Connection,
  open: () => Connection,
  { makeRoom, report }: MendingListener,
): Records => {
  const onBlocked = (cause: unknown): void =>
    report(new OffersightError('storage', 'Allow IndexedDB; events die with the page.', cause));
  let timeouts = 0;
  let room: Promise<unknown> | undefined;
  const roomMade = (): void => {
    room = undefined;
  };

  return {
    async transact(work) {
      for (let isRepeat = false; ; isRepeat = true) {
        const used = connection;
        try {
          const result = await used.transact(work);
          timeouts = 0;
          return result;
        } catch (cause) {
          const { name, message } = Object(cause) as Error;
          const isTimeout = message === 'timeout';
          const isCurrent = used === connection;
          if (name === 'QuotaExceededError') {
            // If making room did not help, it is not repeated. Otherwise it would continue until nothing is left.
            if (!isRepeat && !outbox.isBlocked) {
              // Once for all operations that find it full at the same time.
              room ??= makeRoom(used).then(roomMade, roomMade);
              await room;
            }
          } else if (name !== 'AbortError' && isCurrent) {
            // Also if opening it never ends. Operations that are under way on it may complete.
            used.close();
            connection = open();
          }
          // A slow page does not mean that the database fails: one time-out is ignored, and several at the same time
          // count as one. Operations that the page itself ends, since it is left or frozen, are ignored also.
          if (isTimeout ? isCurrent && timeouts++ : isRepeat && name !== 'AbortError') {
            if (!outbox.isBlocked) onBlocked(cause);
            outbox.isBlocked = true;
          }
          if (isTimeout || isRepeat) throw cause;
        }
      }
    },
  };
};
