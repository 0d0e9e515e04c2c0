/** Finds how soon a broken variant is noticed, by schedules that the product itself passes. */
import fc from 'fast-check';
import type { InvariantName } from '../history/checker.js';
import type { Rooms } from './rooms.js';
import { judge } from './run.js';
import { type Focus, schedules } from './schedule.js';

/** A schedule that shows that a variant is broken. */
export interface Caught {
  readonly invariants: readonly InvariantName[];
  /** How many schedules it took. */
  readonly schedules: number;
}

/**
 * Looks for the first schedule that breaks the variant, by one of the named invariants, and not the product.
 * @param most Gives up after so many schedules.
 */
export const catchVariant = async (
  product: Rooms,
  variant: Rooms,
  noticedBy: readonly InvariantName[],
  seed: number,
  focus: Focus,
  most: number,
): Promise<Caught | undefined> => {
  let count = 0;
  for (const schedule of fc.sample(schedules(focus), { numRuns: most, seed })) {
    count++;
    const { broken } = await judge(variant, schedule);
    if (!broken.some((name) => noticedBy.includes(name))) continue;
    const own = await judge(product, schedule);
    const invariants = broken.filter((name) => !own.broken.includes(name));
    if (invariants.some((name) => noticedBy.includes(name))) return { invariants, schedules: count };
  }
  return undefined;
};
