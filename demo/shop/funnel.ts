/** The funnel as the intake knows it: per offer what waits or was refused, and what Chargebee has. */
import type { Intake } from 'offersight/proxy';

/** One offer's counts. */
export interface FunnelRow {
  waiting: number;
  refused: number;
  /** Delivered, by type. */
  viewed: number;
  dismissed: number;
}

/** Counts by offer id. */
export const readFunnel = async (intake: Intake): Promise<Record<string, FunnelRow>> => {
  const funnel: Record<string, FunnelRow> = {};
  for await (const portion of intake.tally())
    for (const { offerId, type, state, events } of portion) {
      funnel[offerId] ??= { waiting: 0, refused: 0, viewed: 0, dismissed: 0 };
      const row = funnel[offerId];
      if (state === 'done') row[type] += events;
      else if (state === 'dead') row.refused += events;
      else row.waiting += events;
    }
  return funnel;
};
