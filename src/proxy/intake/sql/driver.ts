/** What the rules of an intake need of a database: transactions, and the words in which databases differ. */

export type Value = string | number | null;

/** A transaction, until its work has returned. */
export interface Transaction {
  /** Runs one of our statements, and gives its rows. `?1` is the first of its values. */
  ask<Row>(sql: string, ...params: readonly Value[]): Promise<readonly Row[]>;
  /**
   * How far the database's clock is ahead of this process's, milliseconds. Processes share the database's clock, so they
   * store all times that more than one of them uses by that clock.
   */
  readonly aheadMs: number;
  /** How far that clock has jumped ahead, milliseconds: an event may look so much older than it is. */
  readonly jumpedMs: number;
}

/** The statements of one transaction. They may run again if the database asks for it, so they change nothing else. */
export type Work<Result> = (tx: Transaction) => Promise<Result>;

export interface SqlDriver {
  /**
   * Does work in one transaction. Others have to wait for its end before they write.
   * @param glance Work that only reads. If it has a result, that is it, and the other work is not done.
   */
  write<Result>(work: Work<Result>, glance?: Work<Result | undefined>): Promise<Result>;
  /** Does work that only reads. Somebody may write between two of its statements. */
  read<Result>(work: Work<Result>): Promise<Result>;
  close(): Promise<void>;
}

export type Columns = Readonly<Record<string, 'text' | 'integer'>>;

/** A trigger: it runs by itself after rows of a table were written. */
export interface Trigger {
  readonly name: string;
  readonly table: string;
  readonly after: string;
  /** A condition over `OLD` and `NEW`. @default always */
  readonly when?: string;
  /** Statements, without the last semicolon. */
  readonly body: string;
}

export interface Dialect {
  /** The type of a column that numbers its rows in the order in which they came. */
  readonly arrival: string;
  /** The type of a column of numbers up to 2^53. */
  readonly integer: string;
  /** The end of a table's definition if its rows are found only by their key. */
  readonly keyed: string;
  /** The column that distinguishes the rows of a table without a key. */
  readonly row: string;
  readonly secret: string;
  /** Rows from the first value, which is JSON: an array of objects, in its order. */
  given(columns: Columns): string;
  /** Strings from the first value, which is a JSON object that has an array of this name. Their column is `value`. */
  texts(name: string): string;
  larger(one: string, other: string): string;
  /** Refuses a row inside a trigger. */
  refuse(message: string, when: string): string;
  trigger(trigger: Trigger): string;
  dropTrigger(name: string, table: string): string;
}
