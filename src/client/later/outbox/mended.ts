/**
 * Records that outlast what happens to a database under a page: a dead connection is opened anew, a full one gets room
 * made, and what failed is repeated once. That nothing can be stored is reported once.
 */
import type { Outbox } from '../../outbox/outbox.js';
import type { Connection, Records } from '../../outbox/records.js';

/**
 * Makes mended records.
 * @param connection The first connection to the database.
 * @param open Makes another one.
 * @param makeRoom Gives up what is worth least in records that are full.
 * @param onBlocked Told that durability is gone, and why, until an event is stored again.
 */
export const mendedRecords = (
  outbox: Pick<Outbox, 'isBlocked'>,
  connection: Connection,
  open: () => Connection,
  makeRoom: (records: Records) => Promise<unknown>,
  onBlocked: (cause: unknown) => void,
): Records => {
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
            // Room that did not help is not made again: else that would go on until nothing is left.
            if (!isRepeat && !outbox.isBlocked) {
              // Once for all that find it full together.
              room ??= makeRoom(used).then(roomMade, roomMade);
              await room;
            }
          } else if (name !== 'AbortError' && isCurrent) {
            // Also where opening it never ends. What is under way on it may complete.
            used.close();
            connection = open();
          }
          // A page that is slow is not a database that fails: one time-out means nothing, and what times out together is one.
          // Nor does what a page ends itself when it is left or frozen.
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
