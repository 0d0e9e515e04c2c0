/**
 * Transactions in SQL as steps: a generator yields a statement and receives its rows. So the rules are written once for
 * databases that answer at once and for those that answer later.
 */

/** A value that a statement can be given, or that is in a row. */
export type Value = string | number | null;

/** One statement. `?1` is the first of its values. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Value[];
}

/**
 * Some statements, and their result. They may run again if the database asks for it, so they must not change anything
 * else.
 */
export type Steps<Result> = Generator<Statement, Result, readonly unknown[]>;

/** Yields one statement. */
export function* ask<Row>(sql: string, ...params: readonly Value[]): Steps<readonly Row[]> {
  // The statement is our own, so the type of its rows is known.
  return (yield { sql, params }) as readonly Row[];
}

/**
 * Makes the steps of one transaction.
 * @param aheadMs How far the database's clock is ahead of this process's, milliseconds. Processes share the database's
 * clock, so they store all times that more than one of them uses by that clock. By default 0: both have the same clock.
 * @param graceMs How far that clock has jumped ahead, milliseconds: an event may look so much older than it is. By
 * default 0.
 */
export type MakeSteps<Result> = (aheadMs?: number, graceMs?: number) => Steps<Result>;

/** A database's driver, as an intake needs it. */
export interface SqlDriver {
  /**
   * Runs steps as one transaction. Others have to wait for its end before they write.
   * @param glance Steps that only read. If they have a result, that is it, and the others do not run.
   */
  write<Result>(steps: MakeSteps<Result>, glance?: MakeSteps<Result | undefined>): Promise<Result>;
  /** Runs steps that only read. Somebody may write between two of them. */
  read<Result>(steps: MakeSteps<Result>): Promise<Result>;
  /** Closes what it holds open. */
  close(): Promise<void>;
}
