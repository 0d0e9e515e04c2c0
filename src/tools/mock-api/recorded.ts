import type { Answer } from './errors.js';
import type { HistoryRow } from './history.js';

/** The path below the API's root; keys restored from a history belong to it. */
export const OFFER_EVENTS_PATH = '/offer_events';

/** Recorded. The answer is empty. */
export const RECORDED: Answer = { status: 204 };

/** What makes two offer events the same. */
export function eventFingerprint(event: Pick<HistoryRow, 'type' | 'personalized_offer_id'>): string {
  return `${event.type} ${event.personalized_offer_id}`;
}
