/** `offersight purge`: gives up what waits, once somebody has seen how much that is. */
import { platformRuntime } from '../../runtime.js';
import type { EventState, Lane } from '../intake/intake.js';
import { PURGED } from '../intake/rules.js';
import { eachRow, laneOf } from '../operator/listing.js';
import { Failure } from './failure.js';
import { DEFAULT_INTAKE, EVERYWHERE, flag, laneNameOf, read, text } from './flags.js';
import { openIntake } from './sources.js';

/** So many are given up in one transaction. */
const PORTION = 500;

/** Ids of a state in portions, newest first, and of how many offers they are. */
async function* idsOf(
  lane: Lane,
  state: EventState,
  offerId: string | undefined,
  offers: Set<string>,
): AsyncGenerator<string[]> {
  let ids: string[] = [];
  for await (const row of eachRow(lane, { states: [state], offerId })) {
    if (row.code === PURGED) continue;
    offers.add(row.offerId);
    ids.push(row.id);
    if (ids.length < PORTION) continue;
    yield ids;
    ids = [];
  }
  if (ids.length) yield ids;
}

const events = (count: number): string => `${count} ${count === 1 ? 'event' : 'events'}`;

/**
 * Counts, or gives up.
 * @throws {Failure} If it is not said what.
 */
export const runPurge = async (args: string[]): Promise<void> => {
  const { values } = read(args, { ...EVERYWHERE, waiting: flag, dead: flag, offer: text, yes: flag });
  const { waiting = false, dead = false, offer, yes = false } = values;
  if (waiting === dead) throw new Failure('Say what to purge: --waiting or --dead.');
  const name = laneNameOf(values.lane);
  const intake = await openIntake(values.intake ?? DEFAULT_INTAKE, { mustExist: true });
  try {
    const lane = laneOf(intake, name);
    const { now } = platformRuntime();
    const count = async (state: EventState, use: (ids: string[]) => Promise<number> | number) => {
      const offers = new Set<string>();
      let sum = 0;
      for await (const ids of idsOf(lane, state, offer, offers)) sum += await use(ids);
      return { sum, offers: offers.size };
    };
    const { sum, offers } = await count(waiting ? 'waiting' : 'dead', (ids) =>
      yes ? lane.purge(ids, now()) : ids.length,
    );
    const { sum: left } = waiting ? await count('forwarding', ({ length }) => length) : { sum: 0 };
    const others = left
      ? ` ${events(left)} on the way to Chargebee ${yes ? 'were left' : 'would be left'}.`
      : '';
    const which = waiting ? 'waiting' : 'dead letters';
    console.log(
      yes
        ? `${events(sum)} given up (${which}).${others}`
        : `${events(sum)} of ${offers} ${offers === 1 ? 'offer' : 'offers'} would be given up (${which}).${others} Nothing has changed: add --yes.`,
    );
  } finally {
    await intake.close();
  }
};
