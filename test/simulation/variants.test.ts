import fc from 'fast-check';
import { expect, it } from 'vitest';
import { check, INVARIANT_NAMES, type InvariantName } from '../history/checker.js';
import type { Row } from '../history/row.js';
import { loadRooms } from './rooms.js';
import { judge } from './run.js';
import { schedules } from './schedule.js';
import { VARIANTS, writeVariant } from './variants.js';

/** So many schedules at most: each variant has a seed that shows it sooner. */
const MOST = 25;

const product = await loadRooms();

it.each(VARIANTS.map((variant) => [variant.name, variant] as const))(
  'a product that is broken on purpose is noticed by schedules that the product passes: %s',
  { timeout: 120_000 },
  async (_, variant) => {
    const rooms = await loadRooms(writeVariant(variant));
    const isNoticed = ({ broken }: Awaited<ReturnType<typeof judge>>): boolean =>
      broken.some((name) => variant.noticedBy.includes(name));
    for (const schedule of fc.sample(schedules(variant.focus ?? {}), { numRuns: MOST, seed: variant.seed }))
      if (isNoticed(await judge(rooms, schedule)) && !isNoticed(await judge(product, schedule))) return;
    expect.fail('nothing was noticed that the product itself does not do');
  },
);

/** What no schedule can break is measured, seen or searched for, here by hand. */
const MEASURED: readonly (readonly [InvariantName, Row])[] = [
  ['I8', { at: 0, kind: 'measured', what: 'outbox', value: 11, bound: 10 }],
  ['I10', { at: 0, kind: 'harm', tab: 'tab-1', what: 'rejection', text: 'what happened' }],
  ['I11', { at: 0, kind: 'searched', where: 'replies', bytes: 100, hits: 1 }],
];

it.each(MEASURED)('%s is broken by what was measured', (name, row) => {
  expect(check([row]).broken).toEqual([name]);
});

it('every invariant is broken by something here', () => {
  const broken = new Set([
    ...VARIANTS.flatMap(({ noticedBy }) => noticedBy),
    ...MEASURED.map(([name]) => name),
  ]);
  expect(INVARIANT_NAMES.filter((name) => !broken.has(name))).toEqual([]);
});
