/**
 * Proxies that take over what version 0.1 kept are killed at twenty moments of a seed, or at fifty with `--full`: while they open, while they take
 * over, and while they serve. A proxy of 0.1 runs all the time.
 */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import type { AdmittedEvent, Intake } from '../../../src/proxy/index.js';
import { createChance } from '../../simulation/chance.js';
import { temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';
import { bundleProgram, type Program } from '../killed/bundle.js';
import { byOffer } from '../killed/client.js';
import { type LanePlace, runLane } from '../killed/lane.js';
import { release, remember, startOld } from '../killed/old.js';
import { upgradePlansOf } from '../killed/plan.js';
import { watchUpgrade } from '../killed/progress.js';

/** Intakes, one after another, and how often each one's proxy is killed: ten times. */
const LANES = process.env.OFFERSIGHT_FULL ? 5 : 2;
const MOMENTS = { opening: 3, moving: 4, serving: 3 };
/** At the fewest so many of the steps of a takeover are met by a kill. */
const FEWEST_STEPS = process.env.OFFERSIGHT_FULL ? 7 : 4;

/** An intake of 0.1, and where kills found it. */
interface OldPlace extends LanePlace {
  readonly remembered: readonly AdmittedEvent[];
  /** How far it had been taken over at each kill. */
  readonly found: readonly string[];
}

/** What can be in an intake, by how it is named. */
const placeOf = async (
  name: string,
  flag: string,
  parts: { readonly old: Intake; readonly events: number; open(): Intake; remove(): void | Promise<void> },
): Promise<OldPlace> => {
  const remembered = await remember(parts.old, parts.events);
  const found: string[] = [];
  const { look, close } = await watchUpgrade(name);
  let child: ChildProcess | undefined;
  return {
    name,
    remembered,
    found,
    open: parts.open,
    async startOld(upstream, key) {
      const old = await startOld(flag, name, '--upstream', upstream, '--key', key);
      ({ child } = old);
      return old.url;
    },
    async killed() {
      found.push(await look());
    },
    remove() {
      child?.kill('SIGKILL');
      close();
      void parts.remove();
    },
  };
};

const inFile = (): Promise<OldPlace> => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'intake.db');
  return placeOf(file, '--file', {
    old: release.sqliteIntake({ file }),
    events: 20_000,
    open: () => intakeHere({ file }),
    remove: folder.remove,
  });
};

/** What an intake knows at the end. */
const memoryOf = async (intake: Intake, remembered: readonly AdmittedEvent[]) => {
  const sum = { taken: 0, delivered: 0 };
  for await (const cells of intake.ledger())
    for (const { taken, delivered } of cells) {
      sum.taken += taken;
      sum.delivered += delivered;
    }
  return { ...sum, known: (await intake.knows(remembered)).size };
};

let program: Program;

beforeAll(async () => {
  program = await bundleProgram(join(import.meta.dirname, '../killed/main.ts'));
}, 60_000);

afterAll(() => program.remove());

describe.each([['file', inFile]] as const)('a %s of version 0.1', (kind, make) => {
  it('loses nothing, sends nothing twice and keeps the order of each offer, whenever the proxy that takes it over is killed', async () => {
    const seed = Number(process.env.KILL_SEED ?? 20_261_120);
    onTestFailed(() => console.error(`to repeat it: KILL_SEED=${seed}`));
    const lane = async (number: number) => {
      const chance = createChance(seed, `${kind} ${number}`);
      const place = await make();
      const memory = { taken: 0, delivered: 0, known: 0 };
      const open = (): Intake => {
        const intake = place.open();
        return {
          ...intake,
          async close() {
            Object.assign(memory, await memoryOf(intake, place.remembered));
            await intake.close();
          },
        };
      };
      const outcome = await runLane(program.path, chance, upgradePlansOf(chance, MOMENTS), {
        ...place,
        open,
      });
      const { made, counted, ends, unsettled } = outcome;
      expect(ends.filter((signal) => signal !== 'SIGKILL')).toEqual([]);
      expect(byOffer(counted)).toEqual(byOffer(made));
      expect(unsettled).toEqual([]);
      const all = place.remembered.length + made.length;
      expect(memory).toEqual({ taken: all, delivered: all, known: place.remembered.length });
      return place.found;
    };
    const found: string[] = [];
    // Side by side they would only slow each other down, and steps would be over before a thread has looked.
    for (let number = 0; number < LANES; number++) found.push(...(await lane(number)));
    const steps = new Set(found);
    expect(found).toHaveLength(LANES * 10);
    // Kills came before, after, and at several steps in between.
    expect([...steps]).toEqual(expect.arrayContaining(['none', 'done']));
    expect(steps.size).toBeGreaterThanOrEqual(FEWEST_STEPS);
  }, 600_000);
});
