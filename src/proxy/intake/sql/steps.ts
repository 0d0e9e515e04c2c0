/**
 * Transactions in SQL as steps: a generator yields a statement and receives its rows. So the rules stand once, whether a
 * database answers at once or later.
 */

/** What a statement can be given, and what stands in a row. */
export type Value = string | number | null;

/** One statement. `?1` stands for the first of its values. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Value[];
}

/** Some statements, and what they come to. They may be run again if the database asks for it, so they change nothing else. */
export type Steps<Result> = Generator<Statement, Result, readonly unknown[]>;

/** Yields one statement. */
export function* ask<Row>(sql: string, ...params: readonly Value[]): Steps<readonly Row[]> {
  // The statement is ours, so that its rows are known.
  return (yield { sql, params }) as readonly Row[];
}

/** What a driver of a database does for an intake. */
export interface SqlDriver {
  /** Runs steps as one transaction, beside which nobody else writes. */
  write<Result>(steps: () => Steps<Result>): Promise<Result>;
  /** Runs steps that only read. Between two of them somebody may write. */
  read<Result>(steps: () => Steps<Result>): Promise<Result>;
  /** Frees what it holds open. */
  close(): Promise<void>;
}
