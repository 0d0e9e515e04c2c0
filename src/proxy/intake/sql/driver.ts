/**
 * Transactions in SQL as steps: a generator yields a statement and receives its rows. So the rules are written once for
 * databases that answer at once and for those that answer later.
 */

/** The columns of the JSON that a statement is given. */
export type Columns = Readonly<Record<string, 'text' | 'integer'>>;

/** A trigger: it runs by itself after rows of a table were written. */
export interface Trigger {
  readonly name: string;
  readonly table: string;
  /** Such as `INSERT`. */
  readonly after: string;
  /** A condition over `OLD` and `NEW`. @default always */
  readonly when?: string;
  /** Statements, without the last semicolon. */
  readonly body: string;
}

/** Fragments of SQL. */
export interface Dialect {
  /** The type of a column that numbers its rows in the order in which they came. */
  readonly arrival: string;
  /** The type of a column of numbers up to 2^53. */
  readonly integer: string;
  /** The end of a table's definition if its rows are found only by their key. */
  readonly keyed: string;
  /** The column that distinguishes the rows of a table without a key. */
  readonly row: string;
  /** A random string that nobody can guess. */
  readonly secret: string;
  /** Rows from the first value, which is JSON: an array of objects, in its order. */
  given(columns: Columns): string;
  /** Strings from the first value, which is a JSON object that has an array of this name. Their column is `value`. */
  texts(name: string): string;
  /** The larger of two numbers. */
  larger(one: string, other: string): string;
  /** Refuses a row inside a trigger. */
  refuse(message: string, when: string): string;
  /** Makes a trigger. */
  trigger(trigger: Trigger): string;
  /** Drops one. */
  dropTrigger(name: string, table: string): string;
}

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
