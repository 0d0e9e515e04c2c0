import fc from 'fast-check';
import { expect, it } from 'vitest';
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
