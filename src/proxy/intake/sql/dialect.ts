/** The SQL that differs between databases. Everything else in these rooms is the same SQL for each of them. */

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
