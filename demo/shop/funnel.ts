/** The funnel as the intake knows it: per offer what was viewed, dismissed, delivered, waits or was refused. */
import type { Intake } from 'offersight/proxy';

/** One offer's counts. */
export interface FunnelRow {
  viewed: number;
  dismissed: number;
  delivered: number;
  waiting: number;
  refused: number;
}

/** Counts by offer id. */
export const readFunnel = async (intake: Intake): Promise<Record<string, FunnelRow>> => {
  const funnel: Record<string, FunnelRow> = {};
  for await (const portion of intake.tally())
    for (const { offerId, type, state, events } of portion) {
      funnel[offerId] ??= { viewed: 0, dismissed: 0, delivered: 0, waiting: 0, refused: 0 };
      const row = funnel[offerId];
      row[type] += events;
      if (state === 'done') row.delivered += events;
      else if (state === 'dead') row.refused += events;
      else row.waiting += events;
    }
  return funnel;
};
