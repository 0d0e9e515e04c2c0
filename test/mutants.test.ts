import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTANTS } from '../scripts/mutants/table.js';
import { alteredFiles, VARIANTS } from './simulation/variants.js';

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
  'the mutant %s finds what it alters, once',
  (_, { file, find, put }) => {
    expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2);
    expect(put).not.toBe(find);
  },
);

test.each(VARIANTS.map((variant) => [variant.name, variant] as const))(
  'the variant "%s" finds what it alters, once',
  (_, variant) => {
    expect(alteredFiles(variant).size).toBeGreaterThan(0);
  },
);
