/** Keeps the dismissals of an offer out where all of its views are kept out. */
import type { Verdict } from '../../protocol/batch.js';
import type { DecodedItem } from '../../protocol/decode.js';
import type { AdmittedEvent } from '../intake/admitted.js';

/** Either the event as the intake takes it, or its verdict. */
export type Entitled =
  | { readonly admitted: AdmittedEvent; readonly budgetKey: string | undefined }
  | { readonly verdict: Verdict };

/**
 * A `dismissed` without its `viewed` would lift the funnel over 100 %, so what keeps all views of an offer in a request
 * out keeps its dismissals out.
 */
export const keepTogether = (
  items: readonly DecodedItem[],
  entitled: readonly Entitled[],
): readonly Entitled[] => {
  const missing = new Map<string, Verdict | undefined>();
  for (const [at, item] of items.entries()) {
    const outcome = entitled[at];
    if (!outcome || !('event' in item) || item.event.type !== 'viewed') continue;
    const { offerId } = item.event;
    if ('admitted' in outcome || outcome.verdict.kind === 'duplicate') missing.set(offerId, undefined);
    else if (!missing.has(offerId)) missing.set(offerId, outcome.verdict);
  }
  return entitled.map((outcome) => {
    const verdict =
      'admitted' in outcome && outcome.admitted.type === 'dismissed'
        ? missing.get(outcome.admitted.offerId)
        : undefined;
    return verdict ? { verdict } : outcome;
  });
};
