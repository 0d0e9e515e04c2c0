/**
 * How far the database's clock is ahead of this process's. Processes share the database's clock, since their own may
 * differ.
 */

/** What is known of the database's clock. */
export interface DatabaseClock {
  /** How far it is ahead, milliseconds. */
  aheadMs(): number;
  /**
   * Corrects this by what the database said.
   * @param sentAt This process's time when it asked.
   * @param there The database's time.
   * @param heardAt This process's time when the answer had arrived.
   */
  hear(sentAt: number, there: number, heardAt: number): void;
}

/**
 * At first it assumes that both clocks are the same. An answer corrects that only as far as it contradicts it: the
 * database read its clock at some moment between question and answer, and nobody knows at which.
 */
export const createDatabaseClock = (): DatabaseClock => {
  let ahead = 0;
  return {
    aheadMs: () => ahead,
    hear(sentAt, there, heardAt) {
      ahead = Math.min(Math.max(ahead, there - heardAt), there - sentAt);
    },
  };
};
