/** Asks an intake how its lanes stand, for a scrape that does not wait longer than its scraper. */
import type { Runtime } from '../../runtime.js';
import type { Intake, LaneStatus } from '../intake/intake.js';
import { type LaneName, laneOf } from '../operator/listing.js';
import { inTime } from '../patience.js';

/** The lanes, as metrics name them. */
export const LANES: readonly LaneName[] = ['offer_events', 'usage_events'];

/** A locked file or a frozen server may need longer. Prometheus gives up after ten seconds, and then sees no site. */
const PATIENCE_MS = 2_000;

type Standing = ReadonlyMap<LaneName, LaneStatus>;

/** Makes what asks. It rejects if an intake fails, or does not answer within two seconds. */
export const createAsking = (
  runtime: Pick<Runtime, 'now' | 'after'>,
): ((intake: Intake) => Promise<Standing>) => {
  /** A question that was not answered in time is not asked again beside itself. */
  const open = new Map<Intake, Promise<Standing>>();

  const ask = async (intake: Intake): Promise<Standing> => {
    const now = runtime.now();
    const statuses = LANES.map(async (name) => [name, await laneOf(intake, name).status(now)] as const);
    return new Map(await Promise.all(statuses));
  };

  return (intake) => {
    const asked = open.get(intake) ?? ask(intake).finally(() => open.delete(intake));
    open.set(intake, asked);
    return inTime(runtime, PATIENCE_MS, asked);
  };
};
