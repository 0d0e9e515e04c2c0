/** Verdicts on their way out: onto the wire, and into the metrics. */
import type { Verdict, WireResult } from '../protocol/batch.js';
import type { Observation } from './alerts/observation.js';

/** A verdict as the wire has it. */
export const toResult = (id: string, verdict: Verdict): WireResult => {
  switch (verdict.kind) {
    case 'accepted':
    case 'duplicate':
      return { id, status: verdict.kind };
    case 'refused':
      return { id, status: 'refused', code: verdict.code };
    case 'deferred':
      return {
        id,
        status: 'deferred',
        code: verdict.code,
        ...(verdict.retryAfterMs !== undefined && { retry_after_ms: verdict.retryAfterMs }),
      };
    default:
      return verdict satisfies never;
  }
};

/** What happened to offers, as a figure has it. */
type Type = (Observation & { readonly kind: 'verdict' })['type'];

/**
 * One observation for each kind of verdict among the results.
 * @param typeOf The type of the event with an id.
 */
export const countVerdicts = (
  results: readonly WireResult[],
  typeOf: (id: string) => Type,
): readonly (Observation & { readonly kind: 'verdict' })[] => {
  const counts = new Map<string, Observation & { kind: 'verdict' }>();
  for (const { id, status, code } of results) {
    const type = typeOf(id);
    const key = `${status} ${type} ${code}`;
    const events = (counts.get(key)?.events ?? 0) + 1;
    counts.set(key, { kind: 'verdict', verdict: status, code, type, events });
  }
  return [...counts.values()];
};
