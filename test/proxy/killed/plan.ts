/** When a proxy is killed: plans from a seed, so that a run can be repeated as far as machines allow. */
import { CRASH_POINTS, type CrashPoint } from '../../../e2e/fixtures/crash-points.js';
import type { Chance } from '../../simulation/chance.js';

/**
 * At a crash point itself, or by another thread at any moment: after so many things were seen, or after so many steps of
 * taking an intake of version 0.1 over. The latter also ends after a time, and after so many things were seen.
 */
export type KillPlan =
  | {
      readonly kind: 'upgrade';
      readonly steps: number;
      readonly ms: number;
      readonly seen: number;
      readonly spins: number;
    }
  | { readonly kind: 'point'; readonly point: CrashPoint; readonly occurrence: number }
  | { readonly kind: 'moment'; readonly seen: number; readonly spins: number };

/** A few dozen requests and calls. */
const MOST_SEEN = 60;
/** Turns of an empty loop: up to the few milliseconds that a transaction or a call takes. */
const MOST_SPINS = 2_000_000;
const MOST_OCCURRENCES = 6;
/** To start and to open an intake takes about as long. */
const MOST_OPENING_MS = 700;
/** A millisecond at most: the next step comes soon. */
const MOST_STEP_SPINS = 500_000;
const MOST_STEPS = 3;

/** Every crash point once, then so many random moments. */
export const plansOf = (chance: Chance, moments: number): KillPlan[] => [
  ...CRASH_POINTS.map((point): KillPlan => {
    return { kind: 'point', point, occurrence: chance.whole(1, MOST_OCCURRENCES) };
  }),
  ...Array.from({ length: moments }, (): KillPlan => {
    return { kind: 'moment', seen: chance.whole(1, MOST_SEEN), spins: chance.whole(0, MOST_SPINS) };
  }),
];

/**
 * So many moments of each kind: while an intake of version 0.1 is opened, then while it is taken over, then while it
 * serves.
 */
export const upgradePlansOf = (
  chance: Chance,
  moments: Readonly<Record<'opening' | 'moving' | 'serving', number>>,
): KillPlan[] => {
  const many = (length: number, make: (_: unknown, at: number) => KillPlan): KillPlan[] =>
    Array.from({ length }, make);
  return [
    // The first of them comes before anything is opened, on any machine.
    ...many(moments.opening, (_, at) => ({
      kind: 'upgrade',
      steps: 1,
      ms: at && chance.whole(0, MOST_OPENING_MS),
      seen: MOST_SEEN,
      spins: 0,
    })),
    ...many(moments.moving, () => ({
      kind: 'upgrade',
      steps: chance.whole(1, MOST_STEPS),
      ms: Number.MAX_SAFE_INTEGER,
      seen: MOST_SEEN,
      spins: chance.whole(0, MOST_STEP_SPINS),
    })),
    ...many(moments.serving, () => ({
      kind: 'moment',
      seen: chance.whole(2, MOST_SEEN),
      spins: chance.whole(0, MOST_SPINS),
    })),
  ];
};
