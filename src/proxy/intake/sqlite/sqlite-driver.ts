/** Runs the steps of transactions over a file. Each transaction runs to its end without a break. */
import type Database from 'libsql';
import type { SqlDriver, Statement, Steps, Value } from '../sql/steps.js';
import { inWords } from './sqlite-failures.js';
import { transact } from './sqlite-transaction.js';

/** Makes the driver of an open file. */
export const createDriver = (database: Database.Database): SqlDriver => {
  const executes = new Map<string, (params: readonly Value[]) => readonly unknown[]>();

  const prepare = (sql: string): ((params: readonly Value[]) => readonly unknown[]) => {
    const statement = database.prepare(sql);
    if (statement.reader) return (params) => statement.all(params);
    return (params) => {
      statement.run(params);
      return [];
    };
  };

  const execute = ({ sql, params }: Statement): readonly unknown[] => {
    const known = executes.get(sql) ?? prepare(sql);
    executes.set(sql, known);
    return known(params);
  };

  const run = <Result>(steps: Steps<Result>): Result => {
    let step = steps.next();
    while (!step.done) step = steps.next(execute(step.value));
    return step.value;
  };

  return {
    write: async (steps, glance) =>
      inWords(() => (glance && run(glance())) ?? transact(database, () => run(steps()))),
    read: async (steps) => inWords(() => run(steps())),
    async close() {
      database.close();
    },
  };
};
