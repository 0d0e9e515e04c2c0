/** What databases say differently. Everything else in these rooms is the same SQL for each of them. */

/** A column of what a statement is given as JSON. */
export type Columns = Readonly<Record<string, 'text' | 'integer'>>;

/** What runs by itself after rows of a table were written. */
export interface Trigger {
  readonly name: string;
  readonly table: string;
  /** Such as `INSERT`. */
  readonly after: string;
  /** Over `OLD` and `NEW`. @default always */
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
  /** What a table ends with whose rows are found by their key alone. */
  readonly keyed: string;
  /** A random text that nobody can guess. */
  readonly secret: string;
  /** Rows out of the first value, which is JSON: an array of objects, in its order. */
  given(columns: Columns): string;
  /** Texts out of the first value, which is a JSON object that has an array of this name; their column is `value`. */
  texts(name: string): string;
  /** The larger of two numbers. */
  larger(one: string, other: string): string;
  /** Refuses a row inside a trigger. */
  refuse(message: string, when: string): string;
  /** Makes a trigger where there is none of its name. */
  trigger(trigger: Trigger): string;
}
