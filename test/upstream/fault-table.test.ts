/** The page about `offersight dev` has each fault of the mock API. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const kindsIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, kind = '']) => kind).sort();

test('the table of faults has the kinds that the mock API knows, and only these', () => {
  const known = kindsIn(read('src/tools/mock-api/faults.ts'), /readonly kind: '(\w+)'/g);
  const [, table = ''] = read('docs/dev.md').split('by `kind`:');
  expect(known).toContain('hang');
  expect(kindsIn(table, /^\| `(\w+)` /gm)).toEqual(known);
});
