/** When a proxy is killed: plans from a seed, so that a run can be repeated as far as machines allow. */
import { CRASH_POINTS, type CrashPoint } from '../../../e2e/fixtures/crash-points.js';
import type { Chance } from '../../simulation/chance.js';

/** At a crash point itself, or by another thread at any moment: after so many things were seen. */
export type KillPlan =
  | { readonly kind: 'point'; readonly point: CrashPoint; readonly occurrence: number }
  | { readonly kind: 'moment'; readonly seen: number; readonly spins: number };

/** A few dozen requests and calls. */
const MOST_SEEN = 60;
/** Turns of an empty loop: up to the few milliseconds that a transaction or a call takes. */
const MOST_SPINS = 2_000_000;
const MOST_OCCURRENCES = 6;

/** Every crash point once, then so many random moments. */
export const plansOf = (chance: Chance, moments: number): KillPlan[] => [
  ...CRASH_POINTS.map((point): KillPlan => {
    return { kind: 'point', point, occurrence: chance.whole(1, MOST_OCCURRENCES) };
  }),
  ...Array.from({ length: moments }, (): KillPlan => {
    return { kind: 'moment', seen: chance.whole(1, MOST_SEEN), spins: chance.whole(0, MOST_SPINS) };
  }),
];
