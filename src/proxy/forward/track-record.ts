/**
 * What the upstream has shown of a lane: whether it has ever taken an event, and whether it refuses most events by name,
 * which is a mistake in the pages that no retry repairs. The lane's note keeps it for later processes.
 */
import type { Runtime } from '../../runtime.js';
import { noted, type Raised } from '../alerts/alert.js';
import type { LaneNote } from '../intake/intake.js';
import type { Outcome } from './destination.js';

/** So many of the latest outcomes are looked at. */
const LATEST = 20;
/** Fewer refusals than this may be a few old offers. */
const LEAST = 5;
/** What is older than this says nothing of now. */
const HOUR_MS = 3_600_000;

const reasonFor = (code: string): string =>
  code === 'resource_not_found'
    ? "it knows no such offer. Check that pages name the personalized offer's id, not its offer_id, and that the key is of the same site."
    : 'check what the pages send as an offer’s id.';

export type TrackRecord = ReturnType<typeof createTrackRecord>;

export const createTrackRecord = (runtime: Pick<Runtime, 'elapsed'>) => {
  let hasDelivered = false;
  let honouredKeys = 0;
  const latest: { readonly at: number; readonly code: string | undefined }[] = [];

  /** The alert while most events are refused. */
  const alert = (): Raised | undefined => {
    const since = runtime.elapsed() - HOUR_MS;
    const recent = latest.filter(({ at }) => at >= since);
    const codes = recent.flatMap(({ code }) => code ?? []);
    const code = codes.at(-1);
    if (code === undefined || codes.length < LEAST || codes.length * 2 <= recent.length) return undefined;
    return ['mostRefused', { code, reason: reasonFor(code) }];
  };

  return {
    alert,
    /** Takes in what became of one event. */
    hear(outcome: Outcome): void {
      if (outcome.kind !== 'done' && outcome.kind !== 'refused') return;
      latest.push({ at: runtime.elapsed(), code: outcome.kind === 'refused' ? outcome.code : undefined });
      if (latest.length > LATEST) latest.shift();
      if (outcome.kind === 'refused') return;
      hasDelivered = true;
      if (outcome.isReplay) honouredKeys++;
    },
    /** Until the upstream has taken an event, a refusal without a field's name is no verdict on it. */
    hasDelivered: () => hasDelivered,
    note(): LaneNote {
      const refused = alert();
      return {
        ...(refused && noted(...refused)),
        ...(hasDelivered && { hasDelivered }),
        ...(honouredKeys && { honouredKeys }),
      };
    },
    resume(left: LaneNote): void {
      hasDelivered ||= left.hasDelivered ?? false;
      // Another process led since, and counted on.
      honouredKeys = Math.max(honouredKeys, left.honouredKeys ?? 0);
    },
  };
};
