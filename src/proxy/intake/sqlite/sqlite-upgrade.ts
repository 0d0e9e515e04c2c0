/** Does what is left to do for a file of an earlier release, in steps between other work. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { isUnfinished, STILL_MOVING, step } from './sqlite-layout.js';
import { transact } from './sqlite-transaction.js';

/** What is left to do for a file of an earlier release. */
export interface Upgrade {
  /** Whether all is done. If it is not, this continues with it between other work. */
  isDone(): boolean;
  /** @throws {OffersightError} `configuration` if it is not done. */
  check(): void;
  stop(): void;
}

/** Makes an {@link Upgrade}, and begins. */
export const createUpgrade = (database: Database.Database): Upgrade => {
  let isStopped = false;
  let isWorking = false;
  let isDone = !isUnfinished(database);

  const work = async (): Promise<void> => {
    // Requests that have arrived meanwhile go first.
    for (await nextTurn(); !isStopped; await nextTurn())
      if (!transact(database, () => step(database))) {
        isDone = true;
        return;
      }
  };

  const upgrade: Upgrade = {
    isDone() {
      if (!isDone && !isWorking) {
        isWorking = true;
        // If a step fails, such as for a file that another program holds, the next one that asks continues.
        void work()
          .catch(() => undefined)
          .finally(() => {
            isWorking = false;
          });
      }
      return isDone;
    },
    check() {
      if (!upgrade.isDone()) throw new OffersightError('configuration', STILL_MOVING);
    },
    stop() {
      isStopped = true;
    },
  };
  upgrade.isDone();
  return upgrade;
};
