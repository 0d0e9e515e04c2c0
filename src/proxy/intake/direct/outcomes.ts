/** What a page is answered, by what the call for its event came to; and what that says of the upstream as a whole. */
import type { Verdict } from '../../../protocol/batch.js';
import type { Runtime } from '../../../runtime.js';
import type { Alert } from '../../alerts/alert.js';
import type { Outcome } from '../../forward/destination.js';
import { CIRCUIT_MS, createBlame } from '../../forward/pauses.js';
import { createTrackRecord } from '../../forward/track-record.js';
import { AGAIN_MS, type Places } from './call-places.js';

export const createOutcomes = ({
  places,
  runtime,
  alert,
}: {
  readonly places: Pick<Places, 'probe' | 'pause'>;
  readonly runtime: Pick<Runtime, 'elapsed' | 'random'>;
  readonly alert: Alert;
}) => {
  const blame = createBlame();
  const trackRecord = createTrackRecord(runtime);
  /** The first event that may be at fault itself. */
  let doubtfulId: string | undefined;

  /** The verdict for an event that cannot be forwarded now: its page keeps it for at least so long. */
  const deferred = (delayMs: number, code = 'unavailable'): Verdict => ({
    kind: 'deferred',
    code,
    retryAfterMs: Math.ceil(Math.max(AGAIN_MS, delayMs) * (1 + runtime.random() * 0.2)),
  });

  const succeeded = (): void => {
    places.probe(false);
    blame.succeeded();
    const refused = trackRecord.alert();
    if (refused) alert(...refused);
  };

  /** After a fault of the configuration or a 429, one call at a time tries whether it is over. */
  const pause = (delayMs: number): void => {
    places.probe(true);
    places.pause(delayMs);
  };

  return {
    deferred,
    hasDelivered: trackRecord.hasDelivered,
    /** The verdict for an event whose call came to this. Slows the next calls down if the upstream is in trouble. */
    verdictOf(id: string, outcome: Outcome): Verdict {
      trackRecord.hear(outcome);
      switch (outcome.kind) {
        case 'done':
          succeeded();
          return { kind: 'accepted' };
        case 'refused':
          succeeded();
          return { kind: 'refused', code: 'invalid_event' };
        case 'misconfigured':
          // Every process starts without a track record, also those of a site that has taken events for long: one event that is
          // refused is no evidence against the site.
          if (outcome.isUnnamed) doubtfulId ??= id;
          if (!outcome.isUnnamed || id !== doubtfulId) alert(...outcome.alert);
          if (blame.blame(id) !== 'event') pause(CIRCUIT_MS);
          return deferred(CIRCUIT_MS);
        case 'throttled':
          pause(outcome.retryAfterMs);
          return deferred(outcome.retryAfterMs);
        case 'ambiguous':
          if (outcome.alert) alert(...outcome.alert);
          return deferred(AGAIN_MS);
        case 'unavailable':
        case 'crowded':
          return deferred(AGAIN_MS);
        default:
          return outcome satisfies never;
      }
    },
  };
};
