/** Whether each mutant is a program: one that does not compile shows nothing about the tests. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createBuilder } from '../scripts/mutants/build.js';
import { MUTANTS } from '../scripts/mutants/table.js';

test('each mutant compiles', async () => {
  const { check } = await createBuilder(process.cwd());
  const faults = MUTANTS.flatMap(({ name, file, find, put }) => {
    try {
      check({ file, text: readFileSync(file, 'utf8').replace(find, () => put) });
      return [];
    } catch (cause) {
      return `${name}: ${(cause as Error).message}`;
    }
  });
  expect(faults).toEqual([]);
});
