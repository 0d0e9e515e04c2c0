/** What each verdict does to the entries: one table for the flusher and for the farewell. */
import type { Verdict } from '../../../protocol/batch.js';
import type { OfferEvent } from '../../../protocol/event.js';
import type { Leasing } from './leasing.js';

/** A deferred event without a time of its own waits this long. */
const DEFER_MS = 30_000;
/** No server can make an event wait longer. */
const MAX_DEFER_MS = 3_600_000;

/** How events were sent. */
export interface Sending {
  readonly now: number;
  /** The lease that they were sent under; the farewell has none and only settles and buries. */
  readonly token?: string;
}

/**
 * Settles, releases or buries every event as its verdict says. An event without a verdict is released at once: the
 * proxy has not decided about it.
 * @param verdicts By event id; ids that are not among `events` are ignored.
 * @returns Whether every event was taken, so that what was leased with them may follow.
 */
export const applyVerdicts = async (
  leasing: Leasing,
  events: readonly OfferEvent[],
  verdicts: ReadonlyMap<string, Verdict>,
  { now, token = '' }: Sending,
): Promise<boolean> => {
  const settled: string[] = [];
  const refused = new Map<string, string>();
  const notBefore = new Map<string, number>();
  for (const { id } of events) {
    const verdict = verdicts.get(id);
    if (!verdict) notBefore.set(id, 0);
    else if (verdict.kind === 'deferred')
      notBefore.set(id, now + Math.min(verdict.retryAfterMs ?? DEFER_MS, MAX_DEFER_MS));
    else if (verdict.kind === 'refused') refused.set(id, verdict.code);
    else if (verdict.kind satisfies 'accepted' | 'duplicate') settled.push(id);
  }
  if (settled.length) await leasing.settle(settled);
  if (refused.size) await leasing.bury(refused);
  if (notBefore.size) await leasing.release(token, notBefore);
  return !notBefore.size && !refused.size;
};
