/** Records the statements that an intake's file executes. */
import Database from 'libsql';
import { vi } from 'vitest';

/** Writes down every statement that is executed from now on, until mocks are restored. */
export const recordStatements = (): string[] => {
  const executed: string[] = [];
  const { prepare } = Database.prototype;
  vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql) {
    const statement = prepare.call(this, sql);
    for (const method of ['run', 'get', 'all'] as const) {
      const execute = (statement[method] as (...values: unknown[]) => unknown).bind(statement);
      Object.assign(statement, {
        [method]: (...values: unknown[]) => {
          executed.push(sql);
          return execute(...values);
        },
      });
    }
    return statement;
  });
  return executed;
};
