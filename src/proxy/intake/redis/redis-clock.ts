/** How far the clock of Redis has jumped. Scripts go by it if this machine's clock is far from it. */
import type { Runtime } from '../../../runtime.js';
import { createJumps, type Jumps } from '../../forward/jumps.js';

/** What is known of Redis's clock. */
export interface RedisClock {
  /** What it said just now. */
  hear(at: number): void;
  /** What it would say now if it did not jump since; empty if it was never heard. */
  expected(): number | '';
  /** How much older than it is an event may look by it, milliseconds. */
  graceMs(): number;
}

/** Makes a {@link RedisClock}. Like every clock, it is believed to be right when it is first heard. */
export const createRedisClock = ({ elapsed }: Pick<Runtime, 'elapsed'>): RedisClock => {
  let jumps: Jumps | undefined;
  let ahead = 0;
  const now = (): number => elapsed() + ahead;
  return {
    hear(at) {
      ahead = at - elapsed();
      jumps ??= createJumps({ now, elapsed });
      jumps.graceMs();
    },
    expected: () => (jumps ? Math.round(now()) : ''),
    graceMs: () => jumps?.graceMs() ?? 0,
  };
};
