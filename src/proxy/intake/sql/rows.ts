/** An event as a table has it, and what the rest of the proxy sees of it. */
import type { IntakeRow } from '../admitted.js';

export interface Row {
  arrival: number;
  id: string;
  type: IntakeRow['type'];
  offer_id: string;
  state: IntakeRow['state'];
  occurred_at: number;
  received_at: number;
  attempts: number;
  is_ambiguous: number;
  maybe_duplicate: number;
  code: string | null;
  settled_at: number | null;
  headers: string | null;
  usage: string | null;
  /** The lane of usage events has neither of these columns. */
  group_name?: string | null;
  reason?: string | null;
}

/** The tables of events: one for each lane. */
export type LaneTable = 'events' | 'usage';

/** The due time of an event that is on its way: only its outcome or a new leader changes it. */
export const IN_FLIGHT = Number.MAX_SAFE_INTEGER;

/**
 * While a transaction writes, nobody else does. So one that looks for rows to change changes so many of them at most,
 * which takes some hundredths of a second. The rest follows after this pause, in which events are taken.
 */
export const PORTION = 500;
export const AGAIN_MS = 100;

const parsed = <T>(text: string | null): T | undefined =>
  text === null ? undefined : (JSON.parse(text) as T);

export const toIntakeRow = (row: Row): IntakeRow => ({
  id: row.id,
  type: row.type,
  offerId: row.offer_id,
  state: row.state,
  occurredAt: row.occurred_at,
  receivedAt: row.received_at,
  attempts: row.attempts,
  isAmbiguous: row.is_ambiguous === 1,
  maybeDuplicate: row.maybe_duplicate === 1,
  code: row.code ?? undefined,
  settledAt: row.settled_at ?? undefined,
  headers: parsed<IntakeRow['headers']>(row.headers),
  usage: parsed<IntakeRow['usage']>(row.usage),
  group: row.group_name ?? undefined,
  reason: (row.reason ?? undefined) as IntakeRow['reason'],
  cursor: `${row.arrival}`,
});
