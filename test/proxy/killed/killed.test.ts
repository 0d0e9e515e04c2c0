/**
 * Proxies of their own process that are killed at every crash point, and at so many moments of a seed: 15, or 200 with
 * `npm run proof -- --full`.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { postgresIntake } from '../../../src/proxy/intake/postgres/postgres.js';
import { createChance } from '../../simulation/chance.js';
import { hasPostgres, startPostgres } from '../../support/postgres.js';
import { bundleProgram } from './bundle.js';
import { byOffer } from './client.js';
import { inFile, type LanePlace, runLane } from './lane.js';
import { plansOf } from './plan.js';

const MOMENTS = process.env.OFFERSIGHT_FULL ? 200 : 15;

const onPostgres = async (): Promise<LanePlace> => {
  const postgres = await startPostgres();
  return {
    name: postgres.url,
    open: () => postgresIntake({ connection: postgres.url }),
    remove: () => postgres.remove(),
  };
};

describe('a proxy that is killed at any moment', () => {
  it.for([
    ['a file', true, async () => inFile()],
    ['Postgres', hasPostgres, onPostgres],
  ] as const)(
    'loses nothing that it keeps in %s, forwards nothing twice, keeps the order of each offer, and counts each event once',
    { timeout: 1_800_000 },
    async ([name, isThere, makePlace], { skip }) => {
      skip(!isThere, 'There is no Postgres here.');
      const seed = Number(process.env.KILL_SEED ?? 20_261_120);
      console.log(`killed over ${name}: KILL_SEED=${seed}`);
      const program = await bundleProgram(join(import.meta.dirname, 'main.ts'));
      try {
        const chance = createChance(seed, name);
        const { made, counted, ends, unsettled, ledger } = await runLane(
          program.path,
          chance,
          plansOf(chance, MOMENTS),
          await makePlace(),
        );
        expect(ends.filter((signal) => signal !== 'SIGKILL')).toEqual([]);
        expect(byOffer(counted)).toEqual(byOffer(made));
        expect(unsettled).toEqual([]);
        const events = (type: string): number => made.filter((event) => event.type === type).length;
        expect(ledger).toEqual({
          viewed: { taken: events('viewed'), delivered: events('viewed') },
          dismissed: { taken: events('dismissed'), delivered: events('dismissed') },
        });
      } finally {
        program.remove();
      }
    },
  );
});
