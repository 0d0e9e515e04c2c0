/** Proxies on one Postgres that are killed at every crash point, and at a few moments of a seed. */
import { join } from 'node:path';
import { describe, expect, it, onTestFailed } from 'vitest';
import { postgresIntake } from '../../../../src/proxy/intake/postgres/postgres.js';
import { createChance } from '../../../simulation/chance.js';
import { hasPostgres, startPostgres } from '../../../support/postgres.js';
import { bundleProgram } from '../../killed/bundle.js';
import { byOffer } from '../../killed/client.js';
import { runLane } from '../../killed/lane.js';
import { plansOf } from '../../killed/plan.js';

/** `KILL_MOMENTS=200` for many. */
const MOMENTS = Number(process.env.KILL_MOMENTS ?? 3);

describe.skipIf(!hasPostgres)('a proxy on Postgres', () => {
  it('that is killed at any moment loses nothing that it accepted, forwards nothing twice, and keeps the order of each offer', async () => {
    const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
    onTestFailed(() => console.error(`to repeat it: KILL_SEED=${seed}`));
    const [program, postgres] = await Promise.all([
      bundleProgram(join(import.meta.dirname, '../../killed/main.ts')),
      startPostgres(),
    ]);
    try {
      const chance = createChance(seed, 'postgres');
      const { made, counted, ends, unsettled } = await runLane(
        program.path,
        chance,
        plansOf(chance, MOMENTS),
        {
          name: postgres.url,
          open: () => postgresIntake({ connection: postgres.url }),
          remove: () => undefined,
        },
      );
      expect(ends.filter((signal) => signal !== 'SIGKILL')).toEqual([]);
      expect(byOffer(counted)).toEqual(byOffer(made));
      expect(unsettled).toEqual([]);
    } finally {
      program.remove();
      await postgres.remove();
    }
  }, 600_000);
});
