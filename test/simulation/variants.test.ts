import { describe, expect, it } from 'vitest';
import { catchVariant } from './catching.js';
import { loadRooms } from './rooms.js';
import { VARIANTS, writeVariant } from './variants.js';

/** So many schedules at most: each variant has a seed that shows it sooner. */
const MOST = 25;

const table: string[] = [];

const product = await loadRooms();

describe('a product that is broken on purpose', () => {
  it.each(VARIANTS.map((variant) => [variant.name, variant] as const))(
    '%s',
    { timeout: 120_000 },
    async (name, variant) => {
      const rooms = await loadRooms(writeVariant(variant));
      const { noticedBy, seed, focus = {}, abuses } = variant;
      const caught = await catchVariant(product, rooms, noticedBy, seed, focus, MOST);
      expect(caught, 'nothing was noticed that the product itself does not do').toBeDefined();
      table.push(
        `${name.padEnd(60)} ${caught?.invariants.join(' ')} after ${caught?.schedules}${abuses ? `, abuses ${abuses}` : ''}`,
      );
    },
  );

  it('is noticed in at least thirty ways, by at least seven invariants', () => {
    console.log(table.join('\n'));
    expect(VARIANTS.length).toBeGreaterThanOrEqual(30);
    expect(new Set(VARIANTS.flatMap(({ noticedBy }) => noticedBy)).size).toBeGreaterThanOrEqual(7);
  });
});
