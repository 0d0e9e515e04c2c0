/** What the upstream has ever shown of a lane. The lane's note keeps it for later processes. */
import type { LaneNote } from '../intake/intake.js';
import type { Outcome } from './destination.js';

/** What was seen so far. */
export interface TrackRecord {
  /** Takes in what became of one event. */
  hear(outcome: Outcome): void;
  /** Whether the upstream has ever taken an event. Until then a refusal without a field's name is no verdict on it. */
  hasDelivered(): boolean;
  /** What the next process has to know. */
  note(): LaneNote;
  /** Makes what an earlier process left its own. */
  resume(note: LaneNote): void;
}

/** Starts with nothing known. */
export const createTrackRecord = (): TrackRecord => {
  let hasDelivered = false;
  let honouredKeys = 0;
  return {
    hear(outcome) {
      if (outcome.kind !== 'done') return;
      hasDelivered = true;
      if (outcome.isReplay) honouredKeys++;
    },
    hasDelivered: () => hasDelivered,
    note: () => ({ ...(hasDelivered && { hasDelivered }), ...(honouredKeys && { honouredKeys }) }),
    resume(left) {
      hasDelivered ||= left.hasDelivered ?? false;
      // Another process led since, and counted on.
      honouredKeys = Math.max(honouredKeys, left.honouredKeys ?? 0);
    },
  };
};
